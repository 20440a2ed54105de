//! A snippet's claims, failures and unclaimed output, put together.

use std::collections::BTreeSet;

use crate::claim::{Claim, ClaimKind, Says, Spoken, Subject};
use crate::expectation::{ForClaim, Named};
use crate::matching::{Rule, tolerance};
use crate::observation::Observation;
use crate::position::{LineNumber, LineSpan};
use crate::protocol::{End, Stream};
use crate::snippet::Snippet;
use crate::syntax::Syntax;

use super::failures::{Failures, Found, describe, skip_reason, unbound_name};
use super::outcome::{self, Outcome, Place};
use super::views::{self, Shows};
use super::{
    Circumstances, Failure, Judged, Judgement, Prose, SnippetStatus, SnippetVerdict, Unclaimed,
    Verdict, clock,
};

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
    /// The exceptions of the task.
    pub failures: &'a Failures,
    /// What else there is to know.
    pub circumstances: Circumstances<'a>,
}

/// A claim that was judged, or found to be prose.
#[derive(Default)]
struct Settled {
    judgement: Option<Judgement>,
    /// The lines that its verdict speaks of.
    speaks_of: Option<LineSpan>,
    /// The exception that it claims or answers for, by its order.
    answers: Option<usize>,
}

impl Settled {
    /// Whether nothing has to be forgiven that is not forgiven anyway.
    fn is_fine(&self) -> bool {
        match self.judgement.as_ref().map(|judgement| judgement.verdict) {
            None | Some(Verdict::Holds | Verdict::Tolerated) => true,
            Some(
                Verdict::Wrong
                | Verdict::Unstable
                | Verdict::Unreached
                | Verdict::Skipped
                | Verdict::Blank,
            ) => false,
        }
    }
}

/// A verdict with its reasons.
struct Decision {
    verdict: Verdict,
    rule: Rule,
    actual: Option<String>,
    reason: Option<String>,
}

impl Decision {
    fn new(verdict: Verdict, rule: Rule, actual: Option<String>, reason: Option<String>) -> Self {
        Self {
            verdict,
            rule,
            actual,
            reason,
        }
    }
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
        drop_numbering(claims, &mut settled);

