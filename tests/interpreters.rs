//! Which interpreter is taken, in worlds that are made for the purpose: the
//! Pythons in them are scripts that say what they are. Each file in
//! `tests/interpreters/` is such a world with what has to be found in it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use trueprint::interpreter::{Found, InterpreterError, Request, Search, Surroundings, discover};

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interpreters");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the cases are there")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    cases.sort();
    let trials = cases
        .into_iter()
        .map(|case| {
            let name = case
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            Trial::test(name, move || check(&case))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// A world, a question, and the answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// `default`, `all`, `supported`, or what `--python` was given.
    search: Vec<String>,
    /// Variables of the environment; `@` stands for the world's root.
    #[serde(default)]
    environment: BTreeMap<String, String>,
    /// The working directory, below the root.
    #[serde(default)]
    directory: String,
    /// Folders that are looked through beside `PATH`.
    #[serde(default)]
    system_folders: Vec<String>,
    #[serde(default)]
    python: Vec<Python>,
    /// Files and what they hold.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Programs that are scripts, and what they do.
    #[serde(default)]
    scripts: BTreeMap<String, String>,
    /// Symbolic links, and what they lead to, below the root.
    #[serde(default)]
    links: BTreeMap<String, String>,
    expect: Expect,
}

/// A program that says what it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Python {
    path: String,
    version: [u16; 3],
    #[serde(default)]
    implementation: Option<String>,
    #[serde(default)]
    free_threaded: bool,
    /// Whether its shared library is there.
    #[serde(default)]
    static_only: bool,
    /// Where it is installed, below the root: the folder above its own.
    #[serde(default)]
    prefix: Option<String>,
    /// For one in a virtual environment.
    #[serde(default)]
    base_prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// `path version` of each, in order.
    #[serde(default)]
    usable: Vec<String>,
    /// `path: a part of the reason`, and a part of the help behind ` -> `.
    #[serde(default)]
    unusable: Vec<String>,
    /// The path of the default.
    default: Option<String>,
    /// A part of each note.
    #[serde(default)]
    notes: Vec<String>,
    /// A part of the message when there is nothing to go on with.
    error: Option<String>,
}

fn check(file: &Path) -> Result<(), Failed> {
    let case: Case = toml::from_str(&std::fs::read_to_string(file)?)?;
    let world = tempfile::tempdir()?;
    let root = world.path().canonicalize()?;
    build(&case, &root)?;
    let placed = |text: &str| text.replace('@', &root.to_string_lossy());
    let mut environment: BTreeMap<_, _> = case
        .environment
        .iter()
        .map(|(name, value)| (name.into(), placed(value).into()))
        .collect();
    environment
        .entry("HOME".into())
        .or_insert_with(|| root.join("home").into());
    let surroundings = Surroundings {
        working_directory: root.join(&case.directory),
        environment,
        memory: Some(root.join("memory")),
        system_folders: case
            .system_folders
            .iter()
            .map(|path| root.join(path))
            .collect(),
    };
    let ask = || -> Result<Found, InterpreterError> {
        let search = match case.search.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["default"] => Search::Default,
            ["all"] => Search::All,
            ["supported"] => Search::Supported,
            ref requests => Search::Named(
                requests
                    .iter()
                    .map(|request| Request::from_str(&placed(request)))
                    .collect::<Result<_, _>>()?,
            ),
        };
        discover(&search, &surroundings)
    };
    compare(&case.expect, ask(), &root)?;
    // What is remembered must give the same, and so must what is damaged.
    compare(&case.expect, ask(), &root).map_err(|failed| again("remembered", &failed))?;
    if let Ok(entries) = std::fs::read_dir(root.join("memory")) {
        for entry in entries {
            std::fs::write(entry?.path(), "{\"program\":")?;
        }
    }
    compare(&case.expect, ask(), &root).map_err(|failed| again("damaged", &failed))
}

fn again(what: &str, failed: &Failed) -> Failed {
    format!("{what}: {}", failed.message().unwrap_or_default()).into()
}

