//! Values as Python writes them: what a comment shows and what a run shows are
//! compared as these where their texts differ.
//!
//! Reads literals, and what reprs are made of: calls, dotted names, texts in
//! angle brackets. Refuses everything that would have to be computed.

use ruff_python_ast::{Expr, Number, Operator, UnaryOp};
use ruff_text_size::Ranged;

/// Longer texts are compared as texts only.
const LONGEST: usize = 32 * 1024;

/// Brackets nested deeper than this are not read.
const DEEPEST: usize = 60;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer, in decimal digits.
    Int(String),
    /// A float, and how it is written.
    Float(f64, String),
    /// A complex number, without blanks.
    Complex(String),
    /// A string.
    Text(String),
    /// Bytes, as they are written.
    Bytes(Vec<u8>),
    /// `...`.
    Ellipsis,
    /// A list.
    List(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A set.
    Set(Vec<Value>),
    /// A dictionary.
    Dict(Vec<(Value, Value)>),
    /// A name, dotted or not.
    Name(String),
    /// A call: its name and arguments, the named ones with their names.
    Call(String, Vec<(Option<String>, Value)>),
    /// A text in angle brackets.
    Opaque(String),
}

impl Value {
    /// Reads a value that is all of `text`.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST || !may_be_value(text) {
            return None;
        }
        let (source, opaque) = hide_angle_brackets(text);
        let parsed = ruff_python_parser::parse_expression(&source).ok()?;
        convert(parsed.expr(), &source, &opaque)
    }

    /// Whether it is a value by itself: a bare name is not.
    pub fn is_literal(&self) -> bool {
        match self {
            Self::None
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(..)
            | Self::Complex(_)
            | Self::Text(_)
            | Self::Bytes(_)
            | Self::Opaque(_) => true,
            Self::Ellipsis | Self::Name(_) => false,
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => {
                let code = |item: &Self| matches!(item, Self::Call(name, _) if !is_repr_name(name));
                !items.iter().any(code)
            }
            Self::Dict(_) => true,
            Self::Call(name, _) => is_repr_name(name),
        }
    }

    /// Whether it is made of bare names, as a shape `(B, C, L)` is: no value that
    /// Python would show.
    pub fn is_symbolic(&self) -> bool {
        match self {
            Self::Name(_) => true,
            Self::List(items) | Self::Tuple(items) => items.iter().any(Self::is_symbolic),
            Self::None
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(..)
            | Self::Complex(_)
            | Self::Text(_)
            | Self::Bytes(_)
            | Self::Ellipsis
            | Self::Set(_)
            | Self::Dict(_)
            | Self::Call(..)
            | Self::Opaque(_) => false,
        }
    }

    /// Whether the two are values of a kind, so that one can be meant where the
    /// other is seen.
    pub fn is_like(&self, other: &Self) -> bool {
        self.kind() == other.kind() || self.kind() == Kind::Other || other.kind() == Kind::Other
    }

    fn kind(&self) -> Kind {
        match self {
            Self::None => Kind::None,
            Self::Bool(_) | Self::Int(_) | Self::Float(..) | Self::Complex(_) => Kind::Number,
            Self::Text(_) | Self::Bytes(_) | Self::Name(_) => Kind::Text,
            Self::List(_) | Self::Tuple(_) => Kind::Sequence,
            Self::Set(_) => Kind::Set,
            Self::Dict(_) => Kind::Dict,
            Self::Ellipsis | Self::Call(..) | Self::Opaque(_) => Kind::Other,
        }
    }

    /// A text that is the same for equal values: sets and dictionaries in one
    /// order, strings in one notation.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        self.write_canonical(&mut text);
        text
    }

    fn write_canonical(&self, into: &mut String) {
        match self {
            Self::None => into.push_str("None"),
            Self::Bool(value) => into.push_str(if *value { "True" } else { "False" }),
            Self::Int(digits) => into.push_str(digits),
            Self::Float(value, _) => into.push_str(&format!("{value:?}f")),
            Self::Complex(text) | Self::Name(text) | Self::Opaque(text) => into.push_str(text),
            Self::Text(text) => into.push_str(&format!("{text:?}")),
            Self::Bytes(bytes) => into.push_str(&format!("b{bytes:?}")),
            Self::Ellipsis => into.push_str("..."),
            Self::List(items) => write_items('[', items, ']', into),
            Self::Tuple(items) => write_items('(', items, ')', into),
            Self::Set(items) => {
                let mut parts: Vec<String> = items.iter().map(Self::canonical).collect();
                parts.sort();
                parts.dedup();
                into.push('{');
                into.push_str(&parts.join(","));
                into.push('}');
            }
            Self::Dict(entries) => {
                let mut parts: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{}:{}", key.canonical(), value.canonical()))
                    .collect();
                parts.sort();
                into.push_str("d{");
                into.push_str(&parts.join(","));
                into.push('}');
            }
            Self::Call(name, arguments) => {
                into.push_str(name);
                into.push('(');
                for (name, value) in arguments {
                    if let Some(name) = name {
                        into.push_str(name);
                        into.push('=');
                    }
                    value.write_canonical(into);
                    into.push(',');
                }
                into.push(')');
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Number,
    Text,
    Sequence,
    Set,
    Dict,
    Other,
}

fn write_items(open: char, items: &[Value], close: char, into: &mut String) {
    into.push(open);
    for item in items {
        item.write_canonical(into);
        into.push(',');
    }
    into.push(close);
}

/// Functions in lower case whose calls are what Python prints of a value.
const REPR_NAMES: &[&str] = &[
    "array",
    "bytearray",
    "chain",
    "count",
    "cycle",
    "date",
    "datetime",
    "defaultdict",
    "deque",
    "dict_items",
    "dict_keys",
    "dict_values",
    "dtype",
    "field",
    "frozenset",
    "iter",
    "mappingproxy",
    "memoryview",
    "namespace",
    "odict_items",
    "odict_keys",
    "odict_values",
    "partial",
    "range",
    "repeat",
    "set",
    "slice",
    "time",
    "timedelta",
    "timezone",
    "tuple",
    "list",
    "dict",
    "struct_time",
    "array",
    "matrix",
];

/// Whether a call of this name is how Python shows a value, rather than code.
fn is_repr_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.trim_start_matches('_').starts_with(char::is_uppercase) || REPR_NAMES.contains(&last)
}

/// Words that make an expression something to compute.
const KEYWORDS: &[&str] = &[
    "lambda", "not", "await", "if", "else", "yield", "and", "or", "for", "in", "is", "async",
    "from", "import", "while", "del",
];

/// A cheap look before parsing: nothing to compute, nothing nested so deep that
/// reading it would exhaust the stack.
fn may_be_value(text: &str) -> bool {
    let mut depth = 0usize;
    let mut chained = 0usize;
    let mut operators = 0usize;
    let mut quote = None;
    let mut escaped = false;
    let mut word = String::new();
    let mut before = ' ';
    for character in text.chars().chain([' ']) {
        if let Some(open) = quote {
            if escaped {
                escaped = false;
            } else if character == '\\' {
                escaped = true;
            } else if character == open {
                quote = None;
                before = '"';
            }
            continue;
        }
        if character.is_alphanumeric() || character == '_' {
            word.push(character);
            before = character;
            continue;
        }
        if KEYWORDS.contains(&word.as_str()) {
            return false;
        }
        if matches!(character, '"' | '\'')
            && !word.is_empty()
            && word.to_ascii_lowercase().contains(['f', 't'])
        {
            // Interpolated strings are computed.
            return false;
        }
        word.clear();
        match character {
            // A comment within the text is no part of a value.
            '#' => return false,
            '"' | '\'' => quote = Some(character),
            '(' | '[' | '{' => {
                depth += 1;
                if matches!(before, ')' | ']' | '}') {
                    chained += 1;
                }
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '.' if before.is_alphanumeric() || matches!(before, ')' | ']') => chained += 1,
            '+' | '-' | '*' | '/' | '%' | '|' | '&' | '^' | '@' | '~' => {
                if !matches!(before, ',' | '(' | '[' | '{' | ':' | '=' | ' ') || operators > 0 {
                    operators += 1;
                }
                if operators > 64 {
                    return false;
                }
            }
            ',' => {
                chained = 0;
                operators = 0;
            }
            _ => {}
        }
        if depth > DEEPEST || chained > 32 {
            return false;
        }
        if !character.is_whitespace() {
            before = character;
        }
    }
    quote.is_none() && depth == 0
}

/// Replaces texts in angle brackets by names, so that the rest can be parsed.
fn hide_angle_brackets(text: &str) -> (String, Vec<String>) {
    let mut source = String::with_capacity(text.len());
    let mut opaque = Vec::new();
    let mut quote = None;
    let mut escaped = false;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(open) = quote {
            if escaped {
                escaped = false;
            } else if character == '\\' {
                escaped = true;
            } else if character == open {
                quote = None;
            }
        } else if character == '<' {
            let before = source.trim_end().chars().next_back();
            let starts_value =
                before.is_none_or(|c| matches!(c, '(' | '[' | '{' | ',' | ':' | '='));
            if starts_value && let Some(length) = angle_brackets(rest) {
                source.push_str(&format!("_opaque{}_", opaque.len()));
                opaque.push(rest[..length].to_owned());
                rest = &rest[length..];
                continue;
            }
        } else if matches!(character, '"' | '\'') {
            quote = Some(character);
        }
        source.push(character);
        rest = &rest[character.len_utf8()..];
    }
    (source, opaque)
}

/// How many bytes the text in angle brackets has that `text` starts with.
pub fn angle_brackets(text: &str) -> Option<usize> {
    // No repr of this kind is longer; a run of `<` must not be read again and
    // again to its end.
    const LONGEST: usize = 500;
    let mut depth = 0usize;
    for (at, character) in text.char_indices().take(LONGEST) {
        match character {
            '<' => depth += 1,
            // `->` inside is an arrow.
            '>' if !text[..at].ends_with('-') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return (at > 1).then_some(at + 1);
                }
            }
            '\n' => return None,
            _ => {}
        }
    }
    None
}

