//! What a snippet did that is a finding in itself, and where it ended.

use std::collections::BTreeSet;

use crate::position::LineNumber;
use crate::protocol::End;
use crate::syntax::Syntax;

use super::super::Failure;
use super::super::failures::{describe, skip_reason, unbound_name};
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
        for found in self.failures.of_unit(self.unit) {
            if answered.contains(&found.order) || found.skip.is_some() {
                continue;
            }
            failures.push(Failure {
                place: at(found.line.or(found.statement)),
                message: found.text.clone(),
                follows_from: self.failures.cause(found).map(|cause| self.place_of(cause)),
            });
        }
        let lacking = self.failures.lacking(self.unit, &snippet.code);
        if self.ended_here()
            && lacking.is_none()
            && let Some(message) = bad_end(self.observation.end())
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
}

/// What a bad end was, in words; `None` for a good one.
fn bad_end(end: &End) -> Option<String> {
    match end {
        End::Finished => None,
        End::LeftEarly { status } => {
            Some(format!("the process ended itself, with status {status}"))
        }
        End::Killed { signal } => Some(format!(
            "the process was killed by signal {signal}{}",
            signal_name(*signal)
        )),
        End::TimedOut => Some("it did not end in time".to_owned()),
        End::LimitHit { limit } => Some(format!("it hit the limit of {limit}")),
        End::Unfinished { reason } => Some(format!("it did not end as it should: {reason}")),
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

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        15 => " (SIGTERM)",
        _ => "",
    }
}
