//! Console sessions taken apart: the code behind the prompts, and the outputs
//! below it.
//!
//! As in doctest, an output reaches from the line below a statement to the next
//! prompt, and `...` directly below a statement continues it. Blank lines do not
//! end an output inside a block, for what a program printed may have some; those
//! before the next prompt belong to nobody. Where authors leave prompts away, code
//! is still told from output: lines that complete a statement, and definitions
//! below an empty prompt. Some write it the other way round, code without a
//! prompt and `>>>` before what it gives; that is a script with outputs.

use crate::document::{Block, is_prompt};
use crate::position::{LineNumber, LineSpan};
use crate::syntax::{StatementKind, Syntax};

use super::source::LeftOut;
use super::{ShownOutput, doctest_options, source};

/// The option of an output that a command of IPython's gave, which is not run.
pub const COMMAND: &str = "IPYTHON_COMMAND";

pub(super) struct Transcript {
    /// Whether there are prompts before statements, as at a console.
    pub(super) console: bool,
    /// As many lines as the block has; lines of output are empty.
    pub(super) code: String,
    pub(super) outputs: Vec<ShownOutput>,
    pub(super) left_out: Option<LeftOut>,
}

pub(super) fn read(block: &Block) -> Transcript {
    let lines: Vec<&str> = block.text.split('\n').collect();
    if let Some(script) = with_marked_outputs(block, &lines) {
        return script;
    }
    let mut reader = Reader {
        block,
        code: vec![String::new(); lines.len()],
        outputs: Vec::new(),
        statement: None,
        output: Vec::new(),
        in_statement: false,
        block_options: doctest_options(&block.attributes),
    };
    let first = lines
        .iter()
        .position(|line| matches!(prompt(line), Some((_, true))))
        .unwrap_or(lines.len());
    // What stands above the first prompt is code, if it is: a definition that
    // the session tries out.
    let preamble = lines[..first].join("\n");
    if !preamble.trim().is_empty() && Syntax::of(&preamble).parses() {
        for (index, line) in lines[..first].iter().enumerate() {
            reader.code[index] = (*line).to_owned();
        }
    }
    for (index, line) in lines.iter().enumerate().skip(first) {
        reader.line(index, line);
    }
    reader.end_example();

    let code = reader.code.join("\n");
    let code = match source::without_callouts(&code) {
        Some(bare) if !Syntax::of(&code).parses() && Syntax::of(&bare).parses() => bare,
        Some(_) | None => code,
    };
    let (code, left_out) = match source::without_commands(&code) {
        Some((without, commands)) if !Syntax::of(&code).parses() => {
            for output in &mut reader.outputs {
                let of_command = commands
                    .iter()
                    .any(|line| output.statement.is_some_and(|lines| lines.contains(*line)));
                if of_command {
                    output.options.push(COMMAND.to_owned());
                }
            }
            (without, Some(LeftOut::Commands(commands)))
        }
        Some(_) | None => (code, None),
    };
    Transcript {
        console: true,
        code,
        outputs: reader.outputs,
        left_out,
    }
}

/// A script whose outputs stand behind `>>>`, where that is what the block is.
fn with_marked_outputs(block: &Block, lines: &[&str]) -> Option<Transcript> {
    let first = lines.iter().find(|line| !line.trim().is_empty())?;
    if prompt(first).is_some() {
        return None;
    }
    let mut code = vec![String::new(); lines.len()];
    let mut shown: Vec<(usize, &str)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match prompt(line) {
            Some((length, true)) => shown.push((index, &line[length..])),
            Some((_, false)) => return None,
            None => (*line).clone_into(&mut code[index]),
        }
    }
    let code = code.join("\n");
    let script = Syntax::of(&code);
    if !script.parses() || script.statements.is_empty() {
        return None;
    }
    // What a prompt stands before must be a value, not something to be done with
    // what the code has bound.
    let values = shown.iter().all(|(_, text)| {
        let syntax = Syntax::of(text);
        let expression = syntax.statements.iter().all(|statement| {
            matches!(statement.kind, StatementKind::Expression { call: None, .. })
        });
        let unbound = syntax.names.free.is_disjoint(&script.names.bound);
        !syntax.parses() || (expression && unbound)
    });
    if !values {
        return None;
    }
    let statements: Vec<LineSpan> = script
        .top_level()
        .map(|statement| statement.lines)
        .collect();
    let mut outputs = Vec::new();
    let mut before = 0;
    for group in shown.chunk_by(|one, next| next.0 == one.0 + 1) {
        let line = LineNumber::from_index(group[0].0);
        let end = statements.partition_point(|lines| lines.last < line);
        let statements = &statements[before..end];
        before = end;
        let mut show = |lines: &[(usize, &str)], statement: LineSpan| {
            let text: Vec<&str> = lines.iter().map(|(_, text)| *text).collect();
            outputs.push(ShownOutput {
                place: block.place.plus(lines[0].0),
                text: text.join("\n"),
                announced: true,
                statement: Some(statement),
                options: Vec::new(),
            });
        };
        if statements.len() == group.len() {
            // One line for each statement.
            for (line, statement) in group.iter().zip(statements) {
                show(std::slice::from_ref(line), *statement);
            }
        } else {
            show(group, *statements.last()?);
        }
    }
    Some(Transcript {
        console: false,
        code,
        outputs,
        left_out: None,
    })
}

