//! One page, one program: which snippets build on which.
//!
//! A snippet whose free names an earlier snippet of its page binds continues it.
//! A fragment is not run, so nothing continues it.

use std::collections::{BTreeSet, HashMap};

use super::{Draft, Fragment, Snippet, fragment};

/// What the pages of a guide have bound so far.
#[derive(Default)]
pub(super) struct Pages {
    pages: HashMap<usize, Bindings>,
}

/// What one page has bound so far.
#[derive(Default)]
pub(super) struct Bindings {
    /// For each name the nearest snippet that binds it.
    binders: HashMap<String, usize>,
    /// The nearest snippet that may bind anything.
    unknown: Option<usize>,
}

impl Pages {
    /// Ties a snippet, whose outputs are complete, to those above it.
    pub(super) fn settle(
        &mut self,
        mut snippet: Snippet,
        draft: &Draft,
        page: usize,
        index: usize,
    ) -> Snippet {
        let bindings = self.pages.entry(page).or_default();
        let names = &draft.syntax.names;
        let open = names.binds_unknown || bindings.unknown.is_some();
        let undefined: Vec<String> = names
            .needed
            .iter()
            .filter(|name| !open && !bindings.binders.contains_key(*name))
            .cloned()
            .collect();
        match fragment::why(&snippet, draft, &undefined) {
            fragment::Judgement::Fragment(why) => {
                snippet.fragment = Some(why);
                return snippet;
            }
            fragment::Judgement::Runs { undefined } => snippet.undefined = undefined,
        }
        let binders: BTreeSet<usize> = names
            .free
            .iter()
            .filter_map(|name| bindings.binders.get(name).copied().or(bindings.unknown))
            .collect();
        snippet.continues = binders.into_iter().collect();
        for name in &names.bound {
            bindings.binders.insert(name.clone(), index);
        }
        if names.binds_unknown {
            bindings.unknown = Some(index);
        }
        snippet
    }
}

impl Fragment {
    /// Why it is not run, as a clause for "skipped: …".
    pub fn reason(&self) -> String {
        match self {
            Self::DoesNotParse { line, message } => {
                format!("it does not parse as Python: {message} (its line {line})")
            }
            Self::UndefinedNames(names) => {
                let (last, others) = match names.split_last() {
                    Some(split) => split,
                    None => return "it uses names that are not defined".to_owned(),
                };
                if others.is_empty() {
                    format!("nothing on the page defines {last}")
                } else {
                    format!(
                        "nothing on the page defines {} and {last}",
                        others.join(", ")
                    )
                }
            }
            Self::Template(what) => format!("it is a template: {what}"),
            Self::MarkedNotToRun(mark) => format!("the guide marks it not to be run ({mark})"),
        }
    }
}
