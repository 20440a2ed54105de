//! One claim against what its subject showed.
//!
//! Every reading is tried; the first that is so decides. Whether a claim that
//! is not so is wrong or prose is settled by how firmly it claims.

use crate::claim::exception::{Certainty, is_type_name};
use crate::claim::gloss::leading_value;
use crate::claim::prose;
use crate::claim::reading::arrives_at;
use crate::claim::shape::{Shape, shape};
use crate::claim::state::Holding;
use crate::claim::value::Value;
use crate::claim::{Claim, Firmness, Role, Says, Spoken, Subject};
use crate::matching::{self, Hints, Rule, exception, resembles, transcript};
use crate::observation::Observation;
use crate::position::LineSpan;
use crate::protocol::{Exception, Shown};

use super::failures::describe;
use super::views::{Seen, Shows};

/// What came of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is so.
    So {
        /// By which rule.
        rule: Rule,
        /// What was seen.
        actual: Option<String>,
    },
    /// It is not so, and it is a claim.
    NotSo {
        /// Why.
        rule: Rule,
        /// What was seen.
        actual: Option<String>,
    },
    /// It is a claim, and its statement never ran.
    Unreached,
    /// It is a claim that lost its text.
    Blank {
        /// What was seen.
        actual: Option<String>,
    },
    /// It is no claim.
    Prose,
}

/// Where states of names are looked up.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a, 'o> {
    /// The unit.
    pub unit: usize,
    /// The statement's lines.
    pub lines: Option<LineSpan>,
    /// The observation.
    pub observation: &'a Observation<'o>,
}

/// Holds a claim against what its subject showed. `text` stands in place of what
/// the claim shows, where an expectations file says so.
pub fn of(claim: &Claim, shows: &Shows<'_>, text: Option<&str>, place: Place<'_, '_>) -> Outcome {
    if text.is_none()
        && let Some(seen) = repeated(claim, shows)
    {
        return Outcome::So {
            rule: Rule::Equal,
            actual: Some(seen.trim_end().to_owned()),
        };
    }
    // A value within a sentence proves nothing where the sentence says of a name
    // what is not so.
    let denied = claim.readings.iter().any(|reading| match &reading.says {
        Says::Holds(holdings) | Says::ShowsAndHolds(_, holdings) => {
            holdings.iter().any(|holding| is_denied(holding, place))
        }
        Says::Blank
        | Says::Silence
        | Says::Shows(_)
        | Says::Raises(_)
        | Says::PrintsAndReturns(..) => false,
    });
    for reading in &claim.readings {
        if reading.says == Says::Blank {
            return if shows.nothing() {
                Outcome::Prose
            } else {
                Outcome::Blank {
                    actual: shows.actual(),
                }
            };
        }
        if let Some((rule, actual)) = is_so(claim, &reading.says, shows, text, place)
            && (!is_within_sentence(rule) || !denied && (!claim.doubtful || arrives(claim, rule)))
        {
            return Outcome::So { rule, actual };
        }
    }
    not_so(claim, shows, place)
}

/// Whether the claim leads to what was seen by an arrow: `last letter -> n`, which
/// would otherwise name two things of which one is made into the other.
fn arrives(claim: &Claim, rule: Rule) -> bool {
    rule == Rule::Derivation && prose::is_conversion(&claim.comment)
}

/// The output that a comment repeats, marker and all: `print("=> 5")  # => 5`.
fn repeated<'s>(claim: &Claim, shows: &'s Shows<'_>) -> Option<&'s str> {
    let repeats = |seen: &Seen| {
        let lines = seen.text.trim_end().lines().map(str::trim);
        !seen.part && claim.comment.lines().map(str::trim).eq(lines)
    };
    let is_statements = matches!(claim.subject, Subject::Statement(_));
    let seen = shows.outputs.iter().find(|seen| repeats(seen));
    seen.filter(|_| claim.marked && is_statements)
        .map(|seen| seen.text.as_str())
}

/// Whether the rule finds a value within a sentence.
fn is_within_sentence(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::Derivation | Rule::Paraphrase | Rule::FirstLine | Rule::LabelDropped | Rule::State
    )
}

type So = Option<(Rule, Option<String>)>;

