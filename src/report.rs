//! Reports: results as people and machines want them. One file a format.
//!
//! A report sees results only: no guide is read and no Python run here. Text
//! for people is written with ANSI styles; whoever owns the stream takes them
//! out where they are not wanted. What comes from a guide or from a snippet
//! reaches a terminal only through [`visible`].

pub mod visible;
pub mod difference;
pub mod drift_table;
pub mod terminal;
pub mod explanation;
pub mod interpreters;
pub mod json;
pub mod junit;
pub mod github;

use std::io;

use anstyle::{AnsiColor, Style};

use crate::results::{Results, SkippedIs};
use crate::verdict::Verdict;

/// Why a line such as `%matplotlib inline` is skipped.
const COMMAND_SKIPPED: &str = "only IPython understands it";

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// For people.
    Terminal,
    /// Everything, for machines.
    Json,
    /// For systems that read JUnit's XML.
    Junit,
    /// Workflow commands that GitHub shows beside the guide's lines.
    Github,
}

/// What a report shows beyond the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    /// How much is said of what is in order.
    pub detail: Detail,
    /// Whether comments that were read as prose are listed.
    pub prose: ShowProse,
    /// Whether what was skipped makes the run fail.
    pub skipped: SkippedIs,
}

/// How much a report says of what is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Findings, what was skipped, and counts.
    Findings,
    /// Every claim with its verdict, and output that nothing speaks of.
    Everything,
}

/// Whether comments that were read as prose are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowProse {
    /// They are listed.
    Listed,
    /// They are counted.
    Counted,
}

/// Writes results in the format asked for.
pub fn write(
    results: &Results,
    format: ReportFormat,
    options: ReportOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        ReportFormat::Terminal => terminal::write(results, options, out),
        ReportFormat::Json => json::write(results, out),
        ReportFormat::Junit => junit::write(results, options, out),
        ReportFormat::Github => github::write(results, options, out),
    }
}

/// Headings and names.
pub(crate) const STRONG: Style = Style::new().bold();
/// Line numbers and what is said by the way.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// What the guide says and does not happen.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// What happens.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What was not judged, or only with forgiveness.
pub(crate) const DOUBTFUL: Style = AnsiColor::Yellow.on_default();

/// The style of a verdict's name.
pub(crate) fn verdict_style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Holds => GOOD,
        Verdict::Tolerated | Verdict::Skipped => DOUBTFUL,
        Verdict::Wrong | Verdict::Unstable | Verdict::Unreached | Verdict::Blank => BAD,
    }
}

/// `1 claim`, `2 claims`.
pub(crate) fn counted(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}
