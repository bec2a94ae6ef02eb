"""Imports: a file's rows become commands, all of them or each by itself, and every row that cannot is told."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import localcontext
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final

import attrs

from stockcore.catalog.commands import AddProduct
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import BATCH_MAX, UseCase, carry_out
from stockcore.kernel.quantity import ARITHMETIC
from stockcore.kernel.results import Accepted, Outcome, Rejected
from stockcore.locations.commands import AddLocation, AddSite
from stockcore.orders.commands import PlaceOrder
from stockcore.stock.commands import ReceiveStock
from stockcore_files.kinds import KINDS
from stockcore_files.reading import Formed, Item, Options, Reading, Refused
from stockcore_files.rejected import RejectedFile, rejected_path, writing_rejected
from stockcore_files.rows import Problem
from stockcore_files.source import Source
from stockcore_runtime.application import Application
from stockcore_runtime.asking import Ask

CarryOut = Callable[[UseCase[Any, Any], Sequence[Any]], list[Outcome[Any]]]

TRIES_MAX: Final = 1000  # how often one file's row may have been refused before


class Mode(enum.StrEnum):
    ATOMIC = "atomic"  # all rows, or none when any of them is bad
    PER_ROW = "per_row"  # every good row; the others go to FILE.rejected.csv


@attrs.define(kw_only=True)
class ImportReport:
    """What became of a file's rows: total = accepted + superseded + rejected + undone.

    `accepted` counts rows, also those whose command had been carried out by an earlier import of the same file
    (`repeated`). `superseded`: replaced by a later row (last wins). `undone`: good rows of an atomic import that was
    refused. `problems`: all that is wrong, by row.
    """

    kind: str
    file: str
    mode: str
    dry_run: bool
    total: int = 0
    accepted: int = 0
    repeated: int = 0
    superseded: int = 0
    rejected: int = 0
    undone: int = 0
    problems: list[Problem] = attrs.field(factory=list)
    rejected_file: str | None = None


def import_file(
    app: Application,
    kind: str,
    path: Path,
    *,
    mode: Mode = Mode.ATOMIC,
    options: Options | None = None,
    dry_run: bool = False,
    progress: Callable[[int], object] | None = None,
) -> ImportReport:
    """Read a file and carry out its commands. Rows that are refused are in the report; what makes the whole file
    unreadable is raised. The same file imported again changes nothing: command ids are its fingerprint and row.

    Errors: file_not_found, file_invalid, file_changed, invalid_encoding, quote_unclosed, column_missing,
    column_unknown, column_duplicate, value_unknown (encoding); those of kind INFRASTRUCTURE.
    """
    with localcontext(ARITHMETIC):
        reading = Reading(Source.of(path), KINDS[kind](), options or Options())
        report = ImportReport(
            kind=kind, file=str(path), mode=mode, dry_run=dry_run, total=reading.total, superseded=reading.superseded
        )
        run = _Run(app, reading, report, progress)
        if mode is Mode.PER_ROW and not dry_run:
            run.per_row(path)
        else:
            run.atomic(dry_run)
    report.problems.sort(key=lambda problem: problem.row)
    return report


_AFTER_A_CHANGE: Final = ": take them out of the file before you import it again"
_AFTER_A_BREAK: Final = ": import the same file again, and the rest goes in"


_REFUSED_MAX: Final = 10_000


class _Undone(Exception):
    """Ends a transaction that must leave nothing."""


class _Run:
    """One import on its way."""

    def __init__(
        self, app: Application, reading: Reading, report: ImportReport, progress: Callable[[int], object] | None
    ) -> None:
        self._app = app
        self._reading = reading
        self._report = report
        self._progress = progress
        self._asks = _asks(app)
        self._rejected: RejectedFile | None = None
        self._refused: list[Refused] = []  # not told yet

    def atomic(self, dry_run: bool) -> None:
        """One transaction, that is undone when any row is bad (and in a dry run)."""

        def attempt() -> None:
            self._start_over()
            with self._app.store.transaction(self._app.origin, dry_run=dry_run) as uow:
                self._carry_out_all(lambda use_case, commands: carry_out(uow, use_case, commands))
                if self._report.problems and not dry_run:
                    raise _Undone

        try:
            self._app.store.retrying(attempt)
            if not dry_run:
                with suppress(StockcoreError):  # the rows are in; see `Desk`
                    self._app.follow_up()
        except _Undone:
            report = self._report
            report.undone, report.accepted, report.repeated = report.accepted, 0, 0

    def per_row(self, path: Path) -> None:
        """Good rows go in, in transactions of their own; the others into the rejected file, also when the import breaks
        off: then the error says what went in before."""
        report = self._report
        broken: StockcoreError | None = None
        with writing_rejected(path, self._reading.columns) as self._rejected:
            try:
                self._carry_out_all(self._asks_batch)
            except StockcoreError as error:
                broken = error
        if self._rejected.count:
            report.rejected_file = str(rejected_path(path))
        if broken is None:
            return
        if report.accepted:
            broken.message += f"; {report.accepted} of its rows went in before"
            broken.message += _AFTER_A_CHANGE if broken.code == "file_changed" else _AFTER_A_BREAK
        broken.facts |= {
            "accepted": report.accepted,
            "rejected": report.rejected,
            "rejected_file": report.rejected_file,
        }
        raise broken

    def _asks_batch(self, use_case: UseCase[Any, Any], commands: Sequence[Any]) -> list[Outcome[Any]]:
        return next(ask for ask in self._asks.values() if ask.use_case is use_case).batch(commands)

    def _start_over(self) -> None:
        self._report.accepted = self._report.repeated = self._report.rejected = 0
        self._report.problems.clear()
        self._refused.clear()

    def _carry_out_all(self, carry: CarryOut) -> None:
        try:
            for ask, chunk in self._chunks(self._reading.items()):
                self._reading.source.check_unchanged(quick=True)
                self._note(chunk, _settled(carry, ask.use_case, [item.command for item in chunk]))
                self._tell_refused()
            self._reading.source.check_unchanged()
        finally:
            self._tell_refused()

    def _chunks(self, formed: Iterable[Formed]) -> Iterator[tuple[Ask[Any, Any, Any], list[Item]]]:
        """Items of one kind of command at a time, a transaction's worth; refused rows are noted on the way."""
        items = self._good(formed)
        for command, group in groupby(items, key=lambda item: type(item.command)):
            while chunk := list(islice(group, BATCH_MAX)):
                yield self._asks[command], chunk

    def _good(self, formed: Iterable[Formed]) -> Iterator[Item]:
        for found in formed:
            if isinstance(found, Item):
                yield found
            else:
                self._refuse(found)

    def _note(self, chunk: Sequence[Item], outcomes: Sequence[Outcome[Any]]) -> None:
        for item, outcome in zip(chunk, outcomes, strict=True):
            if isinstance(outcome, Accepted):
                self._report.accepted += len(item.rows)
                self._report.repeated += len(item.rows) if outcome.repeated else 0
            else:
                for refused in _refused(item, outcome, self._reading):
                    self._refuse(refused)
        if self._progress is not None:
            self._progress(sum(len(item.rows) for item in chunk))

    def _refuse(self, refused: Refused) -> None:
        self._refused.append(refused)
        if len(self._refused) == _REFUSED_MAX:  # a file of which nothing can be read
            self._tell_refused()

    def _tell_refused(self) -> None:
        """In the file's order, unreadable rows among those that a rule refused: of two rows the second may need the
        first, once both are mended."""
        for refused in sorted(self._refused, key=lambda refused: refused.row.number):
            self._report.rejected += 1
            self._report.problems += refused.problems
            if self._rejected is not None:
                self._rejected.add(refused.row, refused.problems)
        self._refused.clear()


