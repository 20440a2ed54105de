//! The layout of `src/` keeps its promises: modules import only from above,
//! three names stay behind their fences, and every module says what it does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A source file of the library.
struct SourceFile {
    /// Relative to `src/`, such as `report/json.rs`.
    name: String,
    /// The path of the module, such as `["report", "json"]`.
    module: Vec<String>,
    text: String,
    tokens: TokenStream,
}

fn source_files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut pending = vec![root.clone()];
    let mut paths: Vec<PathBuf> = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).expect("src/ can be listed") {
            let path = entry.expect("src/ can be listed").path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let files: Vec<SourceFile> = paths
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(&root).expect("it lies below src/");
            let text = fs::read_to_string(&path).expect("sources are UTF-8");
            SourceFile {
                name: relative.display().to_string(),
                module: relative
                    .with_extension("")
                    .iter()
                    .map(|part| part.to_string_lossy().into_owned())
                    .collect(),
                tokens: text.parse().expect("sources are Rust"),
                text,
            }
        })
        .collect();
    assert!(files.len() > 20, "only {} source files found", files.len());
    files
}

/// The modules of `lib.rs`, each with its place in the reading order.
fn reading_order(files: &[SourceFile]) -> BTreeMap<String, usize> {
    let library = files
        .iter()
        .find(|file| file.name == "lib.rs")
        .expect("there is a lib.rs");
    let tokens: Vec<TokenTree> = library.tokens.clone().into_iter().collect();
    let order: BTreeMap<String, usize> = tokens
        .windows(3)
        .filter_map(|window| match window {
            [
                TokenTree::Ident(keyword),
                TokenTree::Ident(name),
                TokenTree::Punct(end),
            ] if keyword == "mod" && end.as_char() == ';' => Some(name.to_string()),
            _ => None,
        })
        .enumerate()
        .map(|(place, name)| (name, place))
        .collect();
    assert!(
        order.len() > 10,
        "lib.rs lists only {} modules",
        order.len()
    );
    order
}

/// The top-level modules of this crate that a file names in paths.
fn imported_modules(file: &SourceFile) -> Vec<String> {
    let mut imported = Vec::new();
    collect_imports(&file.tokens, &file.module, &mut imported);
    imported.sort();
    imported.dedup();
    imported
}

fn collect_imports(tokens: &TokenStream, module: &[String], imported: &mut Vec<String>) {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        if let TokenTree::Group(group) = tree {
            collect_imports(&group.stream(), module, imported);
        }
        let begins_path =
            at == 0 || !matches!(&trees[at - 1], TokenTree::Punct(punct) if punct.as_char() == ':');
        if let (true, TokenTree::Ident(ident)) = (begins_path, tree) {
            // How many names of the module's own path still stand before the rest.
            let mut depth = match ident.to_string().as_str() {
                "crate" => 0,
                "super" => module.len().saturating_sub(1),
                _ => continue,
            };
            let mut next = skip_colons(&trees, at + 1);
            while let Some(TokenTree::Ident(word)) = next.and_then(|next| trees.get(next))
                && *word == "super"
            {
                depth = depth.saturating_sub(1);
                next = next.and_then(|next| skip_colons(&trees, next + 1));
            }
            if depth > 0 {
                continue;
            }
            match next.and_then(|next| trees.get(next)) {
                Some(TokenTree::Ident(name)) => imported.push(name.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    imported.extend(first_names(&group.stream()));
                }
                _ => {}
            }
        }
    }
}

/// The index behind `::`, where the path goes on there.
fn skip_colons(trees: &[TokenTree], at: usize) -> Option<usize> {
    let is_colon = |tree: Option<&TokenTree>| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    (is_colon(trees.get(at)) && is_colon(trees.get(at + 1))).then_some(at + 2)
}

/// The first name of each path in `{a::b, c}`.
fn first_names(stream: &TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    let mut begins = true;
    for tree in stream.clone() {
        match tree {
            TokenTree::Ident(name) if begins => {
                names.push(name.to_string());
                begins = false;
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' => begins = true,
            _ => {}
        }
    }
    names
}

/// Whether the file names this crate in code (not in comments or texts).
fn names_crate(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => names_crate(&group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

#[test]
fn modules_import_only_from_above() {
    let files = source_files();
    let order = reading_order(&files);
    let mut checked = 0;
    let mut faults = Vec::new();
    for file in &files {
        let Some(own) = order.get(&file.module[0]) else {
            continue;
        };
        for module in imported_modules(file) {
            checked += 1;
            match order.get(&module) {
                Some(place) if place > own => faults.push(format!(
                    "{} imports `{module}`, which lib.rs lists below `{}`",
                    file.name, file.module[0]
                )),
                Some(_) => {}
                None => faults.push(format!(
                    "{} names `crate::{module}`, which is no module of lib.rs",
                    file.name
                )),
            }
        }
    }
    assert!(checked > 20, "only {checked} imports were seen");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn fences_hold() {
    let files = source_files();
    let mut faults = Vec::new();
    for (name, home) in [("pyo3", "worker"), ("clap", "cli")] {
        let mut seen = false;
        for file in files.iter().filter(|file| names_crate(&file.tokens, name)) {
            if file.module[0] == home {
                seen = true;
            } else {
                faults.push(format!("{} names `{name}`; only `{home}` may", file.name));
            }
        }
        assert!(
            seen,
            "nothing in `{home}` names `{name}`: is the fence still about something?"
        );
    }
    let results_only = [
        "report",
        "results",
        "expectation",
        "verdict",
        "drift",
        "claim",
        "snippet",
        "document",
        "finding",
        "position",
        "interpreter",
    ];
    for file in files.iter().filter(|file| file.module[0] == "report") {
        for module in imported_modules(file) {
            if !results_only.contains(&module.as_str()) {
                faults.push(format!(
                    "{} imports `{module}`; a report sees only results",
                    file.name
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn modules_say_what_they_do_and_are_named_for_it() {
    let shunned = ["utils", "util", "helpers", "common", "misc", "core", "mod"];
    let mut faults = Vec::new();
    for file in source_files() {
        if !file.text.starts_with("//! ") {
            faults.push(format!("{} does not open with `//!`", file.name));
        }
        let own = file.module.last().expect("a file has a name");
        if shunned.contains(&own.as_str()) {
            faults.push(format!("{}: `{own}` says nothing", file.name));
        }
        if file.module.len() > 1 && file.module[file.module.len() - 2] == *own {
            faults.push(format!("{} repeats its folder's name", file.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
