//! Telling Python from other text, where the guide does not say which it is.
//!
//! That something parses is not enough: `Introduction`, `this or that` and
//! `Note: important` all do. So each statement is asked what it proves.

use crate::syntax::{Statement, StatementKind, Syntax};

/// What a piece of text that parses as Python proves about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// Words that happen to parse.
    Words,
    /// It has the look of code, but could as well be data or a name.
    Look,
    /// Nobody writes this but in Python.
    Certain,
}

/// The strongest evidence that `code`, read as `syntax`, gives. Comments prove
/// nothing.
pub(super) fn evidence(code: &str, syntax: &Syntax) -> Option<Evidence> {
    syntax
        .top_level()
        .map(|statement| evidence_of(code, syntax, statement))
        .max()
}

fn evidence_of(code: &str, syntax: &Syntax, statement: &Statement) -> Evidence {
    let text = &code[statement.range.clone()];
    match &statement.kind {
        StatementKind::Expression {
            call: Some(function),
            arguments,
            ..
        } => {
            let (awaited, callee) = match text.strip_prefix("await ") {
                Some(rest) => (true, rest),
                None => (false, text),
            };
            // `help (optional)` is words; `(lambda: 1)()` has its callee in
            // brackets.
            let words = callee
                .strip_prefix(function.as_str())
                .is_some_and(|rest| !rest.starts_with('('));
            if has_comment(syntax, statement) {
                return Evidence::Certain;
            }
            // `[text](target)` is a link that lost its page.
            if words || function.starts_with('[') {
                return Evidence::Words;
            }
            let known = matches!(
                function.as_str(),
                "print" | "input" | "help" | "dir" | "exit"
            );
            // `first(x).second()` has arguments further in.
            let chained = function.contains('(');
            if awaited || known || chained || !arguments.is_empty() {
                Evidence::Certain
            } else {
                Evidence::Look
            }
        }
        StatementKind::Expression { .. } => {
            let look = expression_look(text);
            if look == Evidence::Words {
                return words_with_comment(code, syntax, statement);
            }
            if has_comment(syntax, statement) {
                return Evidence::Certain;
            }
            let bracketed = text.starts_with(['[', '{', '(']);
            if bracketed && text.contains(" for ") && text.contains(" in ") {
                return Evidence::Certain;
            }
            look
        }
        // `* name = …` is an item of a list.
        StatementKind::Assignment { .. } if text.starts_with("* ") => Evidence::Words,
        StatementKind::Assignment {
            value: Some(_),
            targets,
            augmented,
        } => {
            // `Example: x = 1` is an annotated assignment to the parser.
            let target = targets.first().map_or("", |range| &code[range.clone()]);
            let annotated = !augmented
                && text[target.len().min(text.len())..]
                    .trim_start()
                    .starts_with(':');
            let annotation = text[target.len().min(text.len())..]
                .trim_start_matches([':', ' '])
                .split('=')
                .next()
                .unwrap_or_default();
            let typed = annotation.contains(['.', '[']) || is_type(annotation.trim());
            if annotated && !typed && target.starts_with(char::is_uppercase) && !text.contains('\n')
            {
                Evidence::Words
            } else {
                Evidence::Certain
            }
        }
        StatementKind::Assignment {
            value: None,
            targets,
            ..
        } => {
            let target = targets.first().map_or(0, |range| range.len());
            let annotation = text[target..].trim_start_matches([':', ' ']);
            let name: String = annotation
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if is_type(&name) {
                Evidence::Look
            } else {
                Evidence::Words
            }
        }
        StatementKind::Delete
        | StatementKind::Import
        | StatementKind::Raise
        | StatementKind::Assert
        | StatementKind::Function(_)
        | StatementKind::Class(_)
        | StatementKind::Loop
        | StatementKind::If
        | StatementKind::Match
        | StatementKind::With
        | StatementKind::Try => Evidence::Certain,
        StatementKind::Return => Evidence::Look,
        StatementKind::Silent => Evidence::Words,
    }
}

/// Whether a name is that of a type that annotations are made of.
fn is_type(name: &str) -> bool {
    matches!(
        name,
        "int"
            | "str"
            | "float"
            | "bool"
            | "bytes"
            | "list"
            | "dict"
            | "set"
            | "tuple"
            | "object"
            | "None"
            | "List"
            | "Dict"
            | "Set"
            | "Tuple"
            | "Optional"
            | "Union"
            | "Any"
            | "Final"
            | "TypeAlias"
    )
}