fn build(case: &Case, root: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(root.join("home"))?;
    std::fs::create_dir_all(root.join(&case.directory))?;
    let write = |path: &str, text: &str| -> Result<PathBuf, Failed> {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(root))?;
        std::fs::write(&path, text)?;
        Ok(path)
    };
    let program = |path: &str, text: &str| -> Result<(), Failed> {
        let path = write(path, text)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        Ok(())
    };
    for (path, text) in &case.files {
        write(path, text)?;
    }
    for (path, text) in &case.scripts {
        let text = text.replace('@', &root.to_string_lossy());
        program(path, &format!("#!/bin/sh\n{text}\n"))?;
    }
    for python in &case.python {
        let folder = Path::new(&python.path).parent().and_then(Path::parent);
        let prefix = match &python.prefix {
            Some(prefix) => root.join(prefix),
            None => root.join(folder.unwrap_or(Path::new(""))),
        };
        let base = python
            .base_prefix
            .as_ref()
            .map_or(prefix.clone(), |base| root.join(base));
        let [major, minor, _] = python.version;
        let library = format!("libpython{major}.{minor}.so.1.0");
        if !python.static_only {
            write(&base.join("lib").join(&library).to_string_lossy(), "")?;
        }
        let facts = serde_json::json!({
            "trueprint": 1,
            "version": python.version,
            "implementation": python.implementation.as_deref().unwrap_or("CPython"),
            "build": "made for a test",
            "executable": root.join(&python.path),
            "prefix": prefix,
            "base_prefix": base,
            "import_path": [],
            "abi_flags": "",
            "free_threaded": python.free_threaded,
            "library_folder": base.join("lib"),
            "library_names": [if python.static_only { "libpython.a".to_owned() } else { library }],
            "multiarch": "",
            "standard_modules": ["abc", "os"],
        });
        program(
            &python.path,
            &format!("#!/bin/sh\nprintf '%s\\n' '{facts}'\n"),
        )?;
    }
    for (link, target) in &case.links {
        let link = root.join(link);
        std::fs::create_dir_all(link.parent().unwrap_or(root))?;
        std::os::unix::fs::symlink(root.join(target), link)?;
    }
    Ok(())
}

fn compare(
    expect: &Expect,
    answer: Result<Found, InterpreterError>,
    root: &Path,
) -> Result<(), Failed> {
    let below = |path: &Path| -> String {
        path.strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    let found = match (answer, &expect.error) {
        (Ok(found), None) => found,
        (Ok(found), Some(error)) => {
            return Err(format!("{found:?} instead of the error `{error}`").into());
        }
        (Err(error), Some(expected)) if error.to_string().contains(expected) => return Ok(()),
        (Err(error), _) => return Err(format!("unexpected error: {error}").into()),
    };
    let usable: Vec<String> = found
        .usable
        .iter()
        .map(|one| format!("{} {}", below(&one.executable), one.version))
        .collect();
    same("usable", &usable, &expect.usable, |is, wanted| is == wanted)?;
    let unusable: Vec<String> = found
        .unusable
        .iter()
        .map(|one| {
            let help = one.help.as_deref().unwrap_or_default();
            format!("{}: {} -> {help}", below(&one.executable), one.reason)
        })
        .collect();
    same("unusable", &unusable, &expect.unusable, |is, wanted| {
        let parts = wanted.split(" -> ").flat_map(|part| part.split(": "));
        parts.into_iter().all(|part| is.contains(part))
    })?;
    same("notes", &found.notes, &expect.notes, |is, wanted| {
        is.contains(wanted)
    })?;
    let default = found
        .default
        .map(|index| below(&found.usable[index].executable));
    if default != expect.default {
        return Err(format!("the default is {default:?}, not {:?}", expect.default).into());
    }
    Ok(())
}

fn same(
    what: &str,
    is: &[String],
    wanted: &[String],
    fits: impl Fn(&str, &str) -> bool,
) -> Result<(), Failed> {
    let equal =
        is.len() == wanted.len() && is.iter().zip(wanted).all(|(is, wanted)| fits(is, wanted));
    if equal {
        Ok(())
    } else {
        Err(format!("{what}: {is:#?} instead of {wanted:#?}").into())
    }
}
