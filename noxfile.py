"""What CI does, by hand: `nox` runs it all, `nox -s NAME` one part of it.

Interpreters that are not installed are named in the output of `check` and of
`drift`, which then run the guide on those that are.
"""

import pathlib
import shutil
import subprocess

import nox

VERSIONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]
REQUIREMENTS = ["requests", "pytest"]
BINARY = pathlib.Path("target") / "release" / "trueprint"

nox.options.sessions = ["tests", "lint", "check", "extract"]
nox.options.error_on_missing_interpreters = False


def build(session: nox.Session) -> str:
    """Build the executable and give back its path."""
    session.run("cargo", "build", "--release", external=True)
    return str(BINARY.resolve())


def find_python(version: str) -> "str | None":
    """The program of this version that starts, wherever pyenv or PATH has it."""
    name = f"python{version}"
    candidates = [shutil.which(name)]
    folder = pathlib.Path.home() / ".pyenv" / "versions"
    candidates += [str(path) for path in sorted(folder.glob(f"{version}.*/bin/{name}"))]
    for candidate in filter(None, candidates):
        if subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return candidate
    return None


@nox.session(python=False)
def tests(session: nox.Session) -> None:
    """Run the tests."""
    session.run("cargo", "test", external=True)


@nox.session(python=False)
def lint(session: nox.Session) -> None:
    """Hold formatting, lints and documentation comments."""
    session.run("cargo", "fmt", "--check", external=True)
    session.run(
        "cargo", "clippy", "--all-targets", "--", "-D", "warnings", external=True
    )
    session.run(
        "cargo", "doc", "--no-deps", "--quiet",
        env={"RUSTDOCFLAGS": "-D warnings"}, external=True,
    )


def environments(session: nox.Session) -> "dict[str, str]":
    """Make a virtual environment with the guide's requirements for each version.

    Those of versions that are not installed are reported and left out.
    """
    made = {}
    missing = []
    for version in VERSIONS:
        python = find_python(version)
        if python is None:
            missing.append(version)
            continue
        environment = pathlib.Path(".nox").resolve() / f"guide-{version}"
        session.run(python, "-m", "venv", "--clear", str(environment), external=True)
        session.run(
            str(environment / "bin" / "pip"), "install", "--quiet",
            "--disable-pip-version-check", *REQUIREMENTS, external=True,
        )
        made[version] = str(environment)
    if missing:
        session.warn(f"not installed, so left out: {', '.join(missing)}")
    if not made:
        session.error("no CPython from 3.9 on is installed")
    return made


@nox.session(python=False)
def check(session: nox.Session) -> None:
    """Check the guide under every installed CPython, with what it requires."""
    trueprint = build(session)
    made = environments(session)
    for environment in made.values():
        session.run(
            trueprint, "check", "--fail-on-skipped", "--python", environment,
            external=True,
        )
    # Here, unlike among all the tests, the guide's requirements are installed.
    newest = list(made.values())[-1]
    session.run(
        "cargo", "test", "--quiet", "--test", "own_guide",
        env={"VIRTUAL_ENV": newest}, external=True,
    )
    session.log(f"checked on {', '.join(made)}")


@nox.session(python=False)
def extract(session: nox.Session) -> None:
    """See that examples_py/ is what the guide says."""
    session.run(build(session), "extract", "--check", external=True)


@nox.session(python=False)
def drift(session: nox.Session) -> None:
    """Show what the guide's snippets do otherwise from one CPython to the next."""
    trueprint = build(session)
    pythons = []
    for environment in environments(session).values():
        pythons += ["--python", environment]
    session.run(trueprint, "drift", *pythons, *session.posargs, external=True)


@nox.session(python=False)
def bench(session: nox.Session) -> None:
    """Measure what a snippet costs beside other ways to run it, and what its box does."""
    build(session)
    session.run("python3", "benches/compare.py", *session.posargs, external=True)
    session.run("python3", "benches/box.py", external=True)
