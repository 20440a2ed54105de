//! Observations: what a run showed of each statement of a snippet.
//!
//! The worker's events are put in order here by unit and line, so that verdicts
//! can ask "what did this line write". Facts only: nothing here knows a claim.

use std::collections::{BTreeMap, BTreeSet};

use crate::position::{LineNumber, LineSpan};
use crate::protocol::{
    End, Event, Exception, Limits, Look, Probe, ProbePoint, Run, Shown, Site, Stream, Task,
};

/// What a run showed, by unit and line.
#[derive(Debug)]
pub struct Observation<'a> {
    run: &'a Run,
    limits: &'a Limits,
    units: Vec<UnitFacts<'a>>,
    elsewhere: Vec<(&'a str, &'a Exception)>,
}

/// What is known of a unit. Whatever is asked of a line is found without looking
/// at what others did: a snippet can have thousands of them.
#[derive(Debug, Default)]
struct UnitFacts<'a> {
    /// By the first and last line of the statement behind which they look.
    probes_after: BTreeMap<(u32, u32), Vec<&'a Probe>>,
    /// By the line at which they stand.
    probes_at: BTreeMap<u32, Vec<&'a Probe>>,
    /// The first lines of top-level statements in the order of their ends, each with
    /// its event.
    done: Vec<(u32, usize)>,
    /// The same in the order of the lines.
    done_by_line: Vec<(u32, usize)>,
    raised: Vec<Raising<'a>>,
    exited: Option<(Option<u32>, i32)>,
    values: BTreeMap<u32, Vec<&'a Shown>>,
    states: BTreeMap<u32, Vec<&'a Result<Box<Shown>, String>>>,
    ran: BTreeMap<u32, Vec<(&'a [Event], &'a End)>>,
    reached: BTreeSet<u32>,
    /// Each line that had a part in a write, with that event, in the order of the
    /// lines.
    touched: Vec<(u32, usize)>,
    /// The events that are the unit's own writes and values.
    shown: Vec<usize>,
}

/// An exception that a top-level statement let through.
#[derive(Clone, Copy, Debug)]
pub struct Raising<'a> {
    /// The statement's first line; `None` when the unit did not compile.
    pub statement: Option<LineNumber>,
    /// What was raised.
    pub exception: &'a Exception,
    /// Its place among all events of the run, which tells exceptions apart.
    pub order: usize,
}

/// The end of a top-level statement.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// It was executed to its end.
    Done {
        /// Its first line.
        line: LineNumber,
        /// Its place among all events of the run.
        order: usize,
    },
    /// It let an exception through.
    Raised(Raising<'a>),
}

/// What some lines wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// All of it, the functions that they called included.
    pub all: String,
    /// What they wrote themselves.
    pub own: String,
}

impl<'a> Observation<'a> {
    /// Puts what `run` showed of `task` in order.
    pub fn new(task: &'a Task, run: &'a Run) -> Self {
        let mut units: Vec<UnitFacts<'a>> = task
            .units
            .iter()
            .map(|unit| UnitFacts::new(&unit.probes))
            .collect();
        let mut elsewhere = Vec::new();
        for (order, event) in run.events.iter().enumerate() {
            match event {
                Event::Wrote {
                    stack, statement, ..
                } => {
                    for site in stack.iter().chain(statement) {
                        if let Some(facts) = at(&mut units, site.unit) {
                            facts.touched.push((site.line, order));
                        }
                    }
                    let site = stack.last().or(statement.as_ref());
                    if let Some(facts) = site.and_then(|site| at(&mut units, site.unit)) {
                        facts.shown.push(order);
                    }
                }
                Event::Value { probe, unit, value } => {
                    if let (Some(facts), Ok(value)) = (at(&mut units, *unit), value) {
                        facts.values.entry(*probe).or_default().push(value);
                        facts.shown.push(order);
                    }
                }
                Event::State { probe, unit, value } => {
                    if let Some(facts) = at(&mut units, *unit) {
                        facts.states.entry(*probe).or_default().push(value);
                    }
                }
                Event::Ran {
                    probe,
                    unit,
                    events,
                    end,
                } => {
                    if let Some(facts) = at(&mut units, *unit) {
                        facts.ran.entry(*probe).or_default().push((events, end));
                    }
                }
                Event::Reached { probe, unit } => {
                    if let Some(facts) = at(&mut units, *unit) {
                        facts.reached.insert(*probe);
                    }
                }
                Event::Done { statement } => {
                    if let Some(facts) = at(&mut units, statement.unit) {
                        facts.done.push((statement.line, order));
                    }
                }
                Event::Raised {
                    statement,
                    exception,
                } => {
                    // A unit that does not compile names no statement; the
                    // exception's own line says nothing of the unit either, so
                    // it is the first that has shown nothing yet.
                    let unit = match statement {
                        Some(site) => site.unit,
                        None => exception
                            .stack
                            .first()
                            .map_or_else(|| first_unseen(&units), |site| site.unit),
                    };
                    if let Some(facts) = at(&mut units, unit) {
                        facts.raised.push(Raising {
                            statement: statement.and_then(|site| LineNumber::new(site.line)),
                            exception,
                            order,
                        });
                    }
                }
                Event::RaisedElsewhere { origin, exception } => {
                    elsewhere.push((origin.as_str(), &**exception));
                }
                Event::Exited { statement, code } => {
                    let unit = statement.map_or(0, |site| site.unit);
                    if let Some(facts) = at(&mut units, unit) {
                        facts.exited = Some((statement.map(|site| site.line), *code));
                    }
                }
            }
        }
        for facts in &mut units {
            facts.touched.sort_unstable();
            facts.touched.dedup();
            facts.done_by_line.clone_from(&facts.done);
            facts.done_by_line.sort_unstable();
        }
        Self {
            run,
            limits: &task.limits,
            units,
            elsewhere,
        }
    }

