//! What a claim's subject showed: the texts that a claim could be about, the
//! likeliest first.

use crate::claim::{Claim, CommentedCode, Role, Spoken, Subject};
use crate::document::LAST_VALUE;
use crate::matching::Hints;
use crate::observation::{Observation, Raising};
use crate::position::{LineNumber, LineSpan};
use crate::protocol::{End, Event, Exception, Shown, Stream};

/// What a subject showed.
#[derive(Clone, Debug, Default)]
pub struct Shows<'a> {
    /// What was written, in the ways in which it could be meant.
    pub outputs: Vec<Seen>,
    /// The values of a bare expression, each time.
    pub values: Vec<Shown>,
    /// What names hold afterwards, where that could be meant: what was assigned.
    pub states: Vec<Seen>,
    /// The same of names that the statement could have changed.
    pub changes: Vec<Seen>,
    /// The exception that went through it.
    pub raised: Option<(Exception, Option<Raising<'a>>)>,
    /// Whether it was executed at all.
    pub reached: bool,
}

/// A text and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The text.
    pub text: String,
    /// What is known of it.
    pub hints: Hints,
    /// Whether it is only a part of what was shown, so that saying it alone is
    /// a tolerance.
    pub part: bool,
}

impl Seen {
    fn new(text: String, hints: Hints) -> Self {
        Self {
            text,
            hints,
            part: false,
        }
    }

    fn plain(text: String) -> Self {
        Self::new(text, Hints::default())
    }
}

impl Shows<'_> {
    /// Whether no output and no value was there to see.
    pub fn nothing(&self) -> bool {
        self.outputs.iter().all(|seen| seen.text.trim().is_empty())
            && self.values.iter().all(|value| value.is_none)
    }

    /// What to tell the author that was seen.
    pub fn actual(&self) -> Option<String> {
        let output = self
            .outputs
            .iter()
            .find(|seen| !seen.text.trim().is_empty());
        let value = self.values.iter().rev().find(|value| !value.is_none);
        if let Some(output) = output {
            return Some(output.text.trim_end().to_owned());
        }
        if let Some(value) = value {
            return Some(value.repr.clone());
        }
        if let Some((exception, _)) = &self.raised {
            return Some(super::failures::describe(exception));
        }
        if let Some(state) = self.states.first().or(self.changes.first()) {
            return Some(state.text.clone());
        }
        if let Some(value) = self.values.last() {
            return Some(value.repr.clone());
        }
        self.reached.then(String::new)
    }

    /// The same to hold against a claim of both what was printed and what was
    /// returned.
    pub fn printed_and_returned(&self) -> Option<String> {
        let value = self.values.last().map(|value| value.repr.as_str());
        let output = self.outputs.iter().map(|seen| seen.text.trim_end());
        match (output.clone().find(|text| !text.is_empty()), value) {
            (Some(output), Some(value)) => Some(format!("{output} and returns {value}")),
            (None, Some(value)) => Some(format!("nothing and returns {value}")),
            (Some(_), None) | (None, None) => self.actual(),
        }
    }
}

/// What the subject of `claim` showed.
pub fn of_claim<'a>(claim: &Claim, unit: usize, observation: &Observation<'a>) -> Shows<'a> {
    match &claim.subject {
        Subject::Statement(spoken) => of_statement(spoken, unit, observation),
        Subject::Code(code) => of_code(code, unit, observation),
        Subject::Snippet => of_unit(unit, observation),
        Subject::Session { options } => claim.statement.map_or_else(Shows::default, |lines| {
            let apart = options.iter().any(|option| option == LAST_VALUE);
            of_session(lines, unit, apart, observation)
        }),
    }
}

