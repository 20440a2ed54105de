//! Order: the same elements or lines, in another order.
//!
//! Lines among lines; elements within the outermost brackets, and within the
//! braces of sets and dicts at any depth; on a line without brackets, items
//! between commas or blanks, or the letters of a single word.

/// Deeper brackets than these are not taken apart.
const DEEPEST: usize = 64;

/// A quote that is not closed within so many characters is a mere character. It
/// keeps the reading of many unclosed ones linear.
const LONGEST_STRING: usize = 4096;

/// What was forgiven, or why it was not.
///
/// # Errors
///
/// Says that the elements are not the same.
pub fn forgives(claimed: &str, actual: &str) -> Result<String, String> {
    let differ = || "the elements are not the same ones".to_owned();
    let (mut from, mut to) = (
        lines(claimed).ok_or_else(differ)?,
        lines(actual).ok_or_else(differ)?,
    );
    if from == to {
        return Ok("the order of elements".to_owned());
    }
    if let ([one], [other]) = (from.as_slice(), to.as_slice()) {
        return if same_items(one, other) {
            Ok("the order of items".to_owned())
        } else {
            Err(differ())
        };
    }
    from.sort();
    to.sort();
    if from == to {
        Ok("the order of lines".to_owned())
    } else {
        Err(differ())
    }
}

/// Whether two lines without brackets have the same items.
fn same_items(one: &str, other: &str) -> bool {
    let sorted = |parts: Vec<&str>| {
        let mut parts: Vec<String> = parts.iter().map(|part| part.trim().to_owned()).collect();
        parts.sort();
        parts
    };
    let by_comma = |text| sorted(str::split(text, ',').collect());
    let by_blank = |text| sorted(str::split_whitespace(text).collect());
    let word = |text: &str| text.chars().all(char::is_alphabetic);
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    by_comma(one) == by_comma(other)
        || by_blank(one) == by_blank(other)
        || (word(one) && word(other) && letters(one) == letters(other))
}

/// Brackets that are open.
struct Level {
    open: char,
    /// Whether its items are put in order.
    sorts: bool,
    /// Whether it counts: the parentheses of a call, as in `Counter({…})`, do not.
    counts: bool,
    items: Vec<String>,
    item: String,
}

/// The lines with their elements put in order; a bracket that is open joins
/// lines. `None` where brackets do not match.
fn lines(text: &str) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut levels: Vec<Level> = Vec::new();
    let mut before: Option<char> = None;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let length = quoted(rest, before).unwrap_or(character.len_utf8());
        let (token, behind) = rest.split_at(length);
        let is_quoted = length > character.len_utf8();
        let outside = levels.is_empty();
        let current = levels.last_mut().map_or(&mut line, |level| &mut level.item);
        match character {
            _ if is_quoted => current.push_str(token),
            '[' | '(' | '{' => {
                let call = character == '('
                    && before.is_some_and(|before| before.is_alphanumeric() || before == '_');
                let outermost = levels.iter().all(|level| !level.counts);
                if levels.len() == DEEPEST {
                    return None;
                }
                levels.push(Level {
                    open: character,
                    sorts: character == '{' || (outermost && !call),
                    counts: !call,
                    items: Vec::new(),
                    item: String::new(),
                });
            }
            ']' | ')' | '}' => {
                let mut level = levels.pop()?;
                let matching = match level.open {
                    '[' => ']',
                    '(' => ')',
                    _ => '}',
                };
                if matching != character {
                    return None;
                }
                level.items.push(level.item);
                let mut items: Vec<&str> = level.items.iter().map(|item| item.trim()).collect();
                if level.sorts {
                    items.sort_unstable();
                }
                let current = levels.last_mut().map_or(&mut line, |level| &mut level.item);
                current.push(level.open);
                current.push_str(&items.join(", "));
                current.push(character);
            }
            ',' => match levels.last_mut() {
                Some(level) => {
                    let item = std::mem::take(&mut level.item);
                    level.items.push(item);
                }
                None => line.push(character),
            },
            '\n' if outside => lines.push(std::mem::take(&mut line)),
            '\n' => current.push(' '),
            other => current.push(other),
        }
        before = token.chars().next_back();
        rest = behind;
    }
    if !levels.is_empty() {
        return None;
    }
    lines.push(line);
    for line in &mut lines {
        let kept = line.trim_end().len();
        line.truncate(kept);
    }
    Some(lines)
}

/// The length of the string literal that `text` begins with, on one line.
pub fn quoted(text: &str, before: Option<char>) -> Option<usize> {
    let quote = text.chars().next().filter(|first| "'\"".contains(*first))?;
    // An apostrophe is no quote, while `b'…'` is one.
    if before.is_some_and(|before| before.is_alphanumeric() && before != 'b') {
        return None;
    }
    let mut escaped = false;
    for (index, character) in text.char_indices().take(LONGEST_STRING).skip(1) {
        match character {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            other if other == quote => return Some(index + 1),
            _ => {}
        }
    }
    None
}