fn is_so(
    claim: &Claim,
    says: &Says,
    shows: &Shows<'_>,
    text: Option<&str>,
    place: Place<'_, '_>,
) -> So {
    match says {
        Says::Blank => None,
        Says::Silence => (shows.reached && shows.raised.is_none() && silent(shows))
            .then(|| (Rule::Silence, Some(String::new()))),
        Says::Shows(claimed) => {
            let claimed = text.unwrap_or(claimed);
            match &claim.subject {
                Subject::Session { options } => {
                    in_session(claimed, shows, transcript::Options::of(options))
                }
                Subject::Snippet if transcript::traceback(claimed).is_some() => {
                    in_session(claimed, shows, transcript::Options::default())
                }
                Subject::Statement(_) | Subject::Code(_) | Subject::Snippet => {
                    shown(claimed, shows, repeats_literal(claim))
                }
            }
        }
        Says::Raises(raise) => {
            let (raised, _) = shows.raised.as_ref()?;
            let seen = describe(raised);
            let rule = match text {
                Some(text) => (text.trim() == seen).then_some(Rule::Equal),
                None => exception::says(raise, raised),
            };
            rule.map(|rule| (rule, Some(seen)))
        }
        Says::Holds(holdings) => held(holdings, place).map(|actual| (Rule::State, Some(actual))),
        Says::ShowsAndHolds(claimed, holdings) => {
            let states = held(holdings, place)?;
            let (rule, actual) = shown(claimed, shows, repeats_literal(claim))?;
            Some((
                rule.max(Rule::State),
                actual.map(|actual| format!("{actual}, {states}")),
            ))
        }
        Says::PrintsAndReturns(printed, returned) => {
            let prints = shows
                .outputs
                .iter()
                .find_map(|seen| seen_says(printed, seen))?;
            let returns = shows
                .values
                .iter()
                .find_map(|value| value_says(returned, value))?;
            Some((
                prints.max(returns).max(Rule::PrintedAndReturned),
                shows.actual(),
            ))
        }
    }
}

/// Whether it is an unmarked remark beside a literal that is assigned: it may
/// repeat the literal, and claims nothing by that.
fn repeats_literal(claim: &Claim) -> bool {
    match &claim.subject {
        Subject::Statement(spoken) => {
            !claim.marked && matches!(spoken.role, Role::Assignment { literal: true, .. })
        }
        Subject::Code(_) | Subject::Snippet | Subject::Session { .. } => false,
    }
}

fn silent(shows: &Shows<'_>) -> bool {
    shows.outputs.iter().all(|seen| seen.text.is_empty())
}

fn not_so(claim: &Claim, shows: &Shows<'_>, place: Place<'_, '_>) -> Outcome {
    let claiming = claim
        .readings
        .iter()
        .find(|reading| match reading.firmness {
            Firmness::Firm => {
                is_firm(claim, &reading.says, shows) || looks_alike(claim, &reading.says, shows)
            }
            Firmness::Resembling => {
                looks_alike(claim, &reading.says, shows) || names_another(&reading.says, shows)
            }
            Firmness::Tentative => names_another(&reading.says, shows),
        });
    let Some(reading) = claiming else {
        return Outcome::Prose;
    };
    if !shows.reached {
        return Outcome::Unreached;
    }
    let says = &reading.says;
    let raised = shows.raised.as_ref().map(|(raised, _)| {
        let mut lines = vec![describe(raised)];
        if matches!(claim.subject, Subject::Session { .. }) {
            lines.extend(raised.further.iter().cloned());
        }
        lines.join("\n")
    });
    let actual = match says {
        Says::Holds(holdings) => Some(states_of(holdings, place))
            .filter(|states| !states.is_empty())
            .or_else(|| shows.actual()),
        Says::ShowsAndHolds(_, holdings) => {
            let states = states_of(holdings, place);
            shows.actual().map(|actual| format!("{actual}, {states}"))
        }
        Says::Raises(_) => raised.or_else(|| shows.actual()),
        Says::PrintsAndReturns(..) if !shows.nothing() => shows.printed_and_returned(),
        Says::Blank | Says::Silence | Says::Shows(_) | Says::PrintsAndReturns(..) => {
            let printed = shows.actual();
            match (&claim.subject, raised) {
                (_, raised) if shows.nothing() => raised.or(printed),
                (Subject::Session { .. }, Some(raised)) => {
                    printed.map(|printed| format!("{printed}\n{raised}"))
                }
                // A notebook keeps what was raised apart from what was printed.
                (Subject::Snippet, Some(raised)) if is_traceback(&claim.expected) => Some(raised),
                _ => printed,
            }
        }
    };
    Outcome::NotSo {
        rule: why(says, shows),
        actual,
    }
}

