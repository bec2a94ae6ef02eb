"""The rows that an import left out, in a file beside it: mend them there, and import that file."""

from __future__ import annotations

import csv
import errno
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.plain import to_json
from stockcore_files.rows import RAW, REMARKS, Problem, Row, marked


def rejected_path(path: Path) -> Path:
    """FILE.rejected.csv: `stock.csv.gz` → `stock.csv.gz.rejected.csv`."""
    return path.with_name(f"{path.name}.rejected.csv")


class RejectedFile:
    """Collects rejected rows; the file appears whole when the block ends, and only if there are any.

    Nothing of a row is lost: where its cells cannot say all of it (there are too many, a quote is broken, it is no
    JSON object), RAW holds it as it stood, and the row stays refused until somebody has emptied that.
    """

    def __init__(self, target: Path, stream: TextIO, columns: tuple[str, ...]) -> None:
        self._target = target
        self._columns = columns
        self._writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self._writer.writerow([*columns, *REMARKS])
        self.count = 0

    def add(self, row: Row, problems: Sequence[Problem]) -> None:
        codes = " ".join(dict.fromkeys(problem.code for problem in problems))
        messages = "; ".join(_told(problem) for problem in problems)
        said = {**row.cells, RAW: row.to_keep(problems)}
        cells = [marked(_text(said.get(column, ""))) for column in self._columns]
        with _refusing(self._target):
            self._writer.writerow([*cells, codes, messages])
        self.count += 1


@contextmanager
def writing_rejected(path: Path, columns: tuple[str, ...]) -> Iterator[RejectedFile]:
    """Errors: file_invalid, at once, where the file could not be written; later, only where the disk is full."""
    target = rejected_path(path)
    with _refusing(target):
        _check_place(target)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".rejected.")
    temporary = Path(name)
    # What UTF-8 cannot hold, a lone surrogate, stands in RAW as JSON writes it.
    stream = os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="")
    try:
        rejected = RejectedFile(target, stream, columns)
        yield rejected
        with _refusing(target):
            stream.close()
            if rejected.count:
                temporary.replace(target)
    finally:
        with suppress(OSError):
            stream.close()
        temporary.unlink(missing_ok=True)


def _check_place(target: Path) -> None:
    """Errors: OSError, where a file of that name cannot be put: a name too long, a folder."""
    with suppress(FileNotFoundError):
        target.lstat()
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


@contextmanager
def _refusing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StockcoreError(
            "file_invalid",
            f"rejected rows cannot be written to {target.name}: {error.strerror or error}",
            file=target.name,
        ) from error


def _told(problem: Problem) -> str:
    return f"{problem.field}: {problem.message}" if problem.field else problem.message


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return to_json(value) if isinstance(value, (Mapping, list)) else str(value)
