//! What becomes of each claim of a snippet.

use std::sync::Arc;

use crate::claim::shape::about;
use crate::claim::{Claim, ClaimKind, Says, Spoken, Subject};
use crate::expectation::{ForClaim, Tolerance, ToleranceKind};
use crate::matching::{Rule, tolerance, transcript};
use crate::position::{LineNumber, LineSpan};
use crate::protocol::End;
use crate::syntax::Syntax;

use super::super::failures::Found;
use super::super::outcome::{self, Outcome, Place};
use super::super::views::{self, Shows};
use super::super::{Judgement, Verdict};
use super::Judge;

/// A claim that was judged, or found to be prose.
#[derive(Default)]
pub(super) struct Settled {
    pub(super) judgement: Option<Judgement>,
    /// The lines that its verdict speaks of.
    pub(super) speaks_of: Option<LineSpan>,
    /// The exception that it claims or answers for, by its order.
    pub(super) answers: Option<usize>,
}

impl Settled {
    /// Whether nothing has to be forgiven that is not forgiven anyway.
    pub(super) fn is_fine(&self) -> bool {
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

    pub(super) fn claims_exit(&self) -> bool {
        let actual = self
            .judgement
            .as_ref()
            .and_then(|judgement| judgement.actual.as_deref());
        actual.is_some_and(|actual| actual.starts_with("SystemExit"))
    }
}

/// A verdict with its reasons.
struct Decision {
    verdict: Verdict,
    rule: Rule,
    actual: Option<String>,
    reason: Option<String>,
    /// The earlier failure that it follows from.
    cause: Option<crate::position::Place>,
}

impl Decision {
    fn new(verdict: Verdict, rule: Rule, actual: Option<String>, reason: Option<String>) -> Self {
        Self {
            verdict,
            rule,
            actual,
            reason,
            cause: None,
        }
    }
}

impl Judge<'_, '_> {
    pub(super) fn settle(
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
                        subject: Subject::Statement((**other).clone()),
                        statement: Some(other.lines),
                        ..claim.clone()
                    });
                }
                None => {}
            }
        }
        // An output that is written down for this version is what the report would
        // say was seen, whatever sort of claim it stands in for.
        if let (Some(text), Outcome::NotSo { actual, .. }) = (&text, &outcome)
            && actual.as_deref().map(str::trim) == Some(text.trim())
        {
            outcome = Outcome::So {
                rule: Rule::Equal,
                actual: actual.clone(),
            };
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
                comment: Arc::clone(&claim.comment),
                verdict: decision.verdict,
                rule: decision.rule,
                expected: text.map_or_else(|| Arc::clone(&claim.expected), Arc::from),
                actual: decision.actual,
                reason: decision.reason,
                follows_from: decision.cause,
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
        if let Some(reason) = not_to_be_run(claim) {
            return Some(Decision::new(
                Verdict::Skipped,
                Rule::Skipped,
                None,
                Some(reason),
            ));
        }
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
                        let seen = other.clone().unwrap_or_default();
                        let documented = self.documented(claim, allowed, &seen, forgave);
                        if documented.is_some() || takes_other_time(claim, allowed, &seen) {
                            return Some(Decision::new(Verdict::Holds, rule, actual, None));
                        }
                        let reason = format!("right by chance: {}", told_again(&other));
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
                    .or_else(|| self.depends_on_skipped(claim))
                    .or_else(|| self.may_come_from_command(claim));
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
        let forgiven = [expected.as_str(), &*claim.comment]
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

    /// A documented timing that was within its bounds only when it was run again.
    /// What else a machine does makes a run longer, never shorter, so that the
    /// better of two says more of the code (Python's documentation of
    /// `timeit.Timer.repeat` says so of the lowest of its timings).
    fn in_time_again(
        &self,
        claim: &Claim,
        allowed: &ForClaim<'_>,
        first: &str,
        again: &Option<Option<String>>,
        forgave: &mut Vec<LineNumber>,
    ) -> Option<Decision> {
        let again = again.as_ref()?.as_deref()?;
        if !allowed.is_timing() {
            return None;
        }
        let mut decision = self.documented(claim, allowed, again, forgave)?;
        decision.reason = decision
            .reason
            .map(|reason| format!("{reason} (run again: the first run showed {first})"));
        Some(decision)
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
        // "Something like 5" promises more than that there is a number.
        let alike = || about(&claim.expected).is_none() && same_form(&claim.expected, &seen);
        let other = self.shown_again(claim, &actual);
        if let Some(in_time) = self.in_time_again(claim, allowed, &seen, &other, forgave) {
            return in_time;
        }
        let example = claim.example && (alike() || other.is_some());
        if example {
            let reason = Rule::Example.forgives().map(str::to_owned);
            return Decision::new(Verdict::Tolerated, Rule::Example, actual, reason);
        }
        if let Some(other) = other {
            let reason = told_again(&other);
            return Decision::new(Verdict::Unstable, Rule::Varies, actual, Some(reason));
        }
        let code = &self.ran;
        if code.shows_duration(&claim.expected, &seen) {
            let reason = "it measures time".to_owned();
            return Decision::new(Verdict::Unstable, Rule::Clock, actual, Some(reason));
        }
        if code.shows_clock(&claim.expected, &seen, self.circumstances.now) {
            let reason = "it shows the time of the run".to_owned();
            return Decision::new(Verdict::Unstable, Rule::Clock, actual, Some(reason));
        }
        if self.depends(claim, |statement| code.has_from_clock(statement)) {
            let reason = "it depends on the time of the run".to_owned();
            return Decision::new(Verdict::Unstable, Rule::Clock, actual, Some(reason));
        }
        if self.depends(claim, |statement| code.has_from_machine(statement)) {
            let reason = "it depends on the machine and the Python that run it".to_owned();
            return Decision::new(Verdict::Unstable, Rule::Varies, actual, Some(reason));
        }
        let cause = found.and_then(|found| self.failures.cause(found));
        let place = cause.map(|cause| self.place_of(cause));
        Decision {
            cause: place,
            ..Decision::new(
                Verdict::Wrong,
                rule,
                actual,
                place.map(|place| format!("follows from what failed at line {place}")),
            )
        }
    }

    /// Whether what a claim speaks of is worked out from what is as it is where the
    /// snippet runs. `on` is told the statement.
    fn depends(&self, claim: &Claim, on: impl Fn(&str) -> bool) -> bool {
        match (&claim.subject, claim.statement) {
            (Subject::Statement(spoken), _) => on(&spoken.code),
            (Subject::Code(commented), _) => on(&commented.code),
            (Subject::Session { .. }, Some(lines)) => on(&self.lines_of(lines)),
            (Subject::Snippet | Subject::Session { .. }, _) => false,
        }
    }

    /// What running again shows of a claim, where that is something else.
    fn shown_again(&self, claim: &Claim, actual: &Option<String>) -> Option<Option<String>> {
        let again = self.outcome_again(claim)?;
        let other = match again {
            Outcome::So { actual, .. }
            | Outcome::NotSo { actual, .. }
            | Outcome::Blank { actual } => actual,
            Outcome::Unreached | Outcome::Prose => None,
        };
        (other != *actual).then_some(other)
    }

    /// The same for a claim that holds: running again shows that it does not
    /// always.
    fn differs_again(&self, claim: &Claim, actual: &Option<String>) -> Option<Option<String>> {
        match self.outcome_again(claim)? {
            Outcome::NotSo { .. } => self.shown_again(claim, actual),
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

    /// Why an output of a whole cell cannot be judged where one of IPython's
    /// commands in it may have written it.
    fn may_come_from_command(&self, claim: &Claim) -> Option<String> {
        let mut outputs = self.source().outputs.iter();
        let output = outputs.find(|output| {
            output.statement.is_none()
                && output.place == claim.place
                && *output.text == *claim.comment
        })?;
        transcript::Options::of(&output.options)
            .command
            .then(|| "only IPython understands a command of the cell".to_owned())
    }

    /// Whether what a claim speaks of uses a name that a skipped statement
    /// should have bound.
    fn depends_on_skipped(&self, claim: &Claim) -> Option<String> {
        let of_session;
        let code = match (&claim.subject, claim.statement) {
            (Subject::Statement(spoken), _) => spoken.code.as_str(),
            (Subject::Code(code), _) => code.code.as_str(),
            (Subject::Session { .. }, Some(lines)) => {
                of_session = self.lines_of(lines);
                of_session.as_str()
            }
            (Subject::Snippet | Subject::Session { .. }, _) => {
                return self
                    .failures
                    .of_unit(self.unit)
                    .find_map(|found| found.skip.clone());
            }
        };
        let names = Syntax::of(code.trim()).names.free;
        let top = match &claim.subject {
            Subject::Statement(spoken) => Some(spoken.top.first),
            Subject::Session { .. } => claim.statement.map(|lines| lines.first),
            Subject::Code(_) | Subject::Snippet => None,
        };
        let order = top.and_then(|first| self.observation.end_of(self.unit, first));
        self.failures
            .that_taints(&names, order.unwrap_or(usize::MAX))
            .and_then(|found| found.skip.clone())
            .or_else(|| {
                let guide = self.circumstances.guide;
                self.failures.lacks_one_of(&names, self.snippet, guide)
            })
    }

    fn lines_of(&self, lines: LineSpan) -> String {
        let (first, last) = (lines.first.index(), lines.last.index());
        let code = self.source().code.lines();
        code.skip(first)
            .take(last + 1 - first)
            .collect::<Vec<_>>()
            .join("\n")
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
}

/// Whether a text differs from a claim whose timings are documented in nothing but
/// them, be they within their bounds or not.
fn takes_other_time(claim: &Claim, allowed: &ForClaim<'_>, seen: &str) -> bool {
    let unbounded: Vec<Tolerance> = allowed
        .tolerances
        .iter()
        .map(|&tolerance| Tolerance {
            kind: ToleranceKind::Timing(None),
            ..tolerance.clone()
        })
        .collect();
    let unbounded: Vec<&Tolerance> = unbounded.iter().collect();
    allowed.is_timing()
        && tolerance::forgives_together(&unbounded, &allowed.text(&claim.expected), seen).is_ok()
}

enum Unreached {
    /// For a reason that is not the guide's fault.
    Skip(String),
    /// For this one.
    Never(String),
}

/// Why a session's statement is not run, where it is not.
fn told_again(other: &Option<String>) -> String {
    match other {
        Some(other) => format!("run again it shows {other}"),
        None => "run again it shows nothing".to_owned(),
    }
}

fn not_to_be_run(claim: &Claim) -> Option<String> {
    let Subject::Session { options } = &claim.subject else {
        return None;
    };
    let options = transcript::Options::of(options);
    if options.skip {
        return Some("the guide marks it not to be run (doctest: +SKIP)".to_owned());
    }
    options
        .command
        .then(|| "only IPython understands the command".to_owned())
}

/// The exception that a claim is about: it is no failure besides.
fn answers(decision: &Decision, claim: &Claim, found: Option<&Found>) -> Option<usize> {
    let found = found?;
    let shows_session = matches!(claim.kind, ClaimKind::Transcript | ClaimKind::OutputBlock);
    let raises = claim
        .readings
        .iter()
        .any(|reading| matches!(reading.says, Says::Raises(_)))
        || shows_session;
    let says_so = decision.verdict != Verdict::Skipped
        && (raises || decision.rule == Rule::Documented)
        && decision.actual.as_deref().is_some_and(|actual| {
            // What a console showed before it stands above.
            let printed = actual.strip_suffix(found.text.as_str());
            printed.is_some_and(|printed| {
                printed.is_empty() || shows_session && printed.ends_with('\n')
            })
        });
    let instead = matches!(decision.rule, Rule::Raised | Rule::OtherException);
    (says_so || instead).then_some(found.order)
}

/// `# 1`, `# 2`, `# 3` down a snippet number its lines, when none of them is
/// what was seen.
pub(super) fn drop_numbering(claims: &[Claim], settled: &mut [Settled]) {
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
