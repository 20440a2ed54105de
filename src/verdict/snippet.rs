//! A snippet's claims, failures and unclaimed output, put together.

use std::collections::HashMap;

use crate::claim::{Claim, ClaimKind, Role, Subject};
use crate::expectation::{ForClaim, Named};
use crate::observation::Observation;
use crate::position::{LineNumber, LineSpan};
use crate::protocol::Stream;
use crate::snippet::Snippet;

use super::clock::RanCode;
use super::failures::{Failures, Found, skip_reason};
use super::{
    Circumstances, Failure, Judged, Judgement, Prose, SnippetStatus, SnippetVerdict, Unclaimed,
    Verdict, views,
};
use settling::{Settled, drop_numbering};

mod company;
mod ends;
mod settling;

/// Judges one snippet of a task.
pub struct Judge<'a, 'o> {
    /// Which unit of the task it is.
    pub unit: usize,
    /// Which snippet of the guide.
    pub snippet: usize,
    /// What the run showed.
    pub observation: &'a Observation<'o>,
    /// What running it again showed.
    pub again: Option<&'a Observation<'o>>,
    /// Whether the code up to here may show other numbers each time.
    pub may_vary: bool,
    /// The code up to here.
    pub ran: RanCode<'a>,
    /// The exceptions of the task.
    pub failures: &'a Failures,
    /// What else there is to know.
    pub circumstances: Circumstances<'a>,
}

impl Judge<'_, '_> {
    /// Judges it.
    pub fn judge(&self) -> Judged {
        let snippet = self.source();
        let claims = &self.circumstances.claims[self.snippet];
        let expected = self
            .circumstances
            .expectations
            .and_then(|all| all.for_snippet(&snippet.id));
        let version = self.circumstances.version;
        let named: Vec<Named<'_>> = claims.iter().map(named).collect();
        let applied = expected
            .map(|expected| expected.apply(&named, [version.major, version.minor, version.micro]));
        let nothing = ForClaim::default();

        let mut forgave = Vec::new();
        let mut settled: Vec<Settled> = Vec::with_capacity(claims.len());
        for (index, claim) in claims.iter().enumerate() {
            let allowed = applied
                .as_ref()
                .map_or(&nothing, |applied| &applied.claims[index]);
            settled.push(self.settle(claim, allowed, &mut forgave));
        }
        for (index, claim) in self.claims_by_company(claims, &settled) {
            settled[index] = self.settle(&claim, &nothing, &mut forgave);
        }
        drop_numbering(claims, &mut settled);

        let unneeded = applied.iter().flat_map(|applied| {
            let settled = applied.claims.iter().zip(&settled);
            settled
                .filter(|(_, settled)| settled.is_fine())
                .flat_map(|(allowed, _)| allowed.tolerances.iter().map(|entry| entry.line))
        });
        let unneeded = unneeded.filter(|line| !forgave.contains(line)).collect();
        let differs = settled.iter().any(|settled| {
            let judgement = settled.judgement.as_ref();
            judgement.is_some_and(|judgement| match judgement.verdict {
                Verdict::Wrong => true,
                Verdict::Holds => {
                    judgement.expected.contains(|c: char| c.is_ascii_digit()) && self.may_vary
                }
                Verdict::Tolerated
                | Verdict::Unstable
                | Verdict::Unreached
                | Verdict::Skipped
                | Verdict::Blank => false,
            })
        });
        let prose = claims
            .iter()
            .zip(&settled)
            .filter(|(claim, settled)| settled.judgement.is_none() && self.is_beside_output(claim))
            .map(|(claim, _)| Prose {
                place: claim.place,
                comment: claim.comment.to_string(),
            })
            .collect();
        let failures = self.failures(&settled);
        let unclaimed = self.unclaimed(claims, &settled);
        let status = self.status(&failures, &settled);
        let judgements = settled.into_iter().filter_map(|settled| settled.judgement);
        let mut judgements: Vec<Judgement> = judgements.collect();
        // It took over the room that was there for more.
        judgements.shrink_to_fit();
        Judged {
            snippet: self.snippet,
            verdict: SnippetVerdict {
                status,
                failures,
                unclaimed,
                claims: judgements,
                prose,
                warnings: self.warnings(),
                notes: self.notes(),
            },
            differs,
            errors: applied.map(|applied| applied.errors).unwrap_or_default(),
            forgave,
            unneeded,
        }
    }

    fn source(&self) -> &Snippet {
        &self.circumstances.guide.snippets[self.snippet]
    }

    /// The guide's place of an exception, in whichever snippet of the task.
    fn place_of(&self, found: &Found) -> crate::position::Place {
        let index = self.failures.snippet(found.unit).unwrap_or(self.snippet);
        let snippet = &self.circumstances.guide.snippets[index];
        found
            .line
            .map_or(snippet.place, |line| snippet.place_of(line))
    }

    /// Whether a comment stands beside output, or beside a print that never ran
    /// and would have had some.
    fn is_beside_output(&self, claim: &Claim) -> bool {
        match &claim.subject {
            Subject::Statement(spoken) => {
                let shows = views::of_statement(spoken, self.unit, self.observation);
                // What never came to show anything might have shown something.
                let cut_short = !shows.reached || shows.raised.is_some();
                !shows.nothing() || cut_short && would_show(&spoken.role)
            }
            // Words that stand for the output of a console.
            Subject::Session { .. } => true,
            Subject::Code(_) | Subject::Snippet => false,
        }
    }

