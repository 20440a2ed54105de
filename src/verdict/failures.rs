//! Exceptions that statements let through: which are causes, which follow from
//! an earlier one, and which are a reason to skip.
//!
//! Whether an exception was claimed is not known here.

use std::cell::{LazyCell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::observation::{Observation, Raising, Step};
use crate::plan::PlannedTask;
use crate::position::LineNumber;
use crate::protocol::Exception;
use crate::snippet::Guide;
use crate::syntax::builtins::is_builtin;
use crate::syntax::names::mentions;
use crate::syntax::{StatementKind, Syntax};

use super::Circumstances;
use super::{limits, modules};

/// The exceptions of a task, in the order in which they were raised.
#[derive(Debug)]
pub struct Failures {
    found: Vec<Found>,
    snippets: Vec<usize>,
}

/// One exception that a top-level statement let through.
#[derive(Clone, Debug)]
pub struct Found {
    /// The unit.
    pub unit: usize,
    /// The statement's first line; `None` when the unit did not compile.
    pub statement: Option<LineNumber>,
    /// The innermost line of the unit that it went through.
    pub line: Option<LineNumber>,
    /// Its place among the run's events.
    pub order: usize,
    /// `Type: message`.
    pub text: String,
    /// The limit of the box that it may tell of.
    pub limit: Option<String>,
    /// Why it is a reason to skip, where it is.
    pub skip: Option<String>,
    /// Whether it is an import of a module that is not installed.
    lacks_module: bool,
    /// The earlier exception that it follows from: an index into the same list.
    follows: Option<usize>,
    /// Names that are unbound or stale because of it, and the event that bound
    /// each again, if one did.
    tainted: BTreeMap<String, Option<usize>>,
}

impl Found {
    fn lacks_module(&self, unit: usize) -> bool {
        self.lacks_module && self.unit == unit
    }

    /// Whether the name was unbound or stale because of it, at some event.
    fn taints(&self, name: &str, order: usize) -> bool {
        order > self.order
            && self
                .tainted
                .get(name)
                .is_some_and(|again| again.is_none_or(|again| order <= again))
    }
}

impl Failures {
    /// Finds them.
    pub fn find(
        planned: &PlannedTask,
        observation: &Observation<'_>,
        circumstances: Circumstances<'_>,
    ) -> Self {
        let mut found: Vec<Found> = Vec::new();
        let known = OnceCell::new();
        for unit in 0..planned.snippets.len() {
            let code = planned.task.units[unit].code.as_ref();
            let syntax = LazyCell::new(|| Syntax::of(code));
            for step in observation.steps(unit) {
                let raising = match step {
                    Step::Raised(raising) => raising,
                    Step::Done { line, order } => {
                        // What is bound again is stale no longer.
                        if !found.is_empty() {
                            for name in names_of(code, &syntax, line).bound {
                                for earlier in &mut found {
                                    if let Some(again @ None) = earlier.tainted.get_mut(&name) {
                                        *again = Some(order);
                                    }
                                }
                            }
                        }
                        continue;
                    }
                };
                let mut names = raising
                    .statement
                    .map(|line| names_of(code, &syntax, line))
                    .unwrap_or_default();
                names.uses_bound(&found);
                let order = raising.order;
                let name = unbound_name(raising.exception);
                let follows = found.iter().position(|earlier| {
                    name.is_some_and(|name| earlier.taints(name, order))
                        || is_dependent(&raising)
                            && names.free.iter().any(|name| earlier.taints(name, order))
                });
                let follows = follows.or_else(|| {
                    starts_processes(code)
                        .then(|| found.iter().position(|earlier| earlier.lacks_module(unit)))
                        .flatten()
                });
                let root = follows.map(|index| found[index].follows.unwrap_or(index));
                let skip = match root {
                    Some(root) => found[root].skip.clone(),
                    None => skip_reason(raising.exception, observation, circumstances)
                        .or_else(|| {
                            let known = known.get_or_init(|| {
                                names_around(circumstances.guide, &planned.snippets)
                            });
                            let name = name.filter(|_| is_unbound_name(raising.exception))?;
                            let guide = circumstances.guide;
                            let inner = raising.exception.stack.first();
                            let within = inner
                                .and_then(|site| planned.snippets.get(site.unit as usize))
                                .and_then(|&snippet| guide.lacks_within(snippet, name, known));
                            within.or_else(|| guide.lacks(planned.snippets[unit], name, known))
                        })
                        .or_else(|| {
                            left_out(raising.exception, circumstances.guide, &planned.snippets)
                        })
                        .or_else(|| wants_surroundings(raising.exception, code)),
                };
                let mut tainted = names.bound;
                // What was handed to a call that is skipped may be stale.
                if skip.is_some() && !names.text.starts_with("print(") {
                    tainted.extend(names.free);
                }
                found.push(Found {
                    unit,
                    statement: raising.statement,
                    line: innermost_line(&raising, unit),
                    order,
                    text: describe(raising.exception),
                    limit: limits::behind(
                        raising.exception,
                        observation.end(),
                        observation.limits(),
                    ),
                    lacks_module: skip.is_some() && is_missing_module(raising.exception),
                    skip,
                    follows: root,
                    tainted: tainted.into_iter().map(|name| (name, None)).collect(),
                });
            }
        }
        Self {
            found,
            snippets: planned.snippets.clone(),
        }
    }

    /// The snippet that a unit is.
    pub fn snippet(&self, unit: usize) -> Option<usize> {
        self.snippets.get(unit).copied()
    }

    /// Those of one unit.
    pub fn of_unit(&self, unit: usize) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(move |found| found.unit == unit)
    }

    /// The one that is this raising.
    pub fn of(&self, raising: Raising<'_>) -> Option<&Found> {
        self.found.iter().find(|found| found.order == raising.order)
    }

    /// Why a unit's processes could not do their work, where one of its modules
    /// is not installed and each of them imports it anew.
    pub fn lacking(&self, unit: usize, code: &str) -> Option<&Found> {
        starts_processes(code)
            .then(|| self.found.iter().find(|found| found.lacks_module(unit)))
            .flatten()
    }

    /// Why a snippet of the task cannot know one of these names, where the guide
    /// takes it as given: an exception that the code itself catches may hide it.
    pub fn lacks_one_of(
        &self,
        names: &BTreeSet<String>,
        snippet: usize,
        guide: &Guide,
    ) -> Option<String> {
        let undefined = &guide.snippets.get(snippet)?.undefined;
        if !undefined.iter().any(|name| names.contains(name)) {
            return None;
        }
        let known = names_around(guide, &self.snippets);
        names
            .iter()
            .find_map(|name| guide.lacks(snippet, name, &known))
    }

    /// The one that another follows from.
    pub fn cause(&self, found: &Found) -> Option<&Found> {
        found.follows.and_then(|index| self.found.get(index))
    }

    /// The cause why one of these names was unbound or stale at some event, if
    /// there is one.
    pub fn that_taints(&self, names: &BTreeSet<String>, order: usize) -> Option<&Found> {
        let first = self
            .found
            .iter()
            .find(|found| names.iter().any(|name| found.taints(name, order)))?;
        Some(self.cause(first).unwrap_or(first))
    }
}

