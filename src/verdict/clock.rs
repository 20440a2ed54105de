//! Dates and times in outputs: the day of the run, which no claim can know, and
//! what else is as it is where the snippet runs.
//!
//! Two runs a moment apart show the same date, so running again does not tell.
//! The rule: claim and output are both dates or times, the code reads the clock or
//! shows a date of today that it does not have from itself, and the output has the
//! day of the run in it or the claim's own form.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::claim::state::mentions;
use crate::snippet::Guide;
use crate::syntax::{Statement, StatementKind, Syntax};

const DAY: u64 = 86_400;

/// Whether what the code shows in numbers may vary from run to run although it is
/// right now: it measures time, or draws lots.
pub fn may_vary(code: &str) -> bool {
    [
        "perf_counter",
        "monotonic",
        "process_time",
        "time.time",
        "time()",
        "timeit",
        "random",
        "uuid",
        "secrets",
        "getpid",
        "now(",
    ]
    .iter()
    .any(|call| code.contains(call))
}

/// The code of the snippets of a task, and how it comes by what it shows. Whatever is
/// to be known of all of it is found out once: thousands of claims may want to know.
pub struct TaskCode<'a> {
    guide: &'a Guide,
    /// The snippets in page order.
    snippets: &'a [usize],
    traits: OnceCell<Vec<Traits>>,
}

/// What a snippet's code does, or that of one that it continues.
#[derive(Clone, Copy, Default)]
struct Traits {
    measures_time: bool,
    reads_clock: bool,
    asks_clock: bool,
    asks_machine: bool,
}

/// The code of a snippet, with that of the snippets that it continues.
pub struct RanCode<'a> {
    task: &'a TaskCode<'a>,
    /// Which unit of the task it is.
    unit: usize,
    text: OnceCell<String>,
    from_clock: OnceCell<Vec<String>>,
    from_machine: OnceCell<Vec<String>>,
}

impl<'a> TaskCode<'a> {
    /// That of these snippets of the guide.
    pub fn new(guide: &'a Guide, snippets: &'a [usize]) -> Self {
        Self {
            guide,
            snippets,
            traits: OnceCell::new(),
        }
    }

    /// What ran up to the end of a unit.
    pub fn up_to(&'a self, unit: usize) -> RanCode<'a> {
        RanCode {
            task: self,
            unit,
            text: OnceCell::new(),
            from_clock: OnceCell::new(),
            from_machine: OnceCell::new(),
        }
    }

    fn traits(&self, unit: usize) -> Traits {
        let traits = self.traits.get_or_init(|| {
            let mut all: Vec<Traits> = Vec::with_capacity(self.snippets.len());
            for &index in self.snippets {
                let snippet = &self.guide.snippets[index];
                let mut traits = Traits::of(&snippet.code);
                for earlier in &snippet.continues {
                    let unit = self.snippets.binary_search(earlier).ok();
                    if let Some(earlier) = unit.and_then(|unit| all.get(unit)) {
                        traits = traits.or(*earlier);
                    }
                }
                all.push(traits);
            }
            all
        });
        traits.get(unit).copied().unwrap_or_default()
    }

    /// The code of a unit and of the snippets that it continues.
    fn text(&self, unit: usize) -> String {
        let snippets = &self.guide.snippets;
        let mut open: Vec<usize> = self.snippets.get(unit).copied().into_iter().collect();
        let mut all: BTreeSet<usize> = open.iter().copied().collect();
        while let Some(index) = open.pop() {
            for &earlier in &snippets[index].continues {
                if all.insert(earlier) {
                    open.push(earlier);
                }
            }
        }
        let code: Vec<&str> = all.iter().map(|&index| &*snippets[index].code).collect();
        code.join("\n")
    }
}

impl Traits {
    fn of(code: &str) -> Self {
        Self {
            measures_time: measures_time(code),
            reads_clock: reads_clock(code),
            asks_clock: asks(code),
            asks_machine: asks_machine(code),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            measures_time: self.measures_time || other.measures_time,
            reads_clock: self.reads_clock || other.reads_clock,
            asks_clock: self.asks_clock || other.asks_clock,
            asks_machine: self.asks_machine || other.asks_machine,
        }
    }
}

impl RanCode<'_> {
    /// Whether `actual` shows the time or the date of the run where `claimed` shows
    /// another one.
    pub fn shows_clock(&self, claimed: &str, actual: &str, now: SystemTime) -> bool {
        // What a library stamps on its lines is today's date, and not the code's.
        let stamped_on = || {
            names_of_days(now)
                .iter()
                .any(|day| actual.contains(day.as_str()) && !self.text().contains(day.as_str()))
        };
        if claimed == actual || !self.traits().reads_clock && !stamped_on() {
            return false;
        }
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let stamped = numbers(actual).any(|number| near_now(number, seconds))
            && numbers(claimed).any(is_stamp);
        let dated = is_dated(claimed) && is_dated(actual);
        let today = names_of_days(now)
            .iter()
            .any(|day| actual.contains(day.as_str()));
        let (year, _, _) = civil(seconds / DAY);
        let near = years(actual).all(|shown| shown.abs_diff(year) <= 1);
        stamped || dated && (today || near && form(claimed) == form(actual))
    }