/// doctest's flags in `+ELLIPSIS, -SKIP`: `ELLIPSIS`, `-SKIP`.
pub(super) fn option_flags(text: &str) -> Vec<String> {
    text.split([',', ' ', '\t'])
        .map(str::trim)
        .filter_map(|flag| match flag.strip_prefix('+') {
            Some(on) => Some(on.to_owned()),
            None => flag.starts_with('-').then(|| flag.to_owned()),
        })
        .filter(|flag| flag.len() > 1)
        .collect()
}

/// A prompt, also one that lacks the blank behind it.
fn prompt(line: &str) -> Option<(usize, bool)> {
    is_prompt(line).or_else(|| {
        let trimmed = line.trim_start();
        let rest = trimmed.strip_prefix(">>>")?;
        let glued = rest.starts_with(|c: char| c.is_alphanumeric() || "_([{'\"@#-".contains(c));
        glued.then_some((line.len() - rest.len(), true))
    })
}

struct Reader<'a> {
    block: &'a Block,
    code: Vec<String>,
    outputs: Vec<ShownOutput>,
    /// The lines of the statement whose output is being read, zero-based.
    statement: Option<(usize, usize)>,
    /// Lines of output so far, with their index.
    output: Vec<(usize, String)>,
    /// Whether the line before was code.
    in_statement: bool,
    block_options: Vec<String>,
}

impl Reader<'_> {
    fn line(&mut self, index: usize, line: &str) {
        match prompt(line) {
            Some((length, true)) => {
                let code = &line[length..];
                // Some write `>>>` before each line of a compound statement.
                let continues = self.in_statement
                    && (code.starts_with([' ', '\t']) || is_clause(code))
                    && self.statement.is_some();
                if !continues {
                    self.end_example();
                    self.statement = Some((index, index));
                }
                self.extend(index, code);
            }
            Some((length, false)) if self.in_statement => self.extend(index, &line[length..]),
            Some((_, false)) | None => self.output_line(index, line),
        }
    }

    fn extend(&mut self, index: usize, code: &str) {
        code.clone_into(&mut self.code[index]);
        if let Some((_, last)) = &mut self.statement {
            *last = index;
        }
        self.in_statement = true;
    }

    fn output_line(&mut self, index: usize, line: &str) {
        self.in_statement = false;
        if self.statement.is_none() {
            return;
        }
        if source::is_told(line) {
            self.end_example();
            return;
        }
        // A comment on a line of its own, set off by a blank line, is the
        // author's.
        let after_blank = self
            .output
            .last()
            .is_none_or(|(_, line)| line.trim().is_empty());
        if line.starts_with("# ") && after_blank && !self.output.is_empty() {
            self.end_example();
            line.clone_into(&mut self.code[index]);
            return;
        }
        self.output.push((index, line.to_owned()));
    }

    fn end_example(&mut self) {
        self.in_statement = false;
        let Some((first, last)) = self.statement.take() else {
            self.output.clear();
            return;
        };
        let mut output = std::mem::take(&mut self.output);
        let refused = output.iter().any(|(_, line)| is_syntax_error(line))
            && Syntax::of(&self.code[first..=last].join("\n"))
                .error
                .is_some();
        let last = if refused {
            self.compile_there(first, last);
            last
        } else {
            self.complete(first, last, &mut output)
        };
        while output
            .last()
            .is_some_and(|(_, line)| line.trim().is_empty())
        {
            output.pop();
        }
        let leading = output
            .iter()
            .take_while(|(_, line)| line.trim().is_empty())
            .count();
        output.drain(..leading);

        let mut options = self.block_options.clone();
        for line in &self.code[first..=last] {
            if let Some((_, flags)) = line.split_once("# doctest:") {
                options.extend(option_flags(flags));
            }
        }
        let mut skipped = false;
        for flag in &options {
            match flag.as_str() {
                "SKIP" => skipped = true,
                "-SKIP" => skipped = false,
                _ => {}
            }
        }
        if skipped {
            // doctest does not run it, so nobody does.
            self.code[first..=last].iter_mut().for_each(String::clear);
        }
        let empty = self.code[first..=last]
            .iter()
            .all(|line| line.trim().is_empty());
        let Some(&(start, _)) = output.first().filter(|_| skipped || !empty) else {
            return;
        };
        let lines: Vec<String> = output.into_iter().map(|(_, line)| line).collect();
        self.outputs.push(ShownOutput {
            place: self.block.place.plus(start),
            text: without_out_prompt(lines).join("\n"),
            announced: true,
            statement: Some(LineSpan {
                first: LineNumber::from_index(first),
                last: LineNumber::from_index(last),
            }),
            options,
        });
    }
}

