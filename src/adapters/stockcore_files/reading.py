"""A file read as one kind of thing: surveyed once, then read into commands as often as it takes; memory stays flat."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

import attrs

from stockcore.kernel.errors import StockcoreError
from stockcore_files.duplicates import Duplicates, decide
from stockcore_files.rows import RAW, REMARKS, Problem, Row, read_rows
from stockcore_files.source import Source
from stockcore_files.table import Record, Table


@attrs.frozen
class Item:
    """A command and the rows it was made of, first row first. `command_id` is set, so that it is carried out once."""

    command: Any
    rows: tuple[Row, ...]

    def row_of(self, field: str | None, column: str | None) -> Row:
        """The row that a refusal is about: `lines/2/quantity` is the third row's; what is said of the whole order is
        the first row's that says it."""
        line = line_of(field)
        if line is not None and line < len(self.rows):
            return self.rows[line]
        saying = (row for row in self.rows if column is not None and row.cells.get(column, "") != "")
        return next(saying, self.rows[0])


def line_of(field: str | None) -> int | None:
    """2 of `lines/2/quantity`; None of a field that is no line's."""
    parts = (field or "").split("/")
    return int(parts[1]) if parts[0] == "lines" and len(parts) > 1 and parts[1].isdigit() else None


@attrs.frozen
class Entry:
    """A record on its way to a command; not `good` where its row has a problem already."""

    record: Record
    good: bool


@attrs.frozen
class Refused:
    """A row that becomes no command, and why: all that is wrong with it."""

    row: Row
    problems: tuple[Problem, ...]

    @classmethod
    def of(cls, row: Row, error: StockcoreError) -> Refused:
        return cls(row, (Problem.of(row, error),))


Formed: TypeAlias = Item | Refused
#: By a command's field: its column, or what tells it from the row and the refusal's facts.
Fields: TypeAlias = Mapping[str, str | Callable[[Row, Mapping[str, Any]], str | None]]


class Kind(Protocol):
    """What a file holds: its columns, when two rows are the same thing, and the commands that rows become. `fields`:
    the column of each field of those commands that is not named like it. `telling_apart`: what can be done where two
    rows that look the same are not, if anything can."""

    name: str
    telling_apart: str
    table: Table

    @property
    def fields(self) -> Fields: ...

    def identity(self, record: Record) -> Hashable | None:
        """Equal for rows that say the same thing twice; None where that cannot be told."""
        ...

    def note(self, record: Record) -> None:
        """Sees every row once before `form` is called."""
        ...

    def form(self, entries: Iterable[Entry], command_prefix: str) -> Iterator[Formed]:
        """Commands of the good entries, and a refusal of each good entry that cannot become one."""
        ...


@attrs.frozen(kw_only=True)
class Options:
    encoding: str = "utf-8"
    ignore_unknown: bool = False
    last_wins: bool = False


class Reading:
    """One file, read as one kind. Errors: those of `Source.of` and `read_rows`."""

    def __init__(self, source: Source, kind: Kind, options: Options) -> None:
        self.source = source
        self.total = 0
        self._kind = kind
        self._options = options
        self._columns = kind.table.expected(ignore_unknown=options.ignore_unknown)
        self._found: dict[str, None] = {}
        self._keeps_raw = False
        self._duplicates = self._survey()
        source.check_unchanged()

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of a rejected file: the file's, in its order, without the remarks of an earlier rejection, and what
        it lacks of the required ones; with RAW at the end where the cells of some row do not say all of it."""
        names = dict.fromkeys((*self._found, *sorted(self._columns.required)))
        return (*(name for name in names if name not in REMARKS), *([RAW] if self._keeps_raw else []))

    @property
    def superseded(self) -> int:
        return len(self._duplicates.superseded)

    def items(self) -> Iterator[Formed]:
        """Every row as part of an item or refused; nothing is left out but what a later row replaces."""
        prefix = f"import:{self._kind.name}:{self.source.fingerprint}"
        refused: list[Refused] = []
        for formed in self._kind.form(self._entries(refused), prefix):
            yield from refused
            refused.clear()
            yield formed
        yield from refused

    def column_of(self, item: Item, field: str | None, facts: Mapping[str, Any]) -> str | None:
        """The column that gave a command's field: `quantity` of `lines/2/quantity`, `gtin` of `gtins/0`, `attributes`
        of `attributes/size`. None for what no column says."""
        parts = (field or "").split("/")
        name = parts[0] if line_of(field) is None else parts[-1]
        found = self._kind.fields.get(name, name)
        column = found(item.rows[0], facts) if callable(found) else found
        return column if column in self._columns.known else None

    def _survey(self) -> Duplicates:
        return decide(self._identities(), last_wins=self._options.last_wins)

    def _identities(self) -> Iterator[tuple[int, Hashable]]:
        for row in self._rows():
            self.total += 1
            self._found.update(dict.fromkeys(row.cells))
            record, problems = self._kind.table.read(row)
            self._keeps_raw |= row.to_keep(problems) != ""
            self._kind.note(record)
            identity = self._kind.identity(record)
            if identity is not None:
                yield row.number, identity

    def _entries(self, refused: list[Refused]) -> Iterator[Entry]:
        for row in self._rows():
            if row.number in self._duplicates.superseded:
                continue
            record, found = self._kind.table.read(row)
            problems = (*found, *self._repeated(row))
            if problems:
                refused.append(Refused(row, problems))
            yield Entry(record, good=not problems)

    def _rows(self) -> Iterator[Row]:
        return read_rows(self.source, self._columns, encoding=self._options.encoding)

    def _repeated(self, row: Row) -> tuple[Problem, ...]:
        other = self._duplicates.refused.get(row.number)
        if other is None:
            return ()
        message = (
            f"row {other} says the same thing: take one out, {self._kind.telling_apart}"
            "or let the last one win (--last-wins)"
        )
        return (Problem.of(row, StockcoreError("duplicate_row", message, other_row=other)),)
