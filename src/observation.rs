//! Observations: what a run showed of each statement of a snippet.
//!
//! The worker's events are put in order here by unit and line, so that verdicts
//! can ask "what did this line write". Facts only: nothing here knows a claim.

use std::collections::BTreeMap;

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
}

#[derive(Debug, Default)]
struct UnitFacts<'a> {
    probes: BTreeMap<u32, &'a Probe>,
    done: Vec<(u32, usize)>,
    raised: Vec<Raising<'a>>,
    exited: Option<(Option<u32>, i32)>,
    values: BTreeMap<u32, Vec<&'a Shown>>,
    states: BTreeMap<u32, Vec<&'a Result<Box<Shown>, String>>>,
    ran: BTreeMap<u32, Vec<(&'a [Event], &'a End)>>,
    reached: Vec<u32>,
    touched: Vec<u32>,
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
            .map(|unit| UnitFacts {
                probes: unit.probes.iter().map(|probe| (probe.id, probe)).collect(),
                ..UnitFacts::default()
            })
            .collect();
        for (order, event) in run.events.iter().enumerate() {
            match event {
                Event::Wrote {
                    stack, statement, ..
                } => {
                    for site in stack.iter().chain(statement) {
                        if let Some(facts) = at(&mut units, site.unit) {
                            facts.touched.push(site.line);
                        }
                    }
                }
                Event::Value { probe, unit, value } => {
                    if let (Some(facts), Ok(value)) = (at(&mut units, *unit), value) {
                        facts.values.entry(*probe).or_default().push(value);
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
                        facts.reached.push(*probe);
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
                Event::RaisedElsewhere { .. } => {}
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
        }
        Self {
            run,
            limits: &task.limits,
            units,
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
        for event in &self.run.events {
            let Event::Wrote {
                stream: to,
                stack,
                statement,
                text,
            } = event
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
        for event in &self.run.events {
            match event {
                Event::Wrote {
                    stream: Stream::Out,
                    stack,
                    statement,
                    text,
                } => {
                    let site = stack.last().or(statement.as_ref());
                    if site.is_some_and(|site| site.unit as usize == unit) {
                        shown.push_str(text);
                    }
                }
                Event::Value {
                    unit: of,
                    value: Ok(value),
                    ..
                } if *of as usize == unit && !value.is_none => {
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
        self.run
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Wrote {
                    stream: to,
                    stack,
                    statement,
                    text,
                } if *to == stream => {
                    let site = stack.last().or(statement.as_ref())?;
                    (site.unit as usize == unit).then_some(text.as_str())
                }
                _ => None,
            })
            .collect()
    }

    /// The values that the bare expression on these lines gave.
    pub fn values(&self, unit: usize, lines: LineSpan) -> Vec<&'a Shown> {
        self.of_probes(
            unit,
            |facts| &facts.values,
            |probe| probe.look == Look::Value && after(probe, lines),
        )
    }

    /// The last value of a bare expression of the unit.
    pub fn last_value(&self, unit: usize) -> Option<&'a Shown> {
        self.run.events.iter().rev().find_map(|event| match event {
            Event::Value {
                unit: of,
                value: Ok(value),
                ..
            } if *of as usize == unit => Some(value.as_ref()),
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
        self.of_probes(
            unit,
            |facts| &facts.states,
            |probe| {
                matches!(&probe.look, Look::State(of) if of == expression) && after(probe, lines)
            },
        )
    }

    /// What running commented-out code on this line did, each time.
    pub fn ran(&self, unit: usize, line: LineNumber) -> Vec<(&'a [Event], &'a End)> {
        self.of_probes(
            unit,
            |facts| &facts.ran,
            |probe| {
                matches!(&probe.look, Look::Run(_))
                    && matches!(probe.at, ProbePoint::AtLine { line: at, .. } if at == line.get())
            },
        )
    }

    fn of_probes<T: Copy>(
        &self,
        unit: usize,
        facts: impl for<'u> Fn(&'u UnitFacts<'a>) -> &'u BTreeMap<u32, Vec<T>>,
        wanted: impl Fn(&Probe) -> bool,
    ) -> Vec<T> {
        let Some(unit) = self.units.get(unit) else {
            return Vec::new();
        };
        let seen = facts(unit);
        unit.probes
            .values()
            .filter(|probe| wanted(probe))
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
        self.steps(unit).into_iter().find_map(|step| match step {
            Step::Done { line, order } if line == first_line => Some(order),
            Step::Raised(raising) if raising.statement == Some(first_line) => Some(raising.order),
            Step::Done { .. } | Step::Raised(_) => None,
        })
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
        facts.done.iter().any(|(line, _)| *line == first_line.get())
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
        let touched = facts
            .touched
            .partition_point(|line| *line < lines.first.get());
        facts
            .touched
            .get(touched)
            .is_some_and(|line| *line <= lines.last.get())
            || self.raised(unit, lines).is_some()
            || facts.probes.values().any(|probe| {
                after(probe, lines)
                    && (facts.reached.contains(&probe.id)
                        || facts.values.contains_key(&probe.id)
                        || facts.states.contains_key(&probe.id))
            })
    }

    /// Exceptions that ended a thread, were ignored in a destructor, or ended an
    /// `atexit` function: where, and what.
    pub fn raised_elsewhere(&self) -> impl Iterator<Item = (&'a str, &'a Exception)> {
        self.run.events.iter().filter_map(|event| match event {
            Event::RaisedElsewhere { origin, exception } => Some((origin.as_str(), &**exception)),
            _ => None,
        })
    }

    /// Everything that a unit wrote to standard output, write by write, with the
    /// lines that were on the stack and the top-level statement's line.
    pub fn writes(&self, unit: usize) -> Vec<Write<'a>> {
        self.run
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Wrote {
                    stream,
                    stack,
                    statement,
                    text,
                } => {
                    let site = stack.last().or(statement.as_ref())?;
                    (site.unit as usize == unit).then(|| Write {
                        stream: *stream,
                        line: statement.as_ref().unwrap_or(site).line,
                        stack,
                        text,
                    })
                }
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
    /// Whether one of these lines of the unit made it.
    pub fn is_by(&self, unit: usize, lines: LineSpan) -> bool {
        self.stack.iter().any(|site| is_within(site, unit, lines))
            || LineNumber::new(self.line)
                .is_some_and(|line| lines.contains(line) && self.stack.is_empty())
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

fn after(probe: &Probe, lines: LineSpan) -> bool {
    matches!(probe.at, ProbePoint::AfterStatement { first_line, last_line }
        if first_line == lines.first.get() && last_line == lines.last.get())
}
