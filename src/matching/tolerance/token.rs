//! Texts as tokens, so that a kind can say which parts of one may differ.
//!
//! Reading is total and linear: every character is in one token or among the
//! blanks before one.

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token<'a> {
    /// The blanks before it; a newline is a token of its own.
    pub blank: &'a str,
    /// Itself.
    pub text: &'a str,
    /// What it is.
    pub kind: TokenKind,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TokenKind {
    /// A number, with its sign where it has one.
    Number {
        /// Its value.
        value: f64,
        /// Whether it has neither decimal point nor exponent.
        integer: bool,
    },
    /// `0x7f3a90`, or cut off as `0x7f...`.
    Address,
    /// `0:00:01.5`, in seconds.
    Clock(f64),
    /// A UUID.
    Uuid,
    /// Eight hexadecimal digits or more, letters and figures among them.
    Hex,
    /// Letters, and what letters begin.
    Word,
    /// Anything else: one character, or a newline.
    Mark,
}

impl<'a> Token<'a> {
    /// The value, if it is a number.
    pub fn number(&self) -> Option<f64> {
        match self.kind {
            TokenKind::Number { value, .. } => Some(value),
            TokenKind::Address
            | TokenKind::Clock(_)
            | TokenKind::Uuid
            | TokenKind::Hex
            | TokenKind::Word
            | TokenKind::Mark => None,
        }
    }

    /// Whether it is a number without decimal point and exponent.
    pub fn is_integer(&self) -> bool {
        matches!(self.kind, TokenKind::Number { integer: true, .. })
    }

    /// The word, if it is one.
    pub fn word(&self) -> Option<&'a str> {
        matches!(self.kind, TokenKind::Word).then_some(self.text)
    }
}

/// The tokens of a text.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut before: Option<char> = None;
    while !rest.is_empty() {
        let blanks = rest
            .find(|character: char| !(character.is_whitespace() && character != '\n'))
            .unwrap_or(rest.len());
        let (blank, from) = rest.split_at(blanks);
        if from.is_empty() {
            break;
        }
        let previous = if blank.is_empty() { before } else { None };
        let (length, kind) = first(from, previous);
        let (token, behind) = from.split_at(length);
        found.push(Token {
            blank,
            text: token,
            kind,
        });
        before = token.chars().next_back();
        rest = behind;
    }
    found
}

/// The length of `text`'s first token, and what it is. `previous` is the
/// character right before it.
fn first(text: &str, previous: Option<char>) -> (usize, TokenKind) {
    if let Some(length) = uuid(text) {
        return (length, TokenKind::Uuid);
    }
    if let Some(length) = address(text) {
        return (length, TokenKind::Address);
    }
    if let Some(length) = hex(text) {
        return (length, TokenKind::Hex);
    }
    if let Some((length, seconds)) = clock(text) {
        return (length, TokenKind::Clock(seconds));
    }
    if let Some((length, value, integer)) = number(text, previous) {
        return (length, TokenKind::Number { value, integer });
    }
    let word = text
        .find(|character: char| !(character.is_alphanumeric() || character == '_'))
        .unwrap_or(text.len());
    if word > 0 {
        return (word, TokenKind::Word);
    }
    let character = text.chars().next().map_or(0, char::len_utf8);
    (character, TokenKind::Mark)
}

fn digits(text: &str) -> usize {
    text.bytes()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

fn hex_digits(text: &str) -> usize {
    text.bytes()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count()
}

/// Whether a letter or figure stands at the start of `text`.
fn goes_on(text: &str) -> bool {
    text.chars()
        .next()
        .is_some_and(|next| next.is_alphanumeric() || next == '_')
}

/// The length of the UUID that `text` begins with.
pub fn uuid(text: &str) -> Option<usize> {
    let mut length = 0;
    for (index, group) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if index > 0 {
            if text.as_bytes().get(length) != Some(&b'-') {
                return None;
            }
            length += 1;
        }
        let part = text.as_bytes().get(length..length + group)?;
        if !part.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        length += group;
    }
    (!goes_on(&text[length..])).then_some(length)
}

/// The length of the address that `text` begins with.
pub fn address(text: &str) -> Option<usize> {
    let figures = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))?;
    let length = 2 + hex_digits(figures);
    let behind = &text[length..];
    for dots in ["...", "…"] {
        if behind.starts_with(dots) {
            return Some(length + dots.len());
        }
    }
    (length > 2 && !goes_on(behind)).then_some(length)
}

