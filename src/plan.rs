//! The plan: which snippets run together in which child, with which probes.
//!
//! Snippets that continue one another form one task and run in page order;
//! every other snippet is a task of its own. Nothing is run here, and whether a
//! module is installed is not asked.

pub mod probes;

use std::borrow::Cow;

use crate::claim::Claim;
use crate::expectation::{GuideExpectations, SnippetExpectations};
use crate::protocol::{Limits, Task, Unit, UnitMode};
use crate::snippet::{Guide, Mode, Snippet};

/// What is to be run of a guide.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the page order of their first snippets.
    pub tasks: Vec<PlannedTask>,
    /// The snippets that are not run, in page order.
    pub left_out: Vec<LeftOut>,
}

/// Snippets that run in one child.
#[derive(Clone, Debug)]
pub struct PlannedTask {
    /// What the worker is asked.
    pub task: Task,
    /// Which snippet each unit of the task is: indices into
    /// [`Guide::snippets`].
    pub snippets: Vec<usize>,
}

/// A snippet that is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its index in [`Guide::snippets`].
    pub snippet: usize,
    /// Why, in words.
    pub reason: String,
}

/// How snippets are run where no expectation says otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults {
    /// The limits of a child.
    pub limits: Limits,
    /// Whether it may use the network.
    pub network: bool,
}

/// Plans a guide's run. `claims` are those of [`crate::claim::read`], for each
/// snippet.
pub fn plan(
    guide: &Guide,
    claims: &[Vec<Claim>],
    expectations: Option<&GuideExpectations>,
    defaults: Defaults,
) -> Plan {
    let expected: Vec<Option<&SnippetExpectations>> = guide
        .snippets
        .iter()
        .map(|snippet| expectations.and_then(|all| all.for_snippet(&snippet.id)))
        .collect();
    let mut reasons: Vec<Option<String>> = guide
        .snippets
        .iter()
        .zip(&expected)
        .map(|(snippet, expected)| {
            let told = expected.and_then(|expected| expected.skip.clone());
            told.or_else(|| snippet.why_fragment())
        })
        .collect();
    let continues: Vec<Vec<usize>> = guide
        .snippets
        .iter()
        .enumerate()
        .map(|(index, snippet)| continued(guide, snippet, index, expected[index]))
        .collect();
    // What builds on a snippet that is not run cannot be run either.
    for index in 0..guide.snippets.len() {
        if reasons[index].is_some() {
            continue;
        }
        let missing = continues[index]
            .iter()
            .find(|&&earlier| reasons[earlier].is_some());
        if let Some(&earlier) = missing {
            reasons[index] = Some(format!(
                "it builds on line {}, which is not run",
                guide.snippets[earlier].place
            ));
        }
    }

    let mut groups = Groups::of(guide.snippets.len());
    for (index, continues) in continues.iter().enumerate() {
        for &earlier in continues {
            groups.join(index, earlier);
        }
    }
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); guide.snippets.len()];
    for (index, reason) in reasons.iter().enumerate() {
        if reason.is_none() {
            members[groups.first(index)].push(index);
        }
    }

    let mut plan = Plan::default();
    for (index, reason) in reasons.iter().enumerate() {
        if let Some(reason) = reason {
            plan.left_out.push(LeftOut {
                snippet: index,
                reason: reason.clone(),
            });
        }
    }
    // Tasks are in the order of the first snippets of their groups, whether those
    // are run or not.
    for members in members.iter().filter(|members| !members.is_empty()) {
        plan.tasks
            .push(task(guide, claims, &expected, members, defaults));
    }
    plan
}

/// Which snippets run together: disjoint sets, each named by its first snippet.
struct Groups {
    /// For each snippet an earlier one of its group, or itself.
    towards_first: Vec<usize>,
}

impl Groups {
    /// Each snippet by itself.
    fn of(count: usize) -> Self {
        Self {
            towards_first: (0..count).collect(),
        }
    }

    fn first(&mut self, index: usize) -> usize {
        let mut first = index;
        while self.towards_first[first] != first {
            // Halves the path for those who ask next.
            self.towards_first[first] = self.towards_first[self.towards_first[first]];
            first = self.towards_first[first];
        }
        first
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        self.towards_first[one.max(other)] = one.min(other);
    }
}

/// The earlier snippets that one builds on.
fn continued(
    guide: &Guide,
    snippet: &Snippet,
    index: usize,
    expected: Option<&SnippetExpectations>,
) -> Vec<usize> {
    match expected.and_then(|expected| expected.continues.as_ref()) {
        Some(ids) => ids
            .iter()
            .filter_map(|id| guide.snippets.iter().position(|snippet| snippet.id == *id))
            .filter(|&earlier| earlier < index)
            .collect(),
        None => snippet
            .continues
            .iter()
            .copied()
            .filter(|&earlier| earlier < index)
            .collect(),
    }
}

fn task(
    guide: &Guide,
    claims: &[Vec<Claim>],
    expected: &[Option<&SnippetExpectations>],
    members: &[usize],
    defaults: Defaults,
) -> PlannedTask {
    let mut limits = defaults.limits;
    let mut wall_ms = 0u64;
    let mut network = defaults.network;
    let mut units = Vec::with_capacity(members.len());
    for &index in members {
        let snippet = &guide.snippets[index];
        let timeout = expected[index].and_then(|expected| expected.timeout);
        wall_ms = wall_ms.saturating_add(timeout.map_or(defaults.limits.wall_ms, |timeout| {
            u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)
        }));
        network |= expected[index].is_some_and(|expected| expected.network);
        let mode = expected[index]
            .and_then(|expected| expected.mode)
            .unwrap_or(snippet.mode);
        units.push(Unit {
            // Named after nothing: a file called `json.py` would be imported.
            file_name: if members.len() == 1 {
                Cow::Borrowed("snippet.py")
            } else {
                format!("snippet_{}.py", units.len() + 1).into()
            },
            code: snippet.code.clone(),
            mode: match mode {
                Mode::Script => UnitMode::Script,
                Mode::Console => UnitMode::Console,
                Mode::Pytest => UnitMode::Pytest,
            },
            probes: probes::of(snippet, claims.get(index).map_or(&[], Vec::as_slice)),
        });
    }
    limits.wall_ms = wall_ms;
    // A longer deadline is for more work.
    limits.cpu_seconds = limits.cpu_seconds.max((wall_ms / 1000).saturating_mul(2));
    PlannedTask {
        task: Task {
            units,
            limits,
            network,
            arguments: Vec::new(),
        },
        snippets: members.to_vec(),
    }
}
