//! The rules by which claims are read and judged, without Python: each case says
//! itself what its lines showed.
//!
//! The folders of `tests/claims/` are the sections of `docs/claims.md`, and a file
//! is a rule: `where/` a claim can stand, what it `says/`, when it `holds/` and when
//! it is `tolerated/` (there the files have the names that reports have for the
//! rules), what becomes of it `otherwise/`, and what is `prose/`. A file begins with
//! its rule in words. A line `== name` stands before each case, and a case has up
//! to three parts, each begun by a line with a dash:
//!
//! ```text
//! == the value, then a remark
//! total = 8
//! print(total)  # 8 (the sum)
//! - shows
//! 2 writes 8
//! - verdicts
//! 2 holds gloss
//! ```
//!
//! `- shows` says for lines of the code what they did: `writes TEXT` (a `\n` in
//! it is a newline, `\c` at its end leaves the newline out), `warns TEXT` (on
//! standard error), `value REPR` or `value REPR | STR`, `holds NAME = REPR`,
//! `raises Type: message` or `raises Type(Base, Base): message` (its notes and, of a
//! group, its members behind it, each after ` ++ `), `never` (it was
//! not reached), `runs TEXT` and `runs raising Type: message` (commented-out
//! code), and `within LINE` before `writes` for a function that was called from
//! that line. A line after `again:` is for a second run. `- verdicts` lists
//! every claim: its line, its verdict and its rule; what is not listed must be
//! prose or nothing. Code that begins with `>>> ` is a console session.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use libtest_mimic::{Arguments, Failed, Trial};

