//! Python values that are equal although their texts differ.

use super::numbers;
use super::rule::Rule;
use crate::claim::value::Value;

/// Whether two values are equal and of the same types, and by which rule.
pub fn equal(claimed: &Value, shown: &Value) -> Option<Rule> {
    if !comparable(claimed) || !comparable(shown) {
        return None;
    }
    if has_ellipsis(claimed) {
        return None;
    }
    if claimed == shown {
        return Some(Rule::LiteralEqual);
    }
    if claimed.canonical() == shown.canonical() {
        return Some(
            if has_order_of_its_own(claimed) && in_order(claimed) != in_order(shown) {
                Rule::SetEqual
            } else {
                Rule::LiteralEqual
            },
        );
    }
    None
}

/// A bare name is a word, and words are compared as texts.
fn comparable(value: &Value) -> bool {
    !matches!(value, Value::Name(_) | Value::Ellipsis | Value::Opaque(_))
}

fn has_ellipsis(value: &Value) -> bool {
    match value {
        Value::Ellipsis => true,
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
            items.iter().any(has_ellipsis)
        }
        Value::Dict(entries) => entries
            .iter()
            .any(|(key, value)| has_ellipsis(key) || has_ellipsis(value)),
        Value::Call(_, arguments) => arguments.iter().any(|(_, value)| has_ellipsis(value)),
        Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(..)
        | Value::Complex(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Name(_)
        | Value::Opaque(_) => false,
    }
}

/// Whether a set or a dictionary is in it.
fn has_order_of_its_own(value: &Value) -> bool {
    match value {
        Value::Set(_) | Value::Dict(_) => true,
        Value::List(items) | Value::Tuple(items) => items.iter().any(has_order_of_its_own),
        Value::Call(_, arguments) => arguments
            .iter()
            .any(|(_, value)| has_order_of_its_own(value)),
        Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(..)
        | Value::Complex(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Ellipsis
        | Value::Name(_)
        | Value::Opaque(_) => false,
    }
}

/// The canonical texts of a value's elements, in the order in which they stand.
fn in_order(value: &Value) -> String {
    match value {
        Value::Set(items) | Value::List(items) | Value::Tuple(items) => {
            items.iter().map(in_order).collect::<Vec<_>>().join(",")
        }
        Value::Dict(entries) => entries
            .iter()
            .map(|(key, value)| format!("{}:{}", in_order(key), in_order(value)))
            .collect::<Vec<_>>()
            .join(","),
        Value::Call(_, arguments) => arguments
            .iter()
            .map(|(_, value)| in_order(value))
            .collect::<Vec<_>>()
            .join(","),
        other => other.canonical(),
    }
}

/// What `print` writes of several values.
pub fn printed(items: &[Value]) -> String {
    items.iter().map(text_of).collect::<Vec<_>>().join(" ")
}

/// `str` of a value, as far as it can be told from the value alone.
fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => repr_of(other),
    }
}

fn repr_of(value: &Value) -> String {
    let list = |items: &[Value]| items.iter().map(repr_of).collect::<Vec<_>>().join(", ");
    match value {
        Value::None => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(digits) => digits.clone(),
        Value::Float(_, text) => text.clone(),
        Value::Complex(text) | Value::Name(text) | Value::Opaque(text) => text.clone(),
        Value::Text(text) if text.contains('\'') && !text.contains('"') => format!("\"{text}\""),
        Value::Text(text) => format!(
            "'{}'",
            text.replace('\\', "\\\\")
                .replace('\'', "\\'")
                .replace('\n', "\\n")
        ),
        Value::Bytes(bytes) => format!("b'{}'", bytes.escape_ascii()),
        Value::Ellipsis => "Ellipsis".to_owned(),
        Value::List(items) => format!("[{}]", list(items)),
        Value::Tuple(items) if items.len() == 1 => format!("({},)", list(items)),
        Value::Tuple(items) => format!("({})", list(items)),
        Value::Set(items) => format!("{{{}}}", list(items)),
        Value::Dict(entries) => {
            let parts: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", repr_of(key), repr_of(value)))
                .collect();
            format!("{{{}}}", parts.join(", "))
        }
        Value::Call(name, arguments) => {
            let parts: Vec<String> = arguments
                .iter()
                .map(|(name, value)| match name {
                    Some(name) => format!("{name}={}", repr_of(value)),
                    None => repr_of(value),
                })
                .collect();
            format!("{name}({})", parts.join(", "))
        }
    }
}

/// Whether the two differ only in floats, of which the claim writes fewer
/// digits.
pub fn rounded(claimed: &Value, shown: &Value) -> bool {
    let all = |claimed: &[Value], shown: &[Value]| {
        claimed.len() == shown.len() && claimed.iter().zip(shown).all(|(a, b)| rounded(a, b))
    };
    match (claimed, shown) {
        (Value::Float(_, claimed), Value::Float(_, shown)) => numbers::digits_right(claimed, shown),
        (Value::List(claimed), Value::List(shown))
        | (Value::Tuple(claimed), Value::Tuple(shown)) => all(claimed, shown),
        (Value::Dict(claimed), Value::Dict(shown)) => {
            claimed.len() == shown.len()
                && claimed
                    .iter()
                    .zip(shown)
                    .all(|((key, value), (shown_key, shown))| {
                        rounded(key, shown_key) && rounded(value, shown)
                    })
        }
        (Value::Call(name, claimed), Value::Call(shown_name, shown)) => {
            name == shown_name
                && claimed.len() == shown.len()
                && claimed
                    .iter()
                    .zip(shown)
                    .all(|((key, value), (shown_key, shown))| {
                        key == shown_key && rounded(value, shown)
                    })
        }
        _ => claimed == shown,
    }
}
