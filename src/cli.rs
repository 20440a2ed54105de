//! The command line. The only module that names `clap`.
//!
//! Arguments become the commands' own plain values here, and what a command
//! comes to becomes an exit status: 0 everything holds, 1 there are findings, 2
//! it could not run.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::command::check::{CachingAsked, CheckArguments, RunArguments};
use crate::command::drift::{DriftArguments, DriftFormat, FailOn};
use crate::command::explain::Target;
use crate::command::extract::{Effect, ExtractArguments};
use crate::command::pythons::PythonsFormat;
use crate::command::selection::UseConfiguration;
use crate::command::{
    Color, CommandError, Console, accept, check, clean, drift, explain, extract, init, pythons,
    update, watch,
};
use crate::configuration;
use crate::document::Format;
use crate::report::drift_table::Rows;
use crate::report::{Detail, ReportFormat, ReportOptions, ShowProse};
use crate::results::{SkippedIs, Status};

/// Reads the command line, runs the command and says how it went.
///
/// A command line that cannot be read is explained on standard error, and the
/// process ends with status 2.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line = CommandLine::parse_from(arguments);
    let console = Console::new(line.color.into());
    match line.run(console) {
        Ok(status) => ExitCode::from(status as u8),
        Err(error) => {
            console.error(&error.to_string());
            ExitCode::from(Status::CouldNotRun as u8)
        }
    }
}

/// Runs the Python snippets of a guide and holds what its comments claim against what happened.
#[derive(Debug, Parser)]
#[command(
    name = "trueprint",
    version,
    arg_required_else_help = true,
    after_help = "Exit status: 0 everything that was judged holds, 1 there are findings, 2 it could not run."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// When to write in colour
    #[arg(long, global = true, value_enum, default_value_t = When::Auto)]
    color: When,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the snippets of guides and judge what their comments claim
    Check(CheckLine),
    /// Show what is not the same on every interpreter
    Drift(DriftLine),
    /// Tell what was claimed, seen and concluded at a line of a guide, and by which rule
    Explain(ExplainLine),
    /// Write the snippets of guides to files that run by themselves
    Extract(ExtractLine),
    /// Write a commented trueprint.toml to begin with
    Init,
    /// Rewrite wrong claims in guides to what Python did, with glosses kept
    Update(UpdateLine),
    /// Propose expectations for claims that are wrong or never twice the same
    Accept(AcceptLine),
    /// List the Python interpreters that were found, and which one would be used
    Pythons(PythonsLine),
    /// Remove what is kept of earlier runs
    Clean,
}

#[derive(Debug, Args)]
struct CheckLine {
    /// The guides: files, or folders to look for guides in [default: the project's guides]
    #[arg(value_name = "GUIDE")]
    guides: Vec<PathBuf>,
    #[command(flatten)]
    run: RunLine,
    /// How the results are written
    #[arg(long, value_enum, default_value_t = OutputFormat::Terminal)]
    format: OutputFormat,
    /// List the comments that were read as prose
    #[arg(long)]
    show_prose: bool,
    /// Tell of every claim, also of those that hold
    #[arg(long, short)]
    verbose: bool,
    /// Fail when anything was skipped
    #[arg(long)]
    fail_on_skipped: bool,
    /// Stay, and check again what changes when a guide or an expectations file is saved
    #[arg(long)]
    watch: bool,
}

