"""What `trueprint check` costs, beside other ways to do the same.

    cargo build --release
    python3 benches/compare.py [--quick] [--only NAME …] [--waits GUIDE]

Guides of 500 and 5,000 small snippets are generated, fenced and unfenced. Every
contestant is run on them in turn, several rounds; a ratio is taken within a
round, so that what else the machine does weighs on both sides of it. Each row
shows the least, the middle and the greatest ratio.

The command fails when an output is not verified (each guide has a copy with
one falsified claim, which must be found, and nothing else), and, with
`--targets`, when a target is missed. Processor time is that of the whole
process tree, from `wait4`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import guides

PROJECT = Path(__file__).resolve().parent.parent
CORES = len(os.sched_getaffinity(0))


# Measuring.


@dataclass(frozen=True)
class Cost:
    """What one command took, the processes below it included."""

    wall: float
    cpu: float
    status: int
    # Of the command's own process, in bytes.
    memory: int
    output: str


def measure(
    command: Sequence[str | Path],
    *,
    given: Path = Path(os.devnull),
    before: Callable[[], None] | None = None,
    **environment: str,
) -> Cost:
    """Runs a command to its end; it reads `given`, and its process does `before` first."""
    with tempfile.TemporaryFile() as output, given.open("rb") as given_input:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=given_input,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1", **environment},
            preexec_fn=before,
        )
        memory = Memory(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        memory.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return Cost(wall, used.ru_utime + used.ru_stime, process.returncode, memory.most, text)


class Memory:
    """Watches the greatest resident size that one process comes to."""

    def __init__(self, process: int) -> None:
        self.most = 0
        self._status = f"/proc/{process}/status"
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        pause = 0.001
        while not self._end.is_set():
            try:
                with open(self._status) as status:
                    for line in status:
                        if line.startswith("VmHWM:"):
                            self.most = max(self.most, int(line.split()[1]) * 1024)
            except (OSError, ValueError):
                return
            self._end.wait(pause)
            pause = min(pause * 2, 0.02)


@dataclass(frozen=True)
class Spread:
    """Several measurements of the same."""

    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        return f"{min(self.values):.2f} / {self.middle:.2f} / {max(self.values):.2f}"


# Contestants.


@dataclass(frozen=True)
class Guide:
    """A guide on disk, in the form that one contestant wants."""

    snippets: list[guides.Snippet]
    folder: Path
    path: Path


@dataclass(frozen=True)
class Contestant:
    """A way to verify a guide."""

    name: str
    write: Callable[[list[guides.Snippet], Path], Path]
    command: Callable[[Guide], Sequence[str | Path]]
    # The same with every claim told one by one, where it can.
    tell: Callable[[Guide], Sequence[str | Path]] | None = None


def written(suffix: str, text: Callable[[list[guides.Snippet]], str]) -> Callable[[list[guides.Snippet], Path], Path]:
    """Writes a guide as one file."""

    def write(snippets: list[guides.Snippet], folder: Path) -> Path:
        path = folder / f"guide{suffix}"
        path.write_text(text(snippets))
        return path

    return write


def write_scripts(snippets: list[guides.Snippet], folder: Path) -> Path:
    """Writes a guide as scripts with their outputs beside them."""
    scripts = folder / "scripts"
    scripts.mkdir()
    for number, snippet in enumerate(snippets):
        (scripts / f"{number:05}.py").write_text(snippet.code())
        (scripts / f"{number:05}.txt").write_text(snippet.output())
    return scripts


LOOP = """
import pathlib, subprocess, sys
wrong = 0
for script in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    run = subprocess.run([sys.executable, script], capture_output=True, text=True)
    if run.returncode or run.stdout != script.with_suffix(".txt").read_text():
        print("wrong:", script, run.stdout, run.stderr)
        wrong += 1