/// Whether a firm reading stays firm in view of what was seen: beside a silent
/// statement a comment can be about anything, unless it has a marker and shows
/// a value of the kind that is there.
fn is_firm(claim: &Claim, says: &Says, shows: &Shows<'_>) -> bool {
    let Says::Shows(claimed) = says else {
        return true;
    };
    let silent = shows.reached && shows.raised.is_none() && shows.nothing();
    if !silent {
        return !leads_elsewhere(claim, claimed, shows);
    }
    let held_alike = || {
        let claimed = leading_value(claimed).map_or(claimed.as_str(), |cut| cut.value);
        let claimed = Value::read(claimed);
        shows.states.iter().chain(&shows.changes).any(|seen| {
            match (&claimed, Value::read(&seen.text)) {
                (Some(claimed), Some(held)) => claimed.is_like(&held),
                (Some(_), None) => false,
                (None, _) => true,
            }
        })
    };
    match &claim.subject {
        Subject::Statement(spoken) => match spoken.role {
            Role::Print { .. } => true,
            // A function gives nothing back where something is claimed.
            Role::Call { method: false } | Role::Expression | Role::Deletion { part: false } => {
                claim.marked
            }
            Role::Call { method: true }
            | Role::Assignment { .. }
            | Role::Deletion { part: true } => claim.marked && held_alike(),
            Role::Other { .. } | Role::Compound { .. } | Role::Definition => claim.marked,
        },
        Subject::Code(code) => code.prints || claim.marked,
        Subject::Snippet | Subject::Session { .. } => true,
    }
}

/// Whether a remark ends with an exception's type, beside a statement that raised
/// one of another type.
fn names_another(says: &Says, shows: &Shows<'_>) -> bool {
    match says {
        Says::Raises(raise) => {
            shows.raised.is_some()
                && raise.certainty == Certainty::Hint
                && raise.types.iter().any(|name| is_type_name(name))
        }
        Says::Blank
        | Says::Silence
        | Says::Shows(_)
        | Says::Holds(_)
        | Says::ShowsAndHolds(..)
        | Says::PrintsAndReturns(..) => false,
    }
}

/// Whether words lead by an arrow to a value of another kind than what is shown, and
/// so tell of something else: `both -> "bases"` beside `False`.
fn leads_elsewhere(claim: &Claim, claimed: &str, shows: &Shows<'_>) -> bool {
    if claim.marked || shape(claimed) == Shape::Value {
        return false;
    }
    let Some(end) = arrives_at(claimed) else {
        return false;
    };
    // Behind a colon can stand what the code is given as well: `row: [3, 1, 2]`.
    let by_colon = [">", "→", "⇒", " prints "]
        .iter()
        .all(|sign| !claimed.contains(sign));
    let flat = |text: &str| text.replace([' ', '"', '\''], "");
    let given = match (&claim.subject, claimed.rsplit_once(": ")) {
        (Subject::Statement(spoken), Some((_, end))) => flat(&spoken.code).contains(&flat(end)),
        _ => false,
    };
    if by_colon && given {
        return true;
    }
    let outputs = shows.outputs.iter().map(|seen| seen.text.trim());
    let values = shows.values.iter().map(|value| value.repr.as_str());
    outputs.chain(values).all(|seen| {
        Value::read(seen).map_or(by_colon, |seen| {
            let opaque = matches!(seen, Value::Opaque(_) | Value::Call(..));
            by_colon && opaque || !seen.is_like(&end)
        })
    })
}

fn why(says: &Says, shows: &Shows<'_>) -> Rule {
    match says {
        Says::Blank => Rule::Blank,
        Says::Silence => Rule::NotSilent,
        Says::Raises(_) if shows.raised.is_some() => Rule::OtherException,
        Says::Raises(_) => Rule::NotRaised,
        Says::Holds(_) => Rule::Different,
        Says::Shows(_) | Says::ShowsAndHolds(..) | Says::PrintsAndReturns(..) => {
            if shows.nothing() && shows.raised.is_some() {
                Rule::Raised
            } else if shows.nothing()
                && shows.states.is_empty()
                && shows.changes.is_empty()
                && shows.values.is_empty()
            {
                Rule::NothingSeen
            } else {
                Rule::Different
            }
        }
    }
}