/// What a statement showed.
pub fn of_statement<'a>(spoken: &Spoken, unit: usize, observation: &Observation<'a>) -> Shows<'a> {
    let top_level = spoken.lines == spoken.top;
    let hints = Hints {
        several: !matches!(spoken.role, Role::Print { several: false }),
        passes: !top_level,
    };
    let mut shows = Shows {
        reached: top_level && observation.was_run(unit, spoken.top.first)
            || observation.reached(unit, spoken.lines),
        ..Shows::default()
    };
    let out = observation.written(unit, spoken.lines, Some(Stream::Out), top_level);
    let prints = matches!(spoken.role, Role::Print { .. });
    if prints && out.own != out.all && !out.own.trim().is_empty() {
        shows.outputs.push(Seen::new(out.all.clone(), hints));
        shows.outputs.push(Seen {
            text: out.own,
            hints,
            part: true,
        });
    } else if !out.all.is_empty() {
        shows.outputs.push(Seen::new(out.all.clone(), hints));
    }
    let err = observation.written(unit, spoken.lines, Some(Stream::Err), top_level);
    if !err.all.trim().is_empty() && !err.all.contains("Warning: ") {
        if !out.all.is_empty() {
            let both = observation.written(unit, spoken.lines, None, top_level);
            shows.outputs.push(Seen::new(both.all, hints));
        }
        shows.outputs.push(Seen::new(err.all, hints));
    }
    if let Some(together) = spoken.together {
        let so_far = LineSpan {
            first: LineNumber::FIRST,
            last: spoken.lines.last,
        };
        for lines in [together, so_far] {
            let text = observation
                .written(unit, lines, Some(Stream::Out), true)
                .all;
            if !text.is_empty() && shows.outputs.iter().all(|seen| seen.text != text) {
                shows.outputs.push(Seen::plain(text));
            }
        }
    }
    let values = observation.values(unit, spoken.lines);
    shows.values = values.into_iter().cloned().collect();
    shows.states = assigned(spoken, unit, observation);
    shows.changes = changed(spoken, unit, observation);
    shows.raised = observation
        .raised(unit, spoken.lines)
        .map(|raising| (raising.exception.clone(), Some(raising)));
    if shows.raised.is_none()
        && let Some((Some(line), code)) = observation.exited(unit)
        && spoken.lines.contains(line)
    {
        shows.raised = Some((exit(code), None));
    }
    shows
}

/// What the names hold that a statement assigned to.
fn assigned(spoken: &Spoken, unit: usize, observation: &Observation<'_>) -> Vec<Seen> {
    let state = |expression: &str| state(expression, spoken, unit, observation);
    let mut seen = Vec::new();
    match &spoken.role {
        Role::Assignment { targets, .. } => {
            let values: Vec<Shown> = targets.iter().filter_map(|target| state(target)).collect();
            if let [value] = values.as_slice() {
                seen.push(Seen::plain(value.repr.clone()));
                seen.extend(value.text.clone().map(Seen::plain));
            } else if values.len() > 1 && values.len() == targets.len() {
                let reprs: Vec<&str> = values.iter().map(|value| value.repr.as_str()).collect();
                seen.push(Seen::plain(reprs.join(", ")));
                seen.push(Seen::plain(format!("({})", reprs.join(", "))));
                seen.push(Seen::plain(reprs.join(" ")));
            }
        }
        Role::Print { .. }
        | Role::Call { .. }
        | Role::Expression
        | Role::Deletion { .. }
        | Role::Other { .. }
        | Role::Compound { .. }
        | Role::Definition => {}
    }
    seen
}

/// What the names hold that a statement could have changed.
fn changed(spoken: &Spoken, unit: usize, observation: &Observation<'_>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for name in &spoken.changes {
        if let Some(value) = state(name, spoken, unit, observation) {
            seen.push(Seen::plain(value.repr));
            seen.extend(value.text.map(Seen::plain));
        }
    }
    seen
}

fn state(
    expression: &str,
    spoken: &Spoken,
    unit: usize,
    observation: &Observation<'_>,
) -> Option<Shown> {
    let all = observation.states(unit, spoken.lines, expression);
    all.last().and_then(|state| state.as_deref().ok()).cloned()
}

