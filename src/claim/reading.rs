//! What a remark could claim, and how firmly.
//!
//! Looks at the comment's text and at what the statement beside it is, never at
//! what running it showed. Reading never fails: a remark that can claim nothing
//! has no readings, or is no claim at all.

use std::sync::Arc;

use crate::position::LineSpan;
use crate::snippet::Snippet;
use crate::syntax::{StatementKind, Syntax};

use super::code;
use super::exception::{self, Certainty, Raise};
use super::gloss::leading_value;
use super::marker::{self, Marked, Strength};
use super::placement::{Remark, RemarkLine, Stands};
use super::prose::{self, Trap};
use super::shape::{Shape, shape};
use super::spoken;
use super::state;
use super::value::Value;
use super::{Claim, ClaimKind, CommentedCode, Firmness, Reading, Role, Says, Spoken, Subject};

/// The claims that a remark could make.
pub fn claims(remark: Remark, snippet: &Snippet, syntax: &Syntax) -> Vec<Claim> {
    let reader = Reader { snippet, syntax };
    match remark.stands {
        Stands::Behind | Stands::Inside => reader.behind(&remark).into_iter().collect(),
        Stands::Below | Stands::Apart => reader.run(&remark),
    }
}

struct Reader<'a> {
    snippet: &'a Snippet,
    syntax: &'a Syntax,
}