/// `Type: message`, as the last line of a traceback.
pub fn describe(exception: &Exception) -> String {
    if exception.message.is_empty() {
        exception.type_name.clone()
    } else {
        format!("{}: {}", exception.type_name, exception.message)
    }
}

/// The name that an exception says is unbound.
pub fn unbound_name(exception: &Exception) -> Option<&str> {
    let said = || {
        // 3.9 says it in the message only.
        matches!(
            exception.type_name.as_str(),
            "NameError" | "UnboundLocalError"
        )
        .then(|| exception.message.split('\'').nth(1))
        .flatten()
    };
    exception.name.as_deref().or_else(said)
}

fn innermost_line(raising: &Raising<'_>, unit: usize) -> Option<LineNumber> {
    let exception = raising.exception;
    exception
        .stack
        .iter()
        .find(|site| site.unit as usize == unit)
        .and_then(|site| LineNumber::new(site.line))
        .or(exception.syntax_line.and_then(LineNumber::new))
        .or(raising.statement)
}

/// Whether an exception can come from a name that is unbound or holds something
/// stale.
fn is_dependent(raising: &Raising<'_>) -> bool {
    matches!(
        raising.exception.type_name.as_str(),
        "NameError"
            | "AttributeError"
            | "TypeError"
            | "UnboundLocalError"
            | "ValueError"
            | "KeyError"
            | "IndexError"
            | "AssertionError"
    )
}

/// The names that the snippets of a task bind.
fn names_around(guide: &Guide, snippets: &[usize]) -> BTreeSet<String> {
    let snippets = snippets
        .iter()
        .filter_map(|&index| guide.snippets.get(index));
    snippets
        .flat_map(|snippet| Syntax::of(&snippet.code).names.bound)
        .collect()
}

