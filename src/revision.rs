//! A guide's text with its wrong claims replaced by what Python did.
//!
//! Only the claimed text itself is replaced: markers, glosses and everything
//! around it stay as the author wrote them. Pure: no file is read or written.
//! What cannot be rewritten without guessing is left, with the reason.

use similar::{DiffOp, DiffTag, TextDiff};

use crate::claim::ClaimKind;
use crate::document::Format;
use crate::position::Place;
use crate::results::GuideResult;
use crate::verdict::{Judgement, Verdict};

/// What came of rewriting a guide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// The new text.
    pub text: String,
    /// The claims that were rewritten, in page order.
    pub rewritten: Vec<Rewritten>,
    /// The findings that were not, in page order.
    pub left: Vec<Left>,
}

/// A claim that was rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// Where it stood in the old text.
    pub old: Place,
    /// Where it stands in the new one.
    pub new: Place,
}

/// A finding that was not rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Where it stands in the old text.
    pub place: Place,
    /// Why it was left.
    pub reason: String,
}

/// Rewrites the wrong and the blank claims of a guide, except those that stand
/// at one of the places in `spared`, for which a reason is given there.
pub fn revise(text: &str, guide: &GuideResult, spared: &[Left]) -> Revision {
    let mut revision = Revision::default();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut edits: Vec<Edit> = Vec::new();
    for claim in guide
        .snippets
        .iter()
        .flat_map(|snippet| &snippet.verdict.claims)
    {
        if !claim.verdict.is_finding() {
            continue;
        }
        let known = spared.iter().find(|left| left.place == claim.place);
        let edit = match known {
            Some(left) => Err(left.reason.clone()),
            None => edit(&lines, guide.format, claim).map_err(str::to_owned),
        };
        match edit {
            Ok(edit) => edits.push(edit),
            Err(reason) => revision.left.push(Left {
                place: claim.place,
                reason,
            }),
        }
    }
    edits.sort_by_key(|edit| edit.first);
    let mut next = 0;
    let mut written = 0;
    for edit in edits {
        if edit.first < next {
            revision.left.push(Left {
                place: edit.claim,
                reason: "it shares a line with another claim; run update once more".to_owned(),
            });
            continue;
        }
        for line in &lines[next..edit.first] {
            revision.text.push_str(line);
            written += 1;
        }
        revision.rewritten.push(Rewritten {
            old: edit.claim,
            new: Place {
                cell: None,
                line: crate::position::LineNumber::from_index(written),
            },
        });
        for line in &edit.lines {
            revision.text.push_str(line);
            written += 1;
        }
        next = edit.last + 1;
    }
    for line in &lines[next.min(lines.len())..] {
        revision.text.push_str(line);
    }
    revision.left.sort_by_key(|left| left.place);
    revision
}

/// Lines that take the place of others.
struct Edit {
    claim: Place,
    /// The first line to be replaced, zero-based.
    first: usize,
    /// The last one.
    last: usize,
    /// With their line ends.
    lines: Vec<String>,
}

fn edit(lines: &[&str], format: Format, claim: &Judgement) -> Result<Edit, &'static str> {
    match claim.verdict {
        Verdict::Wrong | Verdict::Blank => {}
        Verdict::Unstable => {
            return Err("it differs from run to run; mark it in the guide, or document it");
        }
        Verdict::Unreached => return Err("it was never reached, so there is nothing to write"),
        Verdict::Holds | Verdict::Tolerated | Verdict::Skipped => {
            return Err("it is no finding");
        }
    }
    match format {
        Format::Notebook => return Err("the cells of a notebook are not rewritten"),
        Format::Markdown
        | Format::PlainText
        | Format::ReStructuredText
        | Format::AsciiDoc
        | Format::Html
        | Format::Python => {}
    }
    if claim.kind == ClaimKind::Announced {
        return Err("it is said in the guide's own words");
    }
    let Some(actual) = claim.actual.as_deref() else {
        return Err("nothing was seen there");
    };
    let actual = actual.trim_end_matches('\n');
    if actual.trim().is_empty() {
        return Err("Python did nothing there; take the claim away");
    }
    if actual
        .chars()
        .any(|character| character.is_control() && character != '\n')
    {
        return Err("what was printed has control characters");
    }
    let (first, last) = (claim.place.line.index(), claim.last_place.line.index());
    let Some(old) = lines.get(first..=last) else {
        return Err("its lines are not where they were");
    };
    let encoded = |text: &str| match format {
        Format::Html => text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;"),
        Format::Markdown
        | Format::PlainText
        | Format::ReStructuredText
        | Format::Notebook
        | Format::AsciiDoc
        | Format::Python => text.to_owned(),
    };
    let new = if claim.verdict == Verdict::Blank {
        filled(old, &encoded(actual))?
    } else {
        replaced(old, claim, &encoded)?
    };
    Ok(Edit {
        claim: claim.place,
        first,
        last,
        lines: new,
    })
}

/// A comment that lost its text, with what was printed.
fn filled(old: &[&str], actual: &str) -> Result<Vec<String>, &'static str> {
    let [line] = old else {
        return Err("it takes up several lines");
    };
    if actual.contains('\n') {
        return Err("several lines were printed, and a comment behind a statement has one");
    }
    let (line, end) = split_end(line);
    Ok(vec![format!("{} {actual}{end}", line.trim_end())])
}