impl Reader<'_> {
    /// The claim of a comment behind a statement.
    fn behind(&self, remark: &Remark) -> Option<Claim> {
        let first = remark.lines[0].text.as_str();
        let statement = spoken::spoken(remark.statement?, remark, self.snippet, self.syntax)?;
        if first.trim().is_empty() && remark.lines.len() == 1 {
            let shows = matches!(
                statement.role,
                Role::Print { .. } | Role::Call { .. } | Role::Expression
            );
            return (shows && remark.stands == Stands::Behind).then(|| {
                self.claim(
                    ClaimKind::Trailing,
                    &remark.lines,
                    Subject::Statement(statement),
                    vec![Reading {
                        says: Says::Blank,
                        firmness: Firmness::Firm,
                    }],
                )
            });
        }
        let directive = first.trim_start_matches('#').trim();
        if prose::trap(directive) == Some(Trap::NotARemark)
            && !first.starts_with(['>', '=', '-'])
            && !prose::is_rule(directive)
        {
            return None;
        }
        let text = Text::of(&remark.lines);
        let mut readings = readings(&text, &statement, remark.stands);
        let glossed = leading_value(&text.shown).is_some_and(|cut| !cut.gloss.trim().is_empty());
        if glossed && self.is_shown_below(statement.lines) {
            // The console's own output says what came of it.
            for reading in &mut readings {
                reading.firmness = reading.firmness.min(Firmness::Resembling);
            }
        }
        Some(
            self.claim(
                ClaimKind::Trailing,
                &remark.lines,
                Subject::Statement(statement),
                readings,
            )
            .with(&text),
        )
    }

    /// Whether a session shows the output of the statement itself.
    fn is_shown_below(&self, lines: LineSpan) -> bool {
        self.snippet
            .outputs
            .iter()
            .any(|output| output.statement == Some(lines))
    }

    /// The claims of comments on lines of their own.
    fn run(&self, remark: &Remark) -> Vec<Claim> {
        let mut claims = Vec::new();
        let found = code::find(&remark.lines);
        for hit in &found {
            claims.extend(self.commented_out(hit, remark));
        }
        // Lines around commented-out code are runs of their own.
        let mut from = 0;
        let mut first_run = true;
        for hit in found
            .iter()
            .map(|hit| (hit.first, hit.last + 1))
            .chain([(remark.lines.len(), remark.lines.len())])
        {
            if from < hit.0 {
                let ends = hit.0 == remark.lines.len();
                claims.extend(self.lines(remark, &remark.lines[from..hit.0], first_run, ends));
                first_run = false;
            }
            from = hit.1;
            first_run &= from == 0;
        }
        claims
    }

    /// The claims of a run of comment lines without code among them. `first`
    /// says whether it begins the remark, `last` whether it ends it.
    fn lines(&self, remark: &Remark, lines: &[RemarkLine], first: bool, last: bool) -> Vec<Claim> {
        let all_rules = lines.iter().all(|line| {
            prose::trap(line.text.trim_start_matches('#')) == Some(Trap::NotARemark)
                || line.text.trim().is_empty()
        });
        if all_rules && !lines.iter().any(|line| line.text.starts_with(['>', '='])) {
            return Vec::new();
        }
        let next = remark
            .next
            .filter(|_| last)
            .and_then(|index| spoken::spoken(index, remark, self.snippet, self.syntax));
        let before = remark
            .statement
            .and_then(|index| spoken::spoken(index, remark, self.snippet, self.syntax));
        let directly_below = remark.stands == Stands::Below && first;
        let marked_from = lines.iter().position(announces);
        if directly_below && let Some(statement) = before {
            let starts = shape(lines[0].text.trim()) == Shape::Value;
            let claim_from = if starts { 0 } else { marked_from.unwrap_or(0) };
            // All of it can be what is printed, a line such as `out` included.
            let all = lines.iter().map(|line| line.text.as_str()).collect();
            let all = Reading {
                says: Says::Shows(dedent(all)),
                firmness: Firmness::Tentative,
            };
            let subject = Subject::Statement(statement.clone());
            let text = Text::of(&lines[claim_from..]);
            if text.shown.trim().is_empty() {
                return vec![self.claim(ClaimKind::Below, lines, subject, vec![all])];
            }
            let mut readings = readings(&text, &statement, Stands::Below);
            let mut claims = Vec::new();
            if claim_from > 0 {
                readings.push(all);
                let above = &lines[..claim_from];
                claims.push(self.claim(ClaimKind::Below, above, subject.clone(), Vec::new()));
            }
            let mut claim = self
                .claim(ClaimKind::Below, &lines[claim_from..], subject, readings)
                .with(&text);
            claim.other = next.map(Box::new);
            claims.push(claim);
            return claims;
        }
        // In a paragraph of its own only a marker makes a claim.
        let Some(from) = marked_from.or_else(|| lines.iter().position(raises)) else {
            return Vec::new();
        };
        let lines = &lines[from..];
        let text = Text::of(lines);
        if text.shown.trim().is_empty() {
            return Vec::new();
        }
        let (kind, statement, other) = match (next, before) {
            (Some(next), before) => (ClaimKind::Above, next, before),
            (None, Some(before)) => (ClaimKind::Below, before, None),
            (None, None) => return Vec::new(),
        };
        let mut readings = readings(&text, &statement, Stands::Apart);
        if text.shape != Shape::Value {
            for reading in &mut readings {
                if matches!(reading.says, Says::Shows(_)) {
                    reading.firmness = reading.firmness.min(Firmness::Resembling);
                }
            }
        }
        let mut claim = self
            .claim(kind, lines, Subject::Statement(statement), readings)
            .with(&text);
        claim.other = other.map(Box::new);
        vec![claim]
    }

    fn commented_out(&self, hit: &code::Found, remark: &Remark) -> Option<Claim> {
        if self.shows_own_usage(hit, remark) {
            return None;
        }
        let lines = &remark.lines[hit.first..=hit.last];
        let marked = marker::cut(&hit.text);
        let shown = marked.map_or(hit.text.as_str(), |marked| marked.text);
        let mut readings = Vec::new();
        if let Some(raise) = exception::read(shown).or_else(|| exception::read(&hit.text)) {
            let firmness = match raise.certainty {
                Certainty::Plain | Certainty::Would => Firmness::Firm,
                Certainty::Hint => Firmness::Firm,
                Certainty::Condition => Firmness::Tentative,
            };
            readings.push(Reading {
                says: Says::Raises(raise),
                firmness,
            });
        }
        let looks = shape(shown);
        let sign = marked.is_some_and(|marked| marked.strength == Strength::Sign);
        if looks == Shape::Value || sign {
            let firm = readings.is_empty() && looks == Shape::Value && (sign || hit.prints);
            readings.push(Reading {
                says: Says::Shows(shown.to_owned()),
                firmness: if firm {
                    Firmness::Firm
                } else {
                    Firmness::Tentative
                },
            });
        }
        if readings.is_empty() {
            return None;
        }
        let code = CommentedCode {
            line: lines[0].line,
            indent: remark.column,
            code: hit.code.clone(),
            prints: hit.prints,
            targets: hit.targets.clone(),
        };
        let span = LineSpan {
            first: lines[0].line,
            last: remark.lines[hit.claim].line,
        };
        let mut claim = self.claim(
            ClaimKind::CommentedOut,
            lines,
            Subject::Code(code),
            readings,
        );
        claim.statement = Some(span);
        claim.comment = hit.text.trim().into();
        claim.expected = shown.trim().into();
        claim.marked = sign;
        claim.versions = prose::versions(&hit.text);
        claim.example = prose::is_example(&hit.text);
        Some(claim)
    }

    /// Whether the code calls the very function in whose body it stands, as a
    /// docstring would: it tells how to use it, and is nothing to be run there.
    fn shows_own_usage(&self, hit: &code::Found, remark: &Remark) -> bool {
        let line = remark.lines[hit.first].line;
        self.syntax.statements.iter().any(|statement| {
            let StatementKind::Function(name) = &statement.kind else {
                return false;
            };
            let inside = statement.lines.first < line
                && (line <= statement.lines.last || line == statement.lines.last.plus(1))
                && statement.column < remark.column;
            inside
                && hit
                    .code
                    .match_indices(name.as_str())
                    .any(|(at, _)| hit.code[at + name.len()..].starts_with('('))
        })
    }

    fn claim(
        &self,
        kind: ClaimKind,
        lines: &[RemarkLine],
        subject: Subject,
        readings: Vec<Reading>,
    ) -> Claim {
        let comment: Vec<&str> = lines.iter().map(|line| line.text.trim()).collect();
        let comment: Arc<str> = comment.join("\n").trim().into();
        let statement = match &subject {
            Subject::Statement(spoken) => Some(spoken.lines),
            Subject::Code(_) | Subject::Snippet | Subject::Session { .. } => None,
        };
        Claim {
            kind,
            place: self.snippet.place_of(lines[0].line),
            last_place: self.snippet.place_of(lines[lines.len() - 1].line),
            statement,
            expected: Arc::clone(&comment),
            comment,
            subject,
            other: None,
            marked: false,
            readings,
            versions: None,
            example: false,
            doubtful: false,
        }
    }
}

