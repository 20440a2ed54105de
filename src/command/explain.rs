//! `trueprint explain`: what was claimed, seen and concluded at one line.

use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use super::check::{RunArguments, check_one, prepare};
use super::{CommandError, Console};
use crate::position::Place;
use crate::report::explanation::{self, Explained};
use crate::results::Status;

/// A line of a guide, written `GUIDE:LINE`, or `GUIDE:cellN:LINE` in a notebook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The guide.
    pub guide: PathBuf,
    /// The line.
    pub place: Place,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!(
                "`{text}` is no line of a guide; write GUIDE:LINE, or GUIDE:cellN:LINE in a notebook"
            )
        };
        let (mut guide, line) = text.rsplit_once(':').ok_or_else(wrong)?;
        let mut place = line;
        if let Some((shorter, cell)) = guide.rsplit_once(':')
            && cell.starts_with("cell")
        {
            guide = shorter;
            place = &text[shorter.len() + 1..];
        }
        let place: Place = place.parse().map_err(|_| wrong())?;
        if guide.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            guide: PathBuf::from(guide),
            place,
        })
    }
}

/// Runs the command: the line's guide is checked, and what concerns the line is
/// told, for each interpreter that was asked for.
pub fn run(
    target: &Target,
    arguments: &RunArguments,
    console: Console,
) -> Result<Status, CommandError> {
    let arguments = RunArguments {
        guides: vec![target.guide.clone()],
        ..arguments.clone()
    };
    let prepared = prepare(&arguments, console)?;
    let mut status = Status::Holds;
    for settings in &prepared.settings {
        let results = check_one(
            &prepared.selection.sources,
            settings,
            &prepared.interrupt,
            console,
        )?;
        let mut out = console.results();
        let Some(guide) = results.guides.first() else {
            return Ok(Status::CouldNotRun);
        };
        let explained = explanation::write(&results, guide, target.place, &mut out);
        let flushed = out.flush();
        drop(out);
        match explained {
            Ok(Explained::Yes) => {}
            Ok(Explained::NothingThere) => {
                let snippets = guide.snippets.iter();
                let nearest = snippets.min_by_key(|snippet| {
                    snippet.place.line.get().abs_diff(target.place.line.get())
                });
                let help = match nearest {
                    Some(nearest) => format!(
                        "the nearest snippet is `{}` at lines {} to {}",
                        nearest.id, nearest.place, nearest.last_place
                    ),
                    None => "it has no snippets".to_owned(),
                };
                console.error(&format!(
                    "line {} of {} is in no snippet and shows no output; {help}",
                    target.place,
                    target.guide.display()
                ));
                status = Status::CouldNotRun;
            }
            Err(error) => super::written(Err(error))?,
        }
        super::written(flushed)?;
    }
    Ok(status)
}