sys.exit(wrong > 0)
"""

DOCTEST = """
import doctest, sys
failed, tried = doctest.testfile(sys.argv[1], module_relative=False)
sys.exit(failed > 0 or tried == 0)
"""

EXAMPLES = """
import pytest
from pytest_examples import CodeExample, EvalExample, find_examples

@pytest.mark.parametrize("example", find_examples({path!r}), ids=str)
def test_example(example: CodeExample, eval_example: EvalExample):
    eval_example.run_print_check(example)
"""

SYBIL = """
from sybil import Sybil
from sybil.parsers.rest import DocTestParser

pytest_collect_file = Sybil(parsers=[DocTestParser()], patterns=["guide.rst"]).pytest()
"""


def pytest_command(python: Path, guide: Guide, target: str) -> Sequence[str | Path]:
    return [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", guide.folder, guide.folder / target]


def contestants(trueprint: Path, python: Path, environment: Path | None) -> list[Contestant]:
    """All that can be run here, trueprint's two first."""

    def check(guide: Guide) -> Sequence[str | Path]:
        return [trueprint, "check", "--no-cache", "--python", python, guide.path]

    def check_and_tell(guide: Guide) -> Sequence[str | Path]:
        return [trueprint, "check", "--no-cache", "--python", python, "--format", "json", guide.path]

    def write_examples(snippets: list[guides.Snippet], folder: Path) -> Path:
        path = folder / "guide.md"
        path.write_text(guides.fenced(snippets, guides.with_arrows))
        (folder / "test_guide.py").write_text(EXAMPLES.format(path=str(path)))
        return path

    def write_sybil(snippets: list[guides.Snippet], folder: Path) -> Path:
        path = folder / "guide.rst"
        path.write_text(guides.unfenced(snippets, guides.with_prompts))
        (folder / "conftest.py").write_text(SYBIL)
        return path

    found = [
        Contestant("trueprint, fenced", written(".md", guides.fenced), check, check_and_tell),
        Contestant("trueprint, unfenced", written(".txt", guides.unfenced), check, check_and_tell),
        Contestant("one python3 per snippet", write_scripts, lambda guide: [python, "-c", LOOP, guide.path]),
        Contestant(
            "doctest",
            written(".txt", lambda snippets: guides.unfenced(snippets, guides.with_prompts)),
            lambda guide: [python, "-c", DOCTEST, guide.path],
        ),
    ]
    if environment is not None:
        program = environment / "bin" / "python"
        found.append(
            Contestant("pytest-examples", write_examples, lambda guide: pytest_command(program, guide, "test_guide.py"))
        )
        found.append(Contestant("sybil", write_sybil, lambda guide: pytest_command(program, guide, "guide.rst")))
    return found


def environment_with_tools(python: Path) -> Path | None:
    """A virtual environment with the tools from PyPI; `None` where that cannot be."""
    folder = PROJECT / "target" / "bench-environment"
    program = folder / "bin" / "python"
    tools = ["pytest", "pytest-examples", "sybil"]
    if not program.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    probe = [program, "-c", "import pytest, pytest_examples, sybil"]
    if subprocess.run(probe, capture_output=True).returncode == 0:
        return folder
    installed = subprocess.run([program, "-m", "pip", "install", "-q", *tools], capture_output=True, text=True)
    if installed.returncode:
        print(f"not measured, since pip could not install them: {', '.join(tools)}\n{installed.stderr}")
        return None
    return folder


# What is asked of them.


class Failed(Exception):
    """An output was not verified."""


def verify(contestant: Contestant, snippets: list[guides.Snippet], folder: Path) -> Guide:
    """Writes the guide and a falsified copy, and has the copy found out."""
    false_folder = folder / "falsified"
    false_folder.mkdir(parents=True)
    false_snippets = guides.falsified(snippets)
    false = Guide(false_snippets, false_folder, contestant.write(false_snippets, false_folder))
    cost = measure((contestant.tell or contestant.command)(false))
    if cost.status != 1:
        raise Failed(f"{contestant.name} ended with {cost.status} on a falsified guide:\n{cost.output[-3000:]}")
    if contestant.tell is not None:
        expect_claims(false_snippets, cost.output, wrong=1)
    honest = folder / "honest"
    honest.mkdir()
    guide = Guide(snippets, honest, contestant.write(snippets, honest))
    if contestant.tell is not None:
        expect_claims(snippets, measure(contestant.tell(guide)).output, wrong=0)
    return guide