impl Claim {
    fn with(mut self, text: &Text) -> Self {
        let shown = text.shown.trim();
        let first = shown.lines().count() == 1;
        let both = |reading: &Reading| {
            matches!(
                reading.says,
                Says::PrintsAndReturns(..) | Says::ShowsAndHolds(..)
            )
        };
        let expected = match leading_value(marker::undecorated(shown)) {
            _ if self.readings.iter().any(both) => shown,
            Some(cut) if first && text.shape == Shape::Value => cut.value,
            _ => shown,
        };
        // A comment without marker and gloss is the same text.
        if *expected != *self.comment {
            self.expected = expected.into();
        }
        self.marked = text.marked.is_some()
            || self
                .readings
                .iter()
                .any(|reading| matches!(&reading.says, Says::Raises(raise) if raise.cued));
        self.versions = prose::versions(&self.comment);
        self.example = prose::is_example(&self.comment);
        self.doubtful = prose::trap(&self.comment) == Some(Trap::Doubtful);
        self
    }
}

/// A remark's text with its markers cut.
struct Text<'a> {
    /// The marker of its first line.
    marked: Option<Marked<'a>>,
    /// What follows the markers, lines joined, blanks before lines kept as far
    /// as they tell lines apart.
    shown: String,
    /// The whole, markers included.
    whole: String,
    /// What it looks like.
    shape: Shape,
}

