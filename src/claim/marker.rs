//! Markers: what announces a claim in a comment, `=>` or `Output:`.
//!
//! The one table of them, other languages' words included. A marker is cut off
//! here; whether what follows it is a claim is not decided.

use super::gloss::starts_with_value;

/// How clearly a marker announces a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// A word without a colon, which can begin a sentence as well: `returns`.
    Word,
    /// A sign such as `=>`, or a word with a colon.
    Sign,
}

/// A text behind a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked<'a> {
    /// The clearest of its markers.
    pub strength: Strength,
    /// Whether it says that something is returned rather than printed.
    pub returned: bool,
    /// Whether it says that something is printed rather than returned.
    pub printed: bool,
    /// What follows.
    pub text: &'a str,
}

/// Signs, longer ones before those that they begin with.
const SIGNS: &[&str] = &[
    "===>", "==>", "=>", "-->", "->", ">>>", ">>", "|>", "→", "⇒", "➜", "➔", "⟹", "⟶", "▶", "►",
    "↦", "⮕", "===", "==", "=", ">",
];

/// Words that give an example of what is shown.
const EXAMPLES: &[&str] = &[
    "e.g.",
    "eg.",
    "e.g",
    "for example",
    "for instance",
    "example",
    "could be",
    "might be",
    "maybe",
];

/// Words that say what a statement prints or shows.
const PRINTED: &[&str] = &[
    "expected output",
    "expected result",
    "console output",
    "example output",
    "sample output",
    "the output is",
    "the output will be",
    "output will be",
    "output is",
    "output",
    "outputs",
    "outputted",
    "out",
    "stdout",
    "this will print out",
    "this will print",
    "this would print",
    "this prints",
    "this outputs",
    "will print out",
    "will print",
    "will output",
    "would print",
    "it prints",
    "it will print",
    "prints out",
    "prints",
    "print",
    "printed",
    "printing",
    "displays",
    "shows",
    "logs",
    "输出结果",
    "输出为",
    "输出",
    "打印结果",
    "打印出",
    "打印",
    "运行结果",
    "執行結果",
    "输出如下",
    "輸出結果",
    "輸出",
    "出力結果",
    "出力",
    "표시",
    "출력 결과",
    "출력",
    "ausgabe",
    "gibt aus",
    "salida",
    "imprime",
    "muestra",
    "sortie",
    "affiche",
    "saída",
    "saida",
    "mostra",
    "stampa",
    "uscita",
    "вывод",
    "выведет",
    "выводит",
    "напечатает",
    "çıktı",
    "wyjście",
    "wypisze",
    "uitvoer",
];

/// Words that say what a statement's value is.
const RETURNED: &[&str] = &[
    "the result is",
    "the result will be",
    "result is",
    "result",
    "results",
    "results in",
    "this will return",
    "this would return",
    "this returns",
    "will return",
    "would return",
    "it returns",
    "returns",
    "return",
    "returned",
    "returning",
    "return value",
    "gives",
    "give",
    "this gives",
    "equals",
    "evaluates to",
    "evaluate to",
    "value",
    "yields",
    "expected",
    "expect",
    "answer",
    "is equal to",
    "equal to",
    "produces",
    "结果为",
    "结果是",
    "结果",
    "返回值",
    "返回",
    "結果",
    "결과",
    "ergebnis",
    "ergibt",
    "resultado",
    "devuelve",
    "retorna",
    "résultat",
    "renvoie",
    "retourne",
    "результат",
];

/// The text without the pictures at its ends: `✅ 3`, `TypeError ❌`. They are there
/// for the eye.
pub fn undecorated(text: &str) -> &str {
    let picture = |c: char| matches!(c, '\u{2600}'..='\u{2775}' | '\u{2b50}'..='\u{2b55}' | '\u{1f300}'..='\u{1faff}' | '\u{fe0f}' | '\u{200d}');
    let bare = text.trim_matches(|c: char| picture(c) || c.is_whitespace());
    // Pictures alone could be what is printed.
    if bare.is_empty() { text } else { bare }
}

/// Words that say of a value alone that it is so by now.
const BY_NOW: &[&str] = &["still ", "now "];

/// Cuts the markers off that `text` begins with.
pub fn cut(text: &str) -> Option<Marked<'_>> {
    let mut rest = text.trim();
    let mut found: Option<Marked<'_>> = None;
    // `=> prints out "x"` has three; nobody writes more.
    for _ in 0..4 {
        let Some(next) = cut_one(rest).or_else(|| cut_one(undecorated(rest))) else {
            break;
        };
        rest = next.text;
        let before = found.unwrap_or(Marked {
            strength: Strength::Word,
            returned: false,
            printed: false,
            text: rest,
        });
        found = Some(Marked {
            strength: before.strength.max(next.strength),
            returned: before.returned || next.returned,
            printed: before.printed || next.printed,
            text: rest,
        });
    }
    found
}

