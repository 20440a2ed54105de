//! Does a comment look like what was seen, right or wrong?
//!
//! Tells a claim that is wrong from prose: `took 0.5012s` beside `took 0.4987s`
//! is a claim, "similar or slower" beside it is not. Says nothing about truth.

/// Texts are looked at up to so many words.
const MOST_WORDS: usize = 200;

/// Texts are compared letter by letter up to so many.
const MOST_LETTERS: usize = 40;

/// Whether the two have most of their words in common, in the same order, or the
/// form of what is shown; numbers count as alike.
pub fn resembles(claim: &str, seen: &str) -> bool {
    let (claimed, shown) = (tokens(claim), tokens(seen));
    if claimed.is_empty() || shown.is_empty() {
        return false;
    }
    if means_keyword(claim, seen) || same_form(claim, seen) || same_numbers(claim, seen) {
        return true;
    }
    // The same words in other letters or with other signs between.
    let worded = claimed.iter().any(|word| word.len() > 1 && word != "#");
    if similar(&claimed, &shown)
        || worded && claimed == shown
        || claimed.len() == shown.len() && misspelt(&claimed.join(" "), &shown.join(" "))
    {
        return true;
    }
    // Of several lines, most resemble one of the output's.
    let lines: Vec<Vec<String>> = claim
        .lines()
        .map(tokens)
        .filter(|line| !line.is_empty())
        .collect();
    if lines.len() < 2 {
        let first = seen.lines().next().map(tokens).unwrap_or_default();
        return similar(&claimed, &first);
    }
    let outputs: Vec<Vec<String>> = seen.lines().take(100).map(tokens).collect();
    let alike = lines
        .iter()
        .take(50)
        .filter(|line| outputs.iter().any(|output| similar(line, output)))
        .count();
    alike * 2 >= lines.len().min(50)
}

/// Whether the claim begins with what other languages, or a slip of the finger,
/// make of `True`, `False` or `None`, where one of them is shown.
fn means_keyword(claim: &str, seen: &str) -> bool {
    let seen = seen.trim();
    if !matches!(seen, "True" | "False" | "None") {
        return false;
    }
    let claim = claim.trim();
    let word: String = claim.chars().take_while(|c| c.is_alphabetic()).collect();
    let gloss = &claim[word.len()..];
    let ends = gloss.is_empty()
        || gloss.starts_with([',', '.', ':', ';'])
        || [" (", " -", " –", " —", "  ", " <-", " #"]
            .iter()
            .any(|sign| gloss.starts_with(sign));
    let word = word.to_lowercase();
    let truth = ["true", "false"]
        .iter()
        .any(|known| is_slip_of(&word, known));
    let nothing =
        matches!(word.as_str(), "null" | "nil" | "undefined") || is_slip_of(&word, "none");
    ends && if seen == "None" { nothing } else { truth }
}

/// Whether a word has the letters of another in another order, or all but one of
/// them: `ture`, `flase`, `tru`.
fn is_slip_of(word: &str, known: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    word == known
        || word.starts_with(&known[..1])
            && (sorted(word) == sorted(known)
                || word.len() + 1 == known.len() && is_subsequence(word, known)
                || word.len() == known.len() + 1 && is_subsequence(known, word))
}

fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut rest = whole.chars();
    part.chars().all(|letter| rest.any(|other| other == letter))
}

/// Whether the two have the same signs between their words, and at least one word
/// in common: `Name: Bob` and `Name: Alice`; or, without signs, all words but one.
fn same_form(claim: &str, seen: &str) -> bool {
    let form = |text: &str| {
        let mut form = String::new();
        for character in text.trim().chars().take(1000) {
            let character = match character {
                c if c.is_alphanumeric() || c == '_' => 'w',
                c if c.is_whitespace() => ' ',
                c => c,
            };
            if !(matches!(character, 'w' | ' ') && form.ends_with(character)) {
                form.push(character);
            }
        }
        form
    };
    let claimed_form = form(claim);
    if claimed_form != form(seen) {
        return false;
    }
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let (claimed, shown) = (words(claim), words(seen));
    let common = claimed
        .iter()
        .zip(&shown)
        .filter(|(left, right)| left == right);
    let (mut alike, mut telling) = (0, 0);
    for (word, _) in common {
        alike += 1;
        telling += usize::from(word.chars().count() > 2);
    }
    let signs = claimed_form.chars().any(|c| !matches!(c, 'w' | ' '));
    signs && telling > 0 || claimed.len() > 2 && alike + 1 >= claimed.len()
}

/// Whether the shown text consists of numbers, and the claim begins with as many.
fn same_numbers(claim: &str, seen: &str) -> bool {
    let is_number = |word: &&str| word.parse::<f64>().is_ok();
    let split = |text| {
        str::split(text, |c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty())
    };
    let shown = split(seen).take(MOST_WORDS).filter(is_number).count();
    let all = split(seen).take(MOST_WORDS).count() == shown;
    all && shown > 2 && split(claim).take_while(is_number).count() == shown
}

/// What a word names of the calendar, where it does: any month is like any other.
fn calendar(word: &str) -> Option<&'static str> {
    const MONTHS: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    const DAYS: &[&str] = &[
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    if !word.starts_with(char::is_uppercase) {
        return None;
    }
    let lower = word.to_lowercase();
    let among = |names: &[&str]| {
        names
            .iter()
            .any(|name| *name == lower || lower.len() == 3 && name.starts_with(&lower))
    };
    if among(MONTHS) {
        Some("month")
    } else {
        among(DAYS).then_some("weekday")
    }
}

/// Words in lower case, every number the same, and so every month and weekday.
fn tokens(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(|word| {
            if word.starts_with(|c: char| c.is_ascii_digit()) {
                "#".to_owned()
            } else {
                calendar(word).map_or_else(|| word.to_lowercase(), str::to_owned)
            }
        })
        .collect()
}

/// Whether one word, or a few, are the others with some letters changed.
fn misspelt(claimed: &str, shown: &str) -> bool {
    let letters = |word: &str| {
        word.chars()
            .take(MOST_LETTERS)
            .map(String::from)
            .collect::<Vec<_>>()
    };
    let (claimed, shown) = (letters(claimed), letters(shown));
    let (common, _) = longest_common(&claimed, &shown);
    let total = claimed.len() + shown.len();
    // Of three letters one can be another.
    let short = claimed.len() == 3 && shown.len() == 3 && common == 2;
    short || claimed.len().min(shown.len()) >= 4 && common * 2 * 4 >= total * 3
}

fn similar(claimed: &[String], shown: &[String]) -> bool {
    let (common, in_words) = longest_common(claimed, shown);
    let total = claimed.len() + shown.len();
    let shared = common * 2 * 10 >= total * 6;
    shared && (in_words >= 2 || in_words == 1 && common >= 2 && common * 2 * 10 >= total * 8)
}

/// The length of the longest common subsequence, and how many of it are words.
fn longest_common(claimed: &[String], shown: &[String]) -> (usize, usize) {
    let mut row = vec![(0usize, 0usize); shown.len() + 1];
    for word in claimed {
        let mut diagonal = (0, 0);
        for (index, other) in shown.iter().enumerate() {
            let above = row[index + 1];
            row[index + 1] = if word == other {
                let is_word = word.len() > 1;
                (diagonal.0 + 1, diagonal.1 + usize::from(is_word))
            } else {
                above.max(row[index])
            };
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or((0, 0))
}