impl Reader<'_> {
    /// Has a statement that Python refuses compiled when its turn comes, as the
    /// console does, so that the rest of the session can be run.
    fn compile_there(&mut self, first: usize, last: usize) {
        let lines = &mut self.code[first..=last];
        let statement = lines.join("\n");
        lines.iter_mut().for_each(String::clear);
        lines[0] = format!(
            "exec(compile({}, '<stdin>', 'single'))",
            string_literal(&statement)
        );
    }

    /// Takes lines of `output` into the statement where it is not complete
    /// without them, and definitions below an empty prompt; the statement's last
    /// line.
    fn complete(&mut self, first: usize, last: usize, output: &mut Vec<(usize, String)>) -> usize {
        /// Nobody leaves the prompts away for longer.
        const LONGEST: usize = 40;
        let statement = self.code[first..=last].join("\n");
        let empty = statement.trim().is_empty();
        if output.is_empty() || (!empty && Syntax::of(&statement).parses()) {
            return last;
        }
        let mut code = statement;
        let mut taken = 0;
        for (count, (_, line)) in output.iter().enumerate().take(LONGEST) {
            code.push('\n');
            code.push_str(line);
            let whole = count + 1 == output.len();
            if (!empty || whole) && Syntax::of(&code).parses() {
                taken = count + 1;
                break;
            }
        }
        let mut last = last;
        for (index, line) in output.drain(..taken) {
            self.code[index] = line;
            last = index;
        }
        last
    }
}

/// Whether a line of output says that a statement was refused.
fn is_syntax_error(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or("").trim_end();
    matches!(name, "SyntaxError" | "IndentationError" | "TabError")
}

/// The text as a literal of Python on one line.
fn string_literal(text: &str) -> String {
    let mut literal = String::from("'");
    for character in text.chars() {
        match character {
            '\\' | '\'' => literal.extend(['\\', character]),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            _ => literal.push(character),
        }
    }
    literal.push('\'');
    literal
}

fn is_clause(code: &str) -> bool {
    ["else:", "elif ", "except:", "except ", "finally:"]
        .iter()
        .any(|clause| code.starts_with(clause))
}

/// Cuts `Out[1]:` and the blanks that IPython puts below it.
fn without_out_prompt(mut lines: Vec<String>) -> Vec<String> {
    let Some(at) = lines.iter().position(|line| line.starts_with("Out[")) else {
        return lines;
    };
    let Some(close) = lines[at].find("]:") else {
        return lines;
    };
    let blank = usize::from(lines[at][close + 2..].starts_with(' '));
    let length = close + 2 + blank;
    lines[at].drain(..length);
    let blanks = " ".repeat(length);
    for line in &mut lines[at + 1..] {
        if let Some(rest) = line.strip_prefix(&blanks) {
            *line = rest.to_owned();
        }
    }
    if lines[at].is_empty() {
        lines.remove(at);
    }
    lines
}