fn cut_one(text: &str) -> Option<Marked<'_>> {
    sign(text)
        .or_else(|| prompt(text))
        .or_else(|| example(text))
        .or_else(|| by_now(text))
        .or_else(|| word(text))
}

fn sign(text: &str) -> Option<Marked<'_>> {
    let sign = SIGNS.iter().find(|sign| text.starts_with(**sign))?;
    let after = &text[sign.len()..];
    // `>= 3` and `=A1` are not marked values.
    let weak = matches!(*sign, "=" | ">" | "==" | "===" | "|>");
    if weak && !after.starts_with(char::is_whitespace) {
        return None;
    }
    Some(Marked {
        strength: Strength::Sign,
        returned: false,
        printed: false,
        text: after.trim_start(),
    })
}

/// `e.g. 0.73`: what follows is a value, though perhaps not this one.
fn example(text: &str) -> Option<Marked<'_>> {
    let length = EXAMPLES
        .iter()
        .filter_map(|word| prefix_ignoring_case(text, word))
        .max()?;
    let rest = &text[length..];
    let apart = rest.starts_with(|c: char| c.is_whitespace() || matches!(c, ',' | ':'));
    apart.then(|| Marked {
        strength: Strength::Word,
        returned: false,
        printed: false,
        text: rest.trim_start_matches([',', ':']).trim_start(),
    })
}

/// IPython's `Out[3]:`.
pub fn prompt(text: &str) -> Option<Marked<'_>> {
    let rest = text.strip_prefix("Out")?.trim_start().strip_prefix('[')?;
    let (number, rest) = rest.split_once(']')?;
    let rest = rest.trim_start().strip_prefix(':')?;
    number
        .chars()
        .all(|c| c.is_ascii_digit() || c == ' ')
        .then_some(Marked {
            strength: Strength::Sign,
            returned: true,
            printed: false,
            text: rest.trim_start(),
        })
}

/// `still 2`, `now [1, 2]`; behind any other word they begin a sentence.
fn by_now(text: &str) -> Option<Marked<'_>> {
    BY_NOW.iter().find_map(|word| {
        let rest = text[prefix_ignoring_case(text, word)?..].trim_start();
        starts_with_value(rest).then_some(Marked {
            strength: Strength::Word,
            returned: false,
            printed: false,
            text: rest,
        })
    })
}

fn word(text: &str) -> Option<Marked<'_>> {
    // A bracket or emphasis around the word: `[Output]:`, `**Output:**`.
    let open = text.trim_start_matches(['*', '_', '[']);
    let longest = PRINTED
        .iter()
        .map(|word| (word, true))
        .chain(RETURNED.iter().map(|word| (word, false)))
        .filter_map(|(word, printed)| {
            let length = prefix_ignoring_case(open, word)?;
            Some((length, printed))
        })
        .max_by_key(|(length, _)| *length)?;
    let (length, printed) = longest;
    let after = &open[length..];
    let bare = after.trim_start_matches(['*', '_', ']']);
    let trimmed = bare.trim_start();
    let rest = trimmed
        .strip_prefix(':')
        .or_else(|| trimmed.strip_prefix('：'))
        .or_else(|| {
            // `Output - 5` and `Output = 5`, but not `print -1`.
            let dash = trimmed
                .strip_prefix("- ")
                .or_else(|| trimmed.strip_prefix("– "));
            dash.filter(|_| !printed || open[..length].eq_ignore_ascii_case("output"))
        });
    match rest {
        Some(rest) => Some(Marked {
            strength: Strength::Sign,
            returned: !printed,
            printed,
            text: rest.trim_start_matches(['*', '_']).trim_start(),
        }),
        None => {
            let boundary = bare.chars().next().is_none_or(|c| {
                !(c.is_alphanumeric() || matches!(c, '_' | '(' | '.' | '\'' | '-'))
            });
            boundary.then_some(Marked {
                strength: Strength::Word,
                returned: !printed,
                printed,
                text: trimmed,
            })
        }
    }
}

/// How many bytes of `text` are `word` in any case.
fn prefix_ignoring_case(text: &str, word: &str) -> Option<usize> {
    let mut rest = text.char_indices();
    let mut end = 0;
    for expected in word.chars() {
        let (at, found) = rest.next()?;
        let same = if found.is_ascii() && expected.is_ascii() {
            found.eq_ignore_ascii_case(&expected)
        } else {
            found.to_lowercase().eq(expected.to_lowercase())
        };
        if !same {
            return None;
        }
        end = at + found.len_utf8();
    }
    Some(end)
}

/// Whether a whole line is a marker with nothing behind it: `Output:`.
pub fn is_heading(text: &str) -> bool {
    let text = text.trim();
    cut(text).is_some_and(|marked| {
        marked
            .text
            .trim_matches([':', '.', ' ', '*', '_'])
            .is_empty()
            && (marked.strength == Strength::Sign || marked.printed)
    })
}
