"""Which mutants do the tests notice? `python -m tests.mutants.run [NAME …]`; each lives in a copy of its own.

Exit 0: every one was caught. 1: one survived. 2: the tests fail without any mutant, or one could not be made.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.mutants.table import MUTANTS, ROOT, Mutant

_COPIED: Final = ("src", "tests", "pyproject.toml")
_PACKAGES: Final = ("src", "src/adapters", "src/entrypoints")
_PASSED, _FAILED = 0, 1  # pytest's exit codes; all others mean that the tests did not run


def main(names: Sequence[str]) -> int:
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    if unknown := set(names) - {mutant.name for mutant in MUTANTS}:
        return _say(f"no such mutant: {sorted(unknown)}", 2)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        whole = pool.map(lambda selection: _tried(None, *selection), _all_tests(chosen))
        if any(code != _PASSED for code, _ in whole):
            return _say("the tests fail without any mutant", 2)
        codes = dict(zip(chosen, pool.map(_reported, chosen), strict=True))
    survived = [mutant.name for mutant, code in codes.items() if code == _PASSED]
    broken = [mutant.name for mutant, code in codes.items() if code not in (_PASSED, _FAILED)]
    _say(f"{len(chosen) - len(survived) - len(broken)} of {len(chosen)} caught", 0)
    return 1 if survived else 2 if broken else 0


def _all_tests(mutants: Sequence[Mutant]) -> list[tuple[list[str], str]]:
    """Each file once for every choice of its tests."""
    files: dict[str, set[str]] = {}
    for mutant in mutants:
        files.setdefault(mutant.keywords, set()).update(mutant.tests)
    return [(sorted(chosen), keywords) for keywords, chosen in files.items()]


def _reported(mutant: Mutant) -> int:
    began = time.monotonic()
    try:
        code, by = _tried(mutant, mutant.tests, mutant.keywords)
    except ValueError as error:
        return _say(f"not made   {error}", 2)
    word = {_PASSED: "SURVIVED", _FAILED: "caught"}.get(code, "did not run")
    return _say(f"{word:<10} {mutant.name} ({time.monotonic() - began:.0f} s) {by}", code)


def _tried(mutant: Mutant | None, tests: Sequence[str], keywords: str) -> tuple[int, str]:
    """pytest's exit code over a copy with the mutant in it, and the test that failed."""
    with _copy() as folder:
        if mutant is not None:
            file = folder / mutant.file
            file.write_text(mutant.applied_to(file.read_text()))
        run = _pytest(folder, [*tests, "-k", keywords])
    if run.returncode != (_PASSED if mutant is None else _FAILED):
        _say(run.stdout + run.stderr, run.returncode)
    failed = [line.split()[1] for line in run.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return run.returncode, " ".join(failed)


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mutant-") as made:
        folder = Path(made)
        for name in _COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, folder / name)
        yield folder


def _pytest(folder: Path, selection: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """First failure stops; no shrinking, which only people need; no bytecode, which could outlive its source."""
    paths = os.pathsep.join(str(folder / package) for package in _PACKAGES)
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    where = subprocess.run(
        [sys.executable, "-c", "import stockcore; print(stockcore.__file__)"],
        env=environment,
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    if not where.stdout.startswith(str(folder)):
        raise RuntimeError(f"the copy is not what is imported, but {where.stdout}")
    program = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile", "mutants"]
    return subprocess.run(
        [*program, *selection], env=environment, cwd=folder, check=False, capture_output=True, text=True
    )


def _say(text: str, code: int) -> int:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
