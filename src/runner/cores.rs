//! Who may use a core: as many tasks at a time as there are, not counting those
//! that wait for something else.
//!
//! A snippet that sleeps or waits for its input and output holds no core: the
//! next one is started meanwhile, so that more children than cores are alive.
//! One that goes on computing is counted again, and nothing new is started
//! until a core is free.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::LOCK;
use crate::sandbox::{self, Activity};

/// How often tasks are looked at.
const GLANCE: Duration = Duration::from_millis(15);

/// How long a task has to have done nothing before its core goes to another: about
/// what starting another worker costs.
const IDLE: Duration = Duration::from_millis(40);

/// Time on a processor between two glances that is still nothing.
const NOTHING: Duration = Duration::from_micros(1500);

/// The cores that tasks may use, shared by all runs that go on at the same time.
pub struct Cores {
    count: usize,
    runs: AtomicU32,
    state: Mutex<State>,
    /// Told to those who wait for a core.
    free: Condvar,
    /// Told to those who look after the tasks of a run.
    ended: Condvar,
}

struct State {
    /// How many are taken.
    taken: usize,
    /// How many wait for a core.
    waiting: usize,
    running: BTreeMap<TaskOfRun, Watched>,
}

/// A task, by the run and its number in it.
type TaskOfRun = (u32, usize);

/// A task that runs.
struct Watched {
    /// The worker that runs it.
    process: u32,
    since: Instant,
    last: Option<Activity>,
    /// When it was last seen at work.
    active: Instant,
    holds_core: bool,
}

impl Cores {
    /// So many.
    pub fn new(count: NonZeroUsize) -> Self {
        Self {
            count: count.get(),
            runs: AtomicU32::new(0),
            state: Mutex::new(State {
                taken: 0,
                waiting: 0,
                running: BTreeMap::new(),
            }),
            free: Condvar::new(),
            ended: Condvar::new(),
        }
    }

    /// Does something on a core of its own, once one is free.
    pub fn hold_one<R>(&self, act: impl FnOnce() -> R) -> R {
        let shift = Shift::of(self);
        shift.take();
        let result = act();
        shift.close();
        result
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }
}

/// The cores as one run uses them.
pub(super) struct Shift<'a> {
    cores: &'a Cores,
    run: u32,
    /// Whether the run has anything left to start. Changed only while the cores'
    /// state is locked.
    open: AtomicBool,
}

impl<'a> Shift<'a> {
    pub(super) fn of(cores: &'a Cores) -> Self {
        Self {
            cores,
            run: cores.runs.fetch_add(1, Ordering::Relaxed),
            open: AtomicBool::new(true),
        }
    }

    /// Waits for a core; `false` when there is nothing left to start.
    pub(super) fn take(&self) -> bool {
        self.take_in(self.lock())
    }

    /// Gives back the core of a task that is over, and waits for another one, which
    /// is the same one as long as it is free. `false` when there is nothing left to
    /// start.
    pub(super) fn take_after(&self, task: usize) -> bool {
        let mut state = self.lock();
        let watched = state.running.remove(&(self.run, task));
        if watched.is_none_or(|watched| watched.holds_core) {
            state.taken = state.taken.saturating_sub(1);
        }
        if !self.is_open() {
            // Another run may have something to start.
            self.cores.free.notify_one();
            self.cores.ended.notify_all();
        }
        self.take_in(state)
    }

    fn take_in(&self, mut state: MutexGuard<'_, State>) -> bool {
        while self.is_open() && state.taken >= self.cores.count {
            state.waiting += 1;
            state = self.cores.free.wait(state).expect(LOCK);
            state.waiting -= 1;
        }
        let is_open = self.is_open();
        if is_open {
            state.taken += 1;
        }
        is_open
    }

    /// Says that nothing is left to start, and gives back the core that was
    /// taken for it.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        self.open.store(false, Ordering::Relaxed);
        state.taken = state.taken.saturating_sub(1);
        self.cores.free.notify_all();
        self.cores.ended.notify_all();
    }

    /// Says which worker runs a task, the latest one counting.
    pub(super) fn watch(&self, task: usize, process: u32) {
        let mut state = self.lock();
        let task = (self.run, task);
        let holds_core = state
            .running
            .get(&task)
            .is_none_or(|watched| watched.holds_core);
        state.running.insert(
            task,
            Watched {
                process,
                since: Instant::now(),
                last: None,
                active: Instant::now(),
                holds_core,
            },
        );
    }

    /// Looks at the run's tasks from time to time, until they are over and nothing is
    /// left to start. `start_another` is called when a core is free and nobody waits
    /// for it.
    pub(super) fn keep_watch(&self, mut start_another: impl FnMut()) {
        let mut state = self.lock();
        let mut next = Instant::now() + GLANCE;
        while self.is_open() || state.of_run(self.run).next().is_some() {
            let left = next.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                state = self.cores.ended.wait_timeout(state, left).expect(LOCK).0;
                continue;
            }
            // Most tasks are over before they are worth a look.
            let known: Vec<(TaskOfRun, u32)> = state
                .of_run(self.run)
                .filter(|(_, watched)| watched.since.elapsed() >= IDLE)
                .map(|(task, watched)| (*task, watched.process))
                .collect();
            // Looking takes its time, during which others go on.
            drop(state);
            let seen: Vec<(TaskOfRun, u32, Activity)> = known
                .into_iter()
                .map(|(task, process)| (task, process, sandbox::activity(process)))
                .collect();
            state = self.lock();
            for (task, process, activity) in seen {
                state.consider(task, process, activity);
            }
            let free = self.cores.count.saturating_sub(state.taken);
            for _ in 0..free.min(state.waiting) {
                self.cores.free.notify_one();
            }
            if self.is_open() {
                for _ in state.waiting..free {
                    start_another();
                }
            }
            next = Instant::now() + GLANCE;
        }
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'a, State> {
        self.cores.state.lock().expect(LOCK)
    }
}

impl State {
    fn of_run(&self, run: u32) -> impl Iterator<Item = (&TaskOfRun, &Watched)> {
        self.running.range((run, 0)..=(run, usize::MAX))
    }

    fn consider(&mut self, task: TaskOfRun, process: u32, activity: Activity) {
        let Some(watched) = self.running.get_mut(&task) else {
            return;
        };
        if watched.process != process {
            return;
        }
        let idle = !activity.runs
            && watched
                .last
                .is_some_and(|last| last.spent.abs_diff(activity.spent) < NOTHING);
        watched.last = Some(activity);
        if !idle {
            watched.active = Instant::now();
            if !watched.holds_core {
                watched.holds_core = true;
                self.taken += 1;
            }
        } else if watched.holds_core && watched.active.elapsed() >= IDLE {
            watched.holds_core = false;
            self.taken = self.taken.saturating_sub(1);
        }
    }
}
