//! Names that a guide takes as given: nothing that is run on its page binds them.
//!
//! A name that is spelt almost like another one is no such name, but a slip.

use std::collections::BTreeSet;

use super::{Guide, Snippet};
use crate::syntax::{Syntax, builtins};

impl Guide {
    /// Why the snippet cannot know `name`, where the guide takes it as given.
    /// `known` are the names that are bound around it.
    pub fn lacks(&self, snippet: usize, name: &str, known: &BTreeSet<String>) -> Option<String> {
        let needing = self.snippets.get(snippet)?;
        if !needing.undefined.iter().any(|undefined| undefined == name) {
            return None;
        }
        self.why_lacking(snippet, name, known)
    }

    /// The same for a name that only a function of the snippet needs, once it is
    /// called.
    pub fn lacks_within(
        &self,
        snippet: usize,
        name: &str,
        known: &BTreeSet<String>,
    ) -> Option<String> {
        let names = Syntax::of(&self.snippets.get(snippet)?.code).names;
        let only_within =
            names.free.contains(name) && !names.needed.iter().any(|needed| needed == name);
        if !only_within || known.contains(name) {
            return None;
        }
        self.why_lacking(snippet, name, known)
    }

    fn why_lacking(&self, snippet: usize, name: &str, known: &BTreeSet<String>) -> Option<String> {
        let defined = self.snippets[..snippet]
            .iter()
            .rfind(|earlier| earlier.fragment.is_some() && defines(earlier, name));
        if let Some(earlier) = defined {
            return Some(format!(
                "`{name}` is defined at line {}, which is not run",
                earlier.place
            ));
        }
        (!is_slip(name, known)).then(|| format!("nothing on the page defines `{name}`"))
    }
}

/// Whether a snippet that is not run has a definition of `name` in it.
fn defines(snippet: &Snippet, name: &str) -> bool {
    snippet.text.lines().any(|line| {
        let line = line.trim_start();
        let line = line
            .strip_prefix(">>> ")
            .or_else(|| line.strip_prefix("... "))
            .unwrap_or(line)
            .trim_start();
        let rest = ["class ", "def ", "async def ", ""]
            .iter()
            .find_map(|start| line.strip_prefix(start)?.trim_start().strip_prefix(name));
        rest.is_some_and(|rest| {
            let keyword = line.starts_with("class ") || line.contains("def ");
            let rest = rest.trim_start();
            let assigned = rest.starts_with(['=', ':']) && !rest.starts_with("==");
            if keyword {
                rest.starts_with(['(', ':', '['])
            } else {
                assigned
            }
        })
    })
}

/// Whether a name is another one, misspelt.
fn is_slip(name: &str, known: &BTreeSet<String>) -> bool {
    let near = |other: &str| {
        let lengths = name.len().abs_diff(other.len()) <= 1;
        lengths && name.len() > 2 && other.len() > 2 && is_one_off(name, other)
    };
    known.iter().any(|other| near(other)) || builtins::all().any(near)
}

/// Whether two names differ in one letter, in two that are swapped, or in case.
fn is_one_off(name: &str, other: &str) -> bool {
    if name.eq_ignore_ascii_case(other) {
        return name != other;
    }
    let (name, other): (Vec<char>, Vec<char>) = (name.chars().collect(), other.chars().collect());
    let start = name
        .iter()
        .zip(&other)
        .take_while(|(one, two)| one == two)
        .count();
    let (name, other) = (&name[start..], &other[start..]);
    match name.len().cmp(&other.len()) {
        std::cmp::Ordering::Less => name == &other[1..],
        std::cmp::Ordering::Greater => &name[1..] == other,
        std::cmp::Ordering::Equal => {
            name[1..] == other[1..]
                || name.len() > 1
                    && name[0] == other[1]
                    && name[1] == other[0]
                    && name[2..] == other[2..]
        }
    }
}
