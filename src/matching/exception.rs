//! A claim of an exception against the one that was raised.

use super::rule::Rule;
use super::{names, numbers};
use crate::claim::exception::Raise;
use crate::protocol::Exception;

/// Whether the claim says what was raised, in its own words or a part of them, and by
/// which rule.
pub fn says(claim: &Raise, raised: &Exception) -> Option<Rule> {
    shows(claim, raised).or_else(|| {
        let named = claim.types.iter().any(|name| is_named(name, raised));
        let message = claim.message.as_deref().filter(|_| named)?;
        is_part(message.trim(), &raised.message).then_some(Rule::MessagePrefix)
    })
}

/// The same for a claim that shows what a console would.
pub fn shows(claim: &Raise, raised: &Exception) -> Option<Rule> {
    if claim.types.is_empty() {
        return Some(Rule::AnyException);
    }
    let named = claim.types.iter().any(|name| is_named(name, raised));
    if !named {
        return None;
    }
    let Some(message) = &claim.message else {
        return Some(Rule::ExceptionType);
    };
    message_says(message, &raised.message).or_else(|| {
        if raised.further.is_empty() {
            return None;
        }
        // The console shows the notes of an exception below its message.
        let whole = format!("{}\n{}", raised.message, raised.further.join("\n"));
        message_says(message, &whole)
    })
}

/// Whether `name` names the exception's type, or one that it is derived from.
fn is_named(name: &str, raised: &Exception) -> bool {
    let short = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    let last = short(name);
    last == short(&raised.type_name)
        || raised.bases.iter().any(|base| short(base) == last)
        // Aliases that Python itself keeps.
        || matches!(last.as_str(), "IOError" | "EnvironmentError") && raised.bases.iter().chain([&raised.type_name]).any(|base| base == "OSError")
}

/// Whether a message is the one that is claimed, or begins with it.
fn message_says(claimed: &str, message: &str) -> Option<Rule> {
    let claimed = claimed.trim();
    let message = message.trim();
    let alike = |claimed: &str| -> Option<Rule> {
        let claimed = claimed.trim();
        if claimed.is_empty() {
            return None;
        }
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let quotes = |text: &str| flat(text).replace(['"', '“', '”', '‘', '’', '`'], "'");
        if quotes(claimed) == quotes(message) || super::whole::equal(claimed, message) {
            return Some(Rule::ExceptionMessage);
        }
        let unquoted = super::whole::unquoted(claimed);
        if unquoted.iter().any(|inner| inner == message)
            || super::whole::unquoted(message)
                .iter()
                .any(|inner| inner == claimed)
        {
            return Some(Rule::ExceptionMessage);
        }
        if super::ellipsis::says(claimed, message).is_some() {
            return Some(Rule::ExceptionMessage);
        }
        // A full stop more or less.
        if quotes(claimed).trim_end_matches('.') == quotes(message).trim_end_matches('.') {
            return Some(Rule::ExceptionMessage);
        }
        let (short, long) = (
            quotes(claimed.trim_end_matches(['.', '…'])),
            quotes(message),
        );
        if let Some(rest) = long.strip_prefix(short.as_str())
            && rest.starts_with(|c: char| !c.is_alphanumeric() && c != '_')
        {
            return Some(Rule::MessagePrefix);
        }
        names::says(claimed, message).or_else(|| numbers::says(claimed, message))
    };
    alike(claimed).or_else(|| {
        crate::claim::gloss::cuts(claimed)
            .iter()
            .find_map(|cut| alike(cut.value).filter(|rule| *rule != Rule::MessagePrefix))
            .map(|rule| rule.max(Rule::ExceptionMessage))
    })
}

/// Whether a message of several words is part of a longer one, as `missing 1
/// required positional argument` is of what Python says of a function by name.
fn is_part(claimed: &str, message: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    claimed.split_whitespace().count() > 2
        && message.match_indices(claimed).any(|(at, _)| {
            let behind = &message[at + claimed.len()..];
            !inside(message[..at].chars().next_back()) && !inside(behind.chars().next())
        })
}