/// Whether a claim in words looks like what was seen, or, where nothing could
/// be seen, like what the code would print.
fn looks_alike(claim: &Claim, says: &Says, shows: &Shows<'_>) -> bool {
    let text = match says {
        Says::Shows(text) | Says::ShowsAndHolds(text, _) => text,
        Says::PrintsAndReturns(printed, _) => printed,
        Says::Blank | Says::Silence | Says::Raises(_) | Says::Holds(_) => return false,
    };
    let source = match &claim.subject {
        Subject::Statement(Spoken {
            role: Role::Print { .. },
            code,
            ..
        }) if shows.nothing() => {
            // What a print that ran should have shown, had nobody replaced it or
            // its stream; what goes into a file is not shown.
            let silenced = shows.reached && shows.raised.is_none() && code.contains("file=");
            (!silenced).then(|| literals(code))
        }
        Subject::Statement(_) | Subject::Code(_) | Subject::Snippet | Subject::Session { .. } => {
            None
        }
    };
    let texts = shows
        .values
        .iter()
        .map(|value| value.text.as_deref().unwrap_or(&value.repr));
    // A block below the code that is nothing but values shows those that it gives.
    let block = claim.subject == Subject::Snippet;
    let alike = |seen: &str| resembles(text, seen) || block && values_of_a_kind(text, seen);
    shows.outputs.iter().any(|seen| alike(&seen.text))
        || texts.into_iter().any(alike)
        || source.is_some_and(|source| resembles(text, &source))
}

/// Whether two texts have as many lines, and a value of the same kind on each.
fn values_of_a_kind(claimed: &str, seen: &str) -> bool {
    let (claimed, seen) = (claimed.trim(), seen.trim());
    let value = |line: &str| Value::read(line.trim()).filter(Value::is_literal);
    claimed.lines().count() == seen.lines().count()
        && claimed.lines().zip(seen.lines()).all(|(claimed, seen)| {
            value(claimed)
                .is_some_and(|claimed| value(seen).is_some_and(|seen| claimed.is_like(&seen)))
        })
}

/// What stands in quotes in a piece of code.
fn literals(code: &str) -> String {
    let mut text = String::new();
    let mut quote = None;
    for character in code.chars() {
        match quote {
            Some(open) if character == open => {
                quote = None;
                text.push(' ');
            }
            Some(_) => text.push(character),
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None => {}
        }
    }
    text
}

/// Whether a text is shown: as output, as a value, or as what a name holds.
fn shown(claimed: &str, shows: &Shows<'_>, repeats_literal: bool) -> So {
    for seen in &shows.outputs {
        if let Some(rule) = seen_says(claimed, seen) {
            return Some((rule, Some(seen.text.trim_end().to_owned())));
        }
    }
    let printed = !silent(shows);
    for value in shows.values.last().into_iter().chain(shows.values.first()) {
        // A call that prints returns `None`, which nobody speaks of.
        if value.is_none && printed {
            continue;
        }
        if let Some(rule) = value_says(claimed, value) {
            return Some((rule, Some(value.repr.clone())));
        }
    }
    if shows.values.len() > 1 {
        let all: Vec<&str> = shows
            .values
            .iter()
            .map(|value| value.repr.as_str())
            .collect();
        let hints = Hints {
            several: false,
            passes: true,
        };
        let all = all.join("\n");
        if let Some(rule) = matching::says(claimed, &all, hints) {
            return Some((rule, Some(all)));
        }
    }
    let assigned = if repeats_literal {
        &[]
    } else {
        shows.states.as_slice()
    };
    for seen in assigned.iter().chain(&shows.changes) {
        if let Some(rule) = seen_says(claimed, seen)
            && is_about_state(claimed, rule, &seen.text)
        {
            return Some((rule.max(Rule::State), Some(seen.text.clone())));
        }
    }
    printed_then_returned(claimed, shows)
}

/// A remark that mentions a number by chance says nothing of a name; one with
/// the inside of a list in it does: `it remains as before {1, 2, 3}`.
fn is_about_state(claimed: &str, rule: Rule, held: &str) -> bool {
    match rule {
        Rule::FirstLine | Rule::LabelDropped => false,
        Rule::Paraphrase => {
            held.starts_with(['[', '{', '(']) && held.len() > 4 && claimed.contains(held)
        }
        _ => true,
    }
}