    fn status(&self, failures: &[Failure], settled: &[Settled]) -> SnippetStatus {
        let raised_wrongly = settled.iter().any(|settled| {
            let judgement = settled.judgement.as_ref();
            settled.answers.is_some()
                && judgement.is_some_and(|judgement| judgement.verdict == Verdict::Wrong)
        });
        if !failures.is_empty() || raised_wrongly {
            return SnippetStatus::Failed;
        }
        let elsewhere = || {
            self.observation
                .raised_elsewhere()
                .find_map(|(_, exception)| {
                    skip_reason(exception, self.observation, self.circumstances)
                })
        };
        let skip = self
            .failures
            .of_unit(self.unit)
            .find_map(|found| found.skip.clone())
            .or_else(elsewhere);
        match skip {
            Some(reason) => SnippetStatus::Skipped { reason },
            None => SnippetStatus::Ran,
        }
    }

    /// What was written to standard output and no claim speaks of, by statement.
    fn unclaimed(&self, claims: &[Claim], settled: &[Settled]) -> Vec<Unclaimed> {
        let snippet = self.source();
        let mut covered: Vec<LineSpan> = Vec::new();
        for (claim, settled) in claims.iter().zip(settled) {
            if settled.judgement.is_none() {
                continue;
            }
            match &claim.subject {
                Subject::Snippet if claim.kind == ClaimKind::OutputBlock => return Vec::new(),
                Subject::Statement(spoken) if claim.kind == ClaimKind::Below => {
                    covered.extend(spoken.together);
                }
                Subject::Statement(_)
                | Subject::Code(_)
                | Subject::Snippet
                | Subject::Session { .. } => {}
            }
            covered.extend(settled.speaks_of);
        }
        let covered = LineSet::of(covered);
        let mut unclaimed: Vec<Unclaimed> = Vec::new();
        let mut by_line: HashMap<u32, usize> = HashMap::new();
        for write in self.observation.writes(self.unit) {
            if write.stream != Stream::Out || write.is_by(self.unit, |line| covered.contains(line))
            {
                continue;
            }
            let index = *by_line.entry(write.line).or_insert(unclaimed.len());
            match unclaimed.get_mut(index) {
                Some(earlier) => earlier.output.push_str(write.text),
                None => unclaimed.push(Unclaimed {
                    place: LineNumber::new(write.line)
                        .map_or(snippet.place, |line| snippet.place_of(line)),
                    output: write.text.to_owned(),
                }),
            }
        }
        unclaimed.retain(|unclaimed| !unclaimed.output.trim().is_empty());
        for entry in &mut unclaimed {
            entry.output.truncate(entry.output.trim_end().len());
        }
        unclaimed
    }

    /// The warnings that Python gave.
    fn warnings(&self) -> Vec<Unclaimed> {
        let snippet = self.source();
        let mut warnings: Vec<Unclaimed> = Vec::new();
        for write in self.observation.writes(self.unit) {
            if write.stream != Stream::Err {
                continue;
            }
            for line in write.text.lines() {
                let Some(at) = line.find("Warning: ") else {
                    continue;
                };
                let start = line[..at].rfind(' ').map_or(0, |space| space + 1);
                let warning = Unclaimed {
                    place: LineNumber::new(write.line)
                        .map_or(snippet.place, |line| snippet.place_of(line)),
                    output: line[start..].to_owned(),
                };
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        warnings
    }
}

/// Lines, of which there may be many.
struct LineSet(Vec<LineSpan>);

impl LineSet {
    /// Those of any of these spans.
    fn of(mut spans: Vec<LineSpan>) -> Self {
        spans.sort_unstable();
        let mut apart: Vec<LineSpan> = Vec::new();
        for span in spans {
            match apart.last_mut() {
                Some(last) if span.first <= last.last => last.last = last.last.max(span.last),
                Some(_) | None => apart.push(span),
            }
        }
        Self(apart)
    }

    fn contains(&self, line: LineNumber) -> bool {
        let at = self.0.partition_point(|span| span.last < line);
        self.0.get(at).is_some_and(|span| span.contains(line))
    }
}

/// Whether a statement is there to show something.
fn would_show(role: &Role) -> bool {
    match role {
        Role::Print { .. } | Role::Expression => true,
        Role::Call { .. }
        | Role::Assignment { .. }
        | Role::Deletion { .. }
        | Role::Definition
        | Role::Compound { .. }
        | Role::Other { .. } => false,
    }
}

/// What an expectation can name the claim by.
pub fn named(claim: &Claim) -> Named<'_> {
    Named {
        place: claim.place,
        last_place: claim.last_place,
        comment: &claim.comment,
        expected: &claim.expected,
        statement: match &claim.subject {
            Subject::Statement(spoken) => Some(spoken.code.as_str()),
            Subject::Code(code) => Some(code.code.as_str()),
            Subject::Snippet | Subject::Session { .. } => None,
        },
    }
}
