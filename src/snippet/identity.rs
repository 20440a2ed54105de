//! Names for snippets that stay when the guide changes elsewhere.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::SnippetId;

/// Gives each snippet of a guide its name.
pub(super) struct Names {
    stem: String,
    /// How many snippets stand under each heading so far.
    counts: HashMap<String, usize>,
    given: HashSet<String>,
}

impl Names {
    pub(super) fn new(path: &Path) -> Self {
        let stem = path
            .file_stem()
            .map_or_else(String::new, |stem| slug(&stem.to_string_lossy()));
        Self {
            stem: if stem.is_empty() {
                "snippet".to_owned()
            } else {
                stem
            },
            counts: HashMap::new(),
            given: HashSet::new(),
        }
    }

    /// The next snippet under a heading: the heading's slug, `-2` for the second.
    pub(super) fn next(&mut self, heading: Option<&str>) -> SnippetId {
        let slug = heading.map(slug).filter(|slug| !slug.is_empty());
        let base = slug.unwrap_or_else(|| self.stem.clone());
        let count = self.counts.entry(base.clone()).or_insert(0);
        loop {
            *count += 1;
            let name = if *count == 1 {
                base.clone()
            } else {
                format!("{base}-{count}")
            };
            // A heading can be called what another's second snippet is.
            if self.given.insert(name.clone()) {
                return SnippetId::new(name);
            }
        }
    }
}

/// A heading as GitHub makes an anchor of it, without a number in front.
fn slug(heading: &str) -> String {
    let mut slug = String::with_capacity(heading.len());
    // `Circle.area` is a name in code.
    let dotted = !heading.contains(char::is_whitespace);
    for c in without_number(heading.trim()).chars() {
        if c.is_alphanumeric() || c == '_' {
            slug.extend(c.to_lowercase());
        } else if (c.is_whitespace() || c == '-' || (c == '.' && dotted)) && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches('-').to_owned()
}

/// The heading without `3.`, `2.1`, `4)` and the like: numbers move when a
/// section is added above.
fn without_number(heading: &str) -> &str {
    let after = heading.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &heading[..heading.len() - after.len()];
    if number.is_empty() || !number.starts_with(|c: char| c.is_ascii_digit()) {
        return heading;
    }
    let rest = after.strip_prefix([')', ':']).unwrap_or(after);
    let marked = number.contains('.') || rest.len() < after.len();
    if marked && rest.starts_with(char::is_whitespace) && !rest.trim().is_empty() {
        rest.trim_start()
    } else {
        heading
    }
}