/// What was printed and what was returned, one below the other.
fn printed_then_returned(claimed: &str, shows: &Shows<'_>) -> So {
    if claimed.lines().count() < 2 {
        return None;
    }
    let output = shows.outputs.first()?;
    let value = shows.values.last().filter(|value| !value.is_none)?;
    let text = format!("{}\n{}", output.text.trim_end(), value.repr);
    let rule = matching::says(claimed, &text, Hints::default())?;
    Some((rule.max(Rule::PrintedAndReturned), Some(text)))
}

fn seen_says(claimed: &str, seen: &Seen) -> Option<Rule> {
    let rule = matching::says(claimed, &seen.text, seen.hints)?;
    Some(if seen.part {
        rule.max(Rule::OwnOutput)
    } else {
        rule
    })
}

fn value_says(claimed: &str, value: &Shown) -> Option<Rule> {
    let hints = Hints::default();
    matching::says(claimed, &value.repr, hints)
        .or_else(|| matching::says(claimed, value.text.as_deref()?, hints))
}

fn is_traceback(text: &str) -> bool {
    transcript::traceback(text).is_some_and(|traceback| traceback.printed.is_empty())
}

fn in_session(claimed: &str, shows: &Shows<'_>, options: transcript::Options) -> So {
    if let Some(traceback) = transcript::traceback(claimed) {
        return match &shows.raised {
            Some((raised, _)) => ends_in(&traceback, raised, shows, options),
            None => shows.outputs.iter().find_map(|seen| {
                transcript::printed_traceback_says(&traceback, &seen.text, options)
                    .map(|rule| (rule, Some(seen.text.trim_end().to_owned())))
            }),
        };
    }
    if let Some((raised, _)) = &shows.raised
        && let Some(bare) = transcript::bare_exception(claimed, raised)
    {
        return ends_in(&bare, raised, shows, options);
    }
    let printed = shows.outputs.iter().find_map(|seen| {
        transcript::says(claimed, &seen.text, options)
            .map(|rule| (rule, Some(seen.text.trim_end().to_owned())))
    });
    printed.or_else(|| {
        let value = shows.values.last()?;
        value_says(claimed, value).map(|rule| (rule, Some(value.repr.clone())))
    })
}

/// Whether a statement printed what is shown and then raised what is shown.
fn ends_in(
    traceback: &transcript::Traceback<'_>,
    raised: &Exception,
    shows: &Shows<'_>,
    options: transcript::Options,
) -> So {
    let rule = transcript::traceback_says(traceback, raised, options)?;
    let raised = describe(raised);
    if traceback.printed.is_empty() {
        return Some((rule, Some(raised)));
    }
    shows.outputs.iter().find_map(|seen| {
        let printed = transcript::says(traceback.printed, &seen.text, options)?;
        let text = format!("{}\n{raised}", seen.text.trim_end());
        Some((rule.max(printed), Some(text)))
    })
}

/// Whether names hold what is claimed: what they hold.
fn held(holdings: &[Holding], place: Place<'_, '_>) -> Option<String> {
    holdings
        .iter()
        .all(|holding| values_of(holding, place).any(|value| is_held(holding, value)))
        .then(|| states_of(holdings, place))
}

/// Whether a comment says outright what a name holds, and it holds another value.
fn is_denied(holding: &Holding, place: Place<'_, '_>) -> bool {
    let mut values = values_of(holding, place).peekable();
    holding.plain && values.peek().is_some() && !values.any(|value| is_held(holding, value))
}

fn is_held(holding: &Holding, value: &Shown) -> bool {
    value_says(&holding.value, value)
        .is_some_and(|rule| rule.forgives().is_none() || rule == Rule::Rounding)
}

/// What the name that a comment speaks of held whenever its statement had run.
fn values_of<'a>(holding: &Holding, place: Place<'a, '_>) -> impl Iterator<Item = &'a Shown> {
    let states = place.lines.map(|lines| {
        place
            .observation
            .states(place.unit, lines, &holding.expression)
    });
    states
        .into_iter()
        .flatten()
        .filter_map(|state| state.as_deref().ok())
}

fn states_of(holdings: &[Holding], place: Place<'_, '_>) -> String {
    let Some(lines) = place.lines else {
        return String::new();
    };
    let parts: Vec<String> = holdings
        .iter()
        .filter_map(|holding| {
            let states = place
                .observation
                .states(place.unit, lines, &holding.expression);
            let value = states.last()?.as_ref().ok()?;
            Some(format!("{} = {}", holding.expression, value.repr))
        })
        .collect();
    parts.join(", ")
}
