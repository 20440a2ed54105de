//! Python source as the other modules need it: statements, comments and names
//! with their lines.
//!
//! The parser is `ruff_python_parser`, with error recovery: broken code gives
//! what could be read and the first error. Its tree never leaves this module.
//! What is handed out is flat, so nobody recurses over it, and code that is
//! nested deeper than CPython itself would compile is refused before it is
//! parsed (see [`nesting`]). Nothing here runs Python or knows what a claim is.

pub mod builtins;
pub mod names;
pub mod nesting;

use std::ops::Range;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{ExceptHandler, Expr, Stmt};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

use crate::position::{LineNumber, LineSpan};

pub use names::Names;

/// What can be read off a piece of Python.
#[derive(Clone, Debug, Default)]
pub struct Syntax {
    /// All statements, in source order; a statement stands before those in its
    /// body.
    pub statements: Vec<Statement>,
    /// All comments, in source order.
    pub comments: Vec<Comment>,
    /// The modules that it imports, in source order.
    pub imports: Vec<Import>,
    /// What it binds and what it needs.
    pub names: Names,
    /// The first thing that CPython would refuse to compile.
    pub error: Option<SyntaxError>,
    /// Ranges of strings that reach over several lines: text in which a `#`
    /// or a prompt means nothing.
    pub long_strings: Vec<LineSpan>,
}

/// Why a piece of Python cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line, one-based.
    pub line: LineNumber,
    /// The parser's words, without a full stop.
    pub message: String,
    /// Whether the grammar refuses it; otherwise only the compiler does, as a
    /// `return` outside a function.
    pub grammar: bool,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// All its lines, decorators and body included.
    pub lines: LineSpan,
    /// The lines before its body; all its lines where it has none.
    pub header: LineSpan,
    /// Its bytes in the code.
    pub range: Range<usize>,
    /// How many characters stand before it on its first line.
    pub column: usize,
    /// The statement in whose body it stands, an index into
    /// [`Syntax::statements`].
    pub parent: Option<usize>,
    /// What encloses it.
    pub surroundings: Surroundings,
}

/// What a statement is. Ranges are bytes in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// A bare expression.
    Expression {
        /// The function that it calls, as written (`print`, `items.append`),
        /// where it is a call, awaited or not.
        call: Option<String>,
        /// The call's arguments as written, keywords included.
        arguments: Vec<Range<usize>>,
        /// Whether it is a literal: a docstring, a number, `...`.
        literal: bool,
    },
    /// `a = …`, `a += …`, `a: T = …`, `a: T`.
    Assignment {
        /// What is assigned to, as written.
        targets: Vec<Range<usize>>,
        /// The right-hand side; `None` for a mere annotation.
        value: Option<Range<usize>>,
        /// Whether it is `+=` or the like.
        augmented: bool,
    },
    /// `del`.
    Delete,
    /// `import` and `from … import`.
    Import,
    /// `raise`.
    Raise,
    /// `assert`.
    Assert,
    /// `return`.
    Return,
    /// `pass`, `break`, `continue`, `global`, `nonlocal`, `type X = …`.
    Silent,
    /// `def` and `async def`, with its name.
    Function(String),
    /// `class`, with its name.
    Class(String),
    /// `for`, `async for` and `while`.
    Loop,
    /// `if`.
    If,
    /// `match`.
    Match,
    /// `with` and `async with`.
    With,
    /// `try`.
    Try,
}

/// What a statement stands in, at any depth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The innermost function's index in [`Syntax::statements`].
    pub function: Option<usize>,
    /// The innermost class's index; `None` inside a method.
    pub class: Option<usize>,
    /// The innermost loop's index in the same function.
    pub in_loop: Option<usize>,
    /// The innermost `try` in whose own body (not its handlers) it stands.
    pub try_body: Option<usize>,
}

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its line, one-based.
    pub line: LineNumber,
    /// How many characters stand before its `#`.
    pub column: usize,
    /// Its text from `#` on, trailing blanks cut.
    pub text: String,
    /// Whether nothing but blanks stands before it.
    pub alone: bool,
    /// The byte of its `#` in the code.
    pub offset: usize,
}

/// A module that is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Its dotted name, `requests.adapters`; relative imports are not listed.
    pub module: String,
    /// The statement's line.
    pub line: LineNumber,
    /// Whether the import stands in a `try` body or a function, so that the
    /// code may get by without it.
    pub optional: bool,
}

impl Syntax {
    /// Whether the grammar accepts the code.
    pub fn parses(&self) -> bool {
        !self.error.as_ref().is_some_and(|error| error.grammar)
    }

    /// Reads `code`.
    pub fn of(code: &str) -> Self {
        match nesting::with_stack_for(code, || read(code)) {
            Ok(syntax) => syntax,
            Err(error) => Self {
                error: Some(error),
                ..Self::default()
            },
        }
    }