fn replaced(
    old: &[&str],
    claim: &Judgement,
    encoded: &impl Fn(&str) -> String,
) -> Result<Vec<String>, &'static str> {
    let actual = claim
        .actual
        .as_deref()
        .unwrap_or_default()
        .trim_end_matches('\n');
    let claimed: Vec<String> = claim.expected.lines().map(encoded).collect();
    let shown = as_shown(&claim.expected, actual, old.len());
    let shown: Vec<String> = shown.lines().map(encoded).collect();
    let comment: Vec<String> = claim.comment.lines().map(encoded).collect();
    let frames = frames(old, &comment, &claimed)?;
    if claim.kind == ClaimKind::Trailing && shown.len() > frames.len() {
        return Err("several lines were printed, and a comment behind a statement has one");
    }
    let mut new: Vec<String> = old[..old.len() - frames.len()]
        .iter()
        .map(|line| (*line).to_owned())
        .collect();
    let claimed: Vec<&str> = claimed.iter().map(String::as_str).collect();
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    let difference = TextDiff::from_slices(&claimed, &shown);
    for operation in difference.ops() {
        new.extend(lines_of(*operation, &frames, &shown)?);
    }
    if let (Some(last), Some(frame)) = (new.last_mut(), frames.last()) {
        // The file may end without a newline.
        let (line, _) = split_end(last);
        *last = format!("{line}{}", frame.end);
    }
    Ok(new)
}

fn lines_of(
    operation: DiffOp,
    frames: &[Frame<'_>],
    shown: &[&str],
) -> Result<Vec<String>, &'static str> {
    let mut lines = Vec::new();
    let (old, new) = (operation.old_range(), operation.new_range());
    match operation.tag() {
        DiffTag::Equal => lines.extend(frames[old].iter().map(Frame::as_it_is)),
        DiffTag::Delete => {
            if frames[old]
                .iter()
                .any(|frame| !frame.after.trim().is_empty())
            {
                return Err("a line with a remark behind it would have to go");
            }
        }
        DiffTag::Replace | DiffTag::Insert => {
            for (offset, index) in new.enumerate() {
                let own = frames
                    .get(old.start + offset)
                    .filter(|_| old.start + offset < old.end);
                match own {
                    Some(frame) => lines.push(frame.around(shown[index])),
                    None => {
                        let pattern = frames.iter().rev().find(|frame| frame.is_plain());
                        let Some(pattern) = pattern else {
                            return Err("more lines were printed than the comment has room for");
                        };
                        let end = if pattern.end.is_empty() {
                            "\n"
                        } else {
                            pattern.end
                        };
                        lines.push(format!("{}{}{end}", pattern.before, shown[index]));
                    }
                }
            }
        }
    }
    // A line that had no end of its own, because the file ended, has one now.
    for line in &mut lines {
        if !line.ends_with('\n') {
            line.push('\n');
        }
    }
    Ok(lines)
}

/// A line of the guide, taken apart around what it claims.
struct Frame<'a> {
    before: &'a str,
    claimed: &'a str,
    after: &'a str,
    end: &'a str,
}

impl Frame<'_> {
    fn as_it_is(&self) -> String {
        format!("{}{}{}{}", self.before, self.claimed, self.after, self.end)
    }

    fn around(&self, text: &str) -> String {
        format!("{}{text}{}{}", self.before, self.after, self.end)
    }

    /// Whether nothing but the container and a comment's sign stands before the
    /// claim, so that another line can begin likewise.
    fn is_plain(&self) -> bool {
        let before = self.before.trim();
        before.is_empty() || before == "#" || before == ">" || before == "> #"
    }
}

/// The lines of a claim that say what is claimed; lines before them announce it.
fn frames<'a>(
    old: &[&'a str],
    comment: &[String],
    claimed: &[String],
) -> Result<Vec<Frame<'a>>, &'static str> {
    const LOST: &str = "what it claims is not written there word for word";
    let Some(skipped) = old.len().checked_sub(claimed.len()) else {
        return Err(LOST);
    };
    let mut frames = Vec::new();
    for (index, (line, claimed)) in old[skipped..].iter().zip(claimed).enumerate() {
        let (line, end) = split_end(line);
        // The claim's own text is looked for in its comment, and the comment in
        // the line, so that the code before it is never touched.
        let comment = comment
            .get(skipped + index)
            .map_or("", |comment| comment.trim());
        let start = line.rfind(comment).ok_or(LOST)?;
        let inside = line[start..].find(claimed.as_str()).ok_or(LOST)?;
        let from = start + inside;
        frames.push(Frame {
            before: &line[..from],
            claimed: &line[from..from + claimed.len()],
            after: &line[from + claimed.len()..],
            end,
        });
    }
    Ok(frames)
}

/// What was printed, in the notation of the claim: with quotes where it has
/// quotes, on one line where it puts several on one.
fn as_shown(expected: &str, actual: &str, lines: usize) -> String {
    let mut shown = actual.to_owned();
    if lines == 1 && expected.contains(' ') && actual.contains('\n') {
        let separator = if expected.contains(", ") { ", " } else { " " };
        shown = actual.lines().collect::<Vec<_>>().join(separator);
    }
    let quote = expected
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''));
    if let Some(quote) = quote
        && expected.len() > 1
        && expected.ends_with(quote)
        && !shown.starts_with(['"', '\''])
        && !shown.contains([quote, '\\', '\n'])
    {
        shown = format!("{quote}{shown}{quote}");
    }
    shown
}

fn split_end(line: &str) -> (&str, &str) {
    let content = line.trim_end_matches(['\n', '\r']);
    line.split_at(content.len())
}
