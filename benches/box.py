"""What the box around a snippet costs: with all of it, and with each part off in turn.

    cargo build --release
    python3 benches/box.py [--snippets N] [--rounds N] [--python PYTHON]

`trueprint check` has no switch for most parts, so a worker is given its work as the
coordinator gives it: the setup, which says what of the box is on, and a task for each
snippet of a generated guide. Namespaces are left out as container runtimes leave
them out: a filter refuses the call that makes them.

All variants run in turn, in another order each round. What a snippet costs is the
difference between a worker with all snippets and one with none, divided by their
number; the ratios are to the whole box in the same round. Processor time is that of
the whole process tree. The command fails when a snippet does not print what it is
known to print.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import platform
import re
import statistics
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import guides
from compare import PROJECT, Cost, Failed, Report, Spread, measure

# As `trueprint.toml` has them where it says nothing.
LIMITS = {
    "wall_ms": 30_000,
    "cpu_seconds": 60,
    "memory_bytes": 4 << 30,
    "file_bytes": 256 << 20,
    "disk_bytes": 512 << 20,
    "processes": 256,
    "output_bytes": 1 << 20,
}
# Nothing that a small snippet comes near; zero bytes of memory are no limit at all.
NO_LIMITS = {
    **LIMITS,
    "wall_ms": 1 << 40,
    "cpu_seconds": 1 << 40,
    "memory_bytes": 0,
    "file_bytes": 1 << 60,
    "disk_bytes": 1 << 40,
    "processes": 1 << 20,
}


@dataclass(frozen=True)
class Variant:
    """A box, some of which may be off."""

    name: str
    files: bool = True
    network: bool = True
    limits: bool = True
    namespaces: bool = True


VARIANTS = (
    Variant("the whole box"),
    Variant("without its own files (mounts, Landlock)", files=False),
    Variant("without keeping the network away", network=False),
    Variant("without limits", limits=False),
    Variant("without namespaces (Landlock and seccomp instead)", namespaces=False),
    Variant("without all of these", files=False, network=False, limits=False, namespaces=False),
)


@dataclass(frozen=True)
class Interpreter:
    """What a worker needs to know of its Python."""

    library: str
    executable: str
    readable: list[str]


def interpreter(trueprint: Path, python: Path) -> Interpreter:
    listed = subprocess.run([trueprint, "pythons", "--format", "json"], check=True, capture_output=True)
    found = [one for one in json.loads(listed.stdout)["pythons"] if python.samefile(one["executable"])]
    if not found:
        raise Failed(f"trueprint does not find {python}")
    ask = "import json, sys; print(json.dumps([sys.prefix, sys.base_prefix, *filter(None, sys.path)]))"
    asked = subprocess.run([python, "-c", ask], check=True, capture_output=True)
    library, executable = found[0]["library"], found[0]["executable"]
    places = {*json.loads(asked.stdout), str(Path(library).parent), str(Path(executable).parent)}
    return Interpreter(library, executable, sorted(place for place in places if Path(place).exists()))


def frame(message: object) -> bytes:
    text = json.dumps(message).encode()
    return struct.pack("<I", len(text)) + text


def setup(variant: Variant, python: Interpreter, root: Path) -> object:
    return {
        "library": python.library,
        "executable": python.executable,
        "preload": [],
        "confinement": {
            "root": str(root),
            "readable": python.readable,
            "files": variant.files,
            "network": variant.network,
            "disk_bytes": LIMITS["disk_bytes"],
            "processes": LIMITS["processes"],
        },
    }


def task(variant: Variant, snippet: guides.Snippet) -> object:
    unit = {"file_name": "snippet.py", "code": snippet.code(), "mode": "Script", "probes": []}
    return {
        "units": [unit],
        "limits": LIMITS if variant.limits else NO_LIMITS,
        "network": not variant.network,
        "arguments": [],
    }


class Filter(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def refusing_namespaces() -> Callable[[], None]:
    """What a process does so that it can make no namespaces."""
    unshare = {"x86_64": 272, "aarch64": 97}[platform.machine()]
    instructions = (
        (0x20, 0, 0, 0),  # the number of the call,
        (0x15, 0, 1, unshare),  # if it is this one:
        (0x06, 0, 0, 0x0005_0001),  # EPERM,
        (0x06, 0, 0, 0x7FFF_0000),  # otherwise let it through
    )
    text = b"".join(struct.pack("<HBBI", *instruction) for instruction in instructions)
    program = Filter(len(instructions), text)
    libc = ctypes.CDLL(None, use_errno=True)

    def refuse() -> None:
        no_new_privileges, seccomp, filter_mode = 38, 22, 2
        if libc.prctl(no_new_privileges, 1, 0, 0, 0) or libc.prctl(seccomp, filter_mode, ctypes.byref(program)):
            raise OSError(ctypes.get_errno(), "no filter can be set")

    return refuse


def run(variant: Variant, trueprint: Path, python: Interpreter, snippets: list[guides.Snippet]) -> Cost:
    """A worker that is started, runs the snippets and goes."""
    with tempfile.TemporaryDirectory(prefix="box-") as name:
        root = Path(name).resolve() / "worker"
        root.mkdir()
        given = Path(name) / "given"
        given.write_bytes(
            frame(setup(variant, python, root)) + b"".join(frame(task(variant, snippet)) for snippet in snippets)
        )
        before = None if variant.namespaces else refusing_namespaces()
        cost = measure([trueprint, "__worker"], given=given, before=before, TMPDIR=name)
    finished = cost.output.count('"end":"Finished"')
    # Each line is an event of its own: another statement printed it.
    texts = re.findall(r'"text":("(?:[^"\\]|\\.)*")', cost.output)
    printed = "".join(json.loads(text) for text in texts)
    known = "".join(snippet.output() for snippet in snippets)
    refused = "namespaces are refused here" in cost.output
    if cost.status != 0 or finished != len(snippets) or printed != known or refused == variant.namespaces:
        raise Failed(f"{variant.name}: {finished} of {len(snippets)} snippets ran\n{cost.output[:3000]}")
    return cost


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trueprint", type=Path, default=PROJECT / "target" / "release" / "trueprint")
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--snippets", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=15)
    wanted = parser.parse_args()
    snippets = guides.snippets(wanted.snippets)
    starts: dict[str, list[Cost]] = {variant.name: [] for variant in VARIANTS}
    fulls: dict[str, list[Cost]] = {variant.name: [] for variant in VARIANTS}
    try:
        python = interpreter(wanted.trueprint, wanted.python)
        for number in range(wanted.rounds):
            turn = number % len(VARIANTS)
            for variant in VARIANTS[turn:] + VARIANTS[:turn]:
                starts[variant.name].append(run(variant, wanted.trueprint, python, []))
                fulls[variant.name].append(run(variant, wanted.trueprint, python, snippets))
    except Failed as failure:
        print(f"not verified: {failure}", file=sys.stderr)
        return 1

    def each(name: str, of: Callable[[Cost], float]) -> list[float]:
        return [(of(full) - of(start)) / len(snippets) * 1000 for full, start in zip(fulls[name], starts[name])]

    def ratio(name: str, of: Callable[[Cost], float]) -> str:
        whole = each(VARIANTS[0].name, of)
        return str(Spread(tuple(one / other for one, other in zip(each(name, of), whole))))

    def cpu(cost: Cost) -> float:
        return cost.cpu

    def wall(cost: Cost) -> float:
        return cost.wall

    rows = [
        [
            name,
            f"{statistics.median(each(name, cpu)):.2f}",
            f"{statistics.median(each(name, wall)):.2f}",
            ratio(name, cpu),
            ratio(name, wall),
            f"{statistics.median(cost.wall for cost in starts[name]) * 1000:.0f}",
        ]
        for name in starts
    ]
    Report([]).table(
        f"{len(snippets)} snippets, one after the other on one worker, {wanted.rounds} rounds; "
        "ratios are to the whole box: least / middle / greatest",
        ["", "CPU ms a snippet", "wall ms a snippet", "CPU ratio", "wall ratio", "worker's start, ms"],
        rows,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
