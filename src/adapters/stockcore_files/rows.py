"""Rows of a file, whatever its form: numbered from 1, with the line they begin on, and what is wrong with them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.strict_json import read_json
from stockcore_files.source import Form, Source

#: Columns of a rejected file that are not the importer's; such a file may be mended and imported again.
REMARKS: Final = ("error_code", "error_message")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@attrs.frozen(kw_only=True)
class Problem:
    """Why a row cannot be imported; `code` is public (docs/errors.md). `line` is the file's, counted from 1."""

    row: int
    line: int
    code: str
    message: str
    field: str | None = None
    facts: Mapping[str, Any] = attrs.field(factory=dict)

    @classmethod
    def of(cls, row: Row, error: StockcoreError) -> Problem:
        return cls(
            row=row.number,
            line=row.line,
            code=error.code,
            message=error.message,
            field=error.field,
            facts=error.facts,
        )


@attrs.frozen
class Row:
    """A data row as it stands in the file: texts from CSV, any plain value from JSON; nothing is None.

    `number` counts data rows from 1, `line` is where the row begins.
    """

    number: int
    line: int
    cells: Mapping[str, Any]
    problem: Problem | None = None


@attrs.frozen
class Columns:
    """Which columns a file may and must have."""

    known: frozenset[str]
    required: frozenset[str]
    ignore_unknown: bool = False

    def check(self, found: Sequence[str]) -> None:
        """Errors: column_duplicate, column_missing, column_unknown; each names all the columns in question."""
        repeated = sorted({name for name in found if found.count(name) > 1})
        if repeated:
            raise _columns("column_duplicate", "the header names a column twice", repeated)
        missing = sorted(self.required - set(found))
        if missing:
            raise _columns("column_missing", "the header lacks", missing)
        self.check_known(found)

    def check_known(self, found: Sequence[str]) -> None:
        unknown = [] if self.ignore_unknown else sorted(set(found) - self.known - set(REMARKS))
        if unknown:
            raise _columns("column_unknown", "unknown columns (--ignore-unknown leaves them out)", unknown)


def _columns(code: str, message: str, columns: list[str]) -> StockcoreError:
    shown = ", ".join(repr(column[:60]) for column in columns)
    return StockcoreError(code, f"{message}: {shown}", columns=columns)


def read_rows(source: Source, columns: Columns, *, encoding: str = "utf-8") -> Iterator[Row]:
    """The file's data rows, one by one. What is wrong with one row is that row's `problem`; what makes the rest of
    the file unreadable is raised: the errors of `Source.lines` and `Columns.check`, and quote_unclosed."""
    lines = _Counted(source.lines(encoding))
    return _csv_rows(lines, columns) if source.form is Form.CSV else _json_rows(lines, columns)


class _Counted:
    """An iterator of lines that knows how many it gave, and whether it ended."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.number = 0
        self.ended = False

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except StopIteration:
            self.ended = True
            raise
        self.number += 1
        return line


def _csv_rows(lines: _Counted, columns: Columns) -> Iterator[Row]:
    records = _csv_records(lines)
    header = _header(records)
    columns.check(header)
    mended = set(REMARKS) <= set(header)
    for number, (line, fields, why) in enumerate(records, 1):
        cells = {name: _unmarked(text) if mended else text for name, text in zip(header, fields, strict=False)}
        if why is None and len(fields) != len(header):
            why = f"{len(fields)} cells where the header has {len(header)}"
        yield _row(number, line, cells, why)


def _header(records: Iterator[tuple[int, list[str], str | None]]) -> list[str]:
    for line, fields, why in records:
        if why is not None:
            raise StockcoreError("file_invalid", f"the header cannot be read: {why}", line=line)
        return [name.strip().casefold() for name in fields]
    raise StockcoreError("file_invalid", "the file is empty: its first line names the columns")


def _row(number: int, line: int, cells: Mapping[str, Any], why: str | None) -> Row:
    problem = None if why is None else Problem(row=number, line=line, code="row_invalid", message=why)
    return Row(number, line, cells, problem)


def _csv_records(lines: _Counted) -> Iterator[tuple[int, list[str], str | None]]:
    """(line it begins on, fields, what is wrong with it); blank lines are no records.

    A quote that does not close swallows lines until the file ends, a field grows over the csv module's limit
    (128 KiB), or another quote stands where none may: then nothing after it can be trusted.
    """
    reader = csv.reader(lines, strict=True)
    while True:
        begins = lines.number + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if lines.ended or lines.number > begins:
                raise StockcoreError(
                    "quote_unclosed", f"a quote in line {begins} is not closed", line=begins
                ) from error
            yield begins, [], f"not a row of comma-separated values: {error}"
            continue
        if fields:
            yield begins, fields, None


def _json_rows(lines: _Counted, columns: Columns) -> Iterator[Row]:
    number = 0
    for text in lines:
        if text.strip():
            number += 1
            yield _json_row(number, lines.number, text, columns)


def _json_row(number: int, line: int, text: str, columns: Columns) -> Row:
    row = Row(number, line, {})
    try:
        document = read_json(text)
        if not isinstance(document, dict):
            raise StockcoreError("type_error", "each line is a JSON object: {…}")
        row = Row(number, line, {name: value for name, value in document.items() if value is not None})
        columns.check_known(list(document))
    except StockcoreError as error:
        return attrs.evolve(row, problem=Problem.of(row, error))
    return row


def marked(text: str) -> str:
    """A text as a spreadsheet shows it and does not run it: with a `'` before what would begin a formula."""
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _unmarked(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit() and text.isascii()
