"""How answers and refusals appear: one JSON document on standard output, or tables and sentences for people."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.plain import to_json, to_plain
from stockcore.kernel.quantity import plain

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_UNKNOWN: Final = 160  # no terminal: wide enough that nothing is cut


class Table:
    """Rows for people, under a title where there is one."""

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> None:
        self.columns = columns
        self.rows = [list(row) for row in rows]
        self.title = title


class Printer:
    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def show(self, document: Any, tables: Callable[[], Sequence[Table]]) -> None:
        """An answer."""
        if self._as_json:
            write(_encodable(to_json(_plain(document))))
        else:
            _print_tables(tables())

    def draw(self, document: Callable[[], Any], draw: Callable[[Console], object]) -> None:
        """An answer that draws itself."""
        if self._as_json:
            write(_encodable(to_json(document())))
        else:
            with _writing():
                draw(_console())
                sys.stdout.flush()

    def refuse(self, error: StockcoreError) -> None:
        """A refusal: as a document for programs, else told on standard error. Errors: output_failed."""
        if self._as_json and error.code != "output_failed":
            write(_encodable(to_json({"error": _refusal(error)})))
            return
        tell(f"error: {f'{error.field}: ' if error.field else ''}{error.message} ({error.code})")
        for failure in error.facts.get("failures", ())[1:]:
            tell(f"       {failure['field']}: {failure['message']} ({failure['code']})")
        for row in error.facts.get("rows", ()):
            field = f", {row['field']}" if row["field"] else ""
            tell(f"  row {row['row']} (line {row['line']}){field}: {row['message']} ({row['code']})")


def _encodable(document: str) -> str:
    """The same JSON in what standard output can write: in ASCII where its encoding lacks a character."""
    try:
        document.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(json.loads(document), separators=(",", ":"))
    return document


def write(text: str) -> None:
    """A line on standard output. Errors: output_failed."""
    with _writing():
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """A reader that has gone away ends the program quietly. Errors: output_failed (a full disk, no output at all)."""
    if sys.stdout is None:
        raise _output_failed("there is no standard output")
    try:
        yield
    except BrokenPipeError:
        leave_quietly()
    except OSError as error:
        _drop_output()
        raise _output_failed(error.strerror or "the device refuses it") from error


def _output_failed(why: str) -> StockcoreError:
    return StockcoreError("output_failed", f"the answer cannot be written ({why}); what was asked for may be done")


def leave_quietly() -> NoReturn:
    """Nobody reads on (`| head`): end without a word."""
    _drop_output()
    raise click.exceptions.Exit(0)


def _drop_output() -> None:
    """What was not written is given up; Python would try again at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(text: str) -> None:
    """A line on standard error, where there is one."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return plain(value)
    return str(value)


def _refusal(error: StockcoreError) -> Mapping[str, Any]:
    return {
        "code": error.code,
        "message": error.message,
        "field": error.field,
        "row": error.row,
        "facts": error.facts,
    }


def _plain(document: Any) -> Any:
    if isinstance(document, (list, tuple)):
        return [_plain(item) for item in document]
    return to_plain(document) if hasattr(document, "__attrs_attrs__") else document


def _print_tables(tables: Sequence[Table]) -> None:
    with _writing():
        console = _console()
        for table in tables:
            _print_table(console, table)
        sys.stdout.flush()


def _console() -> Console:
    from rich.console import Console

    class QuietConsole(Console):
        def on_broken_pipe(self) -> None:  # rich's own ends the program with 1
            leave_quietly()

    width = None if sys.stdout.isatty() else _WIDTH_UNKNOWN
    return QuietConsole(width=width, highlight=False, markup=False, emoji=False)


def _print_table(console: Console, table: Table) -> None:
    from rich import box
    from rich import table as rich_table
    from rich.text import Text

    if not table.rows:
        console.print(f"{table.title or 'nothing'}: none" if table.title else "nothing to show")
        return
    drawn = rich_table.Table(box=box.SIMPLE_HEAD, title=table.title, title_justify="left", pad_edge=False)
    for column, cell in zip(table.columns, table.rows[0], strict=True):
        drawn.add_column(column, justify="right" if isinstance(cell, (Decimal, int)) else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*[Text(shown(cell)) for cell in row])  # Text: data is shown literally, markup too
    console.print(drawn)