    /// The innermost statement whose lines contain `line`.
    pub fn statement_at(&self, line: LineNumber) -> Option<usize> {
        // Statements are in source order, so the last one that starts at or
        // above the line is the innermost or lies inside the innermost.
        let after = self
            .statements
            .partition_point(|statement| statement.lines.first <= line);
        let mut candidate = after.checked_sub(1);
        while let Some(index) = candidate {
            if self.statements[index].lines.contains(line) {
                return Some(index);
            }
            candidate = self.statements[index].parent;
        }
        None
    }

    /// The statements outside every body.
    pub fn top_level(&self) -> impl Iterator<Item = &Statement> {
        self.statements
            .iter()
            .filter(|statement| statement.parent.is_none())
    }
}

/// The byte at which each line of a text starts.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Finds the lines of `text`, which ends its lines with `\n`.
    pub fn new(text: &str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            starts: std::iter::once(0)
                .chain(newlines.map(|(at, _)| at + 1))
                .collect(),
        }
    }

    /// The line that the byte at `offset` is on.
    pub fn line(&self, offset: usize) -> LineNumber {
        LineNumber::from_index(self.starts.partition_point(|start| *start <= offset) - 1)
    }

    /// The byte at which `line` starts; the text's last line for later ones.
    pub fn start(&self, line: LineNumber) -> usize {
        self.starts[line.index().min(self.starts.len() - 1)]
    }
}

/// A range of the parser's as plain bytes.
fn bytes(range: TextRange) -> Range<usize> {
    range.start().to_usize()..range.end().to_usize()
}

fn read(code: &str) -> Syntax {
    let parsed = parse_unchecked(code, ParseOptions::from(Mode::Module));
    let index = LineIndex::new(code);
    let module = parsed
        .syntax()
        .as_module()
        .expect("a module is what was asked for");

    let mut comments = Vec::new();
    let mut long_strings = Vec::new();
    let mut interpolated = Vec::new();
    for token in parsed.tokens().iter() {
        let range = bytes(token.range());
        match token.kind() {
            TokenKind::Comment => {
                let line = index.line(range.start);
                let before = &code[index.start(line)..range.start];
                comments.push(Comment {
                    line,
                    column: before.chars().count(),
                    text: code[range.clone()].trim_end().to_owned(),
                    alone: before.trim().is_empty(),
                    offset: range.start,
                });
            }
            TokenKind::String => note_long_string(&index, range, &mut long_strings),
            TokenKind::FStringStart | TokenKind::TStringStart => interpolated.push(range.start),
            TokenKind::FStringEnd | TokenKind::TStringEnd => {
                if let Some(start) = interpolated.pop() {
                    note_long_string(&index, start..range.end, &mut long_strings);
                }
            }
            _ => {}
        }
    }

    let mut reader = Reader {
        code,
        index: &index,
        statements: Vec::new(),
        imports: Vec::new(),
        parent: None,
        surroundings: Surroundings::default(),
        misplaced: None,
        asynchronous: false,
    };
    reader.visit_body(&module.body);
    let Reader {
        statements,
        imports,
        misplaced,
        ..
    } = reader;

    let refused = parsed.errors().first().map(|error| SyntaxError {
        line: index.line(error.location.start().to_usize().min(code.len())),
        message: error.error.to_string(),
        grammar: true,
    });
    Syntax {
        names: Names::of(&module.body),
        statements,
        comments,
        imports,
        error: refused.or(misplaced),
        long_strings,
    }
}

fn note_long_string(index: &LineIndex, range: Range<usize>, into: &mut Vec<LineSpan>) {
    let span = LineSpan {
        first: index.line(range.start),
        last: index.line(range.end),
    };
    if span.first < span.last {
        into.push(span);
    }
}

/// Walks the tree and writes it down flat.
struct Reader<'a> {
    code: &'a str,
    index: &'a LineIndex,
    statements: Vec<Statement>,
    imports: Vec<Import>,
    parent: Option<usize>,
    surroundings: Surroundings,
    /// `return` outside a function and the like: the grammar allows it and the
    /// compiler does not.
    misplaced: Option<SyntaxError>,
    /// Whether the innermost function is `async`.
    asynchronous: bool,
}

