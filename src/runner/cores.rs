//! Who may use a core: as many tasks at a time as there are, not counting those
//! that wait for something else.
//!
//! A snippet that sleeps or waits for its input and output holds no core: the
//! next one is started meanwhile, so that more children than cores are alive.
//! One that goes on computing is counted again, and nothing new is started
//! until a core is free.

use std::collections::BTreeMap;
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

/// The cores of a run.
pub(super) struct Cores {
    count: usize,
    state: Mutex<State>,
    /// Told to those who wait for a core.
    free: Condvar,
    /// Told to the one who looks after the cores.
    closed: Condvar,
}

struct State {
    /// How many are taken.
    taken: usize,
    /// Whether there is anything left to start.
    open: bool,
    /// How many wait for a core.
    waiting: usize,
    running: BTreeMap<usize, Watched>,
}

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
    pub(super) fn new(count: usize) -> Self {
        Self {
            count,
            state: Mutex::new(State {
                taken: 0,
                open: true,
                waiting: 0,
                running: BTreeMap::new(),
            }),
            free: Condvar::new(),
            closed: Condvar::new(),
        }
    }

    /// Waits for a core; `false` when there is nothing left to start.
    pub(super) fn take(&self) -> bool {
        self.take_in(self.state.lock().expect(LOCK))
    }

    /// Gives back the core of a task that is over, and waits for another one, which
    /// is the same one as long as it is free. `false` when there is nothing left to
    /// start.
    pub(super) fn take_after(&self, task: usize) -> bool {
        let mut state = self.state.lock().expect(LOCK);
        let watched = state.running.remove(&task);
        if watched.is_none_or(|watched| watched.holds_core) {
            state.taken = state.taken.saturating_sub(1);
        }
        self.take_in(state)
    }

    fn take_in(&self, mut state: MutexGuard<'_, State>) -> bool {
        while state.open && state.taken >= self.count {
            state.waiting += 1;
            state = self.free.wait(state).expect(LOCK);
            state.waiting -= 1;
        }
        if state.open {
            state.taken += 1;
        }
        state.open
    }

    /// Says that nothing is left to start, and gives back the core that was
    /// taken for it.
    pub(super) fn close(&self) {
        let mut state = self.state.lock().expect(LOCK);
        state.open = false;
        state.taken = state.taken.saturating_sub(1);
        self.free.notify_all();
        self.closed.notify_all();
    }

    /// Says which worker runs a task, the latest one counting.
    pub(super) fn watch(&self, task: usize, process: u32) {
        let mut state = self.state.lock().expect(LOCK);
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

    /// Looks at the tasks from time to time, until there is nothing left to
    /// start. `start_another` is called when a core is free and nobody waits for it.
    pub(super) fn keep_watch(&self, mut start_another: impl FnMut()) {
        let mut state = self.state.lock().expect(LOCK);
        let mut next = Instant::now() + GLANCE;
        while state.open {
            let left = next.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                state = self.closed.wait_timeout(state, left).expect(LOCK).0;
                continue;
            }
            // Most tasks are over before they are worth a look.
            let known: Vec<(usize, u32)> = state
                .running
                .iter()
                .filter(|(_, watched)| watched.since.elapsed() >= IDLE)
                .map(|(task, watched)| (*task, watched.process))
                .collect();
            // Looking takes its time, during which others go on.
            drop(state);
            let seen: Vec<(usize, u32, Activity)> = known
                .into_iter()
                .map(|(task, process)| (task, process, sandbox::activity(process)))
                .collect();
            state = self.state.lock().expect(LOCK);
            for (task, process, activity) in seen {
                state.consider(task, process, activity);
            }
            let free = self.count.saturating_sub(state.taken);
            for _ in 0..free.min(state.waiting) {
                self.free.notify_one();
            }
            for _ in state.waiting..free {
                start_another();
            }
            next = Instant::now() + GLANCE;
        }
    }
}

impl State {
    fn consider(&mut self, task: usize, process: u32, activity: Activity) {
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