use trueprint::claim::{self, Claim};
use trueprint::document::{self, Format};
use trueprint::interpreter::Version;
use trueprint::plan::{self, Defaults, PlannedTask};
use trueprint::position::{LineNumber, LineSpan, Place};
use trueprint::protocol::{End, Event, Exception, Look, ProbePoint, Run, Shown, Site, Stream};
use trueprint::snippet::{self, Guide, Mode, ShownOutput, Snippet, SnippetId};
use trueprint::syntax::Syntax;
use trueprint::verdict::{self, Circumstances};

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/claims");
    let mut files: Vec<PathBuf> = entries(&folder)
        .iter()
        .flat_map(|one| entries(one))
        .collect();
    files.sort();
    let mut trials = Vec::new();
    for file in files {
        let name = file.strip_prefix(&folder).expect("it lies in there");
        let name = name.with_extension("").display().to_string();
        let text = std::fs::read_to_string(&file).expect("a case file can be read");
        let (rule, text) = text.split_once("\n== ").expect("a file has a case");
        assert!(
            !rule.is_empty() && !rule.starts_with("== "),
            "{name} begins with its rule in words"
        );
        for (title, body) in cases(text) {
            let (title, body) = (title.to_owned(), body.to_owned());
            trials.push(Trial::test(format!("{name}: {title}"), move || {
                check(&body).map_err(Failed::from)
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .expect("the folder of cases can be read")
        .map(|entry| entry.expect("its entries can be read").path())
        .collect()
}

/// The cases of a file, with their names.
fn cases(text: &str) -> Vec<(&str, &str)> {
    let mut cases = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (case, after) = rest.split_once("\n== ").unwrap_or((rest, ""));
        cases.push(case.split_once('\n').expect("a case has a name and a body"));
        rest = after;
    }
    cases
}

/// Judges a case and compares the verdicts with those that it lists.
fn check(body: &str) -> Result<(), String> {
    let (code, rest) = body
        .split_once("\n- ")
        .ok_or("a case has a part that begins with a dash")?;
    let mut shows = "";
    let mut wanted = "";
    let mut output = None;
    for part in rest.split("\n- ") {
        let (name, lines) = part.split_once('\n').unwrap_or((part, ""));
        match name.trim() {
            "shows" => shows = lines,
            "verdicts" => wanted = lines,
            "output" => output = Some((lines, false)),
            "announced output" => output = Some((lines, true)),
            other => return Err(format!("no part is called {other:?}")),
        }
    }
    let guide = if code.starts_with(">>> ") {
        session(code)
    } else {
        guide(code, output)
    };
    let claims: Vec<Vec<Claim>> = guide.snippets.iter().map(claim::read).collect();
    let plan = plan::plan(&guide, &claims, None, Defaults::default());
    let planned = plan.tasks.first().ok_or("the snippet is not run")?;
    let (first, second): (Vec<&str>, Vec<&str>) = shows
        .lines()
        .filter(|line| !line.trim().is_empty())
        .partition(|line| !line.starts_with("again: "));
    let code = guide.snippets[0].code.as_ref();
    let run = run(planned, code, &first)?;
    let again = if second.is_empty() {
        None
    } else {
        let lines: Vec<&str> = second
            .iter()
            .filter_map(|line| line.strip_prefix("again: "))
            .collect();
        Some(self::run(planned, code, &lines)?)
    };
    let judged = verdict::judge_task(
        planned,
        &run,
        again.as_ref(),
        Circumstances {
            guide: &guide,
            claims: &claims,
            expectations: None,
            version: Version {
                major: 3,
                minor: 12,
                micro: 1,
            },
            standard_modules: &[],
            now: UNIX_EPOCH + Duration::from_secs(1_764_000_000),
        },
    );
    let verdict = &judged[0].verdict;
    let mut found = String::new();
    for judgement in &verdict.claims {
        let _ = writeln!(
            found,
            "{} {} {}",
            judgement.place,
            judgement.verdict.name(),
            judgement.rule.name()
        );
    }
    for failure in &verdict.failures {
        let _ = writeln!(found, "{} fails {}", failure.place, failure.message);
    }
    if found.trim() == wanted.trim() {
        return Ok(());
    }
    let details: Vec<String> = verdict
        .claims
        .iter()
        .map(|judgement| {
            format!(
                "{}: expected {:?}, actual {:?}, {:?}",
                judgement.place, judgement.expected, judgement.actual, judgement.reason
            )
        })
        .collect();
    Err(format!(
        "wanted:\n{}\nfound:\n{}\n{}\nclaims read: {:#?}",
        wanted.trim(),
        found.trim(),
        details.join("\n"),
        claims
    ))
}

/// A console session, read as in a Markdown page.
fn session(code: &str) -> Guide {
    let page = format!("```pycon\n{code}\n```\n");
    let document = document::parse(Path::new("guide.md"), &page, Format::Markdown);
    let mut guide = snippet::from_document(&document);
    for snippet in &mut guide.snippets {
        // Its lines are counted as the case's are.
        snippet.place = Place::line(LineNumber::FIRST);
        snippet.fragment = None;
        for output in &mut snippet.outputs {
            output.place.line = LineNumber::from_index(output.place.line.index() - 1);
        }
    }
    guide
}

fn guide(code: &str, output: Option<(&str, bool)>) -> Guide {
    let lines = code.lines().count();
    Guide {
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
            outputs: output
                .into_iter()
                .map(|(text, announced)| ShownOutput {
                    place: Place::line(LineNumber::from_index(lines + 2)),
                    text: text.trim_end().to_owned(),
                    announced,
                    statement: None,
                    options: Vec::new(),
                })
                .collect(),
            continues: Vec::new(),
            undefined: Vec::new(),
            fragment: None,
            announced_error: None,
            lead: String::new(),
            attributes: Vec::new(),
        }],
    }
}

/// A run in which every top-level statement was executed and did what the case
/// says.
fn run(planned: &PlannedTask, code: &str, lines: &[&str]) -> Result<Run, String> {
    let syntax = Syntax::of(code);
    let tops: Vec<LineSpan> = syntax
        .top_level()
        .map(|statement| statement.lines)
        .collect();
    let mut events = Vec::new();
    let mut ended: Vec<LineSpan> = Vec::new();
    let mut told: Vec<(u32, &str)> = Vec::new();
    for line in lines {
        let (number, what) = line
            .trim()
            .split_once(' ')
            .ok_or_else(|| format!("a line number and what it did: {line:?}"))?;
        told.push((
            number
                .parse()
                .map_err(|_| format!("a line number: {number:?}"))?,
            what,
        ));
    }
    for top in &tops {
        let mut raised = false;
        let mut never = false;
        for (line, what) in &told {
            // What a function does is told with the line that called it.
            let (caller, what) = match what.strip_prefix("within ") {
                Some(rest) => {
                    let (caller, what) = rest
                        .split_once(' ')
                        .ok_or("`within LINE` and what it did")?;
                    (
                        caller
                            .parse()
                            .map_err(|_| format!("a line number: {caller:?}"))?,
                        what,
                    )
                }
                None => (*line, *what),
            };
            if !LineNumber::new(caller).is_some_and(|line| top.contains(line)) {
                continue;
            }
            let mut stack = vec![Site {
                unit: 0,
                line: *line,
            }];
            if caller != *line {
                stack.push(Site {
                    unit: 0,
                    line: caller,
                });
            }
            let statement = Some(Site {
                unit: 0,
                line: top.first.get(),
            });
            let (verb, rest) = what.split_once(' ').unwrap_or((what, ""));
            match verb {
                "writes" | "warns" => events.push(Event::Wrote {
                    stream: if verb == "writes" {
                        Stream::Out
                    } else {
                        Stream::Err
                    },
                    stack: stack.clone(),
                    statement,
                    text: unescape(rest),
                }),
                "value" => {
                    if let Ok(probe) = probe(planned, *line, |look| *look == Look::Value) {
                        events.push(Event::Value {
                            probe,
                            unit: 0,
                            value: Ok(Box::new(shown(rest))),
                        });
                    }
                }
                "holds" => {
                    let (name, value) = rest.split_once(" = ").ok_or("`holds NAME = REPR`")?;
                    // A claim that asks for nothing has no probe.
                    if let Ok(probe) = probe(
                        planned,
                        *line,
                        |look| matches!(look, Look::State(of) if of == name),
                    ) {
                        events.push(Event::State {
                            probe,
                            unit: 0,
                            value: Ok(Box::new(shown(value))),
                        });
                    }
                }
                "runs" => {
                    let inner = match rest.strip_prefix("raising ") {
                        Some(raised) => Event::Raised {
                            statement: Some(Site { unit: 0, line: 1 }),
                            exception: Box::new(exception(
                                raised,
                                &[Site {
                                    unit: 0,
                                    line: *line,
                                }],
                            )),
                        },
                        None => Event::Wrote {
                            stream: Stream::Out,
                            stack: Vec::new(),
                            statement: None,
                            text: unescape(rest),
                        },
                    };
                    events.push(Event::Ran {
                        probe: probe(planned, *line, |look| matches!(look, Look::Run(_)))?,
                        unit: 0,
                        events: vec![inner],
                        end: End::Finished,
                    });
                }
                "raises" => {
                    raised = true;
                    events.push(Event::Raised {
                        statement,
                        exception: Box::new(exception(rest, &stack)),
                    });
                }
                "reached" => events.push(Event::Reached {
                    probe: probe(planned, *line, |look| *look == Look::Reach)?,
                    unit: 0,
                }),
                "never" => never = true,
                other => return Err(format!("nothing does {other:?}")),
            }
        }
        if !raised && !never {
            events.push(Event::Done {
                statement: Site {
                    unit: 0,
                    line: top.first.get(),
                },
            });
        }
        ended.push(*top);
    }
    // Commented-out code below the last statement.
    for (line, what) in &told {
        if ended
            .iter()
            .any(|top| LineNumber::new(*line).is_some_and(|line| top.contains(line)))
            || what.starts_with("within ")
        {
            continue;
        }
        let rest = what
            .strip_prefix("runs ")
            .ok_or_else(|| format!("line {line} is no statement's"))?;
        let inner = match rest.strip_prefix("raising ") {
            Some(raised) => Event::Raised {
                statement: None,
                exception: Box::new(exception(
                    raised,
                    &[Site {
                        unit: 0,
                        line: *line,
                    }],
                )),
            },
            None => Event::Wrote {
                stream: Stream::Out,
                stack: Vec::new(),
                statement: None,
                text: unescape(rest),
            },
        };
        events.push(Event::Ran {
            probe: probe(planned, *line, |look| matches!(look, Look::Run(_)))?,
            unit: 0,
            events: vec![inner],
            end: End::Finished,
        });
    }
    Ok(Run {
        events,
        end: End::Finished,
        wall_seconds: 0.1,
        cpu_seconds: 0.1,
        refused: Vec::new(),
        output_cut: 0,
        events_cut: false,
        leftover_processes: 0,
    })
}

fn unescape(text: &str) -> String {
    let text = text.replace("\\n", "\n").replace("\\t", "\t");
    match text.strip_suffix("\\c") {
        Some(text) => text.to_owned(),
        None => format!("{text}\n"),
    }
}

fn shown(text: &str) -> Shown {
    let (repr, text) = match text.split_once(" | ") {
        Some((repr, text)) => (repr, Some(text.to_owned())),
        // A string is shown without its quotes.
        None => (
            text,
            text.strip_prefix('\'')
                .and_then(|text| text.strip_suffix('\''))
                .map(str::to_owned),
        ),
    };
    Shown {
        repr: repr.to_owned(),
        text,
        type_name: String::new(),
        is_none: repr == "None",
    }
}

/// `Type(Base, Base): message ++ further line ++ further line`.
fn exception(text: &str, stack: &[Site]) -> Exception {
    let mut parts = text.split(" ++ ");
    let text = parts.next().unwrap_or("");
    let further = parts.map(str::to_owned).collect();
    let (head, message) = text.split_once(": ").unwrap_or((text, ""));
    let (name, bases) = match head.split_once('(') {
        Some((name, bases)) => (
            name,
            bases
                .trim_end_matches(')')
                .split(", ")
                .map(str::to_owned)
                .collect(),
        ),
        None => (
            head,
            vec!["Exception".to_owned(), "BaseException".to_owned()],
        ),
    };
    let quoted = message.split('\'').nth(1).map(str::to_owned);
    Exception {
        type_name: name.to_owned(),
        module: "builtins".to_owned(),
        bases,
        message: message.to_owned(),
        name: quoted.filter(|_| matches!(name, "NameError" | "ModuleNotFoundError")),
        stack: stack.to_vec(),
        syntax_line: None,
        further,
    }
}

/// The probe that looks at this line.
fn probe(planned: &PlannedTask, line: u32, wanted: impl Fn(&Look) -> bool) -> Result<u32, String> {
    planned.task.units[0]
        .probes
        .iter()
        .find(|probe| {
            let here = match probe.at {
                ProbePoint::AfterStatement {
                    first_line,
                    last_line,
                } => first_line <= line && line <= last_line,
                ProbePoint::AtLine { line: at, .. } => at == line,
            };
            here && wanted(&probe.look)
        })
        .map(|probe| probe.id)
        .ok_or_else(|| {
            format!(
                "no claim looks at line {line}: {:?}",
                planned.task.units[0].probes
            )
        })
}