impl Reader<'_> {
    fn lines(&self, range: TextRange) -> LineSpan {
        let first = self.index.line(range.start().to_usize());
        // A range ends behind its last byte, which may be the next line's start.
        let last = range.end().to_usize().saturating_sub(1);
        LineSpan {
            first,
            last: self.index.line(last).max(first),
        }
    }

    fn refuse(&mut self, range: TextRange, message: &str) {
        if self.misplaced.is_none() {
            self.misplaced = Some(SyntaxError {
                line: self.index.line(range.start().to_usize()),
                message: message.to_owned(),
                grammar: false,
            });
        }
    }

    fn kind(&self, statement: &Stmt) -> StatementKind {
        match statement {
            Stmt::Expr(expression) => {
                let value = match &*expression.value {
                    Expr::Await(awaited) => &awaited.value,
                    _ => &expression.value,
                };
                let call = value.as_call_expr();
                let arguments = call.map(|call| &call.arguments);
                StatementKind::Expression {
                    call: call.map(|call| self.code[bytes(call.func.range())].to_owned()),
                    arguments: arguments
                        .map(|arguments| {
                            let positional = arguments.args.iter().map(Ranged::range);
                            let named = arguments.keywords.iter().map(Ranged::range);
                            let mut all: Vec<_> = positional.chain(named).map(bytes).collect();
                            all.sort_by_key(|range| range.start);
                            all
                        })
                        .unwrap_or_default(),
                    literal: value.is_literal_expr(),
                }
            }
            Stmt::Assign(assign) => StatementKind::Assignment {
                targets: assign.targets.iter().map(|t| bytes(t.range())).collect(),
                value: Some(bytes(assign.value.range())),
                augmented: false,
            },
            Stmt::AugAssign(assign) => StatementKind::Assignment {
                targets: vec![bytes(assign.target.range())],
                value: Some(bytes(assign.value.range())),
                augmented: true,
            },
            Stmt::AnnAssign(assign) => StatementKind::Assignment {
                targets: vec![bytes(assign.target.range())],
                value: assign.value.as_ref().map(|value| bytes(value.range())),
                augmented: false,
            },
            Stmt::Delete(_) => StatementKind::Delete,
            Stmt::Import(_) | Stmt::ImportFrom(_) => StatementKind::Import,
            Stmt::Raise(_) => StatementKind::Raise,
            Stmt::Assert(_) => StatementKind::Assert,
            Stmt::Return(_) => StatementKind::Return,
            Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_)
            | Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::TypeAlias(_)
            | Stmt::IpyEscapeCommand(_) => StatementKind::Silent,
            Stmt::FunctionDef(function) => StatementKind::Function(function.name.to_string()),
            Stmt::ClassDef(class) => StatementKind::Class(class.name.to_string()),
            Stmt::For(_) | Stmt::While(_) => StatementKind::Loop,
            Stmt::If(_) => StatementKind::If,
            Stmt::Match(_) => StatementKind::Match,
            Stmt::With(_) => StatementKind::With,
            Stmt::Try(_) => StatementKind::Try,
        }
    }

    fn check_place(&mut self, statement: &Stmt) {
        let inside = self.surroundings;
        match statement {
            Stmt::Return(_) if inside.function.is_none() || inside.class.is_some() => {
                self.refuse(statement.range(), "'return' outside function");
            }
            Stmt::Break(_) if inside.in_loop.is_none() => {
                self.refuse(statement.range(), "'break' outside loop");
            }
            Stmt::Continue(_) if inside.in_loop.is_none() => {
                self.refuse(statement.range(), "'continue' not properly in loop");
            }
            Stmt::Nonlocal(_) if inside.function.is_none() => {
                self.refuse(
                    statement.range(),
                    "nonlocal declaration not allowed at module level",
                );
            }
            Stmt::With(with) if with.is_async && !self.asynchronous => {
                self.refuse(statement.range(), "'async with' outside async function");
            }
            Stmt::For(repeat) if repeat.is_async && !self.asynchronous => {
                self.refuse(statement.range(), "'async for' outside async function");
            }
            _ => {}
        }
    }

    fn note_imports(&mut self, statement: &Stmt, line: LineNumber) {
        let optional = self.surroundings.function.is_some() || self.surroundings.try_body.is_some();
        let mut note = |module: String| {
            self.imports.push(Import {
                module,
                line,
                optional,
            });
        };
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    note(alias.name.to_string());
                }
            }
            Stmt::ImportFrom(import) if import.level == 0 => {
                if let Some(module) = &import.module {
                    note(module.to_string());
                }
            }
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Reader<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        self.check_place(statement);
        let lines = self.lines(statement.range());
        self.note_imports(statement, lines.first);
        let range = bytes(statement.range());
        let own = self.statements.len();
        let header_end = first_body_offset(statement).map_or(lines.last, |offset| {
            let body = self.index.line(offset);
            // `if x: y` has its body on the header's line.
            let above = LineNumber::from_index(body.index().saturating_sub(1));
            let end = header_colon_line(statement, self).unwrap_or(above);
            end.max(lines.first).min(body)
        });
        let line_start = self.index.start(lines.first);
        self.statements.push(Statement {
            kind: self.kind(statement),
            lines,
            header: LineSpan {
                first: lines.first,
                last: header_end,
            },
            column: self.code[line_start..range.start].chars().count(),
            range,
            parent: self.parent,
            surroundings: self.surroundings,
        });

        let outside = (self.parent, self.surroundings, self.asynchronous);
        self.parent = Some(own);
        match statement {
            Stmt::FunctionDef(function) => {
                // Decorators, defaults and annotations belong to the outside.
                for decorator in &function.decorator_list {
                    self.visit_decorator(decorator);
                }
                self.visit_parameters(&function.parameters);
                self.surroundings = Surroundings {
                    function: Some(own),
                    ..Surroundings::default()
                };
                self.asynchronous = function.is_async;
                self.visit_body(&function.body);
            }
            Stmt::ClassDef(class) => {
                for decorator in &class.decorator_list {
                    self.visit_decorator(decorator);
                }
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.surroundings.class = Some(own);
                self.surroundings.in_loop = None;
                self.visit_body(&class.body);
            }
            Stmt::For(repeat) => {
                self.visit_expr(&repeat.iter);
                self.surroundings.in_loop = Some(own);
                self.visit_body(&repeat.body);
                self.surroundings.in_loop = outside.1.in_loop;
                self.visit_body(&repeat.orelse);
            }
            Stmt::While(repeat) => {
                self.visit_expr(&repeat.test);
                self.surroundings.in_loop = Some(own);
                self.visit_body(&repeat.body);
                self.surroundings.in_loop = outside.1.in_loop;
                self.visit_body(&repeat.orelse);
            }
            Stmt::Try(attempt) => {
                if !attempt.handlers.is_empty() {
                    self.surroundings.try_body = Some(own);
                }
                self.visit_body(&attempt.body);
                self.surroundings.try_body = outside.1.try_body;
                for handler in &attempt.handlers {
                    let ExceptHandler::ExceptHandler(handler) = handler;
                    self.visit_body(&handler.body);
                }
                self.visit_body(&attempt.orelse);
                self.visit_body(&attempt.finalbody);
            }
            _ => visitor::walk_stmt(self, statement),
        }
        (self.parent, self.surroundings, self.asynchronous) = outside;
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Await(_) if !self.asynchronous => {
                self.refuse(expression.range(), "'await' outside async function");
            }
            Expr::Yield(_) | Expr::YieldFrom(_)
                if self.surroundings.function.is_none() || self.surroundings.class.is_some() =>
            {
                self.refuse(expression.range(), "'yield' outside function");
            }
            // A lambda is a function of its own, in which `yield` is allowed.
            Expr::Lambda(_) => return,
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

