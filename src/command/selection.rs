//! Which guides a command works on: those that were named, those in a folder
//! that was named, or the project's.

use std::env;
use std::path::{Path, PathBuf};

use super::CommandError;
use crate::check::Source;
use crate::configuration::{self, Project};

/// Whether the project's configuration is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseConfiguration {
    /// It is, from the working directory upwards.
    Found,
    /// It is not.
    Ignored,
}

/// What a command works on.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The project, where there is one.
    pub project: Option<Project>,
    /// The guides.
    pub sources: Vec<Source>,
}

/// Names of files that are guides when they turn up in a folder. Python files
/// are checked only when they are named: most of them are programs.
const GUIDE_ENDINGS: [&str; 11] = [
    "md", "markdown", "mdx", "qmd", "rst", "ipynb", "adoc", "asciidoc", "html", "htm", "txt",
];

/// The project for the working directory.
pub fn project(configuration: UseConfiguration) -> Result<Option<Project>, CommandError> {
    match configuration {
        UseConfiguration::Ignored => Ok(None),
        UseConfiguration::Found => {
            let folder = env::current_dir().map_err(CommandError::WorkingDirectory)?;
            Ok(configuration::find(&folder)?)
        }
    }
}

/// The guides that were named on the command line, or else the project's.
pub fn select(
    named: &[PathBuf],
    configuration: UseConfiguration,
) -> Result<Selection, CommandError> {
    let project = project(configuration)?;
    let sources = if named.is_empty() {
        of_project(project.as_ref())?
    } else {
        let mut sources = Vec::new();
        for path in named {
            if path.is_dir() {
                let before = sources.len();
                in_folder(path, &mut sources)?;
                if sources.len() == before {
                    return Err(CommandError::NoGuide {
                        because: format!("{} has no file whose name is a guide's", path.display()),
                    });
                }
            } else {
                sources.push(Source::named(path.clone()));
            }
        }
        sources
    };
    Ok(Selection { project, sources })
}

fn of_project(project: Option<&Project>) -> Result<Vec<Source>, CommandError> {
    let Some(project) = project else {
        return Err(CommandError::NoGuide {
            because: format!(
                "neither {} nor [tool.trueprint] in {} was found here or above",
                configuration::OWN_FILE,
                configuration::PYTHON_FILE
            ),
        });
    };
    if project.settings.guides.is_empty() {
        return Err(CommandError::NoGuide {
            because: format!("{} has no `guides`", project.file.display()),
        });
    }
    let folder = env::current_dir().map_err(CommandError::WorkingDirectory)?;
    let guides = project.guides(&folder)?;
    Ok(guides.into_iter().map(Source::named).collect())
}

fn in_folder(folder: &Path, sources: &mut Vec<Source>) -> Result<(), CommandError> {
    let mut walk = ignore::WalkBuilder::new(folder);
    walk.require_git(false).sort_by_file_path(Path::cmp);
    for entry in walk.build() {
        let entry = entry.map_err(|error| CommandError::Walk {
            folder: folder.to_owned(),
            message: error.to_string(),
        })?;
        let path = entry.path();
        if is_guide(path) && path.is_file() {
            sources.push(Source::come_upon(path.to_owned()));
        }
    }
    Ok(())
}

/// Whether a file that turns up in a folder is a guide by its name.
pub fn is_guide(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| GUIDE_ENDINGS.contains(&ending))
}