    /// Whether `actual` shows how long something took where `claimed` shows another
    /// duration in the same words. A quiet machine can take equally long twice.
    pub fn shows_duration(&self, claimed: &str, actual: &str) -> bool {
        let fraction = |text: &str| {
            text.match_indices('.').any(|(at, _)| {
                let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
                digit(text[..at].chars().next_back()) && digit(text[at + 1..].chars().next())
            })
        };
        claimed != actual
            && fraction(actual)
            && form(claimed) == form(actual)
            && self.traits().measures_time
    }

    /// Whether a statement of it uses what it got from the clock, by whatever way:
    /// `age` behind `age = date.today().year - 1990`.
    pub fn has_from_clock(&self, statement: &str) -> bool {
        let names = || names_from(self.text(), asks);
        asks(statement)
            || self.traits().asks_clock
                && uses_one_of(statement, self.from_clock.get_or_init(names))
    }

    /// The same for what the machine, its user and the place of its Python are.
    pub fn has_from_machine(&self, statement: &str) -> bool {
        let names = || names_from(self.text(), asks_machine);
        asks_machine(statement)
            || self.traits().asks_machine
                && uses_one_of(statement, self.from_machine.get_or_init(names))
    }

    fn traits(&self) -> Traits {
        self.task.traits(self.unit)
    }

    fn text(&self) -> &str {
        self.text.get_or_init(|| self.task.text(self.unit))
    }
}

fn uses_one_of(statement: &str, names: &[String]) -> bool {
    names.iter().any(|name| mentions(statement, name))
}