    /// How many units there are.
    pub fn units(&self) -> usize {
        self.units.len()
    }

    /// Whether anything at all is known of a unit: it began to run.
    pub fn shows_anything(&self, unit: usize) -> bool {
        self.units.get(unit).is_some_and(|facts| {
            !facts.done.is_empty()
                || !facts.raised.is_empty()
                || facts.exited.is_some()
                || !facts.touched.is_empty()
        })
    }

    /// How the child ended.
    pub fn end(&self) -> &'a End {
        &self.run.end
    }

    /// What the box refused.
    pub fn refused(&self) -> &'a [String] {
        &self.run.refused
    }

    /// What it was allowed to use.
    pub fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// Bytes of output that were too many to keep.
    pub fn output_cut(&self) -> u64 {
        self.run.output_cut
    }

    /// Whether more happened than could be kept.
    pub fn events_cut(&self) -> bool {
        self.run.events_cut
    }

    /// Processes that outlived the task and were killed.
    pub fn leftover_processes(&self) -> u32 {
        self.run.leftover_processes
    }

    /// What the lines of a unit wrote to a stream. `whole` says that they are a
    /// top-level statement, which also wrote what no Python line did.
    pub fn written(
        &self,
        unit: usize,
        lines: LineSpan,
        stream: Option<Stream>,
        whole: bool,
    ) -> Written {
        let mut written = Written::default();
        let mut events: Vec<usize> = self.units.get(unit).map_or_else(Vec::new, |facts| {
            let touched = facts.touched_within(lines).iter();
            touched.map(|(_, event)| *event).collect()
        });
        events.sort_unstable();
        events.dedup();
        for event in events {
            let Some(Event::Wrote {
                stream: to,
                stack,
                statement,
                text,
            }) = self.run.events.get(event)
            else {
                continue;
            };
            if stream.is_some_and(|stream| stream != *to) {
                continue;
            }
            let within = |site: &Site| is_within(site, unit, lines);
            if stack.first().is_some_and(within)
                || stack.is_empty() && whole && statement.as_ref().is_some_and(within)
            {
                written.own.push_str(text);
            }
            if stack.iter().any(within) || whole && statement.as_ref().is_some_and(within) {
                written.all.push_str(text);
            }
        }
        written
    }

    /// What a unit wrote, and the values of its bare expressions between, as a
    /// console shows them.
    pub fn console(&self, unit: usize) -> String {
        let mut shown = String::new();
        for event in self.shown(unit) {
            match event {
                Event::Wrote {
                    stream: Stream::Out,
                    text,
                    ..
                } => shown.push_str(text),
                Event::Value {
                    value: Ok(value), ..
                } if !value.is_none => {
                    if !shown.is_empty() && !shown.ends_with('\n') {
                        shown.push('\n');
                    }
                    shown.push_str(&value.repr);
                    shown.push('\n');
                }
                _ => {}
            }
        }
        shown
    }

    /// All that a unit wrote to a stream.
    pub fn unit_written(&self, unit: usize, stream: Stream) -> String {
        self.shown(unit)
            .filter_map(|event| match event {
                Event::Wrote {
                    stream: to, text, ..
                } if *to == stream => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// What a unit wrote, and its values, in their order.
    fn shown(&self, unit: usize) -> impl DoubleEndedIterator<Item = &'a Event> {
        let events = &self.run.events;
        let shown = self.units.get(unit).map_or(&[][..], |facts| &facts.shown);
        shown.iter().filter_map(|&event| events.get(event))
    }

    /// The values that the bare expression on these lines gave.
    pub fn values(&self, unit: usize, lines: LineSpan) -> Vec<&'a Shown> {
        let is_wanted = |probe: &Probe| probe.look == Look::Value;
        self.of_probes(unit, |facts| (facts.after(lines), &facts.values), is_wanted)
    }

    /// The last value of a bare expression of the unit.
    pub fn last_value(&self, unit: usize) -> Option<&'a Shown> {
        self.shown(unit).rev().find_map(|event| match event {
            Event::Value {
                value: Ok(value), ..
            } => Some(value.as_ref()),
            _ => None,
        })
    }

    /// What an expression held after the statement on these lines, each time.
    pub fn states(
        &self,
        unit: usize,
        lines: LineSpan,
        expression: &str,
    ) -> Vec<&'a Result<Box<Shown>, String>> {
        let is_wanted = |probe: &Probe| matches!(&probe.look, Look::State(of) if of == expression);
        self.of_probes(unit, |facts| (facts.after(lines), &facts.states), is_wanted)
    }

    /// What running commented-out code on this line did, each time.
    pub fn ran(&self, unit: usize, line: LineNumber) -> Vec<(&'a [Event], &'a End)> {
        let is_wanted = |probe: &Probe| matches!(&probe.look, Look::Run(_));
        self.of_probes(unit, |facts| (facts.at(line), &facts.ran), is_wanted)
    }

    /// What some probes saw: `facts` says which there are, and what each saw.
    fn of_probes<T: Copy>(
        &self,
        unit: usize,
        facts: impl for<'u> Fn(&'u UnitFacts<'a>) -> (&'u [&'a Probe], &'u BTreeMap<u32, Vec<T>>),
        is_wanted: impl Fn(&Probe) -> bool,
    ) -> Vec<T> {
        let Some(unit) = self.units.get(unit) else {
            return Vec::new();
        };
        let (probes, seen) = facts(unit);
        probes
            .iter()
            .filter(|probe| is_wanted(probe))
            .filter_map(|probe| seen.get(&probe.id))
            .flatten()
            .copied()
            .collect()
    }

    /// How a unit's top-level statements ended, in their order.
    pub fn steps(&self, unit: usize) -> Vec<Step<'a>> {
        let Some(facts) = self.units.get(unit) else {
            return Vec::new();
        };
        let done = facts.done.iter().filter_map(|(line, order)| {
            Some(Step::Done {
                line: LineNumber::new(*line)?,
                order: *order,
            })
        });
        let raised = facts.raised.iter().copied().map(Step::Raised);
        let mut steps: Vec<Step<'a>> = done.chain(raised).collect();
        steps.sort_by_key(|step| match step {
            Step::Done { order, .. } => *order,
            Step::Raised(raising) => raising.order,
        });
        steps
    }

    /// When a top-level statement ended: its place among all events.
    pub fn end_of(&self, unit: usize, first_line: LineNumber) -> Option<usize> {
        let facts = self.units.get(unit)?;
        let mut raised = facts.raised.iter();
        let raised = raised.find(|raising| raising.statement == Some(first_line));
        let raised = raised.map(|raising| raising.order);
        [facts.done_at(first_line), raised]
            .into_iter()
            .flatten()
            .min()
    }

    /// The exceptions that a unit's top-level statements let through.
    pub fn raisings(&self, unit: usize) -> &[Raising<'a>] {
        self.units.get(unit).map_or(&[], |facts| &facts.raised)
    }

    /// The exception that went through these lines, if one did.
    pub fn raised(&self, unit: usize, lines: LineSpan) -> Option<Raising<'a>> {
        self.raisings(unit)
            .iter()
            .find(|raising| {
                let through = raising
                    .exception
                    .stack
                    .iter()
                    .any(|site| is_within(site, unit, lines));
                through || raising.statement.is_some_and(|line| line == lines.first)
            })
            .copied()
    }

    /// The status with which the unit was left early, and where.
    pub fn exited(&self, unit: usize) -> Option<(Option<LineNumber>, i32)> {
        let (line, code) = self.units.get(unit)?.exited?;
        Some((line.and_then(LineNumber::new), code))
    }

    /// Whether a top-level statement was executed, to its end or not.
    pub fn was_run(&self, unit: usize, first_line: LineNumber) -> bool {
        let Some(facts) = self.units.get(unit) else {
            return false;
        };
        facts.done_at(first_line).is_some()
            || facts
                .raised
                .iter()
                .any(|raising| raising.statement == Some(first_line))
            || facts
                .exited
                .is_some_and(|(line, _)| line == Some(first_line.get()))
    }

    /// Whether execution came by these lines, as far as anything shows it.
    pub fn reached(&self, unit: usize, lines: LineSpan) -> bool {
        let Some(facts) = self.units.get(unit) else {
            return false;
        };
        !facts.touched_within(lines).is_empty()
            || self.raised(unit, lines).is_some()
            || facts.after(lines).iter().any(|probe| {
                facts.reached.contains(&probe.id)
                    || facts.values.contains_key(&probe.id)
                    || facts.states.contains_key(&probe.id)
            })
    }

    /// Exceptions that ended a thread, were ignored in a destructor, or ended an
    /// `atexit` function: where, and what.
    pub fn raised_elsewhere(&self) -> impl Iterator<Item = (&'a str, &'a Exception)> {
        self.elsewhere.iter().copied()
    }

    /// Everything that a unit wrote to standard output, write by write, with the
    /// lines that were on the stack and the top-level statement's line.
    pub fn writes(&self, unit: usize) -> Vec<Write<'a>> {
        self.shown(unit)
            .filter_map(|event| match event {
                Event::Wrote {
                    stream,
                    stack,
                    statement,
                    text,
                } => Some(Write {
                    stream: *stream,
                    line: statement.as_ref().or(stack.last())?.line,
                    stack,
                    text,
                }),
                _ => None,
            })
            .collect()
    }
}

