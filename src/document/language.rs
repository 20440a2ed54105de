//! What a guide says its code is: info strings of fences, directives' arguments,
//! classes of web pages.

/// The language of a piece of code, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// Python source, or IPython's.
    Python,
    /// A Python console session.
    Console,
    /// What a program printed. A `certain` one is called output, not just text.
    Output {
        /// Whether the guide calls it output.
        certain: bool,
    },
    /// Nothing is said.
    Unknown,
    /// Another language.
    Other,
}

impl Language {
    /// By its name in whatever spelling.
    pub(super) fn of_name(name: &str) -> Self {
        let name = name.trim().to_lowercase();
        match name.as_str() {
            // Sphinx guesses, too.
            "" | "default" | "guess" => Self::Unknown,
            "python" | "py" | "python3" | "py3" | "python-3" | "python3.x" | "ipython"
            | "ipython3" | "ipy" | "ipython2" | "python2" | "py2" | "python27" | "jupyter"
            | "jupyter-python" | "sage" | "python-exec" | "pyodide" | "pyodide-python"
            | "marimo" | "cpython" | "interactive-python" | "python-interactive" | "testcode" => {
                Self::Python
            }
            "pycon" | "pycon3" | "python-console" | "python-repl" | "pyrepl" | "doctest"
            | "ipythonconsole" | "ipython-console" | "pythonconsole" | "python-shell" | "repl" => {
                Self::Console
            }
            "output" | "out" | "stdout" | "result" | "results" | "testoutput"
            | "console-output" | "python-output" | "pytb" | "py3tb" | "pytraceback"
            | "python-traceback" | "traceback" | "stderr" | "code-output" | "cell-output" => {
                Self::Output { certain: true }
            }
            "text" | "txt" | "plain" | "plaintext" | "plain-text" | "none" | "console" | "ansi"
            | "terminal" | "log" | "raw" | "nohighlight" | "no-highlight" | "unknown"
            | "text-only" | "shell-session" | "ascii" => Self::Output { certain: false },
            _ => versioned(&name),
        }
    }
}

/// `python3.12`, `py311`.
fn versioned(name: &str) -> Language {
    let rest = name
        .strip_prefix("python")
        .or_else(|| name.strip_prefix("py"));
    match rest {
        Some(rest) if !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit() || c == '.') => {
            Language::Python
        }
        Some(_) | None => Language::Other,
    }
}

/// An info string taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Info {
    /// The language's name as written, without braces and dots.
    pub(super) name: String,
    /// The name of a MyST directive, `{code-cell}` as `code-cell`.
    pub(super) directive: Option<String>,
    /// The other words, `.class` without the dot, `key="a b"` in one piece and
    /// without quotes.
    pub(super) attributes: Vec<String>,
}

impl Info {
    /// Takes an info string apart: `python title="a b"`, `{.python .no-run}`,
    /// `{python, eval=FALSE}`, `{code-cell} ipython3`, `py{1,3}`, `python,ignore`.
    pub(super) fn parse(info: &str) -> Self {
        let info = info.trim();
        let mut directive = None;
        let mut rest = info;
        if let Some(inner) = info.strip_prefix('{')
            && let Some(close) = inner.find('}')
        {
            let name = inner[..close].trim();
            let plain = !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ':'));
            let known = Language::of_name(name) != Language::Other;
            if plain && (!known || matches!(name, "doctest" | "testcode" | "testoutput")) {
                directive = Some(name.to_lowercase());
                rest = inner[close + 1..].trim();
            }
        }
        let mut words = split_words(rest).into_iter();
        let first = words.next().unwrap_or_default();
        // `{.python}` and `{#id .python}`: the first class is the language.
        let (name, mut attributes) = if first.contains('=') || first.starts_with('#') {
            (
                String::new(),
                vec![first.trim_start_matches('#').to_owned()],
            )
        } else {
            split_name(&first)
        };
        attributes.extend(words.map(|word| word.trim_start_matches('.').to_owned()));
        if name.is_empty() && !attributes.is_empty() && info.starts_with('{') {
            let at = attributes
                .iter()
                .position(|word| Language::of_name(word) != Language::Other);
            if let Some(at) = at {
                let name = attributes.remove(at);
                return Self {
                    name,
                    directive,
                    attributes,
                };
            }
        }
        Self {
            name,
            directive,
            attributes,
        }
    }
}

/// `python:no-line-numbers`, `python#id`, `python=1`: a name and what is glued
/// to it.
fn split_name(word: &str) -> (String, Vec<String>) {
    let word = word.trim_start_matches('.');
    match word.find([':', '#', '=', '/', '|']) {
        Some(at) => {
            let glued = word[at + 1..].trim();
            let attributes = if glued.is_empty() {
                Vec::new()
            } else {
                vec![glued.to_owned()]
            };
            (word[..at].to_owned(), attributes)
        }
        None => (word.to_owned(), Vec::new()),
    }
}

/// Splits at blanks, commas, semicolons and braces, but not inside quotes.
fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => word.push(c),
            (None, '"' | '\'') => quote = Some(c),
            (None, '{' | '}' | ',' | ';' | '[' | ']') => {
                words.push(std::mem::take(&mut word));
            }
            (None, _) if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            (None, _) => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}
