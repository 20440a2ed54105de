//! Guides that are judged by what is said to have happened, without Python.

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use trueprint::claim::{self, Claim};
use trueprint::document::{self, Format};
use trueprint::interpreter::Version;
use trueprint::plan::{self, Defaults, PlannedTask};
use trueprint::position::{LineNumber, Place};
use trueprint::protocol::{
    End, Event, Exception, Look, ProbePoint, Run, Shown, Site, Stream, Unit, UnitMode,
};
use trueprint::snippet::{self, Guide, Mode, Snippet, SnippetId};
use trueprint::syntax::Syntax;
use trueprint::verdict::{self, Circumstances, Verdict};

/// The statement that does what is said; the others do nothing.
pub const STATEMENT: &str = "6 * 7";

/// What the statement does.
pub enum Does<'a> {
    /// It prints this, without a newline.
    Prints(&'a str),
    /// It has this value, of which this is the repr.
    Gives(&'a str),
    /// It leaves this in a name.
    Leaves(&'a str, &'a str),
    /// It raises this exception, with its message.
    Raises(&'a str, &'a str),
    /// It prints this, and has this value.
    PrintsAndGives(&'a str, &'a str),
}

/// The verdict on the only claim of a page in which [`STATEMENT`] does what is
/// said; `None` where there is none.
pub fn check_page(format: Format, page: &str, does: &Does<'_>) -> Option<Verdict> {
    let path = PathBuf::from("page");
    let guide = snippet::from_document(&document::parse(&path, page, format));
    let claims: Vec<Vec<Claim>> = guide.snippets.iter().map(claim::read).collect();
    let plan = plan::plan(&guide, &claims, None, Defaults::default());
    let mut verdicts = Vec::new();
    for planned in &plan.tasks {
        let run = ran(happened(planned, does), End::Finished);
        verdicts.extend(judge_task(&guide, &claims, planned, &run));
    }
    assert!(verdicts.len() < 2, "{verdicts:?} in {page}");
    verdicts.first().copied()
}

fn happened(planned: &PlannedTask, does: &Does<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    for (number, unit) in planned.task.units.iter().enumerate() {
        let number = u32::try_from(number).expect("there are few units");
        let syntax = Syntax::of(&unit.code);
        for statement in syntax.top_level() {
            let site = Site {
                unit: number,
                line: statement.lines.first.get(),
            };
            let mut raised = false;
            // The innermost one comes last.
            let within = syntax.statements.iter().rev().find(|inner| {
                statement.lines.contains(inner.lines.first)
                    && unit.code[inner.range.clone()].contains(STATEMENT)
            });
            if let Some(inner) = within {
                let told = told(unit, inner.lines.first, site, does);
                raised = told
                    .iter()
                    .any(|event| matches!(event, Event::Raised { .. }));
                events.extend(told);
            }
            if !raised {
                events.push(Event::Done { statement: site });
            }
        }
    }
    events
}

/// What is told of the statement at `line`, inside of the one at `site`.
fn told(unit: &Unit, line: LineNumber, site: Site, does: &Does<'_>) -> Vec<Event> {
    let inner = Site {
        line: line.get(),
        ..site
    };
    let wrote = |text: &str| Event::Wrote {
        stream: Stream::Out,
        stack: vec![inner],
        statement: Some(site),
        text: format!("{text}\n"),
    };
    let looked = |wanted: &dyn Fn(&Look) -> bool| {
        let probe = unit.probes.iter().find(|probe| {
            let here = match probe.at {
                ProbePoint::AfterStatement { first_line, .. } => first_line == inner.line,
                ProbePoint::AtLine { .. } => false,
            };
            here && wanted(&probe.look)
        });
        probe.map(|probe| probe.id)
    };
    let value = |repr: &str| {
        // The console prints what an expression gives.
        if unit.mode == UnitMode::Console {
            return (repr != "None").then(|| wrote(repr));
        }
        looked(&|look| *look == Look::Value).map(|probe| Event::Value {
            probe,
            unit: site.unit,
            value: Ok(Box::new(shown(repr))),
        })
    };
    match does {
        Does::Prints(text) => std::iter::once(wrote(text)).chain(value("None")).collect(),
        Does::Gives(repr) => value(repr).into_iter().collect(),
        Does::PrintsAndGives(text, repr) => {
            std::iter::once(wrote(text)).chain(value(repr)).collect()
        }
        Does::Leaves(name, repr) => {
            let probe = looked(&|look| matches!(look, Look::State(of) if of == name));
            let state = probe.map(|probe| Event::State {
                probe,
                unit: site.unit,
                value: Ok(Box::new(shown(repr))),
            });
            value("None").into_iter().chain(state).collect()
        }
        Does::Raises(type_name, message) => vec![Event::Raised {
            statement: Some(site),
            exception: Box::new(Exception {
                type_name: (*type_name).to_owned(),
                module: "builtins".to_owned(),
                bases: vec!["Exception".to_owned(), "BaseException".to_owned()],
                message: (*message).to_owned(),
                name: None,
                stack: vec![inner],
                syntax_line: None,
                further: Vec::new(),
            }),
        }],
    }
}

fn shown(repr: &str) -> Shown {
    let text = repr
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''));
    Shown {
        repr: repr.to_owned(),
        text: text.map(str::to_owned),
        type_name: String::new(),
        is_none: repr == "None",
    }
}

