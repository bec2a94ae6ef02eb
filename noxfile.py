"""The one way to run anything.

    nox                           every check
    nox -s unit -- -k pools       some of one
    nox -s bench -- NAME --size 1000
    nox -l                        what there is

The sessions share one environment, `.nox/dev`, because installing it takes longer than most of them; nox
itself has only environments of one session, hence `tool` and `install` here.
"""

import hashlib
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "imports", "unit", "integration", "docs"]
nox.options.default_venv_backend = "none"
nox.options.reuse_venv = "yes"

ROOT = Path(__file__).parent
SHARED = ROOT / ".nox" / "dev"


def install(session: nox.Session) -> None:
    """Make the shared environment, unless it is there for this very pyproject.toml, Python and place."""
    made_for = [sys.version, str(ROOT), (ROOT / "pyproject.toml").read_text()]
    wanted = hashlib.sha256("\n".join(made_for).encode()).hexdigest()
    stamp = SHARED / "made-for"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(SHARED, ignore_errors=True)
    session.run(sys.executable, "-m", "venv", str(SHARED), external=True)
    session.run(str(SHARED / "bin" / "pip"), "install", "-e", ".[dev]", external=True)
    stamp.write_text(wanted)


def tool(
    session: nox.Session,
    program: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    success_codes: Sequence[int] = (0,),
) -> None:
    """Run a program of the shared environment."""
    install(session)
    command = str(SHARED / "bin" / program)
    session.run(command, *arguments, env=env, success_codes=success_codes, external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: rules and format."""
    tool(session, "ruff", "check", ".")
    tool(session, "ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict, over everything including the tests."""
    tool(session, "mypy", *session.posargs)


@nox.session
def imports(session: nox.Session) -> None:
    """Who may import whom."""
    tool(session, "lint-imports")


@nox.session
def unit(session: nox.Session) -> None:
    """Tests without I/O."""
    tool(session, "pytest", "-n", "auto", "tests/unit", *session.posargs)


@nox.session
def integration(session: nox.Session) -> None:
    """Tests on SQLite and on a PostgreSQL that they start themselves."""
    tool(session, "pytest", "-n", "auto", "tests/integration", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The examples in the documents and in the domain's docstrings are run."""
    tool(
        session,
        "pytest",
        "--doctest-glob=*.md",
        "--doctest-modules",
        "README.md",
        "docs",
        "src/stockcore",
        *session.posargs,
    )


@nox.session(default=False)
def wheel_postgres(session: nox.Session) -> None:
    """The stores' contracts on the wheel's PostgreSQL, where the default run takes the system's."""
    if not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        session.skip("the system has no PostgreSQL: the default run was on the wheel's")
    tool(
        session,
        "pytest",
        "-n",
        "auto",
        "tests/integration/test_stores_agree.py",
        "tests/integration/test_append_only.py",
        "tests/integration/scenarios",
        *session.posargs,
        env={"STOCKCORE_TEST_POSTGRES": "wheel", "STOCKCORE_TEST_DATABASE_URL": ""},
    )


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """One benchmark with its arguments: `nox -s bench -- NAME …` (benchmarks/README.md)."""
    tool(session, "python", "-m", "benchmarks", *session.posargs)


@nox.session(default=False)
def mutants(session: nox.Session) -> None:
    """Named changes for the worse, each of which the tests must notice: `nox -s mutants -- "pool not updated"`."""
    tool(session, "python", "-m", "tests.mutants.run", *session.posargs)