impl<'a> Text<'a> {
    fn of(lines: &'a [RemarkLine]) -> Self {
        let whole: Vec<&str> = lines.iter().map(|line| line.text.trim()).collect();
        let whole = whole.join("\n");
        let first = lines[0].text.as_str();
        let heading = lines.len() > 1 && marker::is_heading(first);
        let marked = marker::cut(first)
            .filter(|marked| heading || lines.len() > 1 || !marked.text.is_empty());
        let shown = if heading {
            dedent(lines[1..].iter().map(|line| line.text.as_str()).collect())
        } else if let Some(marked) = marked {
            let rest: Vec<&str> = lines[1..].iter().map(|line| line.text.as_str()).collect();
            // A sign can stand on every line.
            let signs = rest
                .iter()
                .map(|line| marker::cut(line).filter(|cut| cut.strength == Strength::Sign))
                .collect::<Vec<_>>();
            let each = !rest.is_empty() && signs.iter().all(Option::is_some);
            let below = if each {
                signs
                    .iter()
                    .flatten()
                    .map(|cut| cut.text.trim_end())
                    .collect::<Vec<_>>()
                    .join("\n")
            } else {
                dedent(rest)
            };
            if below.is_empty() {
                marked.text.trim_end().to_owned()
            } else {
                format!("{}\n{below}", marked.text.trim_end())
            }
        } else {
            dedent(lines.iter().map(|line| line.text.as_str()).collect())
        };
        let marked = if heading {
            marked.map(|marked| Marked {
                strength: Strength::Sign,
                ..marked
            })
        } else {
            marked
        };
        Self {
            marked,
            shape: shape(&shown),
            shown,
            whole,
        }
    }
}

/// The lines without the blanks that all of them begin with.
fn dedent(lines: Vec<&str>) -> String {
    let common = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.chars().take_while(|c| c.is_whitespace()).count())
        .min()
        .unwrap_or(0);
    let cut: Vec<String> = lines
        .iter()
        .map(|line| {
            line.chars()
                .skip(common)
                .collect::<String>()
                .trim_end()
                .to_owned()
        })
        .collect();
    cut.join("\n").trim_end().to_owned()
}

/// Whether a line announces output: a heading, or a marker before something
/// that is not a sentence.
fn announces(line: &RemarkLine) -> bool {
    let text = line.text.trim();
    if marker::is_heading(text) {
        return true;
    }
    marker::cut(text).is_some_and(|marked| {
        let looks = shape(marked.text);
        match marked.strength {
            Strength::Sign => looks != Shape::Sentence || marked.printed,
            Strength::Word => looks == Shape::Value,
        }
    })
}

/// Whether a line says outright that something is raised.
fn raises(line: &RemarkLine) -> bool {
    exception::read(line.text.trim())
        .is_some_and(|raise| raise.certainty == Certainty::Plain && !raise.types.is_empty())
}

