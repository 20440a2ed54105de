//! Claims of exceptions, in all their spellings.
//!
//! Reads which types a comment names, with which message, and how surely it
//! says that one is raised. What a statement really raises is not known here.

use super::marker::undecorated;

/// What a comment says of an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    /// The types that it names, of which any will do; none where it says
    /// `error` only.
    pub types: Vec<String>,
    /// The message that it writes behind the type.
    pub message: Option<String>,
    /// How surely it says so.
    pub certainty: Certainty,
    /// Whether a word such as `raises` says so.
    pub cued: bool,
}

/// How surely a comment says that an exception is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Some word of it could be meant so: `error`, `fails`.
    Hint,
    /// Under a condition: `KeyError if missing`, `could raise`.
    Condition,
    /// `would raise`: of code that is not run as it stands.
    Would,
    /// Outright.
    Plain,
}

/// The line that a traceback begins with.
const TRACEBACK: &str = "Traceback (most recent call last)";

/// Words that an exception follows.
const CUES: &[&str] = &[
    "raise", "raises", "raised", "raising", "throw", "throws", "thrown", "yield", "yields",
    "gives", "give", "get", "gets", "cause", "causes", "caused", "error", "errors", "fail",
    "fails", "failed", "results", "produces", "lève", "wirft", "lanza", "→",
];

/// Words that make it a possibility.
const CONDITIONS: &[&str] = &[
    "if",
    "when",
    "unless",
    "could",
    "might",
    "may",
    "can",
    "otherwise",
    "or",
    "possibly",
    "for",
    "on",
    "like",
    "maybe",
    "whenever",
    "case",
    "potential",
    "potentially",
    "sometimes",
    "instead",
];

/// Words that deny it.
const DENIALS: &[&str] = &[
    "no", "not", "never", "without", "doesn't", "don't", "won't", "avoid", "avoids", "prevents",
    "isn't", "catch", "catches", "handles",
];

/// Words by themselves that say that something goes wrong.
const HINTS: &[&str] = &[
    "error",
    "error!",
    "errors",
    "runtime error",
    "exception",
    "exception!",
    "raises error",
    "raises an error",
    "raises exception",
    "raises an exception",
    "throws an error",
    "throws error",
    "throws an exception",
    "throws exception",
    "fails",
    "fails!",
    "crashes",
    "this fails",
    "this will fail",
    "will fail",
    "this raises an error",
    "causes an error",
];

/// Phrases that say so within a remark.
const HINT_PHRASES: &[&str] = &[
    "fails at runtime",
    "fails in runtime",
    "fails at run time",
    "runtime error",
    "error at runtime",
    "run-time error",
    "will raise an error",
    "raises an error",
    "will throw an error",
    "will raise an exception",
];

/// Reads what `text`, its marker cut, says of an exception; `None` where it
/// says nothing of one.
pub fn read(text: &str) -> Option<Raise> {
    let text = undecorated(text.trim());
    let first_line = text.lines().next().unwrap_or("");
    if first_line.starts_with(TRACEBACK) {
        return traceback(text);
    }
    let Some(found) = find_type(first_line).or_else(|| find_named(first_line)) else {
        return hint(first_line).or_else(|| named_alone(text));
    };
    let before: Vec<String> = words(&first_line[..found.start]);
    let after_text = &first_line[found.end..];
    let after: Vec<String> = words(after_text);
    if before.iter().any(|word| DENIALS.contains(&word.as_str())) {
        return None;
    }
    let mut types = vec![found.name.to_owned()];
    let message = after_text
        .trim_start()
        .strip_prefix(':')
        .map(|rest| {
            let below: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
            let mut message = rest.trim().to_owned();
            for line in below {
                message.push('\n');
                message.push_str(line);
            }
            message
        })
        .filter(|message| !message.is_empty());

    // `TypeError or ValueError`, `KeyError/IndexError`.
    let mut rest = found.end;
    if message.is_none() {
        while let Some(next) = find_type(&first_line[rest..]) {
            let between = first_line[rest..rest + next.start].trim();
            if !matches!(between, "or" | "/" | "," | "|" | ", or") {
                break;
            }
            types.push(next.name.to_owned());
            rest += next.end;
        }
    }

    let cued = before.iter().any(|word| CUES.contains(&word.as_str()))
        || after
            .iter()
            .take(3)
            .any(|word| matches!(word.as_str(), "raised" | "thrown" | "occurs"));
    let alone = before.iter().all(|word| {
        matches!(
            word.as_str(),
            "a" | "an" | "the" | "this" | "is" | "it's" | "exception" | "python"
        )
    });
    if !alone && !cued {
        return arrives(&first_line[..found.start], after_text).then_some(Raise {
            types,
            message: None,
            certainty: Certainty::Hint,
            cued: false,
        });
    }
    // `ValueErrors are caught`, `TypeError exceptions …`: talk about a type.
    let talk = alone && !cued && message.is_none() && !ends_claim(after_text);
    let conditional = message.is_none()
        && types.len() == 1
        && before
            .iter()
            .chain(&after)
            .any(|word| CONDITIONS.contains(&word.as_str()));
    let would = before
        .iter()
        .any(|word| matches!(word.as_str(), "would" | "will" | "should" | "'d"));
    let will = before.iter().any(|word| word == "will");
    let certainty = if conditional {
        Certainty::Condition
    } else if talk {
        Certainty::Hint
    } else if would && !will {
        Certainty::Would
    } else {
        Certainty::Plain
    };
    Some(Raise {
        types,
        message,
        certainty,
        cued,
    })
}

