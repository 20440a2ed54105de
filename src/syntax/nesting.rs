//! How deeply code is nested, found without recursion.
//!
//! The parser grows its stack as it needs, but a tree is walked and dropped
//! recursively. So the tokens are counted first: nesting that CPython would not
//! compile either is refused, and what is merely deep gets a stack to match.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::Mode;
use ruff_python_parser::lexer::lex;

use super::{LineIndex, SyntaxError};
use crate::position::LineNumber;

/// CPython's tokenizer allows 200 nested brackets.
const MOST_BRACKETS: usize = 200;

/// CPython's tokenizer allows 100 levels of indentation.
const MOST_INDENTATION: usize = 100;

/// A chain of this many operators, in one expression, is beyond the recursion
/// limit of every CPython's compiler.
const LONGEST_CHAIN: usize = 10_000;

/// Up to this depth a tree is walked on the stack of any thread.
const SHALLOW: usize = 150;

/// What walking one level of a tree takes at most, in an unoptimised build.
const BYTES_PER_LEVEL: usize = 8 * 1024;

/// Runs `work`, which parses and walks `code`, on a stack that is large enough,
/// or says why CPython would not compile it.
pub fn with_stack_for<T>(code: &str, work: impl FnOnce() -> T) -> Result<T, SyntaxError> {
    // Each level takes a byte of code.
    if code.len() <= SHALLOW {
        return Ok(work());
    }
    let depth = depth(code).map_err(|message| SyntaxError {
        line: line_of_excess(code),
        message: message.to_owned(),
        grammar: true,
    })?;
    if depth <= SHALLOW {
        Ok(work())
    } else {
        Ok(stacker::grow((depth + SHALLOW) * BYTES_PER_LEVEL, work))
    }
}

/// What stands open at one point of the code.
#[derive(Default)]
struct Level {
    /// Tokens since the last comma: each may nest the tree one deeper.
    chain: usize,
    /// `lambda`s, whose parameters have commas.
    lambdas: usize,
}

/// An upper bound of how deep the tree of `code` is.
fn depth(code: &str) -> Result<usize, &'static str> {
    let mut lexer = lex(code, Mode::Module);
    let mut open: Vec<Level> = vec![Level::default()];
    let mut indentation = 0_usize;
    // The sum of what `open` holds, kept up to date.
    let mut total = 0_usize;
    let mut deepest = 0_usize;
    let mut brackets = 0_usize;
    loop {
        let kind = lexer.next_token();
        let last = open.len() - 1;
        match kind {
            TokenKind::EndOfFile => return Ok(deepest),
            TokenKind::Newline | TokenKind::Semi if last == 0 => {
                open[0] = Level::default();
                total = 0;
            }
            TokenKind::Comma => {
                total -= open[last].chain;
                open[last].chain = open[last].lambdas;
                total += open[last].chain;
            }
            TokenKind::Lambda => {
                open[last].lambdas += 1;
                open[last].chain += 1;
                total += 1;
            }
            TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::FStringStart
            | TokenKind::TStringStart => {
                open.push(Level::default());
                brackets += 1;
            }
            TokenKind::Rpar
            | TokenKind::Rsqb
            | TokenKind::Rbrace
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd => {
                if last > 0 {
                    total -= open[last].chain;
                    open.pop();
                    brackets -= 1;
                }
                open[last.saturating_sub(1)].chain += 1;
                total += 1;
            }
            TokenKind::Indent => indentation += 1,
            TokenKind::Dedent => indentation = indentation.saturating_sub(1),
            // Strings side by side are one flat node, and so are comments and
            // line breaks.
            TokenKind::String
            | TokenKind::FStringMiddle
            | TokenKind::TStringMiddle
            | TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::Newline
            | TokenKind::Semi => {}
            _ => {
                open[last].chain += 1;
                total += 1;
            }
        }
        deepest = deepest.max(total + brackets + indentation);
        if brackets > MOST_BRACKETS {
            return Err("too many nested parentheses");
        }
        if indentation > MOST_INDENTATION {
            return Err("too many levels of indentation");
        }
        if total > LONGEST_CHAIN {
            return Err("an expression with too many operators");
        }
    }
}

/// The first line that makes `code` too deep. The lexer does not tell where it
/// is, so the line is found by halving.
fn line_of_excess(code: &str) -> LineNumber {
    let index = LineIndex::new(code);
    let lines = code.lines().count();
    let (mut fine, mut excess) = (0, lines);
    while excess - fine > 1 {
        let middle = fine + (excess - fine) / 2;
        let end = index.start(LineNumber::from_index(middle));
        if depth(&code[..end]).is_err() {
            excess = middle;
        } else {
            fine = middle;
        }
    }
    LineNumber::from_index(fine)
}