/// Where the first statement of a compound statement's body starts.
fn first_body_offset(statement: &Stmt) -> Option<usize> {
    let body = match statement {
        Stmt::FunctionDef(function) => &function.body,
        Stmt::ClassDef(class) => &class.body,
        Stmt::For(repeat) => &repeat.body,
        Stmt::While(repeat) => &repeat.body,
        Stmt::If(condition) => &condition.body,
        Stmt::With(with) => &with.body,
        Stmt::Try(attempt) => &attempt.body,
        Stmt::Match(choice) => return choice.cases.first().map(|c| c.range.start().to_usize()),
        Stmt::Return(_)
        | Stmt::Delete(_)
        | Stmt::TypeAlias(_)
        | Stmt::Assign(_)
        | Stmt::AugAssign(_)
        | Stmt::AnnAssign(_)
        | Stmt::Raise(_)
        | Stmt::Assert(_)
        | Stmt::Import(_)
        | Stmt::ImportFrom(_)
        | Stmt::Global(_)
        | Stmt::Nonlocal(_)
        | Stmt::Expr(_)
        | Stmt::Pass(_)
        | Stmt::Break(_)
        | Stmt::Continue(_)
        | Stmt::IpyEscapeCommand(_) => return None,
    };
    body.first().map(|first| first.start().to_usize())
}

/// The line on which the header's last expression ends, which is where its
/// colon nearly always is; comments may stand between it and the body.
fn header_colon_line(statement: &Stmt, reader: &Reader<'_>) -> Option<LineNumber> {
    let end = match statement {
        Stmt::FunctionDef(function) => function
            .returns
            .as_ref()
            .map_or(function.parameters.end(), |returns| returns.end()),
        Stmt::ClassDef(class) => class
            .arguments
            .as_ref()
            .map_or(class.name.end(), |arguments| arguments.end()),
        Stmt::For(repeat) => repeat.iter.end(),
        Stmt::While(repeat) => repeat.test.end(),
        Stmt::If(condition) => condition.test.end(),
        Stmt::With(with) => with.items.last()?.end(),
        Stmt::Match(choice) => choice.subject.end(),
        Stmt::Try(attempt) => attempt.start(),
        _ => return None,
    };
    Some(reader.index.line(end.to_usize()))
}