fn readings(text: &Text<'_>, statement: &Spoken, stands: Stands) -> Vec<Reading> {
    let shown = text.shown.as_str();
    let mut readings = Vec::new();
    let mut add = |says: Says, firmness: Firmness| readings.push(Reading { says, firmness });
    if prose::is_silence(&text.whole) {
        add(Says::Silence, Firmness::Firm);
        return readings;
    }
    let doubtful = prose::trap(&text.whole) == Some(Trap::Doubtful);
    let most = match stands {
        _ if doubtful => Firmness::Resembling,
        Stands::Inside => Firmness::Tentative,
        Stands::Behind | Stands::Below | Stands::Apart => Firmness::Firm,
    };

    let raise = exception::read(shown).or_else(|| exception::read(&text.whole));
    let holdings = state::read(shown, &statement.code)
        .or_else(|| state::read_of_all(shown, &spoken::names_together(statement)));
    let about_code = text.marked.is_none()
        && (begins_with_operand(shown, &statement.code) || describes_text(shown, statement));
    let firmness = if about_code {
        shows(text, statement).min(most).min(Firmness::Resembling)
    } else {
        shows(text, statement).min(most)
    };

    if let Some((printed, returned)) = printed_and_returned(text) {
        let says = if leading_value(&returned).is_some() {
            Some(Says::PrintsAndReturns(printed, returned))
        } else {
            // What it returns is told in words.
            leading_value(&printed).map(|cut| Says::Shows(cut.value.to_owned()))
        };
        if let Some(says) = says {
            add(says, Firmness::Firm.min(most));
            return readings;
        }
    }
    if let Some(holdings) = &holdings
        && let Some(cut) = leading_value(shown)
        // `<re.Match object; span=(0, 1)>` says nothing of names.
        && !cut.gloss.trim().is_empty()
        && !holdings.leads
        && holdings.parts.iter().all(|part| part.plain)
    {
        let joined = joins(cut.gloss);
        let clear = joined
            && (text.shape == Shape::Value
                || text
                    .marked
                    .is_some_and(|marked| marked.strength == Strength::Sign));
        add(
            Says::ShowsAndHolds(cut.value.to_owned(), holdings.parts.clone()),
            if clear {
                Firmness::Firm.min(most)
            } else {
                firmness
            },
        );
        if joined {
            return readings;
        }
    } else if !shown.trim().is_empty() {
        let plain_raise = raise
            .as_ref()
            .is_some_and(|raise| raise.certainty >= Certainty::Would);
        add(
            Says::Shows(shown.to_owned()),
            if plain_raise {
                firmness.min(Firmness::Resembling)
            } else {
                firmness
            },
        );
    }
    if let Some(raise) = raise {
        let firmness = raise_firmness(&raise, text, statement).min(if doubtful {
            Firmness::Tentative
        } else {
            most
        });
        add(Says::Raises(raise), firmness);
    }
    if let Some(holdings) = holdings {
        let known = holdings
            .parts
            .iter()
            .all(|part| state::mentions(&statement.code, &part.expression));
        // All names of an assignment, wherever the sentence comes to them.
        let tells_all = || {
            let targets: &[String] = match &statement.role {
                Role::Assignment { targets, .. } => targets,
                Role::Print { .. }
                | Role::Call { .. }
                | Role::Expression
                | Role::Deletion { .. }
                | Role::Other { .. }
                | Role::Compound { .. }
                | Role::Definition => &[],
            };
            holdings.parts.len() > 1
                && holdings
                    .parts
                    .iter()
                    .all(|part| targets.contains(&part.expression))
        };
        let plain = (holdings.leads || tells_all()) && holdings.parts.iter().all(|part| part.plain);
        let stable = !statement.in_function;
        let able = match statement.role {
            Role::Definition | Role::Compound { .. } => false,
            Role::Print { .. }
            | Role::Call { .. }
            | Role::Expression
            | Role::Assignment { .. }
            | Role::Deletion { .. }
            | Role::Other { .. } => true,
        };
        let firmness = if plain && known && stable && able {
            Firmness::Firm
        } else {
            Firmness::Tentative
        };
        add(
            Says::Holds(holdings.parts),
            firmness.min(if doubtful { Firmness::Tentative } else { most }),
        );
    }
    readings
}

/// Words behind a value that tell why it comes out, and so that it does.
const REASONS: &[&str] = &[
    "because", "since", "as", "so", "which", "not", "and", "but", "due", "thanks", "again", "too",
];

/// Whether a remark begins with a literal of the code and goes on in words: `2 to
/// the power of 7` beside `2 ** 7` tells the code, not what it gives.
fn begins_with_operand(shown: &str, code: &str) -> bool {
    let Some(cut) = leading_value(shown) else {
        return false;
    };
    let first = cut.gloss.split_whitespace().next().unwrap_or("");
    if REASONS.contains(&first.trim_end_matches([',', ':'])) {
        return false;
    }
    let mut gloss = cut.gloss.chars();
    let worded = gloss.next() == Some(' ') && gloss.next().is_some_and(char::is_alphabetic);
    let operand = cut.value.trim_matches(['\'', '"']);
    worded && !operand.is_empty() && {
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        code.match_indices(operand).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            let after = code[at + operand.len()..].chars().next();
            let quoted = operand.len() < cut.value.len();
            let is_apart = |c: Option<char>| c.is_none_or(|c| !inside(c) || quoted && c == '.');
            is_apart(before) && is_apart(after)
        })
    }
}

/// Whether a remark goes on behind its value, beside a text that stands there for
/// everybody to see.
fn describes_text(shown: &str, statement: &Spoken) -> bool {
    statement.role == Role::Expression
        && statement.code.ends_with(['"', '\''])
        && Value::read(&statement.code).is_some_and(|value| value.is_literal())
        && leading_value(shown).is_some_and(|cut| !cut.gloss.trim().is_empty())
}

/// Whether what follows a value says more of the same statement: `3 and items is
/// now [1]`.
fn joins(gloss: &str) -> bool {
    let gloss = gloss.trim_start();
    gloss.starts_with([',', ';', '(', '&'])
        || ["and ", "but "].iter().any(|word| gloss.starts_with(word))
}