        let code = self.code_up_to_here();
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
                Verdict::Holds => clock::may_vary(&judgement.expected, &code),
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
                comment: claim.comment.clone(),
            })
            .collect();
        let failures = self.failures(&settled);
        let status = self.status(&failures, &settled);
        Judged {
            snippet: self.snippet,
            verdict: SnippetVerdict {
                status,
                failures,
                unclaimed: self.unclaimed(claims, &settled),
                claims: settled
                    .into_iter()
                    .filter_map(|settled| settled.judgement)
                    .collect(),
                prose,
                warnings: self.warnings(),
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

    fn settle(
        &self,
        claim: &Claim,
        allowed: &ForClaim<'_>,
        forgave: &mut Vec<LineNumber>,
    ) -> Settled {
        let shows = views::of_claim(claim, self.unit, self.observation);
        let text = (!allowed.outputs.is_empty()).then(|| allowed.text(&claim.expected));
        let place = Place {
            unit: self.unit,
            lines: claim.statement,
            observation: self.observation,
        };
        let mut outcome = outcome::of(claim, &shows, text.as_deref(), place);
        let documented = !allowed.tolerances.is_empty() || text.is_some();
        if documented && outcome == Outcome::Prose {
            // Somebody documented it, so it is a claim.
            outcome = if shows.reached {
                Outcome::NotSo {
                    rule: Rule::Different,
                    actual: shows.actual(),
                }
            } else {
                Outcome::Unreached
            };
        }
        let mut speaks_of = claim.statement;
        let mut kind = claim.kind;
        let mut seen = shows;
        // The claim as it is about the statement that it fits.
        let mut about = std::borrow::Cow::Borrowed(claim);
        if let Some(other) = &claim.other
            && !matches!(outcome, Outcome::So { .. } | Outcome::Blank { .. })
        {
            let other_shows = views::of_statement(other, self.unit, self.observation);
            match self.of_other(claim, other, &seen, &other_shows, text.as_deref()) {
                Some(Outcome::Prose) => return Settled::default(),
                Some(better) => {
                    outcome = better;
                    speaks_of = Some(other.lines);
                    kind = if kind == ClaimKind::Above {
                        ClaimKind::Below
                    } else {
                        ClaimKind::Above
                    };
                    seen = other_shows;
                    about = std::borrow::Cow::Owned(Claim {
                        subject: Subject::Statement(other.clone()),
                        statement: Some(other.lines),
                        ..claim.clone()
                    });
                }
                None => {}
            }
        }
        let raising = seen.raised.as_ref().and_then(|(_, raising)| *raising);
        let found = raising.and_then(|raising| self.failures.of(raising));
        let Some(decision) = self.decide(
            &about,
            outcome,
            &seen,
            found,
            speaks_of,
            allowed,
            text.as_deref(),
            forgave,
        ) else {
            return Settled::default();
        };
        let answers = answers(&decision, claim, found);
        Settled {
            judgement: Some(Judgement {
                place: claim.place,
                last_place: claim.last_place,
                kind,
                statement: speaks_of,
                comment: claim.comment.clone(),
                verdict: decision.verdict,
                rule: decision.rule.name(),
                expected: text.unwrap_or_else(|| claim.expected.clone()),
                actual: decision.actual,
                reason: decision.reason,
            }),
            speaks_of,
            answers,
        }
    }

    /// What an outcome means; `None` for prose.
    #[expect(
        clippy::too_many_arguments,
        reason = "all that a decision rests on, named once"
    )]
    fn decide(
        &self,
        claim: &Claim,
        outcome: Outcome,
        seen: &Shows<'_>,
        found: Option<&Found>,
        speaks_of: Option<LineSpan>,
        allowed: &ForClaim<'_>,
        text: Option<&str>,
        forgave: &mut Vec<LineNumber>,
    ) -> Option<Decision> {
        Some(match outcome {
            Outcome::Prose => return None,
            // What the author documented counts before what is always forgiven.
            Outcome::So { rule, actual }
                if rule.forgives().is_some() && !allowed.tolerances.is_empty() =>
            {
                let seen = actual.clone().unwrap_or_default();
                self.documented(claim, allowed, &seen, forgave)
                    .unwrap_or_else(|| {
                        let forgiven = rule.forgives().map(str::to_owned);
                        Decision::new(Verdict::Tolerated, rule, actual, forgiven)
                    })
            }
            Outcome::So { rule, actual } => match rule.forgives() {
                Some(forgiven) => {
                    Decision::new(Verdict::Tolerated, rule, actual, Some(forgiven.to_owned()))
                }
                None if text.is_some() => {
                    forgave.extend(allowed.outputs.iter().map(|output| output.line));
                    let reason = allowed.outputs.first().map(|output| output.reason.clone());
                    Decision::new(Verdict::Tolerated, Rule::Documented, actual, reason)
                }
                // An example is free to vary.
                None if claim.example => Decision::new(Verdict::Holds, rule, actual, None),
                None => match self.differs_again(claim, &actual) {
                    Some(other) => {
                        let reason = format!("right by chance: {other}");
                        Decision::new(Verdict::Unstable, Rule::Varies, actual, Some(reason))
                    }
                    None => Decision::new(Verdict::Holds, rule, actual, None),
                },
            },
            Outcome::Blank { actual } => {
                let reason = "the comment has no text".to_owned();
                Decision::new(Verdict::Blank, Rule::Blank, actual, Some(reason))
            }
            Outcome::Unreached => match self.why_unreached(speaks_of) {
                Unreached::Skip(reason) => {
                    Decision::new(Verdict::Skipped, Rule::Skipped, None, Some(reason))
                }
                Unreached::Never(reason) => {
                    Decision::new(Verdict::Unreached, Rule::Unreached, None, Some(reason))
                }
            },
            Outcome::NotSo { rule, actual } => {
                let by_exception = seen.nothing() || rule == Rule::OtherException;
                let skipped = found
                    .filter(|_| by_exception)
                    .and_then(|found| found.skip.clone())
                    .or_else(|| self.depends_on_skipped(claim));
                if let Some(reason) = skipped {
                    return Some(Decision::new(
                        Verdict::Skipped,
                        Rule::Skipped,
                        actual,
                        Some(reason),
                    ));
                }
                let version = self.circumstances.version;
                let elsewhere = claim
                    .versions
                    .is_some_and(|versions| !versions.contain((version.major, version.minor)));
                if elsewhere {
                    // It says of another version what is so there.
                    return None;
                }
                self.differing(claim, allowed, rule, actual, found, forgave)
            }
        })
    }

    /// What the statement on the other side of the comment makes of the claim,
    /// where that fits better.
    fn of_other(
        &self,
        claim: &Claim,
        other: &Spoken,
        shows: &Shows<'_>,
        other_shows: &Shows<'_>,
        text: Option<&str>,
    ) -> Option<Outcome> {
        let place = Place {
            unit: self.unit,
            lines: Some(other.lines),
            observation: self.observation,
        };
        let about_other = Claim {
            subject: Subject::Statement(other.clone()),
            ..claim.clone()
        };
        match outcome::of(&about_other, other_shows, text, place) {
            // The result of the next line, without a marker that says so.
            Outcome::So { .. } if !claim.marked && claim.kind == ClaimKind::Below => {
                Some(Outcome::Prose)
            }
            so @ Outcome::So { .. } => Some(so),
            not_so @ Outcome::NotSo { .. } => {
                let silent = shows.nothing() && shows.raised.is_none();
                (claim.marked && silent && !other_shows.nothing()).then_some(not_so)
            }
            Outcome::Unreached | Outcome::Blank { .. } | Outcome::Prose => None,
        }
    }

    /// A difference that the expectations forgive.
    fn documented(
        &self,
        claim: &Claim,
        allowed: &ForClaim<'_>,
        seen: &str,
        forgave: &mut Vec<LineNumber>,
    ) -> Option<Decision> {
        if allowed.tolerances.is_empty() {
            return None;
        }
        let expected = allowed.text(&claim.expected);
        let forgiven = [expected.as_str(), claim.comment.as_str()]
            .iter()
            .find_map(|text| tolerance::forgives_together(&allowed.tolerances, text, seen).ok())?;
        forgave.extend(forgiven.entries.iter().copied());
        let reasons: Vec<&str> = allowed
            .tolerances
            .iter()
            .filter(|entry| forgiven.entries.contains(&entry.line))
            .map(|entry| entry.reason.as_str())
            .collect();
        let reason = format!("{}: {}", forgiven.what, reasons.join("; "));
        let actual = Some(seen.to_owned());
        Some(Decision::new(
            Verdict::Tolerated,
            Rule::Documented,
            actual,
            Some(reason),
        ))
    }

    /// A claim that differs: documented, unstable, or wrong.
    fn differing(
        &self,
        claim: &Claim,
        allowed: &ForClaim<'_>,
        rule: Rule,
        actual: Option<String>,
        found: Option<&Found>,
        forgave: &mut Vec<LineNumber>,
    ) -> Decision {
        let seen = actual.clone().unwrap_or_default();
        if let Some(documented) = self.documented(claim, allowed, &seen, forgave) {
            return documented;
        }
        let example = claim.example
            && (same_form(&claim.expected, &seen) || self.varies(claim, &actual).is_some());
        if example {
            let reason = Rule::Example.forgives().map(str::to_owned);
            return Decision::new(Verdict::Tolerated, Rule::Example, actual, reason);
        }
        if let Some(reason) = self.varies(claim, &actual) {
            return Decision::new(Verdict::Unstable, Rule::Varies, actual, Some(reason));
        }
        if clock::shows_duration(&claim.expected, &seen, &self.code_up_to_here()) {
            let reason = "it measures time".to_owned();
            return Decision::new(Verdict::Unstable, Rule::Clock, actual, Some(reason));
        }
        if clock::shows_clock(
            &claim.expected,
            &seen,
            &self.code_up_to_here(),
            self.circumstances.now,
        ) {
            let reason = "it shows the time of the run".to_owned();
            return Decision::new(Verdict::Unstable, Rule::Clock, actual, Some(reason));
        }
        let reason = found
            .and_then(|found| self.failures.cause(found))
            .map(|cause| {
                format!(
                    "follows from {} at line {}",
                    cause.text,
                    self.place_of(cause)
                )
            });
        Decision::new(Verdict::Wrong, rule, actual, reason)
    }

    /// What running again shows of a claim, where that is something else.
    fn varies(&self, claim: &Claim, actual: &Option<String>) -> Option<String> {
        let again = self.outcome_again(claim)?;
        let other = match again {
            Outcome::So { actual, .. }
            | Outcome::NotSo { actual, .. }
            | Outcome::Blank { actual } => actual,
            Outcome::Unreached | Outcome::Prose => None,
        };
        (other != *actual).then(|| match other {
            Some(other) => format!("run again it shows {other}"),
            None => "run again it shows nothing".to_owned(),
        })
    }

    /// The same for a claim that holds: running again shows that it does not
    /// always.
    fn differs_again(&self, claim: &Claim, actual: &Option<String>) -> Option<String> {
        match self.outcome_again(claim)? {
            Outcome::NotSo { .. } => self.varies(claim, actual),
            Outcome::So { .. } | Outcome::Unreached | Outcome::Blank { .. } | Outcome::Prose => {
                None
            }
        }
    }

    fn outcome_again(&self, claim: &Claim) -> Option<Outcome> {
        let again = self.again?;
        let shows = views::of_claim(claim, self.unit, again);
        let place = Place {
            unit: self.unit,
            lines: claim.statement,
            observation: again,
        };
        Some(outcome::of(claim, &shows, None, place))
    }

    /// The code of this snippet and of those that it continues.
    fn code_up_to_here(&self) -> String {
        let snippets = &self.circumstances.guide.snippets;
        let mut all = BTreeSet::from([self.snippet]);
        let mut open = vec![self.snippet];
        while let Some(index) = open.pop() {
            for &earlier in &snippets[index].continues {
                if all.insert(earlier) {
                    open.push(earlier);
                }
            }
        }
        let code: Vec<&str> = all
            .iter()
            .map(|&index| snippets[index].code.as_str())
            .collect();
        code.join("\n")
    }

    /// The guide's place of an exception, in whichever snippet of the task.
    fn place_of(&self, found: &Found) -> crate::position::Place {
        let index = self.failures.snippet(found.unit).unwrap_or(self.snippet);
        let snippet = &self.circumstances.guide.snippets[index];
        found
            .line
            .map_or(snippet.place, |line| snippet.place_of(line))
    }

    /// Whether what a claim speaks of uses a name that a skipped statement
    /// should have bound.
    fn depends_on_skipped(&self, claim: &Claim) -> Option<String> {
        let code = match &claim.subject {
            Subject::Statement(spoken) => spoken.code.as_str(),
            Subject::Code(code) => code.code.as_str(),
            Subject::Snippet | Subject::Session { .. } => {
                return self
                    .failures
                    .of_unit(self.unit)
                    .find_map(|found| found.skip.clone());
            }
        };
        let names = Syntax::of(code.trim()).names.free;
        let top = match &claim.subject {
            Subject::Statement(spoken) => Some(spoken.top.first),
            Subject::Code(_) | Subject::Snippet | Subject::Session { .. } => None,
        };
        let order = top.and_then(|first| self.observation.end_of(self.unit, first));
        self.failures
            .that_taints(&names, order.unwrap_or(usize::MAX))
            .and_then(|found| found.skip.clone())
    }

    fn why_unreached(&self, lines: Option<LineSpan>) -> Unreached {
        let because = |found: &Found| match &found.skip {
            Some(reason) => Unreached::Skip(reason.clone()),
            None => Unreached::Never(format!("{} was raised before it", found.text)),
        };
        // An exception in the same top-level statement, or the whole unit's.
        let in_same =
            self.failures
                .of_unit(self.unit)
                .find(|found| match (found.statement, lines) {
                    (None, _) => true,
                    (Some(statement), Some(lines)) => self
                        .top_lines(statement)
                        .is_some_and(|top| top.contains(lines.first)),
                    (Some(_), None) => false,
                });
        if let Some(found) = in_same {
            return because(found);
        }
        if let Some((_, code)) = self.observation.exited(self.unit) {
            return Unreached::Never(format!("the snippet exited before it, with status {code}"));
        }
        // A skipped import can be why a branch or a function was never entered.
        if let Some(found) = self
            .failures
            .of_unit(self.unit)
            .find(|found| found.skip.is_some())
        {
            return because(found);
        }
        Unreached::Never(match self.observation.end() {
            End::Finished | End::Unfinished { .. } => "the statement never ran".to_owned(),
            End::LeftEarly { status } => {
                format!("the process ended before it, with status {status}")
            }
            End::Killed { signal } => {
                format!("the process was killed before it, by signal {signal}")
            }
            End::TimedOut => "the time was up before it".to_owned(),
            End::LimitHit { limit } => format!("the limit of {limit} was hit before it"),
        })
    }

    fn top_lines(&self, first: LineNumber) -> Option<LineSpan> {
        Syntax::of(&self.source().code)
            .top_level()
            .map(|statement| statement.lines)
            .find(|lines| lines.first == first)
    }

    fn is_beside_output(&self, claim: &Claim) -> bool {
        match &claim.subject {
            Subject::Statement(spoken) => {
                !views::of_statement(spoken, self.unit, self.observation).nothing()
            }
            Subject::Code(_) | Subject::Snippet | Subject::Session { .. } => false,
        }
    }

    fn failures(&self, settled: &[Settled]) -> Vec<Failure> {
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
        let mut unclaimed: Vec<Unclaimed> = Vec::new();
        for write in self.observation.writes(self.unit) {
            if write.stream != Stream::Out
                || covered.iter().any(|lines| write.is_by(self.unit, *lines))
            {
                continue;
            }
            let place =
                LineNumber::new(write.line).map_or(snippet.place, |line| snippet.place_of(line));
            match unclaimed.iter_mut().find(|earlier| earlier.place == place) {
                Some(earlier) => earlier.output.push_str(write.text),
                None => unclaimed.push(Unclaimed {
                    place,
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

impl Settled {
    fn claims_exit(&self) -> bool {
        let actual = self
            .judgement
            .as_ref()
            .and_then(|judgement| judgement.actual.as_deref());
        actual.is_some_and(|actual| actual.starts_with("SystemExit"))
    }
}

enum Unreached {
    /// For a reason that is not the guide's fault.
    Skip(String),
    /// For this one.
    Never(String),
}

/// The exception that a claim is about: it is no failure besides.
fn answers(decision: &Decision, claim: &Claim, found: Option<&Found>) -> Option<usize> {
    let found = found?;
    let raises = claim
        .readings
        .iter()
        .any(|reading| matches!(reading.says, Says::Raises(_)))
        || claim.kind == ClaimKind::Transcript;
    let says_so = decision.verdict != Verdict::Skipped
        && raises
        && decision.actual.as_deref() == Some(found.text.as_str());
    let instead = matches!(decision.rule, Rule::Raised | Rule::OtherException);
    (says_so || instead).then_some(found.order)
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

/// `# 1`, `# 2`, `# 3` down a snippet number its lines, when none of them is
/// what was seen.
fn drop_numbering(claims: &[Claim], settled: &mut [Settled]) {
    let numbers: Vec<(usize, u64)> = claims
        .iter()
        .enumerate()
        .filter(|(_, claim)| !claim.marked && claim.kind == ClaimKind::Trailing)
        .filter_map(|(index, claim)| {
            let text = claim.comment.trim_matches(['(', ')', '[', ']', '.']);
            Some((index, text.parse().ok()?))
        })
        .collect();
    let in_order = numbers.len() >= 3
        && numbers
            .iter()
            .zip(1..)
            .all(|((_, number), expected)| *number == expected);
    let none_is_so = numbers.iter().all(|(index, _)| {
        let judgement = settled[*index].judgement.as_ref();
        judgement.is_none_or(|judgement| {
            !matches!(judgement.verdict, Verdict::Holds | Verdict::Tolerated)
        })
    });
    if in_order && none_is_so {
        for (index, _) in numbers {
            settled[index] = Settled::default();
        }
    }
}

/// Whether two texts are the same but for their numbers.
fn same_form(claimed: &str, seen: &str) -> bool {
    let form = |text: &str| {
        let mut form = String::new();
        let mut digits = false;
        for character in text.trim().chars() {
            let digit = character.is_ascii_digit() || character == '.' && digits;
            if !digit {
                form.push(character);
            } else if !digits {
                form.push('0');
            }
            digits = digit;
        }
        form
    };
    // `e.g. 0.73` is an example of `0.21`.
    let example = claimed
        .trim_start_matches(|c: char| c.is_alphabetic() || matches!(c, ' ' | '.' | ':' | ','));
    form(claimed) == form(seen) || !example.is_empty() && form(example) == form(seen)
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
