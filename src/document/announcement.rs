//! Sentences that announce what comes next: an output, an error.
//!
//! The words of several languages stand here, in one place. Only prose is read
//! here; claims in comments have markers of their own.

/// Words that stand for an output when a short line consists of them, or when
/// one ends with a colon.
pub const OUTPUT_WORDS: &[&str] = &[
    "output",
    "outputs",
    "out",
    "result",
    "results",
    "prints",
    "printed",
    "console output",
    "expected output",
    "sample output",
    "example output",
    "the output",
    "terminal output",
    "输出",
    "打印结果",
    "运行结果",
    "执行结果",
    "结果",
    "输出结果",
    "輸出",
    "結果",
    "出力",
    "実行結果",
    "출력",
    "결과",
    "ausgabe",
    "ergebnis",
    "salida",
    "resultado",
    "saída",
    "saida",
    "sortie",
    "résultat",
    "resultat",
    "uscita",
    "risultato",
    "вывод",
    "результат",
    "wynik",
    "wyjście",
    "çıktı",
    "sonuç",
    "uitvoer",
    "utdata",
    "výstup",
    "вивід",
    "kết quả",
    "keluaran",
];

/// Words which, in the last clause before a block, say that it shows what the
/// code before it printed.
const OUTPUT_VERBS: &[&str] = &[
    "output", "outputs", "prints", "print", "printed", "printing", "displays", "produces",
    "produce", "yields", "gives", "results", "result", "shows", "logs", "emits", "writes",
    "returns",
];

/// Whether a paragraph says that what follows it is output.
pub fn announces_output(paragraph: &str) -> bool {
    let text = paragraph
        .trim()
        .trim_matches(|c: char| {
            matches!(c, '*' | '_' | '`' | '#' | '>' | '-' | '=') || c.is_whitespace()
        })
        .to_lowercase();
    let ends_open = text.ends_with([':', '：', '…']) || text.ends_with("...");
    let bare = text
        .trim_end_matches([':', '：', '.', '*', '_', '>', '…', ' '])
        .trim_start_matches(['*', '_', ' ']);
    if OUTPUT_WORDS.contains(&bare) {
        return true;
    }
    // "Running this gives:" announces; "This prints the name." tells.
    if !ends_open {
        return false;
    }
    let clause = bare
        .rsplit(['.', ';', '!', '?', '。'])
        .next()
        .unwrap_or(bare);
    let mut words = clause
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.any(|word| OUTPUT_VERBS.contains(&word) || OUTPUT_WORDS.contains(&word))
        || OUTPUT_WORDS
            .iter()
            .any(|word| !word.is_ascii() && clause.contains(word))
}

/// Whether a line is nothing but the word: `Output:`, `# Result`.
pub(super) fn is_output_label(line: &str) -> bool {
    let bare = line
        .trim()
        .trim_matches(|c: char| "*_`#>-=:：. ".contains(c))
        .to_lowercase();
    OUTPUT_WORDS.contains(&bare.as_str())
}

/// Errors that keep a piece of code from being compiled at all.
const COMPILE_ERRORS: &[&str] = &["SyntaxError", "IndentationError", "TabError"];

/// The announcement in `text`, a paragraph or a comment, that the code fails to
/// compile; the sentence that says so.
pub fn announced_error(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let says_so = COMPILE_ERRORS.iter().any(|name| text.contains(name))
        || ["syntax error", "invalid syntax", "indentation error"]
            .iter()
            .any(|words| lower.contains(words));
    if !says_so {
        return None;
    }
    let sentence = text
        .split_inclusive(['.', ';', '!', '?'])
        .find(|sentence| {
            let lower = sentence.to_lowercase();
            COMPILE_ERRORS.iter().any(|name| sentence.contains(name))
                || lower.contains("syntax error")
                || lower.contains("invalid syntax")
                || lower.contains("indentation error")
        })
        .unwrap_or(text);
    Some(sentence.trim().to_owned())
}
