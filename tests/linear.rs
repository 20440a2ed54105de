//! Twice the guide is twice the work, and no more.
//!
//! Work is counted, not timed: every byte that is asked of the allocator while a
//! guide is read, planned and judged. Parsing and copying a text again takes new
//! bytes each time, so work that grows with the square of a guide's length shows, on
//! any machine and however busy it is.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use trueprint::claim;
use trueprint::document::{self, Format};
use trueprint::interpreter::Version;
use trueprint::plan::{self, Defaults};
use trueprint::protocol::{End, Event, Run, Site, Stream, Task};
use trueprint::snippet;
use trueprint::syntax::Syntax;
use trueprint::verdict::{self, Circumstances};

struct Counting;

static ASKED_FOR: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED_FOR.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller keeps what the contract of `alloc` asks.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps what the contract of `dealloc` asks.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED_FOR.fetch_add(size as u64, Ordering::Relaxed);
        // SAFETY: the caller keeps what the contract of `realloc` asks.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A guide that can be made as long as wanted.
struct Shape {
    name: &'static str,
    format: Format,
    before: &'static str,
    /// What is repeated; `@` is the number of the repetition.
    part: &'static str,
    after: &'static str,
}

const SHAPES: &[Shape] = &[
    Shape {
        name: "fenced snippets",
        format: Format::Markdown,
        before: "# A guide\n\n",
        part: "## Part @\n\nText about it.\n\n```python\nvalue = @\nprint(value)  # @\n```\n\n",
        after: "",
    },
    Shape {
        name: "fenced snippets, each on top of the one before",
        format: Format::Markdown,
        before: "```python\ntotal = 0\n```\n\n",
        part: "```python\ntotal = total + @\nprint(total)  # @\n```\n\n",
        after: "",
    },
    Shape {
        name: "fenced snippets that bind ever new names",
        format: Format::Markdown,
        before: "```python\nname_0 = 0\n```\n\n",
        part: "```python\nname_@ = name_0 + @\n```\n\n",
        after: "```python\nprint(name_0)\n```\n",
    },
    Shape {
        name: "one long snippet",
        format: Format::Markdown,
        before: "```python\n",
        part: "print(@)  # @\n",
        after: "```\n",
    },
    Shape {
        name: "one long snippet of functions",
        format: Format::Markdown,
        before: "```python\n",
        part: "def function_@(argument):\n    if argument:\n        return argument + @\n    # a remark\n    return None\n\n",
        after: "```\n",
    },
    Shape {
        name: "one long comment",
        format: Format::Markdown,
        before: "```python\nprint(1)\n",
        part: "# value @ and more\n",
        after: "```\n",
    },
    Shape {
        name: "fences and their outputs",
        format: Format::Markdown,
        before: "",
        part: "```python\nprint(@)\n```\n\nOutput:\n\n```text\n@\n```\n\n",
        after: "",
    },
    Shape {
        name: "a transcript",
        format: Format::Markdown,
        before: "```pycon\n",
        part: ">>> @ + 1\n@\n",
        after: "```\n",
    },
    Shape {
        name: "lists within quotes",
        format: Format::Markdown,
        before: "",
        part: "> - item @\n>\n>   ```python\n>   print(@)  # @\n>   ```\n\n",
        after: "",
    },
    Shape {
        name: "a fence that never closes",
        format: Format::Markdown,
        before: "```python\n",
        part: "print((@\n",
        after: "",
    },
    Shape {
        name: "prose alone",
        format: Format::Markdown,
        before: "",
        part: "A sentence about @ things, none of which is code.\n",
        after: "",
    },
    Shape {
        name: "unfenced snippets",
        format: Format::PlainText,
        before: "A guide\n\n",
        part: "Part @ of it\n\nText about it.\n\nvalue = @\nprint(value)  # @\n\n",
        after: "",
    },
    Shape {
        name: "unfenced code without a break",
        format: Format::PlainText,
        before: "A guide\n\n",
        part: "print(@)  # @\n",
        after: "",
    },
    Shape {
        name: "unfenced code, a blank line behind each statement",
        format: Format::PlainText,
        before: "A guide\n\n",
        part: "print(@)  # @\n\n",
        after: "",
    },
    Shape {
        name: "unfenced functions with blank lines within",
        format: Format::PlainText,
        before: "A guide\n\n",
        part: "def function_@(argument):\n    first = argument\n\n    return first\n\n",
        after: "",
    },
    Shape {
        name: "prose without a fence",
        format: Format::PlainText,
        before: "",
        part: "A sentence about @ things, none of which is code.\n\n",
        after: "",
    },
    Shape {
        name: "words that parse and are none",
        format: Format::PlainText,
        before: "",
        part: "Introduction\n\nrequired, optional\n\n",
        after: "",
    },
    Shape {
        name: "brackets that never close, without a fence",
        format: Format::PlainText,
        before: "A guide\n\n",
        part: "values = [@,\n\n",
        after: "",
    },
    Shape {
        name: "a string that never closes, without a fence",
        format: Format::PlainText,
        before: "A guide\n\ntext = \"\"\"\n\n",
        part: "line @\n\n",
        after: "",
    },
    Shape {
        name: "indented code without a fence",
        format: Format::PlainText,
        before: "A guide\n\n",
        part: "Text about @:\n\n    value = @\n    print(value)  # @\n\n",
        after: "",
    },
    Shape {
        name: "reStructuredText",
        format: Format::ReStructuredText,
        before: "A guide\n=======\n\n",
        part: "Text about it::\n\n    print(@)  # @\n\n.. code-block:: python\n\n    print(@)\n\n",
        after: "",
    },
    Shape {
        name: "AsciiDoc",
        format: Format::AsciiDoc,
        before: "= A guide\n\n",
        part: "Text about it.\n\n[source,python]\n----\nprint(@)  # @\n----\n\n",
        after: "",
    },
    Shape {
        name: "a web page",
        format: Format::Html,
        before: "<html><body>",
        part: "<p>Text</p><pre><code class=\"language-python\">print(@)  # @\n</code></pre>\n",
        after: "</body></html>",
    },
    Shape {
        name: "percent cells",
        format: Format::Python,
        before: "",
        part: "# %%\nprint(@)  # @\n\n",
        after: "",
    },
    Shape {
        name: "docstrings",
        format: Format::Python,
        before: "",
        part: "def function_@():\n    \"\"\"Do it.\n\n    >>> function_@()\n    @\n    \"\"\"\n    return @\n\n\n",
        after: "",
    },
];

