//! Where a command writes: results to standard output, the rest to standard
//! error, in colour where that is wanted.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use crate::report::visible;

/// When to write in colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The two streams of a command.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    color: Color,
}

impl Console {
    /// A console that writes in colour when told to.
    pub fn new(color: Color) -> Self {
        Self { color }
    }

    /// Standard output, buffered, with styles taken out where they are not
    /// wanted.
    pub fn results(self) -> impl Write {
        let stdout = io::stdout().lock();
        io::BufWriter::new(AutoStream::new(stdout, self.choice()))
    }

    /// Standard error, with styles taken out where they are not wanted.
    pub fn messages(self) -> impl Write {
        AutoStream::new(io::stderr().lock(), self.choice())
    }

    /// Whether somebody is watching standard error.
    pub fn is_watched(self) -> bool {
        io::stderr().is_terminal()
    }

    /// Says on standard error that something went wrong. There is nobody left
    /// to tell when that fails, so it fails in silence.
    pub fn error(self, message: &str) {
        self.say("error", crate::report::BAD, message);
    }

    /// Says on standard error what should be known.
    pub fn note(self, message: &str) {
        self.say("note", crate::report::DOUBTFUL, message);
    }

    /// Asks on standard error; the answer is the caller's to read.
    pub fn ask(self, question: &str) {
        let mut messages = self.messages();
        let _ = write!(messages, "{question}").and_then(|()| messages.flush());
    }

    fn say(self, what: &str, style: anstyle::Style, message: &str) {
        let lines: Vec<String> = message.lines().map(visible::text).collect();
        let mut messages = self.messages();
        let _ = writeln!(messages, "{style}{what}{style:#}: {}", lines.join("\n  "));
    }

    fn choice(self) -> ColorChoice {
        match self.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        }
    }
}
