//! Does a comment look like what was seen, right or wrong?
//!
//! Tells a claim that is wrong from prose: `took 0.5012s` beside `took 0.4987s`
//! is a claim, "similar or slower" beside it is not. Says nothing about truth.

/// Texts are looked at up to so many words.
const MOST_WORDS: usize = 200;

/// Texts are compared letter by letter up to so many.
const MOST_LETTERS: usize = 40;

/// Whether the two have most of their words in common, in the same order;
/// numbers count as alike.
pub fn resembles(claim: &str, seen: &str) -> bool {
    let (claimed, shown) = (tokens(claim), tokens(seen));
    if claimed.is_empty() || shown.is_empty() {
        return false;
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

/// Words in lower case, every number the same.
fn tokens(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(|word| {
            if word.starts_with(|c: char| c.is_ascii_digit()) {
                "#".to_owned()
            } else {
                word.to_lowercase()
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
    claimed.len().min(shown.len()) >= 4 && common * 2 * 4 >= total * 3
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