/// The verdict on the only claim of `code`, whose first line printed `output`;
/// `None` when the comment is prose.
pub fn check(code: &str, output: &str) -> Option<Verdict> {
    let site = Site { unit: 0, line: 1 };
    let wrote = Event::Wrote {
        stream: Stream::Out,
        stack: vec![site],
        statement: Some(site),
        text: format!("{output}\n"),
    };
    let events = vec![wrote, Event::Done { statement: site }];
    judge(code, events, End::Finished).first().copied()
}

/// The verdicts on the claims of `code`, of whose run this is told.
pub fn judge(code: &str, events: Vec<Event>, end: End) -> Vec<Verdict> {
    let guide = Guide {
        path: PathBuf::from("guide.md"),
        format: Format::Markdown,
        findings: Vec::new(),
        modules: Vec::new(),
        snippets: vec![Snippet {
            id: SnippetId::new("case"),
            place: Place::line(LineNumber::FIRST),
            heading: None,
            text: code.into(),
            code: code.into(),
            commands: Vec::new(),
            mode: Mode::Script,
            outputs: Vec::new(),
            continues: Vec::new(),
            undefined: Vec::new(),
            fragment: None,
            announced_error: None,
            lead: String::new(),
            attributes: Vec::new(),
        }],
    };
    let claims = vec![claim::read(&guide.snippets[0])];
    let plan = plan::plan(&guide, &claims, None, Defaults::default());
    judge_task(&guide, &claims, &plan.tasks[0], &ran(events, end))
}

fn ran(events: Vec<Event>, end: End) -> Run {
    Run {
        events,
        end,
        wall_seconds: 0.0,
        cpu_seconds: 0.0,
        refused: Vec::new(),
        output_cut: 0,
        events_cut: false,
        leftover_processes: 0,
    }
}

fn judge_task(
    guide: &Guide,
    claims: &[Vec<Claim>],
    planned: &PlannedTask,
    run: &Run,
) -> Vec<Verdict> {
    let circumstances = Circumstances {
        guide,
        claims,
        expectations: None,
        version: Version {
            major: 3,
            minor: 12,
            micro: 0,
        },
        standard_modules: &[],
        now: UNIX_EPOCH,
    };
    let judged = verdict::judge_task(planned, run, None, circumstances);
    let claims = judged.iter().flat_map(|one| &one.verdict.claims);
    claims.map(|judgement| judgement.verdict).collect()
}