fn has_comment(syntax: &Syntax, statement: &Statement) -> bool {
    let behind = syntax
        .comments
        .partition_point(|comment| comment.line < statement.lines.first);
    syntax.comments[behind..]
        .iter()
        .take_while(|comment| comment.line <= statement.lines.last)
        .any(|comment| !comment.alone)
}

/// Words with a comment behind them: `x  # 5` is code, "The #[test] attribute" and
/// `ls -l  # list` are not.
fn words_with_comment(code: &str, syntax: &Syntax, statement: &Statement) -> Evidence {
    let comment = syntax
        .comments
        .iter()
        .find(|comment| !comment.alone && comment.line == statement.lines.last);
    let Some(comment) = comment else {
        return Evidence::Words;
    };
    let text = &code[statement.range.clone()];
    let behind = &code[statement.range.end.min(comment.offset)..comment.offset];
    let set_off = comment.text.starts_with("# ") || comment.text.starts_with("#=");
    let constant = ["True", "False", "None"]
        .iter()
        .any(|name| text.starts_with(name));
    let sentence = text.starts_with(char::is_uppercase) && !constant && behind.len() < 2;
    let flag = text
        .split(" -")
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '-'));
    if set_off && !behind.is_empty() && !sentence && !flag {
        Evidence::Certain
    } else {
        Evidence::Words
    }
}

/// Whether an expression has more than names and words in it.
fn expression_look(text: &str) -> Evidence {
    let quoted = text.contains(['"', '\'']);
    let indexed = text.contains(['[', '{']);
    let called = text
        .find('(')
        .is_some_and(|at| at > 0 && text.as_bytes()[at - 1].is_ascii_alphanumeric());
    let calculated = text.contains(|c: char| c.is_ascii_digit())
        && text.contains(['+', '*', '/', '%', '<', '>', '=', '&', '|', '^'])
        || text.contains("**")
        || text.contains("==");
    let bullet = text.starts_with(['-', '*', '+']) && text[1..].starts_with(' ');
    if !bullet && (quoted || indexed || called || calculated || text == "...") {
        Evidence::Look
    } else {
        Evidence::Words
    }
}

/// Whether the text is Python and imports something first: no program prints that.
pub(super) fn begins_with_import(text: &str) -> bool {
    let first = text.trim_start();
    if !first.starts_with("import ") && !first.starts_with("from ") {
        return false;
    }
    let syntax = Syntax::of(text);
    let first = syntax.top_level().next();
    syntax.parses() && first.is_some_and(|first| first.kind == StatementKind::Import)
}

/// Whether a whole text reads like Python: it parses, and something in it is
/// certain to be code.
pub(super) fn reads_like_python(text: &str) -> bool {
    if looks_like_another_language(text) {
        return false;
    }
    let text = super::blocks::dedent(text);
    let certain = |text: &str| {
        let syntax = Syntax::of(text);
        syntax.parses() && evidence(text, &syntax) == Some(Evidence::Certain)
    };
    certain(&text) || straighten_quotes(&text).is_some_and(|straight| certain(&straight))
}

/// Whether a text that may parse as Python is in a notation that happens to
/// look alike: statements that end with `;`, or sections of settings.
pub(super) fn looks_like_another_language(text: &str) -> bool {
    let (mut lines, mut closed, mut sections) = (0_usize, 0_usize, 0_usize);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        lines += 1;
        // Settings in a string are indented or belong to a line above.
        let indented = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.ends_with(';') || line.ends_with("};") {
            closed += 1;
        }
        let name = line.trim_start_matches('[').trim_end_matches(']');
        if !indented
            && line.starts_with('[')
            && line.ends_with(']')
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'))
        {
            sections += 1;
        }
    }
    closed * 2 > lines || (sections > 0 && lines > sections && text.contains('='))
}

/// Whether a text without a language is a shell session.
pub(super) fn looks_like_shell(text: &str) -> bool {
    let first = text.trim_start().lines().next().unwrap_or_default();
    first.starts_with("$ ")
        || first.starts_with("% ")
        || first.starts_with("# pip ")
        || first.starts_with("C:\\")
        || first.starts_with("PS> ")
        || first.starts_with("PS C:")
}