/// Whether a remark gives its reason first and the type behind a sign: `it has
/// six characters only: IndexError`.
fn arrives(before: &str, after: &str) -> bool {
    let before = before.trim_end();
    after
        .trim_matches(|c: char| matches!(c, '.' | '!' | ')') || c.is_whitespace())
        .is_empty()
        && [":", "->", "=>", "→", "-", "–", "—", "("]
            .iter()
            .any(|sign| before.ends_with(sign))
}

/// What a traceback says that a comment holds: its last line.
fn traceback(text: &str) -> Option<Raise> {
    let last = text
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .filter(|last| !last.starts_with(TRACEBACK))?;
    let raise = read(last).filter(|raise| !raise.types.is_empty())?;
    Some(Raise {
        certainty: Certainty::Plain,
        cued: true,
        ..raise
    })
}

/// Whether the text behind a type's name leaves it a claim: nothing, or a
/// separated remark, or a reason.
fn ends_claim(after: &str) -> bool {
    let trimmed = after.trim_start();
    trimmed.is_empty()
        || after.starts_with([',', '.', '!', ';', ')'])
        || trimmed.starts_with([
            '-', '–', '—', '(', '#', '<', '!', '/', '|', '❌', '⛔', '💥', '🚫',
        ])
        || after.starts_with("  ")
        || [
            "as ",
            "because",
            "since ",
            "here",
            "in ",
            "on ",
            "for ",
            "at ",
            "again",
            "too",
            "also",
            "unless",
            "or ",
            "(",
            "expected",
            "raised",
            "is raised",
            "thrown",
        ]
        .iter()
        .any(|word| trimmed.starts_with(word))
}

fn hint(line: &str) -> Option<Raise> {
    let lower = line.to_lowercase();
    let bare = lower.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '.' | '!' | '❌' | '⚠' | ':' | '*' | '(' | ')')
    });
    let all = HINTS.contains(&bare);
    let denied = words(&lower)
        .iter()
        .any(|word| DENIALS.contains(&word.as_str()));
    // A remark behind: `Error: …`, `error - …`.
    let begins = [
        "error:",
        "error!",
        "error -",
        "error –",
        "error —",
        "error,",
        "error (",
        "error;",
    ]
    .iter()
    .any(|start| lower.trim_start().starts_with(start));
    let within = HINT_PHRASES.iter().any(|phrase| lower.contains(phrase));
    (all || !denied && (begins || within)).then(|| Raise {
        types: Vec::new(),
        message: None,
        certainty: Certainty::Hint,
        cued: false,
    })
}

struct Found<'a> {
    name: &'a str,
    start: usize,
    end: usize,
}

/// The first name of an exception's type.
fn find_type(text: &str) -> Option<Found<'_>> {
    let mut at = 0;
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    while at < text.len() {
        let rest = &text[at..];
        let Some(offset) = rest.find(is_part) else {
            break;
        };
        let start = at + offset;
        let length = text[start..]
            .find(|c: char| !is_part(c))
            .unwrap_or(text.len() - start);
        let word = text[start..start + length].trim_end_matches('.');
        let quoted = text[..start].ends_with(['"', '\'']);
        if is_type_name(word) && !quoted {
            let end = start + word.len();
            return Some(Found {
                name: word,
                start,
                end,
            });
        }
        at = start + length;
    }
    None
}

/// `OutOfStock: none left`: what could be an exception's own type.
fn named_alone(text: &str) -> Option<Raise> {
    let (name, message) = match text.split_once(':') {
        Some((name, message)) => (name, Some(message.trim().to_owned())),
        None => (text, None),
    };
    let own = name.starts_with(char::is_uppercase)
        && name.chars().any(char::is_lowercase)
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    own.then(|| Raise {
        types: vec![name.to_owned()],
        message: message.filter(|message| !message.is_empty()),
        certainty: Certainty::Hint,
        cued: false,
    })
}

/// A type with a name of its own behind `raises`: `raises InsufficientFunds`.
fn find_named(text: &str) -> Option<Found<'_>> {
    let lower = text.to_lowercase();
    let cue = ["raises ", "raise ", "throws "]
        .iter()
        .filter_map(|cue| lower.find(cue).map(|at| at + cue.len()))
        .min()?;
    let mut start = cue;
    for article in ["a ", "an ", "the "] {
        if lower[start..].starts_with(article) {
            start += article.len();
        }
    }
    let rest = text.get(start..)?;
    let length = rest
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
        .unwrap_or(rest.len());
    let name = rest[..length].trim_end_matches('.');
    let capitals = name.chars().filter(|c| c.is_uppercase()).count();
    let named = name.rsplit('.').next()?.starts_with(char::is_uppercase)
        && capitals >= 2
        && name.chars().any(char::is_lowercase);
    named.then_some(Found {
        name,
        start,
        end: start + name.len(),
    })
}

/// Whether a name is that of an exception: they end alike.
pub fn is_type_name(word: &str) -> bool {
    let last = word.rsplit('.').next().unwrap_or(word);
    let known = [
        "Error",
        "Exception",
        "Warning",
        "StopIteration",
        "StopAsyncIteration",
        "KeyboardInterrupt",
        "SystemExit",
        "GeneratorExit",
        "ExceptionGroup",
    ];
    last.starts_with(char::is_uppercase)
        && known.iter().any(|end| last.ends_with(end))
        && !matches!(last, "Error" | "Warning")
        || matches!(last, "error" if word.contains('.'))
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | ':' | '!'))
        .map(|word| {
            word.trim_matches(|c: char| matches!(c, '.' | '"' | '`' | '*' | '_'))
                .to_lowercase()
        })
        .filter(|word| !word.is_empty())
        .collect()
}