/// One write.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// Where to.
    pub stream: Stream,
    /// The first line of the top-level statement that made it.
    pub line: u32,
    /// The lines on the stack.
    pub stack: &'a [Site],
    /// What was written.
    pub text: &'a str,
}

impl Write<'_> {
    /// Whether a line of the unit that `is_one` says yes to made it.
    pub fn is_by(&self, unit: usize, is_one: impl Fn(LineNumber) -> bool) -> bool {
        let is_one = |line: u32| LineNumber::new(line).is_some_and(&is_one);
        let mut sites = self.stack.iter();
        sites.any(|site| site.unit as usize == unit && is_one(site.line))
            || self.stack.is_empty() && is_one(self.line)
    }
}

impl<'a> UnitFacts<'a> {
    fn new(probes: &'a [Probe]) -> Self {
        let mut facts = Self::default();
        let mut probes: Vec<&Probe> = probes.iter().collect();
        probes.sort_by_key(|probe| probe.id);
        for probe in probes {
            match probe.at {
                ProbePoint::AfterStatement {
                    first_line,
                    last_line,
                } => facts
                    .probes_after
                    .entry((first_line, last_line))
                    .or_default()
                    .push(probe),
                ProbePoint::AtLine { line, .. } => {
                    facts.probes_at.entry(line).or_default().push(probe);
                }
            }
        }
        facts
    }

