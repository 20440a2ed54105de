//! What a snippet did that is a finding in itself, and where it ended.

use std::collections::BTreeSet;

use crate::position::LineNumber;
use crate::syntax::Syntax;

use super::super::Failure;
use super::super::failures::{describe, skip_reason, unbound_name};
use super::super::limits;
use super::Judge;
use super::settling::Settled;

impl Judge<'_, '_> {
    pub(super) fn failures(&self, settled: &[Settled]) -> Vec<Failure> {
        let snippet = self.source();
        let at =
            |line: Option<LineNumber>| line.map_or(snippet.place, |line| snippet.place_of(line));
        let answered: Vec<usize> = settled
            .iter()
            .filter_map(|settled| settled.answers)
            .collect();
        let mut failures = Vec::new();
        let mut limits_told = Vec::new();
        for found in self.failures.of_unit(self.unit) {
            if answered.contains(&found.order) || found.skip.is_some() {
                continue;
            }
            limits_told.extend(found.limit.as_deref());
            failures.push(Failure {
                place: at(found.line.or(found.statement)),
                message: match &found.limit {
                    Some(limit) => format!("{} ({limit})", found.text),
                    None => found.text.clone(),
                },
                follows_from: self.failures.cause(found).map(|cause| self.place_of(cause)),
            });
        }
        if let Some(message) = limits::bad_end(self.observation.end(), self.observation.limits())
            && self.ended_here()
            && self.failures.lacking(self.unit, &snippet.code).is_none()
            && !limits_told.iter().any(|told| message.ends_with(told))
        {
            failures.push(Failure {
                place: at(self.line_that_did_not_end()),
                message,
                follows_from: None,
            });
        }
        if let Some((line, code)) = self.observation.exited(self.unit)
            && !settled.iter().any(Settled::claims_exit)
            && (code != 0 || self.something_is_left(line))
        {
            failures.push(Failure {
                place: at(line),
                message: format!("the snippet exited with status {code}"),
                follows_from: None,
            });
        }
        for (origin, exception) in self.observation.raised_elsewhere() {
            let own = |site: &&crate::protocol::Site| site.unit as usize == self.unit;
            let Some(site) = exception.stack.iter().find(own) else {
                continue;
            };
            let unbound: BTreeSet<String> = unbound_name(exception)
                .map(str::to_owned)
                .into_iter()
                .collect();
            let cause = self.failures.that_taints(&unbound, usize::MAX);
            if cause.is_some_and(|cause| cause.skip.is_some())
                || skip_reason(exception, self.observation, self.circumstances).is_some()
            {
                continue;
            }
            failures.push(Failure {
                place: at(LineNumber::new(site.line)),
                message: format!("{} in {}", describe(exception), in_words(origin)),
                follows_from: cause.map(|cause| self.place_of(cause)),
            });
        }
        failures.sort_by_key(|failure| failure.place);
        failures
    }

    /// Whether the child's end came in this unit: later ones show nothing.
    fn ended_here(&self) -> bool {
        let last = (0..self.observation.units())
            .rev()
            .find(|&unit| self.observation.shows_anything(unit))
            .unwrap_or(0);
        if self.unit == last {
            return self.line_that_did_not_end().is_some() || last + 1 == self.observation.units();
        }
        // The unit before ran to its end, and this one never showed anything.
        self.unit == last + 1 && {
            let previous = self.failures.snippet(last);
            let previous = previous.map(|index| &self.circumstances.guide.snippets[index]);
            previous.is_some_and(|snippet| {
                Syntax::of(&snippet.code)
                    .top_level()
                    .all(|statement| self.observation.was_run(last, statement.lines.first))
            })
        }
    }

    /// The statement behind the last one that was executed to its end.
    fn line_that_did_not_end(&self) -> Option<LineNumber> {
        Syntax::of(&self.source().code)
            .top_level()
            .map(|statement| statement.lines.first)
            .find(|&first| !self.observation.was_run(self.unit, first))
    }

    fn something_is_left(&self, line: Option<LineNumber>) -> bool {
        let syntax = Syntax::of(&self.source().code);
        line.is_some_and(|line| {
            syntax
                .top_level()
                .any(|statement| statement.lines.first > line)
        })
    }

    /// What else the run showed. It goes for the task as a whole, and is told
    /// once, of the snippet that ran last.
    pub(super) fn notes(&self) -> Vec<String> {
        if self.unit + 1 != self.observation.units() {
            return Vec::new();
        }
        let mut notes: Vec<String> = self
            .observation
            .refused()
            .iter()
            .map(|what| format!("the box refused {what}"))
            .collect();
        match self.observation.output_cut() {
            0 => {}
            bytes => notes.push(format!(
                "{bytes} bytes of output were too many to keep: the beginning and the end are kept, `output` in trueprint.toml keeps more"
            )),
        }
        if self.observation.events_cut() {
            notes.push("more happened than could be kept: the rest was not looked at".to_owned());
        }
        match self.observation.leftover_processes() {
            0 => {}
            1 => notes.push("a process outlived it and was killed".to_owned()),
            count => notes.push(format!("{count} processes outlived it and were killed")),
        }
        notes
    }
}

fn in_words(origin: &str) -> &str {
    match origin {
        "thread" => "a thread",
        "unraisable" => "a destructor",
        "atexit" => "an atexit function",
        other => other,
    }
}
