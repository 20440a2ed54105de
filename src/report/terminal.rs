//! The report for people: what is wrong, under the guide's own lines.
//!
//! What is in order is counted, not listed, unless everything is asked for.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::{
    BAD, COMMAND_SKIPPED, DOUBTFUL, Detail, FAINT, GOOD, ReportOptions, STRONG, ShowProse, counted,
    difference, verdict_style, visible,
};
use crate::document::Format;
use crate::position::Place;
use crate::results::{GuideResult, Results, SnippetResult, Status, Summary};
use crate::verdict::{Failure, Judgement, SnippetStatus, Unclaimed, Verdict};

/// The most lines of the guide that are shown of one statement.
const MOST_SOURCE_LINES: usize = 8;

/// Writes the whole report. The guides that could not be judged are only counted
/// in it: why is no result, and is told elsewhere. Where no guide could be
/// judged, there is nothing to report.
pub fn write(results: &Results, options: ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    for guide in &results.guides {
        write_guide(guide, options, out)?;
    }
    for error in &results.expectation_errors {
        let place = match error.line {
            Some(line) => format!("{}:{line}", path(&error.file)),
            None => path(&error.file),
        };
        writeln!(
            out,
            "{place}: {BAD}{}{BAD:#}",
            visible::text(&error.message)
        )?;
        if let Some(help) = &error.help {
            writeln!(out, "  {FAINT}help:{FAINT:#} {}", visible::text(help))?;
        }
        writeln!(out)?;
    }
    if results.guides.is_empty() {
        return Ok(());
    }
    let summary = results.summary();
    write_advice(results, &summary, out)?;
    write_summary(results, &summary, options, out)
}

/// A guide's lines from `first` to `last`, each with its number; all but the
/// ends of a long run is left out.
pub(super) fn write_source(
    snippet: &SnippetResult,
    first: Place,
    last: Place,
    out: &mut dyn Write,
) -> io::Result<()> {
    let count = (last.line.index() + 1).saturating_sub(first.line.index());
    let hidden = count.saturating_sub(MOST_SOURCE_LINES);
    for offset in 0..count {
        let place = first.plus(offset);
        let Some(line) = snippet.line_at(place) else {
            continue;
        };
        let from = MOST_SOURCE_LINES / 2;
        if hidden > 0 && offset == from {
            writeln!(out, "{FAINT}{:>6} │ … {hidden} lines{FAINT:#}", "")?;
        }
        if hidden > 0 && (from..from + hidden).contains(&offset) {
            continue;
        }
        let line = visible::shortened_source(line);
        writeln!(
            out,
            "{FAINT}{:>6} │{FAINT:#} {}",
            place.line,
            line.trim_end()
        )?;
    }
    Ok(())
}

/// The margin under a source line.
pub(super) fn margin() -> String {
    format!("{FAINT}{:>6} │{FAINT:#}", "")
}

/// The first line in the guide that a claim and its statement take up.
pub(super) fn first_line(snippet: &SnippetResult, claim: &Judgement) -> Place {
    match claim.statement {
        Some(statement) => {
            let statement = snippet.place_of(statement.first);
            if statement.cell == claim.place.cell {
                statement.min(claim.place)
            } else {
                claim.place
            }
        }
        None => claim.place,
    }
}

/// A path, safe to show.
pub(super) fn path(path: &Path) -> String {
    visible::text(&path.to_string_lossy())
}

/// A duration as people read it.
pub(super) fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if seconds < 0.0995 {
        format!("{:.0} ms", seconds * 1000.0)
    } else if seconds < 99.95 {
        format!("{seconds:.1} s")
    } else {
        format!(
            "{} min {} s",
            elapsed.as_secs() / 60,
            elapsed.as_secs() % 60
        )
    }
}

fn write_guide(guide: &GuideResult, options: ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut body: Vec<u8> = Vec::new();
    for finding in &guide.findings {
        writeln!(
            body,
            "{}:{}: {BAD}{}{BAD:#}",
            path(&guide.path),
            finding.place,
            visible::text(&finding.message)
        )?;
        if let Some(help) = &finding.help {
            writeln!(body, "  {FAINT}help:{FAINT:#} {}", visible::text(help))?;
        }
        writeln!(body)?;
    }
    for snippet in &guide.snippets {
        write_snippet(guide, snippet, options, &mut body)?;
    }
    write_skipped(guide, &mut body)?;
    if body.is_empty() {
        return Ok(());
    }
    writeln!(out, "{STRONG}{}{STRONG:#}\n", path(&guide.path))?;
    out.write_all(&body)
}

