//! What to look at while a snippet runs, so that its claims can be judged.
//!
//! Asks for what a claim could be about and no more: a probe costs time in the
//! child, and a snippet must not notice it.

use crate::claim::{Claim, Role, Says, Spoken, Subject};
use crate::position::LineSpan;
use crate::protocol::{Look, Probe, ProbePoint};
use crate::snippet::{Mode, Snippet};
use crate::syntax::{StatementKind, Syntax};

/// The probes that the claims of a snippet need.
pub fn of(snippet: &Snippet, claims: &[Claim]) -> Vec<Probe> {
    let mut probes = Probes::default();
    for claim in claims {
        match &claim.subject {
            Subject::Statement(spoken) => {
                probes.statement(spoken, claim);
                if let Some(other) = &claim.other {
                    probes.statement(other, claim);
                }
            }
            Subject::Code(code) => {
                let at = ProbePoint::AtLine {
                    line: code.line.get(),
                    indent: u32::try_from(code.indent).unwrap_or(0),
                };
                probes.add(at, Look::Run(code.code.clone()));
            }
            Subject::Snippet => {
                if snippet.mode == Mode::Script && !snippet.outputs.is_empty() {
                    probes.bare_expressions(snippet);
                }
            }
            Subject::Session { .. } => {
                // The last value of a notebook's cell; a console prints its own.
                if let (Mode::Script, Some(lines)) = (snippet.mode, claim.statement)
                    && is_one_statement(snippet, lines)
                {
                    probes.add(after(lines), Look::Value);
                }
            }
        }
    }
    probes.probes
}

#[derive(Default)]
struct Probes {
    probes: Vec<Probe>,
}

impl Probes {
    fn add(&mut self, at: ProbePoint, look: Look) {
        if self
            .probes
            .iter()
            .any(|probe| probe.at == at && probe.look == look)
        {
            return;
        }
        let id = u32::try_from(self.probes.len()).unwrap_or(u32::MAX);
        self.probes.push(Probe { id, at, look });
    }

    fn statement(&mut self, spoken: &Spoken, claim: &Claim) {
        if claim.readings.is_empty() {
            return;
        }
        let at = after(spoken.lines);
        match &spoken.role {
            Role::Call { .. } | Role::Expression => self.add(at, Look::Value),
            Role::Assignment { targets, .. } => {
                for target in targets.iter().take(8) {
                    self.add(at, Look::State(target.clone()));
                }
            }
            Role::Print { .. }
            | Role::Deletion { .. }
            | Role::Other { .. }
            | Role::Compound { .. }
            | Role::Definition => {}
        }
        for name in &spoken.changes {
            if is_plain_place(name) {
                self.add(at, Look::State(name.clone()));
            }
        }
        for reading in &claim.readings {
            let holdings = match &reading.says {
                Says::Holds(holdings) | Says::ShowsAndHolds(_, holdings) => holdings.as_slice(),
                Says::Blank
                | Says::Silence
                | Says::Shows(_)
                | Says::Raises(_)
                | Says::PrintsAndReturns(..) => &[],
            };
            for holding in holdings {
                if is_plain_place(&holding.expression) {
                    self.add(at, Look::State(holding.expression.clone()));
                }
            }
        }
        if spoken.lines != spoken.top {
            self.add(at, Look::Reach);
        }
    }

    /// The values that a console would show beside what is printed.
    fn bare_expressions(&mut self, snippet: &Snippet) {
        for statement in Syntax::of(&snippet.code).top_level() {
            if let StatementKind::Expression { call, literal, .. } = &statement.kind
                && call.as_deref() != Some("print")
                && !literal
            {
                self.add(after(statement.lines), Look::Value);
            }
        }
    }
}

/// Whether the lines are those of one statement rather than of several.
fn is_one_statement(snippet: &Snippet, lines: LineSpan) -> bool {
    Syntax::of(&snippet.code)
        .top_level()
        .any(|statement| statement.lines == lines)
}

fn after(lines: LineSpan) -> ProbePoint {
    ProbePoint::AfterStatement {
        first_line: lines.first.get(),
        last_line: lines.last.get(),
    }
}

/// A name, an attribute or a subscript of one, whose evaluation does nothing
/// worth speaking of.
fn is_plain_place(expression: &str) -> bool {
    let syntax = Syntax::of(expression);
    syntax.error.is_none()
        && syntax.statements.len() == 1
        && !expression.contains('(')
        && expression.starts_with(|c: char| c.is_alphabetic() || c == '_')
}
