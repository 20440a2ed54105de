//! What expectations forgive: one file a kind of tolerance.
//!
//! Every kind is a total function of two texts, linear in their length. Equal
//! texts are always forgiven; a change outside of what a kind speaks of never is.

mod address;
mod approximate;
mod count;
mod generalise;
mod order;
mod random;
mod size;
mod text;
mod timing;
mod token;

pub use self::generalise::{Shape, generalise, shape};
use self::token::{Token, tokens};
use crate::expectation::{Tolerance, ToleranceKind, says};
use crate::position::LineNumber;

/// A difference that was forgiven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgiven {
    /// What differed, in words; empty where nothing did.
    pub what: String,
    /// The entries that forgave it, by their lines in their file; none where
    /// nothing differed.
    pub entries: Vec<LineNumber>,
}

/// How many differences are named before it is only said how many more there are.
const NAMED_DIFFERENCES: usize = 3;

/// Whether a tolerance forgives `actual` being shown where `claimed` is
/// written: what it forgave, or why it does not.
///
/// # Errors
///
/// Says what differs beyond the tolerance.
pub fn forgives(tolerance: &Tolerance, claimed: &str, actual: &str) -> Result<String, String> {
    forgives_together(&[tolerance], claimed, actual).map(|forgiven| forgiven.what)
}

/// The same for all the tolerances of a claim. Of a claim of several lines, an
/// entry that names one line forgives that line only.
///
/// # Errors
///
/// Says what differs beyond the tolerances.
pub fn forgives_together(
    tolerances: &[&Tolerance],
    claimed: &str,
    actual: &str,
) -> Result<Forgiven, String> {
    let (claimed, actual) = (without_trailing(claimed), without_trailing(actual));
    let (of_lines, of_all): (Vec<&Tolerance>, Vec<&Tolerance>) = tolerances
        .iter()
        .partition(|tolerance| names_a_line(tolerance, &claimed));
    if of_lines.is_empty() {
        return forgive(&of_all, &claimed, &actual);
    }
    let whole = if of_all.is_empty() {
        Err(String::new())
    } else {
        forgive(&of_all, &claimed, &actual)
    };
    whole.or_else(|_| forgive_lines(&of_lines, &of_all, &claimed, &actual))
}

/// Blanks at the ends of lines and newlines at the end say nothing.
fn without_trailing(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// Whether an entry speaks of one line of several. The order of lines is a
/// matter of all of them.
fn names_a_line(tolerance: &Tolerance, claimed: &str) -> bool {
    if tolerance.kind == ToleranceKind::Order {
        return false;
    }
    tolerance.selector.claim.as_deref().is_some_and(|claim| {
        claimed.contains('\n')
            && claim.trim().lines().count() == 1
            && claimed.lines().any(|line| says(line, claim))
    })
}

fn forgive_lines(
    of_lines: &[&Tolerance],
    of_all: &[&Tolerance],
    claimed: &str,
    actual: &str,
) -> Result<Forgiven, String> {
    let (from, to): (Vec<&str>, Vec<&str>) = (claimed.lines().collect(), actual.lines().collect());
    if from.len() != to.len() {
        return Err(format!(
            "{} lines are claimed and {} are shown",
            from.len(),
            to.len()
        ));
    }
    let mut whats = Vec::new();
    let mut entries = Vec::new();
    for (one, other) in from.iter().zip(&to) {
        let named = of_lines
            .iter()
            .filter(|tolerance| {
                let claim = tolerance.selector.claim.as_deref();
                claim.is_some_and(|claim| says(one, claim))
            })
            .chain(of_all)
            .copied()
            .collect::<Vec<_>>();
        let forgiven = forgive(&named, one, other)?;
        if !forgiven.what.is_empty() {
            whats.push(forgiven.what);
        }
        entries.extend(forgiven.entries);
    }
    entries.sort_unstable();
    entries.dedup();
    Ok(Forgiven {
        what: whats.join("; "),
        entries,
    })
}

/// Forgives a text as a whole: differences of single tokens by all the kinds
/// that know tokens, or everything by one of the others.
fn forgive(tolerances: &[&Tolerance], claimed: &str, actual: &str) -> Result<Forgiven, String> {
    if claimed == actual {
        return Ok(Forgiven {
            what: String::new(),
            entries: Vec::new(),
        });
    }
    let mut whys = Vec::new();
    match forgive_tokens(tolerances, claimed, actual) {
        Ok(forgiven) => return Ok(forgiven),
        Err(why) => whys.extend(why),
    }
    for tolerance in tolerances {
        let result = match &tolerance.kind {
            ToleranceKind::Random(bound) => random::forgives(*bound, claimed, actual),
            ToleranceKind::Order => order::forgives(claimed, actual),
            ToleranceKind::Text(pattern) => text::forgives(pattern, claimed, actual),
            ToleranceKind::Timing(_)
            | ToleranceKind::Size(_)
            | ToleranceKind::Address
            | ToleranceKind::Count(_)
            | ToleranceKind::Approximate(_) => continue,
        };
        match result {
            Ok(what) => {
                return Ok(Forgiven {
                    what: format!("{}: {what}", tolerance.kind.name()),
                    entries: vec![tolerance.line],
                });
            }
            Err(why) => whys.push(format!("{}: {why}", tolerance.kind.name())),
        }
    }
    whys.dedup();
    Err(if whys.is_empty() {
        "no entry forgives it".to_owned()
    } else {
        whys.join("; ")
    })
}

/// Goes through both texts token by token. The error is empty where no kind
/// knows tokens.
fn forgive_tokens<'t>(
    tolerances: &[&Tolerance],
    claimed: &'t str,
    actual: &'t str,
) -> Result<Forgiven, Option<String>> {
    let mut walk = Walk {
        tolerances: tolerances
            .iter()
            .copied()
            .filter(|tolerance| knows_tokens(&tolerance.kind))
            .collect(),
        claimed: tokens(claimed),
        actual: tokens(actual),
        addresses: address::Addresses::default(),
        whats: Vec::new(),
        entries: Vec::new(),
    };
    if walk.tolerances.is_empty() {
        return Err(None);
    }
    let names: Vec<&str> = walk
        .tolerances
        .iter()
        .map(|tolerance| tolerance.kind.name())
        .collect();
    walk.run()
        .map_err(|why| Some(format!("{}: {why}", names.join(", "))))?;
    Ok(walk.forgiven())
}