impl Shape {
    fn guide(&self, parts: usize) -> String {
        let mut text = self.before.to_owned();
        for number in 0..parts {
            // Of equal length, so that twice the parts is twice the text.
            text.push_str(&self.part.replace('@', &(100_000 + number).to_string()));
        }
        text.push_str(self.after);
        text
    }

    /// Bytes that are asked for on the way from the text to the verdicts.
    fn work(&self, parts: usize) -> u64 {
        let text = self.guide(parts);
        let before = ASKED_FOR.load(Ordering::Relaxed);
        let document = document::parse(Path::new("guide"), &text, self.format);
        let guide = snippet::from_document(&document);
        let claims: Vec<_> = guide.snippets.iter().map(claim::read).collect();
        let plan = plan::plan(&guide, &claims, None, Defaults::default());
        let mut asked = ASKED_FOR.load(Ordering::Relaxed) - before;
        let circumstances = Circumstances {
            guide: &guide,
            claims: &claims,
            expectations: None,
            version: Version {
                major: 3,
                minor: 12,
                micro: 1,
            },
            standard_modules: &[],
            now: UNIX_EPOCH,
        };
        for planned in &plan.tasks {
            for shown in [last_number, one] {
                let run = run(&planned.task, shown);
                let before = ASKED_FOR.load(Ordering::Relaxed);
                black_box(verdict::judge_task(planned, &run, None, circumstances));
                asked += ASKED_FOR.load(Ordering::Relaxed) - before;
            }
        }
        black_box((plan, claims, guide, document));
        asked
    }
}

/// What a statement prints where it is right about itself: its last number.
fn last_number(code: &str) -> &str {
    let code = code.trim_end_matches(|character: char| !character.is_ascii_digit());
    let start = code.rfind(|character: char| !character.is_ascii_digit());
    &code[start.map_or(0, |at| at + 1)..]
}

/// What none of them says.
fn one(_: &str) -> &str {
    "1"
}

/// A run in which each top-level statement prints what `shown` says of its code.
fn run(task: &Task, shown: fn(&str) -> &str) -> Run {
    let mut events = Vec::new();
    for (unit, code) in (0..).zip(task.units.iter().map(|unit| &*unit.code)) {
        for statement in Syntax::of(code).top_level() {
            let site = Site {
                unit,
                line: statement.lines.first.get(),
            };
            events.push(Event::Wrote {
                stream: Stream::Out,
                stack: vec![site],
                statement: Some(site),
                text: format!("{}\n", shown(&code[statement.range.clone()])),
            });
            events.push(Event::Done { statement: site });
        }
    }
    Run {
        events,
        end: End::Finished,
        wall_seconds: 0.0,
        cpu_seconds: 0.0,
        refused: Vec::new(),
        output_cut: 0,
        events_cut: false,
        leftover_processes: 0,
    }
}

/// One test, so that no other one's work is counted.
#[test]
fn a_guide_is_read_and_judged_in_time_linear_in_its_length() {
    let parts = 250;
    let mut beyond = Vec::new();
    for shape in SHAPES {
        // What is made once, on first use, is not the guide's.
        shape.work(10);
        let [one, two, four] = [1, 2, 4].map(|times| shape.work(parts * times));
        // Buffers grow by doubling, so a step can take a little more than twice.
        if two * 10 > one * 26 || four * 10 > two * 26 {
            beyond.push(format!("{}: {one}, {two}, {four} bytes", shape.name));
        }
    }
    assert!(
        beyond.is_empty(),
        "work grows faster than the guide, for {parts}, {} and {} parts:\n{}",
        parts * 2,
        parts * 4,
        beyond.join("\n")
    );
}