def _asks(app: Application) -> Mapping[type, Ask[Any, Any, Any]]:
    return {
        AddProduct: app.catalog.add_product,
        AddSite: app.locations.add_site,
        AddLocation: app.locations.add_location,
        ReceiveStock: app.stock.receive,
        PlaceOrder: app.orders.place,
    }


def _settled(carry: CarryOut, use_case: UseCase[Any, Any], commands: Sequence[Any]) -> list[Outcome[Any]]:
    """Carry out commands, but do not take an earlier import's refusal for an answer: since then what was missing may
    have come. Their ids get a number behind them, the same one each time, so an accepted row is found again."""
    outcomes = carry(use_case, commands)
    for number in range(2, TRIES_MAX):
        again = [index for index, outcome in enumerate(outcomes) if _was_refused_before(outcome)]
        if not again:
            break
        tried = [attrs.evolve(commands[i], command_id=f"{commands[i].command_id}:{number}") for i in again]
        for index, outcome in zip(again, carry(use_case, tried), strict=True):
            outcomes[index] = outcome
    return outcomes


def _was_refused_before(outcome: Outcome[Any]) -> bool:
    return isinstance(outcome, Rejected) and outcome.repeated and outcome.code != "idempotency_key_reuse"


def _refused(item: Item, rejected: Rejected, reading: Reading) -> Iterator[Refused]:
    """The rows that a refusal is about, and the other rows of the same command."""
    about = dict(_short(item, rejected)) or _about(item, rejected, reading)
    first = min(about)
    for row in item.rows:
        error = about.get(row.number)
        if error is None:
            error = StockcoreError("batch_refused", f"row {first}, of the same order, was refused", other_row=first)
        yield Refused.of(row, error)


