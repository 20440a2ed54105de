//! Words beside output that are claims by the company they keep.
//!
//! A word or two behind a statement that shows others can be what the author
//! thinks it shows, or a remark. Where comments of the same look in the same
//! snippet are all what was shown, it is taken for a claim like them. Nothing else
//! is looked at here.

use std::collections::HashMap;

use crate::claim::gloss::is_function_word;
use crate::claim::state::mentions;
use crate::claim::{Claim, ClaimKind, Firmness, Reading, Role, Says, Subject};
use crate::matching::Rule;

use super::super::Verdict;
use super::super::views;
use super::Judge;
use super::settling::Settled;

/// How many comments of the same look must be right: more where they are in small
/// letters, as remarks are.
const ENOUGH: usize = 2;
const ENOUGH_SMALL: usize = 3;

/// Words that tell of a value rather than being one.
const DESCRIBING: &[&str] = &[
    "first",
    "second",
    "third",
    "fourth",
    "last",
    "next",
    "previous",
    "same",
    "equal",
    "different",
    "unchanged",
    "changed",
    "modified",
    "original",
    "copy",
    "copied",
    "empty",
    "reversed",
    "sorted",
    "keys",
    "values",
    "items",
    "new",
    "old",
    "shallow",
    "deep",
    "local",
    "global",
    "default",
    "inherited",
    "overridden",
    "ok",
    "okay",
    "works",
    "fine",
    "correct",
    "yes",
    "no",
    "nothing",
    "error",
    "fails",
    "slow",
    "fast",
    "good",
    "bad",
    "better",
];

/// What a comment of few words looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Look {
    words: usize,
    capital: bool,
    call: bool,
}

impl Judge<'_, '_> {
    /// The comments that are claims because of those around them, as such.
    pub(super) fn claims_by_company(
        &self,
        claims: &[Claim],
        settled: &[Settled],
    ) -> Vec<(usize, Claim)> {
        let looks: Vec<Option<Look>> = claims.iter().map(look).collect();
        let is_right = |index: usize| {
            settled[index].judgement.as_ref().is_some_and(|judgement| {
                judgement.verdict == Verdict::Holds
                    && matches!(judgement.rule, Rule::Equal | Rule::Quoted)
            })
        };
        // How many comments have each look, and how many of them are right.
        let mut counts: HashMap<Look, (usize, usize)> = HashMap::new();
        for (index, look) in looks.iter().enumerate() {
            if let Some(look) = look {
                let (all, right) = counts.entry(*look).or_default();
                *all += 1;
                *right += usize::from(is_right(index));
            }
        }
        let mut found = Vec::new();
        for (index, claim) in claims.iter().enumerate() {
            let (Some(look), None) = (looks[index], &settled[index].judgement) else {
                continue;
            };
            // It has no verdict itself, and is none of those that are right.
            let (all, right) = counts[&look];
            let all_right = right + 1 == all;
            let enough = if look.capital { ENOUGH } else { ENOUGH_SMALL };
            if right >= enough && all_right && self.shows_the_like(claim, look) {
                found.push((index, made_firm(claim)));
            }
        }
        found
    }

    /// Whether what a statement showed looks the same, so that one can stand for the
    /// other.
    fn shows_the_like(&self, claim: &Claim, wanted: Look) -> bool {
        let shows = views::of_claim(claim, self.unit, self.observation);
        let shown = shows.actual().filter(|_| shows.raised.is_none());
        shown.is_some_and(|shown| {
            look_of(shown.trim().trim_matches(['\'', '"']), wanted.call) == Some(wanted)
        })
    }
}

fn look(claim: &Claim) -> Option<Look> {
    let Subject::Statement(spoken) = &claim.subject else {
        return None;
    };
    let call = match spoken.role {
        Role::Print { .. } => false,
        Role::Call { .. } | Role::Expression => true,
        Role::Assignment { .. }
        | Role::Deletion { .. }
        | Role::Definition
        | Role::Compound { .. }
        | Role::Other { .. } => return None,
    };
    let plain = claim.kind == ClaimKind::Trailing && !claim.marked && !claim.doubtful;
    let named = claim
        .comment
        .split_whitespace()
        .any(|word| mentions(&spoken.code.to_lowercase(), &word.to_lowercase()));
    look_of(&claim.comment, call).filter(|_| plain && !named)
}

fn look_of(text: &str, call: bool) -> Option<Look> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = |word: &&str| {
        word.chars()
            .all(|c| c.is_alphabetic() || matches!(c, '-' | '\''))
            && !is_function_word(word)
            && !DESCRIBING.contains(&word.to_lowercase().as_str())
    };
    (!text.contains('\n') && (1..=3).contains(&words.len()) && words.iter().all(plain)).then(|| {
        Look {
            words: words.len(),
            capital: text.starts_with(char::is_uppercase),
            call,
        }
    })
}

fn made_firm(claim: &Claim) -> Claim {
    let readings = claim.readings.iter().map(|reading| Reading {
        firmness: match reading.says {
            Says::Shows(_) => Firmness::Firm,
            Says::Blank
            | Says::Silence
            | Says::Raises(_)
            | Says::Holds(_)
            | Says::ShowsAndHolds(..)
            | Says::PrintsAndReturns(..) => reading.firmness,
        },
        says: reading.says.clone(),
    });
    Claim {
        readings: readings.collect(),
        ..claim.clone()
    }
}