/// The literal that a remark ends with behind an arrow or `prints`, or the list or the
/// like behind a colon: `the first two => [1, 2]`, `reversed: [2, 1]`.
pub fn arrives_at(shown: &str) -> Option<Value> {
    let literal = |end: &str| Value::read(end.trim()).filter(Value::is_literal);
    let told = [" => ", " ==> ", " -> ", " → ", " ⇒ ", " prints "]
        .iter()
        .filter_map(|arrow| shown.rsplit_once(arrow))
        .find_map(|(_, end)| literal(end));
    told.or_else(|| {
        let (before, end) = shown.rsplit_once(": ")?;
        let words = before.split_whitespace().count() <= 4
            && before
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\''));
        // `iter: [0, 1], [2, 3]` shows what comes out of something, not what it is.
        let bracketed = end.trim_start().starts_with(['[', '(', '{']);
        literal(end).filter(|value| {
            bracketed
                && !(matches!(value, Value::Tuple(_)) && end.trim_start().starts_with('['))
                && words
                && matches!(
                    value,
                    Value::List(_) | Value::Tuple(_) | Value::Set(_) | Value::Dict(_)
                )
        })
    })
}

/// How firmly a remark claims that its text is what is shown.
fn shows(text: &Text<'_>, statement: &Spoken) -> Firmness {
    let firm_by_marker = match text.marked.map(|marked| marked.strength) {
        Some(Strength::Sign) => text.shape != Shape::Sentence,
        Some(Strength::Word) => text.shape == Shape::Value,
        None => false,
    };
    match &statement.role {
        Role::Print { .. }
        | Role::Call { .. }
        | Role::Expression
        | Role::Deletion { .. }
        | Role::Compound { header: false } => {
            let unmarked = text.marked.is_none() && text.shape == Shape::Value;
            if firm_by_marker || unmarked || arrives_at(&text.shown).is_some() {
                Firmness::Firm
            } else {
                Firmness::Resembling
            }
        }
        Role::Assignment { .. } => {
            // `-> (B, C, L)` tells the shape, not the value.
            let symbolic = Value::read(&text.shown).is_some_and(|value| value.is_symbolic());
            if firm_by_marker && !symbolic {
                Firmness::Firm
            } else if text.shape == Shape::Value {
                Firmness::Tentative
            } else {
                Firmness::Resembling
            }
        }
        Role::Compound { header: true } | Role::Definition | Role::Other { .. } => {
            if text.marked.is_some() {
                Firmness::Resembling
            } else {
                Firmness::Tentative
            }
        }
    }
}

fn raise_firmness(raise: &Raise, text: &Text<'_>, statement: &Spoken) -> Firmness {
    let outright = match raise.certainty {
        Certainty::Plain => true,
        Certainty::Would | Certainty::Condition | Certainty::Hint => false,
    };
    let able = match &statement.role {
        Role::Definition | Role::Compound { header: true } => false,
        // `print(e)  # ValueError` names what is printed.
        Role::Print { .. } => raise.message.is_some() || text.shown.contains(' '),
        Role::Call { .. }
        | Role::Expression
        | Role::Assignment { .. }
        | Role::Deletion { .. }
        | Role::Other { .. }
        | Role::Compound { header: false } => true,
    };
    if outright && able && !statement.caught && !statement.in_function {
        Firmness::Firm
    } else {
        Firmness::Tentative
    }
}

/// What is printed and what is returned: `prints "x is 5" and returns 11`, in
/// either order.
fn printed_and_returned(text: &Text<'_>) -> Option<(String, String)> {
    let marked = text.marked?;
    let shown = text.shown.as_str();
    for link in [
        " and returns ",
        ", returns ",
        " and return ",
        ", and returns ",
        "; returns ",
    ] {
        if marked.printed
            && let Some((printed, returned)) = shown.split_once(link)
        {
            return Some((printed.trim().to_owned(), returned.trim().to_owned()));
        }
    }
    for link in [" and prints out ", " and prints ", ", prints ", "; prints "] {
        if marked.returned
            && let Some((returned, printed)) = shown.split_once(link)
        {
            return Some((printed.trim().to_owned(), returned.trim().to_owned()));
        }
    }
    None
}