fn knows_tokens(kind: &ToleranceKind) -> bool {
    match kind {
        ToleranceKind::Timing(_)
        | ToleranceKind::Size(_)
        | ToleranceKind::Address
        | ToleranceKind::Count(_)
        | ToleranceKind::Approximate(_) => true,
        ToleranceKind::Random(_) | ToleranceKind::Order | ToleranceKind::Text(_) => false,
    }
}

struct Walk<'a, 't> {
    tolerances: Vec<&'a Tolerance>,
    claimed: Vec<Token<'t>>,
    actual: Vec<Token<'t>>,
    addresses: address::Addresses<'t>,
    whats: Vec<String>,
    entries: Vec<LineNumber>,
}

impl Walk<'_, '_> {
    fn run(&mut self) -> Result<(), String> {
        // Which tokens differ, to know where blanks may differ too: what is put
        // in columns is padded.
        let mut differs = Vec::new();
        for index in 0..self.claimed.len().max(self.actual.len()) {
            let (Some(one), Some(other)) = (self.claimed.get(index), self.actual.get(index)) else {
                let rest = |tokens: &[Token<'_>]| {
                    tokens
                        .get(index)
                        .map_or("nothing".to_owned(), |token| format!("{:?}", token.text))
                };
                return Err(format!(
                    "{} is shown where {} is claimed",
                    rest(&self.actual),
                    rest(&self.claimed)
                ));
            };
            let (one, other) = (*one, *other);
            differs.push(one.text != other.text);
            if self.permits(index, one, other) {
                continue;
            }
            return Err(format!(
                "{:?} is shown where {:?} is claimed",
                other.text, one.text
            ));
        }
        for index in 0..differs.len() {
            let (one, other) = (self.claimed[index].blank, self.actual[index].blank);
            let padded =
                !one.is_empty() && !other.is_empty() || at_line_start(&self.claimed, index);
            let beside = differs[index] || (index > 0 && differs[index - 1]);
            if one != other && !(padded && beside) {
                return Err("the blanks differ".to_owned());
            }
        }
        Ok(())
    }

    /// Whether the token may be what it is; notes which entry let it differ.
    fn permits(&mut self, index: usize, one: Token<'_>, other: Token<'_>) -> bool {
        let same = one.text == other.text;
        let mut allowed = same;
        for position in 0..self.tolerances.len() {
            let tolerance = self.tolerances[position];
            let (claimed, actual) = (&self.claimed, &self.actual);
            let permits = match &tolerance.kind {
                // Addresses that are the same are asked for too, since they
                // say which others may not be.
                ToleranceKind::Address => {
                    let (one, other) = (self.claimed[index], self.actual[index]);
                    let is_address = self.addresses.permits(&one, &other);
                    if same && !is_address && address::is_address(&one) {
                        allowed = false;
                    }
                    is_address
                }
                _ if same => continue,
                ToleranceKind::Timing(bound) => timing::permits(*bound, claimed, actual, index),
                ToleranceKind::Size(bound) => size::permits(*bound, claimed, actual, index),
                ToleranceKind::Count(bound) => count::permits(*bound, claimed, actual, index),
                ToleranceKind::Approximate(bound) => {
                    approximate::permits(*bound, claimed, actual, index)
                }
                ToleranceKind::Random(_) | ToleranceKind::Order | ToleranceKind::Text(_) => false,
            };
            if permits && !same {
                if !self.entries.contains(&tolerance.line) {
                    self.entries.push(tolerance.line);
                }
                self.whats.push(format!(
                    "{}: {} for {}",
                    tolerance.kind.name(),
                    other.text,
                    one.text
                ));
                return true;
            }
        }
        allowed
    }

    fn forgiven(mut self) -> Forgiven {
        let more = self.whats.len().saturating_sub(NAMED_DIFFERENCES);
        self.whats.truncate(NAMED_DIFFERENCES);
        if more > 0 {
            self.whats.push(format!("{more} more"));
        }
        self.entries.sort_unstable();
        Forgiven {
            what: self.whats.join("; "),
            entries: self.entries,
        }
    }
}

fn at_line_start(tokens: &[Token<'_>], index: usize) -> bool {
    index == 0 || tokens[index - 1].text == "\n"
}