fn convert(expression: &Expr, source: &str, opaque: &[String]) -> Option<Value> {
    let all = |items: &[Expr]| -> Option<Vec<Value>> {
        items
            .iter()
            .map(|item| convert(item, source, opaque))
            .collect()
    };
    Some(match expression {
        Expr::NoneLiteral(_) => Value::None,
        Expr::BooleanLiteral(literal) => Value::Bool(literal.value),
        Expr::EllipsisLiteral(_) => Value::Ellipsis,
        Expr::StringLiteral(literal) => Value::Text(literal.value.to_str().to_owned()),
        Expr::BytesLiteral(literal) => Value::Bytes(literal.value.bytes().collect()),
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(int) => Value::Int(int.to_string()),
            Number::Float(float) => Value::Float(
                *float,
                source[literal.range().start().to_usize()..literal.range().end().to_usize()]
                    .to_owned(),
            ),
            Number::Complex { real, imag } => Value::Complex(complex(*real, *imag)),
        },
        Expr::UnaryOp(unary) => {
            let operand = convert(&unary.operand, source, opaque)?;
            match (unary.op, operand) {
                (UnaryOp::USub, Value::Int(digits)) if digits == "0" => Value::Int(digits),
                (UnaryOp::USub, Value::Int(digits)) => Value::Int(format!("-{digits}")),
                (UnaryOp::USub, Value::Float(value, text)) => {
                    Value::Float(-value, format!("-{text}"))
                }
                (UnaryOp::USub, Value::Complex(text)) => Value::Complex(format!("-{text}")),
                (UnaryOp::UAdd, value @ (Value::Int(_) | Value::Float(..))) => value,
                _ => return None,
            }
        }
        Expr::BinOp(operation) => {
            let left = convert(&operation.left, source, opaque)?;
            let right = convert(&operation.right, source, opaque)?;
            let sign = match operation.op {
                Operator::Add => "+",
                Operator::Sub => "-",
                _ => return None,
            };
            match (left, right) {
                (Value::Int(real) | Value::Float(_, real), Value::Complex(imaginary)) => {
                    Value::Complex(format!("{real}{sign}{imaginary}"))
                }
                _ => return None,
            }
        }
        Expr::List(list) => Value::List(all(&list.elts)?),
        Expr::Tuple(tuple) => Value::Tuple(all(&tuple.elts)?),
        Expr::Set(set) => Value::Set(all(&set.elts)?),
        Expr::Dict(dict) => {
            let mut entries = Vec::with_capacity(dict.items.len());
            for item in &dict.items {
                let key = convert(item.key.as_ref()?, source, opaque)?;
                entries.push((key, convert(&item.value, source, opaque)?));
            }
            Value::Dict(entries)
        }
        Expr::Name(name) => {
            let hidden = name
                .id
                .as_str()
                .strip_prefix("_opaque")
                .and_then(|rest| rest.strip_suffix('_'))
                .and_then(|digits| digits.parse::<usize>().ok())
                .and_then(|index| opaque.get(index));
            match hidden {
                Some(text) => Value::Opaque(text.clone()),
                None => Value::Name(name.id.to_string()),
            }
        }
        Expr::Attribute(attribute) => match convert(&attribute.value, source, opaque)? {
            Value::Name(name) => Value::Name(format!("{name}.{}", attribute.attr)),
            _ => return None,
        },
        Expr::Call(call) => {
            let Value::Name(name) = convert(&call.func, source, opaque)? else {
                return None;
            };
            let mut arguments = Vec::new();
            for argument in &call.arguments.args {
                arguments.push((None, convert(argument, source, opaque)?));
            }
            for keyword in &call.arguments.keywords {
                let name = keyword.arg.as_ref()?.to_string();
                arguments.push((Some(name), convert(&keyword.value, source, opaque)?));
            }
            Value::Call(name, arguments)
        }
        _ => return None,
    })
}

fn complex(real: f64, imaginary: f64) -> String {
    if real == 0.0 {
        format!("{imaginary}j")
    } else {
        format!("{real}{imaginary:+}j")
    }
}