fn write_snippet(
    guide: &GuideResult,
    snippet: &SnippetResult,
    options: ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let everything = options.detail == Detail::Everything;
    let prose = options.prose == ShowProse::Listed && !snippet.verdict.prose.is_empty();
    if !snippet.has_findings() && !everything && !prose {
        return Ok(());
    }
    write_snippet_heading(snippet, everything, out)?;
    let mut entries: Vec<(Place, Entry<'_>)> = Vec::new();
    for failure in &snippet.verdict.failures {
        entries.push((failure.place, Entry::Failure(failure)));
    }
    for claim in &snippet.verdict.claims {
        if claim.verdict.is_finding() {
            entries.push((claim.place, Entry::Finding(claim)));
        } else if everything {
            entries.push((claim.place, Entry::InOrder(claim)));
        }
    }
    if options.prose == ShowProse::Listed {
        for comment in &snippet.verdict.prose {
            entries.push((comment.place, Entry::Said("prose", &comment.comment)));
        }
    }
    if everything {
        for Unclaimed { place, output } in &snippet.verdict.unclaimed {
            entries.push((
                *place,
                Entry::Said("output that no comment speaks of", output),
            ));
        }
        for Unclaimed { place, output } in &snippet.verdict.warnings {
            entries.push((*place, Entry::Said("warning", output)));
        }
    }
    entries.sort_by_key(|(place, _)| *place);
    let file = format!("  {}", path(&guide.path));
    // What follows from an earlier failure is told in one line, unless everything
    // is asked for: mending the cause comes first.
    let mut follows: Vec<(Place, Consequences)> = Vec::new();
    let mut one_liners = false;
    for (place, entry) in &entries {
        let cause = match entry {
            Entry::Failure(failure) => failure.follows_from,
            Entry::Finding(claim) => claim.follows_from,
            Entry::InOrder(_) | Entry::Said(..) => None,
        };
        if let Some(cause) = cause.filter(|_| !everything) {
            let known = follows.iter().position(|(known, _)| *known == cause);
            let index = known.unwrap_or_else(|| {
                follows.push((cause, Consequences::default()));
                follows.len() - 1
            });
            let consequences = &mut follows[index].1;
            match entry {
                Entry::Finding(_) => consequences.wrong.push(place.to_string()),
                Entry::Failure(_) | Entry::InOrder(_) | Entry::Said(..) => {
                    consequences.failed.push(place.to_string());
                }
            }
            continue;
        }
        match entry {
            Entry::Failure(failure) => write_failure(&file, snippet, failure, out)?,
            Entry::Finding(claim) => write_finding(&file, snippet, claim, out)?,
            Entry::InOrder(claim) => {
                one_liners = true;
                write_in_order(claim, out)?;
            }
            Entry::Said(what, text) => {
                one_liners = true;
                writeln!(
                    out,
                    "{FAINT}{place:>6} │ {what}:{FAINT:#} {}",
                    visible::one_line(text, 100)
                )?;
            }
        }
    }
    for (cause, Consequences { wrong, failed }) in follows {
        for (places, one, several) in [(wrong, "is wrong", "are wrong"), (failed, "fails", "fail")]
        {
            let (what, verb) = match places.as_slice() {
                [] => continue,
                [_] => ("line", one),
                _ => ("lines", several),
            };
            writeln!(
                out,
                "  {FAINT}{what} {} {verb} too, which follows from line {cause}{FAINT:#}\n",
                listed(&places)
            )?;
        }
    }
    if one_liners {
        writeln!(out)?;
    }
    Ok(())
}

/// What follows from one failure: the places of claims and of statements.
#[derive(Default)]
struct Consequences {
    wrong: Vec<String>,
    failed: Vec<String>,
}

/// What is told of a snippet, by its place.
enum Entry<'results> {
    Failure(&'results Failure),
    Finding(&'results Judgement),
    InOrder(&'results Judgement),
    Said(&'static str, &'results str),
}

fn write_snippet_heading(
    snippet: &SnippetResult,
    with_time: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let lines = if snippet.place == snippet.last_place {
        format!("line {}", snippet.place)
    } else {
        format!("lines {} to {}", snippet.place, snippet.last_place)
    };
    let time = match snippet.elapsed {
        Some(elapsed) if with_time => format!(", {}", duration(elapsed)),
        Some(_) | None => String::new(),
    };
    write!(
        out,
        "  {STRONG}{}{STRONG:#}",
        visible::text(snippet.id.as_str())
    )?;
    write!(out, "{FAINT}, {lines}{time}")?;
    match &snippet.verdict.status {
        SnippetStatus::Ran => {}
        SnippetStatus::Failed => write!(out, ", failed")?,
        SnippetStatus::Skipped { reason } => {
            write!(out, ", skipped: {}", visible::one_line(reason, 120))?;
        }
    }
    writeln!(out, "{FAINT:#}\n")?;
    for note in &snippet.verdict.notes {
        writeln!(
            out,
            "  {FAINT}note:{FAINT:#} {}\n",
            visible::one_line(note, 200)
        )?;
    }
    Ok(())
}

fn write_failure(
    file: &str,
    snippet: &SnippetResult,
    failure: &Failure,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{file}:{}: {BAD}failed{BAD:#}", failure.place)?;
    write_source(snippet, failure.place, failure.place, out)?;
    let margin = margin();
    let mut lines = failure.message.lines();
    let first = lines.next().unwrap_or_default();
    writeln!(out, "{margin} {BAD}{}{BAD:#}", visible::shortened(first))?;
    for line in lines.take(MOST_SOURCE_LINES) {
        writeln!(out, "{margin} {}", visible::shortened(line))?;
    }
    if let Some(cause) = failure.follows_from {
        writeln!(
            out,
            "{margin} {FAINT}follows from what failed at line {cause}{FAINT:#}"
        )?;
    }
    writeln!(out)
}

fn write_finding(
    file: &str,
    snippet: &SnippetResult,
    claim: &Judgement,
    out: &mut dyn Write,
) -> io::Result<()> {
    let what = match claim.verdict {
        Verdict::Wrong => "the guide says something else than Python",
        Verdict::Unstable => "what it shows varies, and the guide does not say so",
        Verdict::Unreached => "this never happened",
        Verdict::Blank => "the comment has lost its text",
        Verdict::Holds => "this is so",
        Verdict::Tolerated => "this is nearly so",
        Verdict::Skipped => "this could not be judged here",
    };
    writeln!(
        out,
        "{file}:{}: {BAD}{}{BAD:#}: {what}",
        claim.place,
        claim.verdict.name()
    )?;
    let margin = margin();
    write_source(snippet, first_line(snippet, claim), claim.last_place, out)?;
    match claim.verdict {
        Verdict::Blank => {
            let seen = claim.actual.as_deref().unwrap_or_default();
            writeln!(
                out,
                "{margin} Python  {GOOD}{}{GOOD:#}",
                visible::one_line(seen, 120)
            )?;
        }
        Verdict::Unreached | Verdict::Skipped => {
            writeln!(
                out,
                "{margin} guide   {}",
                visible::one_line(&claim.expected, 120)
            )?;
        }
        Verdict::Wrong | Verdict::Unstable | Verdict::Holds | Verdict::Tolerated => {
            let seen = claim.actual.as_deref().unwrap_or_default();
            difference::write(&claim.expected, seen, &margin, out)?;
        }
    }
    // The heading of a blank one says it all.
    let reason = claim
        .reason
        .as_ref()
        .filter(|_| claim.verdict != Verdict::Blank);
    if let Some(reason) = reason {
        let lines: Vec<&str> = reason.lines().collect();
        let shown = if lines.len() > MOST_SOURCE_LINES + 1 {
            MOST_SOURCE_LINES
        } else {
            lines.len()
        };
        for line in &lines[..shown] {
            writeln!(out, "{margin} {FAINT}{}{FAINT:#}", visible::shortened(line))?;
        }
        if shown < lines.len() {
            let rest = lines.len() - shown;
            writeln!(out, "{margin} {FAINT}… {rest} lines more{FAINT:#}")?;
        }
    }
    writeln!(out)
}

fn write_in_order(claim: &Judgement, out: &mut dyn Write) -> io::Result<()> {
    let style = verdict_style(claim.verdict);
    write!(
        out,
        "{FAINT}{:>6} │{FAINT:#} {style}{}{style:#} {}",
        claim.place,
        claim.verdict.name(),
        visible::one_line(&claim.comment, 70)
    )?;
    if let Some(reason) = &claim.reason {
        write!(out, " {FAINT}({}){FAINT:#}", visible::one_line(reason, 100))?;
    }
    writeln!(out)
}

/// What was skipped, put together by reason, since one missing module often
/// skips a whole page.
fn write_skipped(guide: &GuideResult, out: &mut dyn Write) -> io::Result<()> {
    struct Group<'results> {
        reason: &'results str,
        snippets: Vec<String>,
        claims: Vec<String>,
        commands: Vec<String>,
    }
    enum What {
        Snippet(String),
        Claim(String),
        Command(String),
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut add = |reason, what| {
        let known = groups.iter().position(|group| group.reason == reason);
        let index = known.unwrap_or_else(|| {
            groups.push(Group {
                reason,
                snippets: Vec::new(),
                claims: Vec::new(),
                commands: Vec::new(),
            });
            groups.len() - 1
        });
        match what {
            What::Snippet(lines) => groups[index].snippets.push(lines),
            What::Claim(line) => groups[index].claims.push(line),
            What::Command(line) => groups[index].commands.push(line),
        }
    };
    for snippet in &guide.snippets {
        if let SnippetStatus::Skipped { reason } = &snippet.verdict.status {
            let lines = if snippet.place == snippet.last_place {
                snippet.place.to_string()
            } else {
                format!("{}-{}", snippet.place, snippet.last_place)
            };
            add(reason, What::Snippet(lines));
        }
        for claim in &snippet.verdict.claims {
            if claim.verdict == Verdict::Skipped {
                let reason = claim.reason.as_deref().unwrap_or("no reason was given");
                add(reason, What::Claim(claim.place.to_string()));
            }
        }
        for place in &snippet.commands {
            add(COMMAND_SKIPPED, What::Command(place.to_string()));
        }
    }
    for group in &groups {
        writeln!(
            out,
            "  {DOUBTFUL}skipped{DOUBTFUL:#}: {}",
            visible::one_line(group.reason, 140)
        )?;
        for (lines, what) in [
            (&group.snippets, "snippet"),
            (&group.claims, "claim"),
            (&group.commands, "line"),
        ] {
            if !lines.is_empty() {
                writeln!(
                    out,
                    "  {FAINT}{} at {}{FAINT:#}",
                    counted(lines.len(), what),
                    listed(lines)
                )?;
            }
        }
    }
    if !groups.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

fn listed(lines: &[String]) -> String {
    const MOST: usize = 12;
    let shown = lines.iter().take(MOST).map(String::as_str);
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if lines.len() > MOST {
        text.push_str(&format!(" and {} more", lines.len() - MOST));
    }
    text
}

/// What an author can do about each kind of finding that turned up.
fn write_advice(results: &Results, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let guide = match results.guides.as_slice() {
        [only] => path(&only.path),
        _ => "GUIDE".to_owned(),
    };
    let mut advice: Vec<(&str, String)> = Vec::new();
    for verdict in Verdict::ALL {
        if summary.count(verdict) == 0 {
            continue;
        }
        let what = match verdict {
            Verdict::Wrong => {
                // What a notebook stores is its own to write.
                let updated = results
                    .guides
                    .iter()
                    .any(|guide| guide.format != Format::Notebook && has(guide, Verdict::Wrong));
                let stored = results
                    .guides
                    .iter()
                    .any(|guide| guide.format == Format::Notebook && has(guide, Verdict::Wrong));
                let mut what = "correct the comment, or the code".to_owned();
                if updated {
                    what.push_str(&format!(
                        "; `trueprint update {guide}` writes what Python did"
                    ));
                }
                if stored {
                    what.push_str("; run a notebook again and save it");
                }
                what
            }
            Verdict::Unstable => format!(
                "mark it in the guide (~, \"for example\"), or document it: `trueprint accept {guide}`"
            ),
            Verdict::Unreached => {
                "let the statement run, or take the claim away; a failure above it may be the cause"
                    .to_owned()
            }
            Verdict::Blank => {
                "write again what the comment said; web pages eat what stands in <…>".to_owned()
            }
            Verdict::Holds | Verdict::Tolerated | Verdict::Skipped => continue,
        };
        advice.push((verdict.name(), what));
    }
    if summary.failures > 0 {
        advice.push((
            "failed",
            "mend the code, or say what it raises: `# TypeError: …` behind the statement"
                .to_owned(),
        ));
    }
    if advice.is_empty() {
        return Ok(());
    }
    writeln!(out, "{STRONG}What you can do{STRONG:#}")?;
    for (name, what) in advice {
        writeln!(out, "  {name:<10} {what}")?;
    }
    writeln!(
        out,
        "  {FAINT}`trueprint explain GUIDE:LINE` tells how a line was read and judged{FAINT:#}\n"
    )
}

fn write_summary(
    results: &Results,
    summary: &Summary,
    options: ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let row = |out: &mut dyn Write, name: &str, total: usize, parts: &[String]| {
        writeln!(out, "{name:<10}{total:>5}  {}", parts.join(", "))
    };
    if summary.guides != 1 || summary.problems > 0 || !results.without_snippets.is_empty() {
        let mut parts = vec![format!("{} checked", summary.guides)];
        if summary.problems > 0 {
            parts.push(format!("{} could not be checked", summary.problems));
        }
        if !results.without_snippets.is_empty() {
            parts.push(format!(
                "{} without a snippet",
                results.without_snippets.len()
            ));
        }
        let all = summary.guides + summary.problems + results.without_snippets.len();
        row(out, "Guides", all, &parts)?;
    }
    let mut parts = vec![
        format!("{} ran", summary.ran),
        format!("{} failed", summary.failed),
        format!("{} skipped", summary.snippets_skipped),
    ];
    if summary.reused > 0 {
        parts.push(format!("{} unchanged since an earlier run", summary.reused));
    }
    row(out, "Snippets", summary.snippets, &parts)?;
    let mut parts = Vec::new();
    for verdict in Verdict::ALL {
        let count = summary.count(verdict);
        let said = match verdict {
            Verdict::Holds if count != 1 => "hold",
            _ => verdict.name(),
        };
        let style = match count {
            0 => FAINT,
            _ => verdict_style(verdict),
        };
        parts.push(format!("{style}{count} {said}{style:#}"));
    }
    row(out, "Claims", summary.claims, &parts)?;
    let mut parts = vec![
        format!("{} read as prose", counted(summary.prose, "comment")),
        format!("{} without a claim", counted(summary.unclaimed, "output")),
        counted(summary.warnings, "warning"),
    ];
    if summary.commands_skipped > 0 {
        let lines = counted(summary.commands_skipped, "line");
        parts.push(format!("{lines} for IPython skipped"));
    }
    let all = summary.prose + summary.unclaimed + summary.warnings + summary.commands_skipped;
    row(out, "Besides", all, &parts)?;
    writeln!(
        out,
        "{FAINT}Python {} ({}), {}{FAINT:#}",
        results.python.version,
        path(&results.python.executable),
        duration(results.elapsed)
    )?;
    let findings = summary.all_findings();
    let verdict = match results.status(options.skipped) {
        Status::CouldNotRun if results.interrupted => {
            format!("{BAD}Interrupted: what had been judged until then is above.{BAD:#}")
        }
        Status::CouldNotRun => format!(
            "{BAD}{} could not be checked{}.{BAD:#}",
            counted(summary.problems, "guide"),
            match findings {
                0 => String::new(),
                _ => format!(", and there {}", are_findings(findings)),
            }
        ),
        Status::Findings if findings == 0 => format!(
            "{BAD}Nothing is wrong, but something was skipped, and --fail-on-skipped is given.{BAD:#}"
        ),
        Status::Findings => format!("{BAD}There {}.{BAD:#}", are_findings(findings)),
        Status::Holds if summary.claims == 0 => {
            format!("{DOUBTFUL}Nothing failed, but the guide claims nothing.{DOUBTFUL:#}")
        }
        Status::Holds if summary.count(Verdict::Skipped) == summary.claims => {
            format!("{DOUBTFUL}Nothing failed, but nothing could be judged.{DOUBTFUL:#}")
        }
        Status::Holds if summary.all_skipped() > 0 => {
            format!("{GOOD}Everything that could be judged holds.{GOOD:#}")
        }
        Status::Holds => format!("{GOOD}Everything holds.{GOOD:#}"),
    };
    writeln!(out, "{verdict}")
}

fn has(guide: &GuideResult, verdict: Verdict) -> bool {
    let mut claims = guide
        .snippets
        .iter()
        .flat_map(|snippet| &snippet.verdict.claims);
    claims.any(|claim| claim.verdict == verdict)
}

fn are_findings(count: usize) -> String {
    match count {
        1 => "is 1 finding".to_owned(),
        _ => format!("are {count} findings"),
    }
}
