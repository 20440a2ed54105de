//! The plan: which snippets run together in which child, with which probes.
//!
//! Snippets that continue one another form one task and run in page order;
//! every other snippet is a task of its own. Nothing is run here, and whether a
//! module is installed is not asked.

use crate::claim::Claim;
use crate::expectation::GuideExpectations;
use crate::protocol::{Limits, Task};
use crate::snippet::Guide;

/// What is to be run of a guide.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the page order of their first snippets.
    pub tasks: Vec<PlannedTask>,
    /// The snippets that are not run, in page order.
    pub left_out: Vec<LeftOut>,
    /// The modules that the guide imports, dotted names included, each once and
    /// in page order. Which of them a worker loads ahead is not decided here.
    pub preload: Vec<String>,
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
    let _ = (guide, claims, expectations, defaults);
    Plan::default()
}
