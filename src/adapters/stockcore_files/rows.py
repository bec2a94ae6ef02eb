"""Rows of a file, whatever its form: numbered from 1, with the line they begin on, and what is wrong with them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.strict_json import read_json
from stockcore_files.source import Form, Source

#: Columns of a rejected file that are not the importer's; such a file may be mended and imported again.
REMARKS: Final = ("error_code", "error_message")
#: One more of them: the whole row as it stood, where its cells do not say all of it. Empty once it is mended.
RAW: Final = "raw_row"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_PIECES: Final = re.compile(r'[",:{}\[\]]')
#: What a CSV cell cannot show as it was in JSON: a number where a text is needed, a lone surrogate.
_LOST_IN_CSV: Final = frozenset(("type_error", "text_invalid"))


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

    `number` counts data rows from 1, `line` is where the row begins. `raw`: its text, of every JSON row and of a CSV
    row that cannot be told into cells.
    """

    number: int
    line: int
    cells: Mapping[str, Any]
    problem: Problem | None = None
    raw: str = ""

    @property
    def texts(self) -> Iterator[str]:
        """Each cell, and each piece of `raw`: one of them is any cell's true text, if the row can tell it at all."""
        yield from map(str, self.cells.values())
        yield from _PIECES.split(self.raw)

    def to_keep(self, problems: Sequence[Problem]) -> str:
        """The row's text, where a rejected file would lose something of it in its cells alone; else nothing."""
        lost = self.problem is not None or any(problem.code in _LOST_IN_CSV for problem in problems)
        return self.raw if lost else ""


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
            for separator in ";\t|":
                if len(found) == 1 and separator in found[0]:
                    raise _columns("column_missing", f"commas separate columns, not {separator!r}: so lacks", missing)
            raise _columns("column_missing", "the header lacks", missing)
        self.check_known(found)

    def check_known(self, found: Sequence[str]) -> None:
        unknown = [] if self.ignore_unknown else sorted(set(found) - self.known - {*REMARKS, RAW})
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
    """An iterator of lines that knows how many it gave, which ones since `text` was emptied, and whether it ended."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.number = 0
        self.ended = False
        self.text = ""

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except StopIteration:
            self.ended = True
            raise
        self.number += 1
        self.text += line
        return line


@attrs.frozen
class _Record:
    """A CSV record: the line it begins on, its text, its fields, and what is wrong with it."""

    line: int
    text: str
    fields: Sequence[str]
    why: str | None = None


def _csv_rows(lines: _Counted, columns: Columns) -> Iterator[Row]:
    records = _csv_records(lines)
    header = _header(records)
    nameless = len(header)
    while header and header[-1] == "":  # columns that a spreadsheet saved for nothing
        header.pop()
    nameless -= len(header)
    columns.check(header)
    mended = set(REMARKS) <= set(header)
    for number, record in enumerate(records, 1):
        yield _csv_row(number, _without(record, len(header), nameless), header, mended)


def _without(record: _Record, width: int, nameless: int) -> _Record:
    """Less its last cells, if they stand below no name and are empty."""
    beyond = record.fields[width:]
    return attrs.evolve(record, fields=record.fields[:width]) if len(beyond) == nameless and not any(beyond) else record


def _header(records: Iterator[_Record]) -> list[str]:
    for record in records:
        if record.why is not None:
            raise StockcoreError("file_invalid", f"the header cannot be read: {record.why}", line=record.line)
        return [name.strip().casefold() for name in record.fields]
    raise StockcoreError("file_invalid", "the file is empty: its first line names the columns")


def _csv_row(number: int, record: _Record, header: Sequence[str], mended: bool) -> Row:
    """Its problem is that it cannot be told into cells; these are then a guess, and `raw` says what there is."""
    fields = [_unmarked(text) for text in record.fields] if mended else record.fields
    cells = {**dict.fromkeys(header, ""), **dict(zip(header, fields, strict=False))}
    left = cells.pop(RAW, "")
    raw, error = record.text, None
    if record.why is not None:
        error = StockcoreError("row_invalid", record.why)
    elif len(fields) != len(header):
        error = StockcoreError("row_invalid", f"{len(fields)} cells where the header has {len(header)}")
    elif left:
        raw, error = left, _unmended()
    row = Row(number, record.line, cells, raw="" if error is None else raw.rstrip("\r\n"))
    return row if error is None else attrs.evolve(row, problem=Problem.of(row, error))


def _unmended() -> StockcoreError:
    message = "what could not be read still stands here: put it into its columns, then empty this one"
    return StockcoreError("row_invalid", message, field=RAW)


_LINE_ENDS: Final = "lines end in a line feed, with or without a carriage return before it"


def _csv_records(lines: _Counted) -> Iterator[_Record]:
    """Blank lines, and rows of empty cells alone, are no records.

    A quote that does not close swallows lines until the file ends, a field grows over the csv module's limit
    (128 KiB), or another quote stands where none may: then nothing after it can be trusted.
    """
    reader = csv.reader(lines, strict=True)
    while True:
        begins = lines.number + 1
        lines.text = ""
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if lines.ended or lines.number > begins or lines.text.count('"') % 2:
                raise StockcoreError(
                    "quote_unclosed", f"a quote in line {begins} is not closed", line=begins
                ) from error
            why = _LINE_ENDS if "\r" in lines.text.rstrip("\r\n") else str(error)
            yield _Record(begins, lines.text, (), f"not a row of comma-separated values: {why}")
            continue
        if any(map(str.strip, fields)):
            yield _Record(begins, lines.text, fields)


def _json_rows(lines: _Counted, columns: Columns) -> Iterator[Row]:
    number = 0
    for text in lines:
        lines.text = ""
        if text.strip():
            number += 1
            yield _json_row(number, lines.number, text, columns)
    if number == 0:
        raise StockcoreError("file_invalid", "the file is empty: each line of it is one row, as a JSON object")


def _json_row(number: int, line: int, text: str, columns: Columns) -> Row:
    row = Row(number, line, {}, raw=text.strip())
    try:
        document = read_json(text)
        if not isinstance(document, dict):
            raise StockcoreError("type_error", "each line is a JSON object: {…}")
        cells = {name: value for name, value in document.items() if value is not None}
        left = cells.pop(RAW, None)
        row = attrs.evolve(row, cells=cells)
        columns.check_known(list(document))
        if left:
            raise _unmended()
    except StockcoreError as error:
        return attrs.evolve(row, problem=Problem.of(row, error))
    return row


def marked(text: str) -> str:
    """A text as a spreadsheet shows it and does not run it: with a `'` before what would begin a formula, and before
    what has such a mark of its own, so that `_unmarked` gives back every text."""
    formula = text.startswith(_FORMULA) and not _is_number(text)
    return f"'{text}" if formula or _unmarked(text) != text else text


def _unmarked(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith((*_FORMULA, "'")) else text


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit() and text.isascii()