fn is_unbound_name(exception: &Exception) -> bool {
    matches!(
        exception.type_name.as_str(),
        "NameError" | "UnboundLocalError"
    )
}

/// Why an exception tells of what a snippet finds around it when its author runs
/// it, and not of a mistake: arguments, a terminal, the package that it is in.
fn wants_surroundings(exception: &Exception, code: &str) -> Option<String> {
    let line = exception
        .stack
        .first()
        .and_then(|site| code.lines().nth((site.line as usize).checked_sub(1)?))
        .unwrap_or("");
    match exception.type_name.as_str() {
        "IndexError" if line.contains("sys.argv") => {
            Some("it wants arguments on its command line".to_owned())
        }
        "ImportError" if exception.message.contains("no known parent package") => {
            Some("it is a part of a package".to_owned())
        }
        "OSError" | "FileNotFoundError" if exception.message.contains("'/dev/tty'") => {
            Some("it wants a terminal".to_owned())
        }
        _ => None,
    }
}

/// The class whose body leaves out what an exception misses in it.
fn left_out(exception: &Exception, guide: &Guide, snippets: &[usize]) -> Option<String> {
    if exception.type_name != "AttributeError" || !exception.message.contains("has no attribute") {
        return None;
    }
    let class = exception.message.split('\'').nth(1)?;
    let is_elided = |code: &str| {
        let syntax = Syntax::of(code);
        let statements = || syntax.statements.iter().enumerate();
        statements().any(|(index, statement)| {
            let body = || statements().filter(|(_, inner)| inner.parent == Some(index));
            matches!(&statement.kind, StatementKind::Class(name) if name == class)
                && body().count() > 1
                && body().any(|(_, inner)| &code[inner.range.clone()] == "...")
        })
    };
    snippets
        .iter()
        .filter_map(|&index| guide.snippets.get(index))
        .any(|snippet| is_elided(&snippet.code))
        .then(|| format!("a part of the class `{class}` is left out (`...`)"))
}

#[derive(Default)]
struct StatementNames {
    text: String,
    bound: BTreeSet<String>,
    free: BTreeSet<String>,
}

impl StatementNames {
    /// A builtin's name that an earlier statement should have bound is a name
    /// like any other.
    fn uses_bound(&mut self, earlier: &[Found]) {
        for name in earlier.iter().flat_map(|found| found.tainted.keys()) {
            if is_builtin(name) && mentions(&self.text, name) {
                self.free.insert(name.clone());
            }
        }
    }
}

/// What the top-level statement on this line binds and needs.
fn names_of(code: &str, syntax: &Syntax, line: LineNumber) -> StatementNames {
    let statement = syntax
        .top_level()
        .find(|statement| statement.lines.first == line);
    let Some(statement) = statement else {
        return StatementNames::default();
    };
    let text = &code[statement.range.clone()];
    let names = Syntax::of(text).names;
    StatementNames {
        text: text.to_owned(),
        bound: names.bound,
        free: names.free,
    }
}

/// Whether the code starts processes that import its module anew, as
/// `multiprocessing` does unless it forks: from CPython 3.14 on, on Linux too.
fn starts_processes(code: &str) -> bool {
    code.contains("multiprocessing") || code.contains("ProcessPoolExecutor")
}

fn is_missing_module(exception: &Exception) -> bool {
    exception.type_name == "ModuleNotFoundError"
}

/// Why an exception is not the guide's fault, where it is not.
pub fn skip_reason(
    exception: &Exception,
    observation: &Observation<'_>,
    circumstances: Circumstances<'_>,
) -> Option<String> {
    let is =
        |name: &str| exception.type_name == name || exception.bases.iter().any(|base| base == name);
    if is("ModuleNotFoundError")
        && let Some(module) = &exception.name
        && modules::is_package(module, circumstances.standard_modules)
    {
        let top = module.split('.').next().unwrap_or(module);
        return Some(format!("module '{top}' is not installed"));
    }
    let refused = observation
        .refused()
        .iter()
        .any(|refusal| refusal.starts_with("network"));
    if refused && (is("OSError") || is("HTTPException")) {
        return Some("the network is off".to_owned());
    }
    // Where nobody counts the attempts, the system's own words tell.
    let unreachable = ["Network is unreachable", "failure in name resolution"];
    if is("OSError")
        && unreachable
            .iter()
            .any(|words| exception.message.contains(words))
    {
        return Some("the network cannot be reached".to_owned());
    }
    if is("EOFError") && exception.message.contains("reading a line") {
        return Some("it waits for input, and there is none".to_owned());
    }
    None
}