def expect_claims(snippets: list[guides.Snippet], report: str, wrong: int) -> None:
    """Holds trueprint's report against what is known of the guide."""
    summary = json.loads(report)["summary"]
    claims = sum(snippet.claims() for snippet in snippets)
    if summary["snippets"] != len(snippets):
        raise Failed(f"{summary['snippets']} snippets were found, there are {len(snippets)}")
    if (summary["holds"], summary["wrong"], summary["claims"]) != (claims - wrong, wrong, claims):
        raise Failed(f"{claims} claims, {wrong} of them false, were judged as {summary}")


def run_honest(contestant: Contestant, guide: Guide) -> Cost:
    cost = measure(contestant.command(guide))
    if cost.status != 0:
        raise Failed(f"{contestant.name} ended with {cost.status} on a true guide:\n{cost.output[-3000:]}")
    return cost


# Tables.


@dataclass
class Report:
    """What is printed, and which targets were missed."""

    missed: list[str]

    def table(self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        print(f"\n{title}\n")
        widths = [max(len(cell) for cell in column) for column in zip(head, *rows)]
        for row in (head, ["-" * width for width in widths], *rows):
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        sys.stdout.flush()

    def hold(self, what: str, value: float, bound: float, at_least: bool = False) -> str:
        """Notes whether a target is met."""
        met = value >= bound if at_least else value <= bound
        if not met:
            self.missed.append(f"{what}: {value:.3g}, where {bound:.3g} is {'the least' if at_least else 'the most'}")
        return f"{'≥' if at_least else '≤'} {bound:g} {'met' if met else 'MISSED'}"


def compare(report: Report, found: list[Contestant], folder: Path, count: int, rounds: int) -> None:
    """Everybody on guides of so many snippets."""
    snippets = guides.snippets(count)
    guide_of = {
        contestant.name: verify(contestant, snippets, folder / f"{count}" / str(number))
        for number, contestant in enumerate(found)
    }
    costs: dict[str, list[Cost]] = {contestant.name: [] for contestant in found}
    for number in range(rounds):
        # Another one begins each round, so that nobody always comes first.
        turn = number % len(found)
        for contestant in found[turn:] + found[:turn]:
            costs[contestant.name].append(run_honest(contestant, guide_of[contestant.name]))
    base = costs["trueprint, fenced"]
    rows = []
    for name, measured in costs.items():
        ratio = Spread(tuple(cost.cpu / own.cpu for cost, own in zip(measured, base)))
        wall = Spread(tuple(cost.wall / own.wall for cost, own in zip(measured, base)))
        target = ""
        if name == "one python3 per snippet":
            target = report.hold(f"processor time against {name}, {count} snippets", ratio.middle, 12, at_least=True)
        rows.append(
            [
                name,
                f"{statistics.median(cost.cpu for cost in measured) / count * 1000:.2f}",
                f"{statistics.median(cost.wall for cost in measured):.2f}",
                f"{max(cost.memory for cost in measured) / 1e6:.0f}",
                str(ratio),
                str(wall),
                target,
            ]
        )
    claims = sum(snippet.claims() for snippet in snippets)
    report.table(
        f"{count} snippets, {claims} claims; ratios are to `trueprint, fenced`: least / middle / greatest of {rounds} rounds",
        ["", "CPU ms a snippet", "wall s", "memory MB", "CPU ratio", "wall ratio", "target"],
        rows,
    )


FORKS = """
import os

for _ in range({count}):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
print("done")  # done
"""


def floor(report: Report, trueprint: Path, python: Path, folder: Path, rounds: int) -> None:
    """A checked snippet beside a bare fork and exit of the same warm worker.

    The bare forks are made by snippets, one on each core: a snippet's process is
    itself nothing but a fork of the warm worker, with all that this one has in
    memory.
    """
    counts = (500, 1500)
    checked_guides, bare_guides = [], []
    for count in counts:
        path = folder / f"floor-{count}.md"
        path.write_text(guides.fenced(guides.snippets(count)))
        checked_guides.append(path)
        path = folder / f"forks-{count}.md"
        code = FORKS.format(count=count // CORES)
        path.write_text("".join(f"## Part {core}\n\n```python{code}```\n\n" for core in range(CORES)))
        bare_guides.append(path)

    def each(paths: Sequence[Path]) -> float:
        # The difference leaves out what starting costs.
        command = [trueprint, "check", "--no-cache", "--python", python]
        few, many = (measure([*command, path]) for path in paths)
        if few.status or many.status:
            raise Failed(few.output + many.output)
        return (many.cpu - few.cpu) / (counts[1] - counts[0]) * 1000

    checked, bare = [], []
    for _ in range(rounds):
        checked.append(each(checked_guides))
        bare.append(each(bare_guides))
    ratio = Spread(tuple(one / other for one, other in zip(checked, bare)))
    report.table(
        f"one more snippet beside one more bare fork and exit of the same warm worker ({rounds} rounds)",
        ["CPU ms a snippet", "CPU ms a fork", "ratio", "target"],
        [
            [
                str(Spread(tuple(checked))),
                str(Spread(tuple(bare))),
                str(ratio),
                report.hold("processor time against a bare fork", ratio.middle, 6),
            ]
        ],
    )


def growth(report: Report, trueprint: Path, python: Path, folder: Path, rounds: int) -> None:
    """One large guide beside ten small ones, and what the coordinator keeps."""
    small = []
    for number in range(10):
        path = folder / f"small-{number}.md"
        path.write_text(guides.fenced(guides.snippets(500, seed=number)))
        small.append(path)
    large = folder / "large.md"
    large.write_text(guides.fenced(guides.snippets(5000)))

    def check(path: Path) -> Cost:
        cost = measure([trueprint, "check", "--no-cache", "--python", python, path])
        if cost.status:
            raise Failed(cost.output[-3000:])
        return cost

    cpu, wall, memory = [], [], []
    for _ in range(rounds):
        ten, one = [check(path) for path in small], check(large)
        cpu.append(one.cpu / sum(cost.cpu for cost in ten))
        wall.append(one.wall / sum(cost.wall for cost in ten))
        memory.append((one.memory - statistics.median(cost.memory for cost in ten)) / 4500 / 1000)
    rows = [
        ["CPU", str(Spread(tuple(cpu))), report.hold("5,000 beside ten times 500, CPU", statistics.median(cpu), 1.1)],
        ["wall", str(Spread(tuple(wall))), report.hold("5,000 beside ten times 500, wall", statistics.median(wall), 1.1)],
        ["coordinator, kB a snippet", str(Spread(tuple(memory))), report.hold("memory", statistics.median(memory), 4)],
    ]
    report.table(f"one guide of 5,000 beside ten of 500 ({rounds} rounds)", ["", "ratio", "target"], rows)


def single(report: Report, trueprint: Path, python: Path, folder: Path, rounds: int) -> None:
    """A guide of one snippet beside an interpreter that does nothing."""
    path = folder / "single.md"
    path.write_text(guides.fenced(guides.snippets(1)))
    own, bare = [], []
    for _ in range(rounds * 5):
        own.append(measure([trueprint, "check", "--no-cache", "--python", python, path]))
        bare.append(measure([python, "-c", "pass"]))
    if any(cost.status for cost in own):
        raise Failed(own[0].output)
    ratio = Spread(tuple(one.wall / other.wall for one, other in zip(own, bare)))
    report.table(
        f"a guide of one snippet beside `python3 -c pass`, wall ({rounds * 5} rounds)",
        ["trueprint ms", "python3 ms", "ratio", "target"],
        [
            [
                f"{statistics.median(cost.wall for cost in own) * 1000:.1f}",
                f"{statistics.median(cost.wall for cost in bare) * 1000:.1f}",
                str(ratio),
                report.hold("one snippet", ratio.middle, 1.5),
            ]
        ],
    )


def again(report: Report, trueprint: Path, python: Path, folder: Path, rounds: int) -> None:
    """Second runs, from the cache."""
    rows = []
    for count in (500, 5000):
        path = folder / f"again-{count}.md"
        snippets = guides.snippets(count)
        place = {"XDG_CACHE_HOME": str(folder / "cache"), "CI": ""}
        command = [trueprint, "check", "--python", python, path]

        def check(content: list[guides.Snippet], *, runs: int) -> float:
            path.write_text(guides.fenced(content))
            cost = measure(command, **place)
            claims = sum(snippet.claims() for snippet in content)
            unchanged = f", {count - runs} unchanged since an earlier run" if runs < count else ""
            for said in (f"{count} ran, 0 failed, 0 skipped{unchanged}\n", f" {claims} hold, 0 tolerated, 0 wrong,"):
                if said not in cost.output:
                    raise Failed(f"a run after {runs} of {count} snippets changed did not say {said!r}:\n{cost.output}")
            return cost.wall

        first = check(snippets, runs=count)
        second, start, changed, back = [], [], [], []
        for number in range(rounds):
            second.append(check(snippets, runs=0))
            start.append(measure([trueprint, "--version"]).wall)
            another = guides.Snippet("Another one", (guides.Line(f"print({number} + 1)", str(number + 1)),))
            changed.append(check([*snippets[:-1], another], runs=1))
            back.append(check(snippets, runs=0))
        beyond = statistics.median(second) - statistics.median(start)
        rows.append(
            [
                str(count),
                f"{first * 1000:.0f}",
                f"{statistics.median(second) * 1000:.1f}",
                f"{statistics.median(start) * 1000:.1f}",
                f"{statistics.median(changed) * 1000:.1f}",
                f"{statistics.median(back) * 1000:.1f}",
                report.hold(f"an unchanged guide of {count}, ms beyond start-up", beyond * 1000, 50),
            ]
        )
    report.table(
        f"second runs, wall ms (middle of {rounds})",
        ["snippets", "first", "unchanged", "start-up alone", "one changed", "changed back", "unchanged beyond start-up"],
        rows,
    )


def watch(report: Report, trueprint: Path, python: Path, folder: Path, rounds: int) -> None:
    """How long after a save `--watch` has answered."""
    path = folder / "watched.md"
    snippets = guides.snippets(500)
    path.write_text(guides.fenced(snippets))
    command = [trueprint, "check", "--watch", "--no-config", "--python", python, path]
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "NO_COLOR": "1", "XDG_CACHE_HOME": str(folder / "watch")},
    )

    def round_after(act: Callable[[], None]) -> tuple[float, str]:
        started, said = time.perf_counter(), ""
        act()
        assert process.stdout is not None
        for line in process.stdout:
            if "watching" in line:
                return time.perf_counter() - started, said
            said += line
        raise Failed(f"--watch ended: {said}")

    def save(text: str) -> None:
        # As editors do.
        new = path.with_suffix(".new")
        new.write_text(text)
        new.replace(path)

    def expect(said: str, what: str) -> None:
        if what not in said:
            raise Failed(f"--watch did not say {what!r}:\n{said[-3000:]}")

    expect(round_after(lambda: None)[1], "Everything holds")
    false, mended = [], []
    for number in range(rounds * 2):
        falsified = guides.fenced(guides.falsified(snippets, seed=number))
        took, said = round_after(lambda: save(falsified))
        expect(said, "There is 1 finding")
        false.append(took * 1000)
        took, said = round_after(lambda: save(guides.fenced(snippets)))
        expect(said, "Everything holds")
        mended.append(took * 1000)
    process.terminate()
    process.communicate()
    if process.returncode != 0:
        raise Failed(f"--watch ended with {process.returncode}")
    report.table(
        f"from the save of one changed line among 500 snippets to the report of `--watch`, wall ms ({rounds * 2} rounds)",
        ["a claim falsified", "and mended", "target"],
        [
            [
                str(Spread(tuple(false))),
                str(Spread(tuple(mended))),
                report.hold("one changed line, ms", statistics.median(false), 250),
            ]
        ],
    )