/// How many lines a shell takes up before what it shows, where it is told to do
/// nothing but to run a file of Python: `$ python boats.py`.
pub(super) fn lines_before_run(text: &str) -> Option<usize> {
    let typed = |line: &&str| line.starts_with(['$', '%']) || line.starts_with("> ");
    let mut commands = text.lines().enumerate().filter(|(_, line)| typed(line));
    let (index, command) = commands.next()?;
    if commands.next().is_some() || !text.lines().take(index).all(|line| line.trim().is_empty()) {
        return None;
    }
    let mut words = command[1..].split_whitespace();
    let program = match words.next()? {
        "uv" | "poetry" | "pipenv" | "pdm" | "hatch" if words.next() == Some("run") => {
            words.next()?
        }
        program => program,
    };
    let rest: Vec<&str> = words.collect();
    let is_file = |word: &str| word.ends_with(".py");
    let python = program == "py" || program.starts_with("python");
    let runs = match rest.as_slice() {
        [] => is_file(program),
        [file] => python && is_file(file),
        _ => false,
    };
    runs.then_some(index + 1)
}

/// A line's prompt, where it has one: `>>>`, `...`, `In [1]:`, `   ...:`; how
/// many bytes it takes, blanks before and one behind it included, and whether it
/// begins a statement.
pub fn is_prompt(line: &str) -> Option<(usize, bool)> {
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    let rest = &line[blanks..];
    for (prompt, begins) in [(">>>", true), ("...", false)] {
        if let Some(after) = rest.strip_prefix(prompt) {
            if after.is_empty() {
                return Some((line.len(), begins));
            }
            if after.starts_with(' ') {
                return Some((blanks + prompt.len() + 1, begins));
            }
            // IPython's continuation, `   ...: x`.
            if let Some(after) = after.strip_prefix(':') {
                let blank = usize::from(after.starts_with(' '));
                return Some((blanks + prompt.len() + 1 + blank, false));
            }
        }
    }
    let number = rest.strip_prefix("In [")?;
    let digits = number.len()
        - number
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ' || c == '*')
            .len();
    let after = number[digits..].strip_prefix("]:")?;
    let blank = usize::from(after.starts_with(' '));
    Some((line.len() - after.len() + blank, true))
}

/// Whether a line begins a statement at a prompt.
pub(super) fn begins_at_prompt(line: &str) -> bool {
    matches!(is_prompt(line), Some((_, true)))
}

/// Whether a text is a console session: it has prompts, and not only inside the
/// strings of a text that parses.
pub(super) fn is_transcript(text: &str) -> bool {
    if !text.contains(">>>") && !text.contains("In [") {
        return false;
    }
    let first = text.lines().find(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    if first.is_some_and(begins_at_prompt) {
        return true;
    }
    if !text.lines().any(begins_at_prompt) {
        return false;
    }
    let dedented = super::blocks::dedent(text);
    let syntax = Syntax::of(&dedented);
    !syntax.parses()
        && dedented.lines().enumerate().any(|(index, line)| {
            let line_number = crate::position::LineNumber::from_index(index);
            begins_at_prompt(line)
                && !syntax
                    .long_strings
                    .iter()
                    .any(|span| span.contains(line_number))
        })
}

/// The text with typographic quotes, dashes and blanks as Python writes them;
/// `None` where there are none. Lines and columns stay.
pub fn straighten_quotes(text: &str) -> Option<String> {
    const TYPOGRAPHIC: [char; 9] = [
        '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', '\u{201e}', '\u{201a}', '\u{a0}',
        '\u{2013}', '\u{2212}',
    ];
    if text.is_ascii() || !text.contains(TYPOGRAPHIC) {
        return None;
    }
    let straight = |c| match c {
        '\u{201c}' | '\u{201d}' | '\u{201e}' => '"',
        '\u{2018}' | '\u{2019}' | '\u{201a}' => '\'',
        '\u{a0}' => ' ',
        '\u{2013}' | '\u{2212}' => '-',
        other => other,
    };
    Some(text.chars().map(straight).collect())
}
