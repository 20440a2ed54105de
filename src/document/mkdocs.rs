//! Content tabs, admonitions and the like, which Python-Markdown indents by four.
//!
//! To CommonMark their content is indented code. Here it is moved to the left,
//! line by line, so that a CommonMark parser sees what MkDocs shows. Lines keep
//! their numbers.

/// The text with the content of `=== "Tab"`, `!!! note`, `??? note` and `///`
/// containers at the container's own indentation; the container's title stays as
/// a line of text.
pub(super) fn flatten(text: &str) -> std::borrow::Cow<'_, str> {
    if !["=== \"", "===+ \"", "===! \"", "!!! ", "???"]
        .iter()
        .any(|marker| text.contains(marker))
    {
        return std::borrow::Cow::Borrowed(text);
    }
    let mut flat = String::with_capacity(text.len());
    // The indentation of each open container's content, as written, innermost
    // last, and the indentation that it is moved to.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut fence: Option<Fence> = None;
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            flat.push('\n');
        }
        let indentation = indentation(line);
        let blank = line.trim().is_empty();
        if blank {
            continue;
        }
        // A container ends at the first line that is not as far right.
        while open
            .last()
            .is_some_and(|(content, _)| indentation < *content)
        {
            open.pop();
            fence = None;
        }
        let (content, target) = open.last().copied().unwrap_or((0, 0));
        let moved = content - target;
        let shown = &line[moved.min(line.len() - line.trim_start().len())..];
        let trimmed = line.trim_start();
        if let Some(open_fence) = &fence {
            if open_fence.is_closed_by(trimmed) {
                fence = None;
            }
            flat.push_str(shown);
            continue;
        }
        if let Some(title) = title(trimmed) {
            let own = indentation - moved;
            flat.push_str(&" ".repeat(own));
            flat.push_str(title);
            open.push((indentation + 4, own));
            continue;
        }
        fence = Fence::opened_by(trimmed);
        flat.push_str(shown);
    }
    std::borrow::Cow::Owned(flat)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The title of a container that `line` opens, quotes cut.
fn title(line: &str) -> Option<&str> {
    let rest = if let Some(rest) = line.strip_prefix("===") {
        let rest = rest.trim_start_matches(['!', '+']);
        if !rest.trim_start().starts_with('"') {
            return None;
        }
        rest
    } else if let Some(rest) = line.strip_prefix("!!!") {
        rest
    } else if let Some(rest) = line.strip_prefix("???") {
        rest.trim_start_matches('+')
    } else {
        return None;
    };
    if !rest.starts_with(' ') {
        return None;
    }
    let title = match rest.split_once('"') {
        Some((_, quoted)) => quoted.trim_end().trim_end_matches('"'),
        None => rest,
    };
    Some(title.trim())
}

struct Fence {
    mark: char,
    length: usize,
}

impl Fence {
    fn opened_by(line: &str) -> Option<Self> {
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = line.len() - line.trim_start_matches(mark).len();
        (length >= 3).then_some(Self { mark, length })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let rest = line.trim_start_matches(self.mark);
        line.len() - rest.len() >= self.length && rest.trim().is_empty()
    }
}