/// What running commented-out code showed.
fn of_code<'a>(code: &CommentedCode, unit: usize, observation: &Observation<'a>) -> Shows<'a> {
    let copies = observation.ran(unit, code.line);
    let Some((events, end)) = copies.last() else {
        return Shows::default();
    };
    let mut shows = Shows {
        reached: true,
        ..Shows::default()
    };
    let mut output = String::new();
    for event in *events {
        match event {
            Event::Wrote {
                stream: Stream::Out,
                text,
                ..
            } => output.push_str(text),
            Event::Value {
                value: Ok(value), ..
            } => shows.values.push((**value).clone()),
            Event::State {
                value: Ok(value), ..
            } => shows.states.push(Seen::plain(value.repr.clone())),
            Event::Raised { exception, .. } => {
                if shows.raised.is_none() {
                    shows.raised = Some(((**exception).clone(), None));
                }
            }
            Event::Exited { code, .. } => shows.raised = Some((exit(*code), None)),
            Event::Wrote { .. }
            | Event::Value { .. }
            | Event::State { .. }
            | Event::Ran { .. }
            | Event::Reached { .. }
            | Event::RaisedElsewhere { .. }
            | Event::Done { .. } => {}
        }
    }
    if !output.is_empty() {
        shows.outputs.push(Seen::plain(output));
    }
    let cut_short = match end {
        End::Killed { .. } | End::TimedOut | End::LimitHit { .. } => true,
        End::Finished | End::LeftEarly { .. } | End::Unfinished { .. } => false,
    };
    if cut_short && shows.raised.is_none() && shows.outputs.is_empty() {
        shows.reached = false;
    }
    shows
}

/// What a snippet showed as a whole.
fn of_unit<'a>(unit: usize, observation: &Observation<'a>) -> Shows<'a> {
    let out = observation.unit_written(unit, Stream::Out);
    let console = observation.console(unit);
    let mut texts = vec![out.clone()];
    if console != out {
        texts.push(console);
        if let Some(value) = observation.last_value(unit).filter(|value| !value.is_none) {
            let mut text = out;
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&value.repr);
            texts.push(text);
            texts.extend(value.text.clone());
        }
    }
    let err = observation.unit_written(unit, Stream::Err);
    texts.push(err);
    texts.retain(|text| !text.trim().is_empty());
    let raising = observation.raisings(unit).first();
    Shows {
        reached: observation.shows_anything(unit),
        outputs: texts.into_iter().map(Seen::plain).collect(),
        raised: raising.map(|raising| (raising.exception.clone(), Some(*raising))),
        ..Shows::default()
    }
}

/// What a statement of a console session showed. `apart` says that the value of a
/// notebook's cell is shown by itself.
fn of_session<'a>(
    lines: LineSpan,
    unit: usize,
    apart: bool,
    observation: &Observation<'a>,
) -> Shows<'a> {
    let out = observation
        .written(unit, lines, Some(Stream::Out), true)
        .all;
    let values = observation.values(unit, lines);
    let mut shows = Shows {
        reached: observation.was_run(unit, lines.first) || observation.reached(unit, lines),
        values: values.into_iter().cloned().collect(),
        raised: observation
            .raised(unit, lines)
            .map(|raising| (raising.exception.clone(), Some(raising))),
        ..Shows::default()
    };
    // A value that a notebook shows stands apart from what its cell printed; a
    // console's is a part of it. Neither shows `None`.
    shows.values.retain(|value| !value.is_none);
    if !out.is_empty() && (!apart || shows.values.is_empty()) {
        shows.outputs.push(Seen::plain(out.clone()));
    }
    // A console shows what goes to standard error too, as `logging` does.
    let err = observation
        .written(unit, lines, Some(Stream::Err), true)
        .all;
    if !err.trim().is_empty() {
        if !out.is_empty() {
            let both = observation.written(unit, lines, None, true).all;
            shows.outputs.push(Seen::plain(both));
        }
        shows.outputs.push(Seen::plain(err));
    }
    shows
}

/// `sys.exit` as the exception that it is.
fn exit(code: i32) -> Exception {
    Exception {
        type_name: "SystemExit".to_owned(),
        module: "builtins".to_owned(),
        bases: vec!["BaseException".to_owned()],
        message: code.to_string(),
        name: None,
        stack: Vec::new(),
        syntax_line: None,
        further: Vec::new(),
    }
}