/// The names that code gives to what it gets where it `asks`.
fn names_from(code: &str, asks: fn(&str) -> bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let syntax = Syntax::of(code);
    // A name is told from others that come before it, so a few rounds are enough.
    for _ in 0..4 {
        let before = names.len();
        // What a function calls by a name of its own is nobody else's.
        let outside = |statement: &&Statement| statement.surroundings.function.is_none();
        for statement in syntax.statements.iter().filter(outside) {
            let text = &code[statement.range.clone()];
            if !asks(text) && !names.iter().any(|name| mentions(text, name)) {
                continue;
            }
            let bound: Vec<&str> = match &statement.kind {
                StatementKind::Assignment { targets, .. } => targets
                    .iter()
                    .flat_map(|range| code[range.clone()].split(','))
                    .collect(),
                StatementKind::Function(name) | StatementKind::Class(name) => vec![name],
                StatementKind::Expression { .. }
                | StatementKind::Delete
                | StatementKind::Import
                | StatementKind::Raise
                | StatementKind::Assert
                | StatementKind::Return
                | StatementKind::Silent
                | StatementKind::Loop
                | StatementKind::If
                | StatementKind::Match
                | StatementKind::With
                | StatementKind::Try => Vec::new(),
            };
            for name in bound {
                let name: String = name
                    .trim_matches(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if !name.is_empty() && name != "self" && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        if names.len() == before {
            break;
        }
    }
    names
}

/// Whether the code measures how long something takes.
fn measures_time(code: &str) -> bool {
    [
        "perf_counter",
        "monotonic",
        "process_time",
        "time.time()",
        "timeit",
        "time()",
    ]
    .iter()
    .any(|call| code.contains(call))
}

/// Whether the code asks for the time itself, not only for a way to write one.
fn asks(code: &str) -> bool {
    [
        "now(",
        "today(",
        "time.time(",
        "time_ns(",
        "localtime(",
        "gmtime(",
        "ctime(",
        "time.strftime(",
        "perf_counter(",
        "monotonic(",
        "process_time(",
        "getmtime(",
        "st_mtime",
    ]
    .iter()
    .any(|call| code.contains(call))
}

/// Whether the code asks what machine it runs on, for whom and how it was called.
/// The version of Python is not among it: what changes with that is drift.
fn asks_machine(code: &str) -> bool {
    [
        "sys.argv",
        "sys.executable",
        "sys.path",
        "sys.prefix",
        "sys.platform",
        "cpu_count(",
        "platform.system(",
        "platform.machine(",
        "platform.platform(",
        "platform.node(",
        "platform.release(",
        "platform.processor(",
        "gethostname(",
        "getlogin(",
        "getuser(",
        "getuid(",
        "getpid(",
        "getcwd(",
        "os.uname(",
        "os.environ",
        "os.getenv(",
        "expanduser(",
        "Path.home(",
        "Path.cwd(",
        "gettempdir(",
        "__file__",
    ]
    .iter()
    .any(|call| code.contains(call))
}

/// Whether the code asks for the time.
fn reads_clock(code: &str) -> bool {
    [
        "now(",
        "today(",
        "time.time",
        "time()",
        "time_ns",
        "localtime",
        "gmtime",
        "ctime(",
        "strftime(",
        "perf_counter",
        "monotonic",
        "process_time",
        "getmtime",
        "st_mtime",
        "utcnow",
    ]
    .iter()
    .any(|call| code.contains(call))
}

/// The text with every run of digits the same.
fn form(text: &str) -> String {
    let mut form = String::new();
    let mut in_digits = false;
    for character in text.trim().chars() {
        let digit = character.is_ascii_digit();
        if !digit {
            form.push(character);
        } else if !in_digits {
            form.push('0');
        }
        in_digits = digit;
    }
    form
}

/// Whether a text has a date or a time of day in it.
fn is_dated(text: &str) -> bool {
    let numbers: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    let year = numbers
        .iter()
        .any(|number| number.len() == 4 && (number.starts_with("19") || number.starts_with("20")));
    let clock = text
        .split(|c: char| c.is_whitespace() || c == 'T')
        .any(|word| {
            let parts: Vec<&str> = word.split(':').collect();
            parts.len() >= 2
                && parts[..2]
                    .iter()
                    .all(|part| part.len() == 2 && part.chars().all(|c| c.is_ascii_digit()))
        });
    year && numbers.len() >= 2 || clock
}

/// The years in a text.
fn years(text: &str) -> impl Iterator<Item = u64> + '_ {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|part| part.len() == 4 && (part.starts_with("19") || part.starts_with("20")))
        .filter_map(|part| part.parse().ok())
}

fn numbers(text: &str) -> impl Iterator<Item = u64> + '_ {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|part| part.len() >= 10 && part.len() <= 19)
        .filter_map(|part| part.parse().ok())
}

/// Powers of a second in which moments are counted since 1970.
const UNITS: [u64; 4] = [1, 1_000, 1_000_000, 1_000_000_000];

fn near_now(number: u64, seconds: u64) -> bool {
    UNITS
        .iter()
        .any(|unit| (number / unit).abs_diff(seconds) < 400 * DAY)
}

/// A moment of this century, counted since 1970.
fn is_stamp(number: u64) -> bool {
    UNITS
        .iter()
        .any(|unit| (900_000_000..4_000_000_000).contains(&(number / unit)))
}

/// The day of the run and those around it, in the notations that are common.
fn names_of_days(now: SystemTime) -> Vec<String> {
    let mut names = Vec::new();
    let from = now.duration_since(UNIX_EPOCH).unwrap_or_default() + Duration::from_secs(DAY);
    for back in 0..3 {
        let (year, month, day) = civil((from.as_secs() / DAY).saturating_sub(back));
        names.push(format!("{year}-{month:02}-{day:02}"));
        names.push(format!("{year}/{month:02}/{day:02}"));
        names.push(format!("{day:02}/{month:02}/{year}"));
        names.push(format!("{month:02}/{day:02}/{year}"));
        names.push(format!("{year}, {month}, {day}"));
        names.push(format!("{day:02}.{month:02}.{year}"));
        names.push(format!("{day:02}-{month:02}-{year}"));
    }
    names
}

/// Year, month and day of a day counted from 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    // Howard Hinnant's algorithm: eras of 400 years that begin in March.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_are_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_454), (2026, 1, 1));
    }
}