def waits(report: Report, trueprint: Path, python: Path, folder: Path, rounds: int, path: Path | None) -> None:
    """A guide that waits, held against the least time that it can take."""
    if path is None:
        path = folder / "waits.md"
        path.write_text(guides.fenced(guides.waiting()))
    ratios, rows = [], []
    place = {"XDG_CACHE_HOME": str(folder / "waits"), "CI": ""}
    # How long each took is known from the second run on.
    measure([trueprint, "check", "--python", python, path], **place)
    for number in range(rounds):
        cost = measure([trueprint, "check", "--rerun", "--python", python, "--format", "json", path], **place)
        snippets = [snippet for guide in json.loads(cost.output)["guides"] for snippet in guide["snippets"]]
        longest = max(snippet["seconds"] or 0 for snippet in snippets)
        least = max(longest, cost.cpu / CORES)
        ratios.append(cost.wall / least)
        rows.append([str(number + 1), f"{cost.wall:.2f}", f"{longest:.2f}", f"{cost.cpu / CORES:.2f}", f"{ratios[-1]:.2f}"])
    spread = Spread(tuple(ratios))
    rows.append(["", "", "", str(spread), report.hold("a guide that waits", spread.middle, 1.15)])
    report.table(
        f"{path.name}: wall beside the greater of its longest snippet and its processor time over {CORES} cores",
        ["round", "wall s", "longest s", "CPU over cores s", "ratio"],
        rows,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trueprint", type=Path, default=PROJECT / "target" / "release" / "trueprint")
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="guides of 500 only, two rounds")
    parser.add_argument("--only", nargs="*", help="sections: compare, floor, growth, single, again, watch, waits")
    parser.add_argument("--targets", action="store_true", help="fail when a target is missed")
    parser.add_argument("--without-tools", action="store_true", help="install nothing from PyPI")
    parser.add_argument("--waits", type=Path, metavar="GUIDE", help="a real guide that waits, in place of a made one")
    wanted = parser.parse_args()
    rounds = 2 if wanted.quick else wanted.rounds
    counts = (500,) if wanted.quick else (500, 5000)
    report = Report([])

    def asked(section: str) -> bool:
        return not wanted.only or section in wanted.only

    with tempfile.TemporaryDirectory(prefix="compare-") as name:
        folder = Path(name)
        try:
            if asked("compare"):
                tools = None if wanted.without_tools else environment_with_tools(wanted.python)
                for count in counts:
                    found = contestants(wanted.trueprint, wanted.python, tools)
                    # Ten times the snippets take ten times as long.
                    compare(report, found, folder, count, rounds if count < 5000 else min(rounds, 2))
            for section, act in (("floor", floor), ("growth", growth), ("single", single), ("again", again), ("watch", watch)):
                if asked(section):
                    act(report, wanted.trueprint, wanted.python, folder, rounds)
            if asked("waits"):
                waits(report, wanted.trueprint, wanted.python, folder, rounds, wanted.waits)
        except Failed as failure:
            print(f"\nnot verified: {failure}", file=sys.stderr)
            return 1
    for missed in report.missed:
        print(f"target missed: {missed}", file=sys.stderr)
    return 1 if report.missed and wanted.targets else 0


if __name__ == "__main__":
    sys.exit(main())
