//! One page, one program: which snippets build on which.
//!
//! A snippet whose free names an earlier snippet of its page binds continues it:
//! for each name the nearest that binds it, except that a name that is called is
//! no module, whatever `import` of that name stands in between.
//! A fragment is not run, so nothing continues it.

use std::collections::{BTreeSet, HashMap};

use super::{Draft, Mode, Snippet, fragment};

/// What the pages of a guide have bound so far.
pub(super) struct Pages {
    pages: HashMap<usize, Bindings>,
    /// Whether the other pages see what the first binds.
    share_first: bool,
}

/// What one page has bound so far.
#[derive(Default)]
struct Bindings {
    /// For each name the nearest snippet that binds it.
    binders: HashMap<String, usize>,
    /// The same, without snippets that bind a module to the name.
    callable: HashMap<String, usize>,
    /// The nearest snippet that may bind anything.
    unknown: Option<usize>,
}

impl Bindings {
    fn binder(&self, name: &str, called: bool) -> Option<usize> {
        let callable = self.callable.get(name).filter(|_| called);
        callable.or_else(|| self.binders.get(name)).copied()
    }
}

impl Pages {
    pub(super) fn new(share_first: bool) -> Self {
        Self {
            pages: HashMap::new(),
            share_first,
        }
    }

    /// The nearest snippet above that binds `name`, or may bind it.
    fn binder(&self, page: usize, name: &str, called: bool) -> Option<usize> {
        let own = self.pages.get(&page);
        let first = self.pages.get(&0).filter(|_| self.share_first && page > 0);
        let named = own.and_then(|page| page.binder(name, called));
        named
            .or_else(|| first.and_then(|page| page.binder(name, called)))
            .or_else(|| own.and_then(|page| page.unknown))
            .or_else(|| first.and_then(|page| page.unknown))
    }

    /// Ties a snippet, whose outputs are complete, to those above it.
    pub(super) fn settle(
        &mut self,
        mut snippet: Snippet,
        draft: &Draft,
        page: usize,
        index: usize,
    ) -> Snippet {
        let names = &draft.syntax.names;
        let undefined: Vec<String> = names
            .needed
            .iter()
            .filter(|name| !names.binds_unknown && self.binder(page, name, false).is_none())
            // At a prompt `_` is the last value.
            .filter(|name| draft.mode != Mode::Console || *name != "_")
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
            .filter_map(|name| self.binder(page, name, names.called.contains(name)))
            .collect();
        snippet.continues = binders.into_iter().collect();
        let bindings = self.pages.entry(page).or_default();
        for name in &names.bound {
            bindings.binders.insert(name.clone(), index);
            if !names.modules.contains(name) {
                bindings.callable.insert(name.clone(), index);
            }
        }
        if names.binds_unknown {
            bindings.unknown = Some(index);
        }
        snippet
    }
}