    /// The probes that look behind the statement on these lines.
    fn after(&self, lines: LineSpan) -> &[&'a Probe] {
        let lines = (lines.first.get(), lines.last.get());
        self.probes_after.get(&lines).map_or(&[], Vec::as_slice)
    }

    /// The probes that stand at this line.
    fn at(&self, line: LineNumber) -> &[&'a Probe] {
        self.probes_at.get(&line.get()).map_or(&[], Vec::as_slice)
    }

    /// When a top-level statement was first executed to its end.
    fn done_at(&self, first_line: LineNumber) -> Option<usize> {
        let line = first_line.get();
        let at = self
            .done_by_line
            .partition_point(|(other, _)| *other < line);
        let (found, order) = self.done_by_line.get(at)?;
        (*found == line).then_some(*order)
    }

    /// The writes that these lines had a part in, once for each line.
    fn touched_within(&self, lines: LineSpan) -> &[(u32, usize)] {
        let from = |line: u32| self.touched.partition_point(|(other, _)| *other < line);
        let range = from(lines.first.get())..from(lines.last.get().saturating_add(1));
        self.touched.get(range).unwrap_or_default()
    }
}

fn at<'u, 'a>(units: &'u mut [UnitFacts<'a>], unit: u32) -> Option<&'u mut UnitFacts<'a>> {
    units.get_mut(unit as usize)
}

fn first_unseen(units: &[UnitFacts<'_>]) -> u32 {
    let seen = |facts: &UnitFacts<'_>| {
        !facts.done.is_empty() || !facts.raised.is_empty() || facts.exited.is_some()
    };
    let last_seen = units.iter().rposition(seen).map_or(0, |index| index + 1);
    u32::try_from(last_seen.min(units.len().saturating_sub(1))).unwrap_or(0)
}

fn is_within(site: &Site, unit: usize, lines: LineSpan) -> bool {
    site.unit as usize == unit && lines.first.get() <= site.line && site.line <= lines.last.get()
}
