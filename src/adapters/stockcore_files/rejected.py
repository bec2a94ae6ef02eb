"""The rows that an import left out, in a file beside it: mend them there, and import that file."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from stockcore.kernel.plain import to_json
from stockcore_files.rows import REMARKS, Problem, Row, marked


def rejected_path(path: Path) -> Path:
    """FILE.rejected.csv: `stock.csv.gz` → `stock.csv.gz.rejected.csv`."""
    return path.with_name(f"{path.name}.rejected.csv")


class RejectedFile:
    """Collects rejected rows; the file appears whole when the block ends, and only if there are any."""

    def __init__(self, stream: TextIO, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self._writer.writerow([*columns, *REMARKS])
        self.count = 0

    def add(self, row: Row, problems: Sequence[Problem]) -> None:
        codes = " ".join(dict.fromkeys(problem.code for problem in problems))
        messages = "; ".join(_told(problem) for problem in problems)
        cells = [marked(_text(row.cells.get(column, ""))) for column in self._columns]
        self._writer.writerow([*cells, codes, messages])
        self.count += 1


@contextmanager
def writing_rejected(path: Path, columns: tuple[str, ...]) -> Iterator[RejectedFile]:
    """Errors: those of the operating system, before anything is imported."""
    target = rejected_path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            rejected = RejectedFile(stream, columns)
            yield rejected
        if rejected.count:
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _told(problem: Problem) -> str:
    return f"{problem.field}: {problem.message}" if problem.field else problem.message


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return to_json(value) if isinstance(value, (Mapping, list)) else str(value)