fn hex(text: &str) -> Option<usize> {
    let length = hex_digits(text);
    let figures = &text[..length];
    let mixed = figures.bytes().any(|byte| byte.is_ascii_digit())
        && figures.bytes().any(|byte| byte.is_ascii_alphabetic());
    // `12345e10` is a number.
    let exponent = figures.trim_start_matches(|figure: char| figure.is_ascii_digit());
    let is_number = exponent
        .strip_prefix(['e', 'E'])
        .is_some_and(|power| !power.is_empty() && digits(power) == power.len());
    (length >= 8 && mixed && !is_number && !goes_on(&text[length..])).then_some(length)
}

/// `0:00:01.5`, and `13:05:09`.
pub fn clock(text: &str) -> Option<(usize, f64)> {
    let hours = digits(text);
    if hours == 0 || hours > 4 {
        return None;
    }
    let minutes = text[hours..].strip_prefix(':')?;
    if digits(minutes) != 2 {
        return None;
    }
    let seconds = minutes[2..].strip_prefix(':')?;
    if digits(seconds) != 2 {
        return None;
    }
    let mut length = hours + 6;
    if let Some(fraction) = text[length..].strip_prefix('.')
        && digits(fraction) > 0
    {
        length += 1 + digits(fraction);
    }
    if goes_on(&text[length..]) {
        return None;
    }
    let part = |from: usize, to: usize| text[from..to].parse::<f64>().unwrap_or(0.0);
    let total =
        part(0, hours) * 3600.0 + part(hours + 1, hours + 3) * 60.0 + part(hours + 4, length);
    Some((length, total))
}

/// The length and value of the number that `text` begins with, and whether it
/// is an integer.
pub fn number(text: &str, previous: Option<char>) -> Option<(usize, f64, bool)> {
    // A minus between two values is no sign.
    let signed = previous.is_none_or(|character| "([{,=:<>~≈/*|\n'\"".contains(character));
    let sign = usize::from(signed && (text.starts_with('-') || text.starts_with('+')));
    let body = &text[sign..];
    let mut length = digits(body);
    let mut integer = true;
    if length == 0 {
        let fraction = body.strip_prefix('.')?;
        if digits(fraction) == 0 || previous.is_some_and(char::is_alphanumeric) {
            return None;
        }
        length = 1 + digits(fraction);
        integer = false;
    } else {
        // `1_000_000`, and `1,000,000` as formatted with a comma.
        loop {
            let behind = &body[length..];
            if let Some(group) = behind.strip_prefix('_')
                && digits(group) > 0
            {
                length += 1 + digits(group);
            } else if let Some(group) = behind.strip_prefix(',')
                && digits(group) == 3
            {
                length += 4;
            } else {
                break;
            }
        }
        if let Some(fraction) = body[length..].strip_prefix('.')
            && digits(fraction) > 0
        {
            length += 1 + digits(fraction);
            integer = false;
        }
    }
    if let Some(exponent) = body[length..].strip_prefix(['e', 'E']) {
        let power_sign = usize::from(exponent.starts_with(['+', '-']));
        let power = digits(&exponent[power_sign..]);
        if power > 0 && !goes_on(&exponent[power_sign + power..]) {
            length += 1 + power_sign + power;
            integer = false;
        }
    }
    let plain: String = text[..sign + length]
        .chars()
        .filter(|character| !"_,".contains(*character))
        .collect();
    Some((sign + length, plain.parse().ok()?, integer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        tokens(text)
            .iter()
            .map(|token| {
                let kind = match token.kind {
                    TokenKind::Number { integer: true, .. } => "int",
                    TokenKind::Number { integer: false, .. } => "float",
                    TokenKind::Address => "address",
                    TokenKind::Clock(_) => "clock",
                    TokenKind::Uuid => "uuid",
                    TokenKind::Hex => "hex",
                    TokenKind::Word => "word",
                    TokenKind::Mark => "mark",
                };
                format!("{kind} {}", token.text)
            })
            .collect()
    }

    #[test]
    fn texts_fall_into_tokens() {
        let cases: &[(&str, &[&str])] = &[
            ("took 0.5012s", &["word took", "float 0.5012", "word s"]),
            (
                "[-1, 2]",
                &["mark [", "int -1", "mark ,", "int 2", "mark ]"],
            ),
            ("3-1", &["int 3", "mark -", "int 1"]),
            ("1,234 x2", &["int 1,234", "word x2"]),
            ("at 0x7f3a>", &["word at", "address 0x7f3a", "mark >"]),
            ("0x7f...", &["address 0x7f..."]),
            ("0:00:01.25", &["clock 0:00:01.25"]),
            ("1e-05 .5", &["float 1e-05", "float .5"]),
            (
                "f47ac10b-58cc-4372-a567-0e02b2c3d479",
                &["uuid f47ac10b-58cc-4372-a567-0e02b2c3d479"],
            ),
            ("'9f86d081'", &["mark '", "hex 9f86d081", "mark '"]),
            ("a\nb", &["word a", "mark \n", "word b"]),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), *expected, "{text}");
        }
    }
}
