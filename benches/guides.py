"""Guides of small snippets whose output is known, in the formats of several tools.

The same number gives the same guide, byte for byte. Every printed line carries
its claim, and no snippet needs another one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

WORDS = (
    "amber birch cedar delta ember fjord grove heron inlet juniper kelp larch "
    "maple nettle onyx pebble quartz ripple spruce tundra umber violet willow"
).split()


@dataclass(frozen=True)
class Line:
    """A line of a snippet, and what it prints."""

    code: str
    printed: str | None = None


@dataclass(frozen=True)
class Snippet:
    """One example."""

    title: str
    lines: tuple[Line, ...]

    def code(self) -> str:
        """Its code without any claim."""
        return "".join(line.code + "\n" for line in self.lines)

    def output(self) -> str:
        """All that it prints."""
        return "".join(line.printed + "\n" for line in self.lines if line.printed is not None)

    def claims(self) -> int:
        """How many lines carry a claim."""
        return sum(line.printed is not None for line in self.lines)


def snippets(count: int, seed: int = 0) -> list[Snippet]:
    """That many snippets, of all kinds in turn."""
    chance = random.Random(f"guide {seed} of {count}")
    kinds = (numbers, strings, classes, comprehensions, functions, mappings)
    return [
        Snippet(f"Example {number + 1}: {kind.__name__}", tuple(kind(chance)))
        for number, kind in zip(range(count), endless(kinds))
    ]


def falsified(guide: list[Snippet], seed: int = 0) -> list[Snippet]:
    """The same guide, one claim of which says something else than is printed."""
    chance = random.Random(f"falsified {seed} of {len(guide)}")
    at = chance.randrange(len(guide))
    lines = list(guide[at].lines)
    line_at = max(index for index, line in enumerate(lines) if line.printed is not None)
    printed = lines[line_at].printed
    assert printed is not None
    other = "".join(str((int(sign) + 5) % 10) if sign.isdigit() else sign.swapcase() for sign in printed)
    assert other != printed
    lines[line_at] = Line(lines[line_at].code, other)
    return [*guide[:at], Snippet(guide[at].title, tuple(lines)), *guide[at + 1 :]]


def endless(kinds: tuple[Callable[[random.Random], Iterator[Line]], ...]) -> Iterator[Callable[[random.Random], Iterator[Line]]]:
    while True:
        yield from kinds


def numbers(chance: random.Random) -> Iterator[Line]:
    first, second = chance.randrange(100, 900), chance.randrange(11, 90)
    yield Line(f"first, second = {first}, {second}")
    yield Line("print(first + second)", str(first + second))
    yield Line("print(divmod(first, second))", str(divmod(first, second)))
    yield Line("print(first / 8)", str(first / 8))


def strings(chance: random.Random) -> Iterator[Line]:
    words = chance.sample(WORDS, 3)
    yield Line(f"words = {words!r}")
    yield Line('print(", ".join(words))', ", ".join(words))
    yield Line("print(words[0].upper()[::-1])", words[0].upper()[::-1])
    yield Line('print(f"{len(words[1])} letters in {words[1]!r}")', f"{len(words[1])} letters in {words[1]!r}")


def classes(chance: random.Random) -> Iterator[Line]:
    name, size = chance.choice(WORDS).title(), chance.randrange(100, 900)
    yield Line(f"class {name}:")
    yield Line("    def __init__(self, size):")
    yield Line("        self.size = size")
    yield Line("")
    yield Line("    def __repr__(self):")
    yield Line(f'        return f"{name} of {{self.size}}"')
    yield Line("")
    yield Line("")
    yield Line(f"thing = {name}({size})")
    yield Line("print(thing)", f"{name} of {size}")
    yield Line("print(thing.size * 2)", str(size * 2))
    yield Line(f"print(isinstance(thing, {name}))", "True")


def comprehensions(chance: random.Random) -> Iterator[Line]:
    low, width = chance.randrange(10, 90), chance.randrange(6, 12)
    squares = [value * value for value in range(low, low + width)]
    yield Line(f"squares = [value * value for value in range({low}, {low + width})]")
    yield Line("print(squares)", str(squares))
    yield Line(
        "print({value % 7: value for value in squares[:4]})",
        str({value % 7: value for value in squares[:4]}),
    )
    yield Line("print(sum(value for value in squares if value % 2))", str(sum(value for value in squares if value % 2)))


def functions(chance: random.Random) -> Iterator[Line]:
    factor, value = chance.randrange(12, 90), chance.randrange(100, 900)
    yield Line("def scaled(value, factor=2):")
    yield Line('    """Return the value as often as that."""')
    yield Line("    return value * factor")
    yield Line("")
    yield Line("")
    yield Line(f"print(scaled({value}))", str(value * 2))
    yield Line(f"print(scaled({value}, factor={factor}))", str(value * factor))
    yield Line("print(scaled.__name__)", "scaled")


def mappings(chance: random.Random) -> Iterator[Line]:
    stock = {word: chance.randrange(10, 99) for word in chance.sample(WORDS, 4)}
    yield Line(f"stock = {stock!r}")
    yield Line("print(sorted(stock))", str(sorted(stock)))
    yield Line("print(max(stock.values()))", str(max(stock.values())))
    yield Line('print(stock.get("granite"))', "None")


def waiting() -> list[Snippet]:
    """Sixty snippets, some of which wait; the one that waits longest comes last."""
    guide = snippets(60)
    for place, seconds in [(5, 0.3), (12, 0.3), (19, 0.3), (26, 0.3), (33, 1.0), (40, 0.3), (47, 1.0), (59, 3.0)]:
        guide[place] = Snippet(guide[place].title, tuple(wait(seconds)))
    return guide


def wait(seconds: float) -> Iterator[Line]:
    yield Line("import time")
    yield Line("")
    yield Line(f"time.sleep({seconds})")
    yield Line(f'print("waited", {seconds}, "s")', f"waited {seconds} s")


def with_comments(snippet: Snippet) -> str:
    """Its code, each claim as an ordinary comment behind its statement."""
    return "".join(
        f"{line.code}\n" if line.printed is None else f"{line.code}  # {line.printed}\n"
        for line in snippet.lines
    )


def with_arrows(snippet: Snippet) -> str:
    """Its code, each claim as pytest-examples wants it: below, behind `#>`."""
    return "".join(
        f"{line.code}\n" if line.printed is None else f"{line.code}\n#> {line.printed}\n"
        for line in snippet.lines
    )


def with_prompts(snippet: Snippet) -> str:
    """The snippet as a console session."""
    text, inside = "", False
    lines = [line for line in snippet.lines]
    for index, line in enumerate(lines):
        indented = line.code.startswith(" ")
        blank = not line.code
        follows = [later.code for later in lines[index + 1 :] if later.code]
        if blank:
            # The prompt's blank line ends a block; one inside it must not.
            if inside and follows and not follows[0].startswith(" "):
                text += "...\n"
                inside = False
            continue
        if indented:
            text += f"... {line.code}\n"
        else:
            text += f">>> {line.code}\n"
            inside = line.code.endswith(":")
        if line.printed is not None:
            text += f"{line.printed}\n"
    return text


def fenced(guide: list[Snippet], body: Callable[[Snippet], str] = with_comments, language: str = "python") -> str:
    """As Markdown."""
    return "# A guide\n\n" + "".join(
        f"## {snippet.title}\n\nThis is what it comes to.\n\n```{language}\n{body(snippet)}```\n\n" for snippet in guide
    )


def unfenced(guide: list[Snippet], body: Callable[[Snippet], str] = with_comments) -> str:
    """As plain text, in which nothing says where the code is."""
    return "A guide\n\n" + "".join(
        f"{snippet.title}\n\nThis is what it comes to.\n\n{body(snippet)}\n" for snippet in guide
    )
