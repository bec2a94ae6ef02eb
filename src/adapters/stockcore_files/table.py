"""From a row's cells to values: each column with the kernel's parser for it, every mistake of a row found at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import attrs

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.strict_json import read_json
from stockcore_files.rows import Columns, Problem, Row


class Parser(Protocol):
    def __call__(self, value: Any, *, field: str | None = None) -> Any: ...


@attrs.frozen
class Column:
    """A column's name, how its values are read, and whether each row must have one."""

    name: str
    read: Parser
    required: bool = False


@attrs.frozen
class Record:
    """A row that can be read, as values by column; what the row leaves out is not there."""

    row: Row
    values: Mapping[str, Any]


@attrs.frozen
class Table:
    """The columns of one kind of file."""

    columns: tuple[Column, ...]

    def expected(self, *, ignore_unknown: bool = False) -> Columns:
        return Columns(
            known=frozenset(column.name for column in self.columns),
            required=frozenset(column.name for column in self.columns if column.required),
            ignore_unknown=ignore_unknown,
        )

    def read(self, row: Row) -> tuple[Record, Sequence[Problem]]:
        """The values that could be read, and a problem for each that could not."""
        if row.problem is not None:
            return Record(row, {}), (row.problem,)
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for column in self.columns:
            try:
                value = _cell(column, row.cells.get(column.name, ""))
            except StockcoreError as error:
                problems.append(Problem.of(row, error))
            else:
                if value is not None:
                    values[column.name] = value
        return Record(row, values), problems


def _cell(column: Column, value: Any) -> Any:
    if value == "":
        if column.required:
            raise StockcoreError("field_required", f"{column.name} is missing", field=column.name)
        return None
    return column.read(value, field=column.name)


_WORDS: Final[Mapping[str, bool]] = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def read_flag(value: object, *, field: str | None = None) -> bool:
    """yes, true, 1; no, false, 0. Errors: value_unknown."""
    if isinstance(value, bool):
        return value
    word = _WORDS.get(str(value).strip().casefold()) if isinstance(value, (str, int)) else None
    if word is None:
        raise StockcoreError("value_unknown", "yes or no is needed here", field=field, allowed=["yes", "no"])
    return word


def read_whole(value: object, *, field: str | None = None) -> int:
    """A whole number. Errors: those of `read_decimal`, number_format."""
    from stockcore.kernel.quantity import read_decimal

    number = read_decimal(value, field=field)
    if number != number.to_integral_value():
        raise StockcoreError("number_format", "a whole number is needed here", field=field)
    return int(number)


def read_attributes(value: object, *, field: str | None = None) -> Mapping[str, Any]:
    """A JSON object of free attributes, as such in JSON Lines and as text in CSV. Errors: invalid_json, type_error."""
    if isinstance(value, str):
        try:
            value = read_json(value)
        except StockcoreError as error:
            raise StockcoreError(error.code, error.message, field=field) from error
    if not isinstance(value, Mapping):
        raise StockcoreError("type_error", 'a JSON object is needed here: {"colour": "blue"}', field=field)
    return value


def choice(*allowed: str) -> Parser:
    """A parser for one of these words. Errors: value_unknown."""

    def read(value: Any, *, field: str | None = None) -> str:
        word = value.strip().casefold() if isinstance(value, str) else None
        if word not in allowed:
            raise StockcoreError(
                "value_unknown", f"one of {', '.join(allowed)} is needed here", field=field, allowed=list(allowed)
            )
        return str(word)

    return read