#[derive(Debug, Args)]
struct DriftLine {
    /// The guides: files, or folders to look for guides in [default: the project's guides]
    #[arg(value_name = "GUIDE")]
    guides: Vec<PathBuf>,
    #[command(flatten)]
    run: RunLine,
    /// How the drift is written
    #[arg(long, value_enum, default_value_t = ListFormat::Terminal)]
    format: ListFormat,
    /// Show drift too that the guide or its expectations document
    #[arg(long, short)]
    verbose: bool,
    /// Join reports that `drift --format json` made elsewhere instead of running anything; may be repeated
    #[arg(long, value_name = "REPORT", conflicts_with = "guides")]
    from: Vec<PathBuf>,
    /// A baseline: drift that is known
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write a baseline that knows all of the drift
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// What makes the run fail
    #[arg(long, value_enum, default_value_t = FailOnLine::Any, requires_if("new", "baseline"))]
    fail_on: FailOnLine,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOnLine {
    /// Any drift
    Any,
    /// Drift that the baseline does not know
    New,
    /// Nothing
    Never,
}

#[derive(Debug, Args)]
struct ExplainLine {
    /// The line: GUIDE:LINE, or GUIDE:cellN:LINE in a notebook
    #[arg(value_name = "GUIDE:LINE")]
    target: Target,
    #[command(flatten)]
    run: RunLine,
}

#[derive(Debug, Args)]
struct ExtractLine {
    /// The guides: files, or folders to look for guides in [default: the project's guides]
    #[arg(value_name = "GUIDE")]
    guides: Vec<PathBuf>,
    /// Change nothing; show how the files differ from the guides, and fail if they do
    #[arg(long)]
    check: bool,
    /// The folder of the files [default: the project's, or examples_py]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// How the guides are written [default: what their names tell]
    #[arg(long, value_enum, value_name = "FORMAT")]
    input_format: Option<InputFormat>,
    /// Do not look for trueprint.toml or pyproject.toml
    #[arg(long)]
    no_config: bool,
}

#[derive(Debug, Args)]
struct UpdateLine {
    /// The guides: files, or folders to look for guides in [default: the project's guides]
    #[arg(value_name = "GUIDE")]
    guides: Vec<PathBuf>,
    #[command(flatten)]
    run: RunLine,
    /// Show what would be changed, and change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct AcceptLine {
    /// The guides: files, or folders to look for guides in [default: the project's guides]
    #[arg(value_name = "GUIDE")]
    guides: Vec<PathBuf>,
    #[command(flatten)]
    run: RunLine,
    /// Show what would be proposed, and change nothing
    #[arg(long, conflicts_with = "all")]
    dry_run: bool,
    /// Take every proposal without asking
    #[arg(long)]
    all: bool,
    /// Propose what other Pythons answer, for claims that are not the same on all that are found, or
    /// on those that are named
    #[arg(long)]
    drift: bool,
}

#[derive(Debug, Args)]
struct PythonsLine {
    /// How the list is written
    #[arg(long, value_enum, default_value_t = ListFormat::Terminal)]
    format: ListFormat,
}

#[derive(Debug, Args)]
struct RunLine {
    /// A version (3.12), a range (3.9..3.13), a program or a virtual environment; may be repeated
    #[arg(long = "python", short = 'p', value_name = "PYTHON")]
    pythons: Vec<String>,
    /// How the guides are written [default: what their names tell]
    #[arg(long, value_enum, value_name = "FORMAT")]
    input_format: Option<InputFormat>,
    /// How many snippets run at a time [default: one a core]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// How long a snippet may take, such as 10s [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = configuration::duration)]
    timeout: Option<Duration>,
    /// Let snippets use the network
    #[arg(long)]
    network: bool,
    /// An expectations file, or a folder of them, beside the project's
    #[arg(long, value_name = "PATH")]
    expectations: Vec<PathBuf>,
    /// Do not look for trueprint.toml or pyproject.toml
    #[arg(long)]
    no_config: bool,
    /// Take unchanged snippets from earlier runs in continuous integration too
    #[arg(long, overrides_with_all = ["no_cache", "rerun"])]
    cache: bool,
    /// Run everything, and keep nothing for the next time
    #[arg(long, overrides_with_all = ["cache", "rerun"])]
    no_cache: bool,
    /// Run everything, and keep it for the next time
    #[arg(long, overrides_with_all = ["cache", "no_cache"])]
    rerun: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OutputFormat {
    /// For people
    Terminal,
    /// Everything, for machines
    Json,
    /// JUnit's XML
    Junit,
    /// Annotations in GitHub's workflows
    Github,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ListFormat {
    Terminal,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum InputFormat {
    Markdown,
    Text,
    Rst,
    Notebook,
    Asciidoc,
    Html,
    Python,
}

impl CommandLine {
    fn run(self, console: Console) -> Result<Status, CommandError> {
        match self.command {
            Command::Check(line) if line.watch => watch::run(&line.into(), console),
            Command::Check(line) => check::run(&line.into(), console),
            Command::Drift(line) => drift::run(&line.into(), console),
            Command::Explain(line) => {
                explain::run(&line.target, &line.run.arguments(Vec::new()), console)
            }
            Command::Extract(line) => extract::run(&line.into(), console),
            Command::Init => init::run(console),
            Command::Update(line) => {
                let effect = if line.dry_run {
                    update::Effect::Show
                } else {
                    update::Effect::Write
                };
                update::run(&line.run.arguments(line.guides), effect, console)
            }
            Command::Accept(line) => {
                let consent = match (line.dry_run, line.all) {
                    (true, _) => accept::Consent::Never,
                    (false, true) => accept::Consent::Always,
                    (false, false) => accept::Consent::Asked,
                };
                let arguments = line.run.arguments(line.guides);
                if line.drift {
                    accept::run_on_drift(&arguments, consent, console)
                } else {
                    accept::run(&arguments, consent, console)
                }
            }
            Command::Pythons(line) => pythons::run(line.format.into(), console),
            Command::Clean => clean::run(console),
        }
    }
}

impl From<CheckLine> for CheckArguments {
    fn from(line: CheckLine) -> Self {
        Self {
            run: line.run.arguments(line.guides),
            format: line.format.into(),
            options: ReportOptions {
                detail: if line.verbose {
                    Detail::Everything
                } else {
                    Detail::Findings
                },
                prose: if line.show_prose {
                    ShowProse::Listed
                } else {
                    ShowProse::Counted
                },
                skipped: if line.fail_on_skipped {
                    SkippedIs::AFinding
                } else {
                    SkippedIs::Counted
                },
            },
        }
    }
}

impl From<DriftLine> for DriftArguments {
    fn from(line: DriftLine) -> Self {
        Self {
            run: line.run.arguments(line.guides),
            from: line.from,
            format: match line.format {
                ListFormat::Terminal => DriftFormat::Terminal,
                ListFormat::Json => DriftFormat::Json,
            },
            rows: if line.verbose {
                Rows::AlsoDocumented
            } else {
                Rows::Drifting
            },
            baseline: line.baseline,
            write_baseline: line.write_baseline,
            fail_on: match line.fail_on {
                FailOnLine::Any => FailOn::Any,
                FailOnLine::New => FailOn::New,
                FailOnLine::Never => FailOn::Never,
            },
        }
    }
}

impl RunLine {
    fn arguments(self, guides: Vec<PathBuf>) -> RunArguments {
        RunArguments {
            guides,
            pythons: self.pythons,
            input_format: self.input_format.map(Format::from),
            jobs: self.jobs,
            timeout: self.timeout,
            network: self.network,
            expectations: self.expectations,
            configuration: use_configuration(self.no_config),
            caching: if self.no_cache {
                CachingAsked::Never
            } else if self.rerun {
                CachingAsked::Rerun
            } else if self.cache {
                CachingAsked::Always
            } else {
                CachingAsked::ByDefault
            },
        }
    }
}

impl From<ExtractLine> for ExtractArguments {
    fn from(line: ExtractLine) -> Self {
        Self {
            guides: line.guides,
            input_format: line.input_format.map(Format::from),
            output: line.output,
            effect: if line.check {
                Effect::Check
            } else {
                Effect::Write
            },
            configuration: use_configuration(line.no_config),
        }
    }
}

fn use_configuration(ignored: bool) -> UseConfiguration {
    if ignored {
        UseConfiguration::Ignored
    } else {
        UseConfiguration::Found
    }
}

impl From<When> for Color {
    fn from(when: When) -> Self {
        match when {
            When::Auto => Self::Auto,
            When::Always => Self::Always,
            When::Never => Self::Never,
        }
    }
}

impl From<OutputFormat> for ReportFormat {
    fn from(format: OutputFormat) -> Self {
        match format {
            OutputFormat::Terminal => Self::Terminal,
            OutputFormat::Json => Self::Json,
            OutputFormat::Junit => Self::Junit,
            OutputFormat::Github => Self::Github,
        }
    }
}

impl From<ListFormat> for PythonsFormat {
    fn from(format: ListFormat) -> Self {
        match format {
            ListFormat::Terminal => Self::Terminal,
            ListFormat::Json => Self::Json,
        }
    }
}

impl From<InputFormat> for Format {
    fn from(format: InputFormat) -> Self {
        match format {
            InputFormat::Markdown => Self::Markdown,
            InputFormat::Text => Self::PlainText,
            InputFormat::Rst => Self::ReStructuredText,
            InputFormat::Notebook => Self::Notebook,
            InputFormat::Asciidoc => Self::AsciiDoc,
            InputFormat::Html => Self::Html,
            InputFormat::Python => Self::Python,
        }
    }
}