def _about(item: Item, rejected: Rejected, reading: Reading) -> Mapping[int, StockcoreError]:
    """By the number of each row that the refusal is about, with its column for the command's field."""
    facts = {name: fact for name, fact in rejected.facts.items() if name != "failures"}
    about: dict[int, StockcoreError] = {}
    for failure in rejected.facts.get("failures", [{"code": rejected.code, "message": rejected.message}]):
        field = failure.get("field", rejected.field)
        column = reading.column_of(item, field, facts)
        error = StockcoreError(failure["code"], failure["message"], field=column, **(facts if not about else {}))
        about.setdefault(item.row_of(field, column).number, error)
    return about


def _short(item: Item, rejected: Rejected) -> Iterator[tuple[int, StockcoreError]]:
    """A shortage is told of the order; here each row hears of its own line, and only if that is short."""
    if rejected.code != "insufficient_stock":
        return
    for line in rejected.facts.get("lines", ()):
        if line["short"] != "0":
            message = f"not enough stock: {line['sku']} {line['available']} of {line['requested']}"
            error = StockcoreError(rejected.code, message, field="quantity", lines=[line])
            yield item.rows[line["line"] - 1].number, error


def as_refusal(report: ImportReport) -> StockcoreError:
    """An import whose rows did not all go in, as a refusal."""
    rows = f"{_counted(report.total)} {'was' if report.rejected == 1 else 'were'} rejected"
    return StockcoreError(
        "import_rejected",
        f"{report.rejected} of {rows}, {_what_went_in(report)}",
        dry_run=report.dry_run,
        total=report.total,
        accepted=report.accepted,
        rejected=report.rejected,
        rejected_file=report.rejected_file,
        rows=[_plain(problem) for problem in report.problems],
    )


def _what_went_in(report: ImportReport) -> str:
    if report.mode == Mode.ATOMIC:
        return "nothing would be imported: a dry run" if report.dry_run else "nothing was imported"
    if report.dry_run:
        return f"{_counted(report.accepted)} would be imported: a dry run, nothing was"
    return f"{_counted(report.accepted)} {'was' if report.accepted == 1 else 'were'} imported"


def _counted(rows: int) -> str:
    return f"{rows} row" if rows == 1 else f"{rows} rows"


def _plain(problem: Problem) -> dict[str, Any]:
    return {
        "row": problem.row,
        "line": problem.line,
        "field": problem.field,
        "code": problem.code,
        "message": problem.message,
        "facts": problem.facts,
    }
