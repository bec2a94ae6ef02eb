"""How statements reach PostgreSQL: the pipeline of a connection of our own, or a host's cursor.

A unit of work asks first and collects the rows later. On a connection of our own (`PipelinedWire`) everything asked
for travels together, inside libpq's pipeline mode, where all up to the next sync is one transaction without a BEGIN or
a COMMIT: a use case that loads once takes two round trips. This is libpq's own interface (`psycopg.pq`) and not
psycopg's cursors: they cost more than the database does, and in a pipeline they wait for ever when a commit follows a
statement larger than the socket's buffer (docs/adr/0003).

Parameters are texts, one per `$n`; every `$n` is cast in the statement.
"""

from __future__ import annotations

import itertools
import select
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, TypeAlias, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus, TransactionStatus

Values: TypeAlias = Sequence[bytes | None]
RV = TypeVar("RV")

#: A server that neither takes nor gives anything for so long is given up: its host may be gone though something between
#: us still answers. Nothing that we send keeps a sound server silent for a second, but for locks (LOCK_WAIT_S).
SILENCE_MAX_S: Final = 60
_NUMBERS: Final = itertools.count(1)
_TOLD, _PREPARED = 0, -1
_NOTHING_MORE: Final = 2
_GOOD: Final = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class SilentServerError(psycopg.OperationalError):
    """The connection was closed because the server said nothing for too long; what it did is not known."""


class PatientConnection(psycopg.Connection[Any]):
    """One whose cursors do not wait for a silent server for ever. `silence_max_s`: None where a statement may take as
    long as it needs. Errors: SilentServerError."""

    silence_max_s: float | None = SILENCE_MAX_S

    def wait(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:
        return super().wait(self._unless_silent(gen), *args, **kwargs)

    def _unless_silent(self, gen: PQGen[RV]) -> PQGen[RV]:
        """psycopg resumes a generator when there is something to read or write, and every now and then with nothing."""
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    heard = time.monotonic()
                elif self.silence_max_s is not None and time.monotonic() - heard > self.silence_max_s:
                    self.pgconn.finish()
                    raise _silent()
                wanted = gen.send(ready)
        except StopIteration as end:
            result: RV = end.value
            return result


class HostedWire:
    """Statements one by one on a host's connection, in its transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection  # psycopg's

    def ask(self, text: str, values: Values) -> Any:
        given = [None if value is None else value.decode() for value in values]
        return psycopg.RawCursor(self._connection).execute(text, given, prepare=True)

    def rows(self, question: Any) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = question.fetchall()
        return rows

    def tell(self, text: str, values: Values) -> None:
        self.ask(text, values)

    def push(self) -> None:
        """It has begun."""


class PipelinedWire:
    """Transactions, one after the other, on a connection of our own."""

    def __init__(self, connection: PatientConnection) -> None:
        self._connection = connection  # without a cursor at work
        self._pg = connection.pgconn
        self._names: dict[str, bytes] = {}  # the statements that the connection has prepared
        self._transformer = Transformer(connection)
        self._unconfirmed: deque[str] = deque()  # to be prepared; the server has not said yet that it worked
        self._is_told = False
        self._syncs = 0  # sent and not answered
        self._poll = select.poll()
        self._poll.register(self._pg.socket, select.POLLIN)

    def begin(self, *, undone: bool = False) -> None:
        """`undone`: it will end with `rollback`. Whatever the connection was left in is undone: inside a transaction of
        somebody else's, what we commit would not be."""
        if self._pg.transaction_status != TransactionStatus.IDLE:
            self._connection.rollback()
        self._unconfirmed.clear()
        self._asked = 0
        self._pushed = 0  # the last question whose answer the server will not keep back
        self._owed: deque[int] = deque()  # what the server's next results answer: a question, _TOLD or _PREPARED
        self._answers: dict[int, Any] = {}
        self._syncs = 0
        self._is_told = False
        self._pg.enter_pipeline_mode()
        if undone:
            self.tell("BEGIN", ())

    def ask(self, text: str, values: Values) -> int:
        self._asked += 1
        self._send(text, values, self._asked)
        return self._asked

    def rows(self, question: int) -> list[tuple[Any, ...]]:
        """The answer to `ask`; waits for it. Errors: psycopg's."""
        if question > self._pushed:
            self.push()
        while question not in self._answers:
            self._read()
        return self._loaded(self._answers.pop(question))

    def tell(self, text: str, values: Values) -> None:
        """Send what has no answer. An error shows when an answer, or the end, is waited for."""
        self._is_told = True
        self._send(text, values, _TOLD)

    def push(self) -> None:
        """Hand over what was asked and told, so that the server works while we do."""
        if self._asked > self._pushed:
            self._pg.send_flush_request()
            self._pushed = self._asked
        self._flush()

    def commit(self) -> None:
        """Returns when the server has committed. Errors: psycopg's."""
        self._sync()
        while self._owed:
            self._read()
        self._read_sync()
        self._pg.exit_pipeline_mode()

    def rollback(self) -> None:
        """Of a transaction that was begun to be undone."""
        self.tell("ROLLBACK", ())
        self.commit()

    def abandon(self) -> None:
        """After an error: end the pipeline and undo the transaction, or close the connection where that fails."""
        try:
            if self._pg.pipeline_status != PipelineStatus.OFF:
                if self._is_told and not self._syncs:  # a sync alone would commit it
                    self._send("ROLLBACK", (), _TOLD)
                self._sync()
                ends = 0  # of statements; two together mean that nothing more is to come
                while self._syncs and self._pg.status == ConnStatus.OK and ends < _NOTHING_MORE:
                    result = self._result()
                    ends = ends + 1 if result is None else 0
                    if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
                        self._syncs -= 1
                self._pg.exit_pipeline_mode()
            self._connection.rollback()
        except (psycopg.Error, OSError):
            self._connection.close()
        except BaseException:  # interrupted once more: what it answers next nobody could tell
            self._connection.close()
            raise
        for text in self._unconfirmed:  # perhaps skipped
            self._names.pop(text, None)

    def _send(self, text: str, values: Values, question: int) -> None:
        name = self._names.get(text)
        if name is None:
            self._unconfirmed.append(text)  # first: whatever interrupts us, it is known to be unsure
            name = self._names[text] = b"stockcore_%d" % next(_NUMBERS)
            self._pg.send_prepare(name, text.encode())
            self._owed.append(_PREPARED)
        self._pg.send_query_prepared(name, values)
        self._owed.append(question)

    def _sync(self) -> None:
        self._pg.pipeline_sync()
        self._syncs += 1
        self._flush()

    def _read_sync(self) -> None:
        """Take the sync's result, after which the transaction is committed: what fails at its end shows here."""
        result = self._result()
        if result is None or result.status != ExecStatus.PIPELINE_SYNC:
            raise psycopg.OperationalError("the server has gone") if result is None else _error(result)
        self._syncs -= 1

    def _flush(self) -> None:
        """Everything out, taking in what comes meanwhile: a server that cannot write stops reading."""
        while self._pg.flush():
            self._poll.modify(self._pg.socket, select.POLLIN | select.POLLOUT)
            try:
                if any(event & select.POLLIN for _, event in self._heard()):
                    self._pg.consume_input()
            finally:
                self._poll.modify(self._pg.socket, select.POLLIN)

    def _read(self) -> None:
        """Take the next result. Errors: psycopg's."""
        result = self._result()
        if result.status not in _GOOD:
            raise _error(result)
        self._result()  # libpq ends each statement's results with a None
        question = self._owed.popleft()
        if question == _PREPARED:
            self._unconfirmed.popleft()
        elif question != _TOLD:
            self._answers[question] = result

    def _result(self) -> Any:
        while self._pg.is_busy():
            self._heard()
            self._pg.consume_input()
        return self._pg.get_result()

    def _heard(self) -> list[tuple[int, int]]:
        """What the server gives or takes, once it does. Errors: SilentServerError."""
        limit = self._connection.silence_max_s
        events = self._poll.poll(None if limit is None else limit * 1000)
        if not events:
            self._connection.close()
            raise _silent()
        return events

    def _loaded(self, result: Any) -> list[tuple[Any, ...]]:
        self._transformer.set_pgresult(result)
        rows: list[tuple[Any, ...]] = self._transformer.load_rows(0, result.ntuples, tuple)
        return rows


def _silent() -> SilentServerError:
    return SilentServerError("the server has said nothing for too long")


def _error(result: Any) -> psycopg.Error:
    return psycopg.errors.error_from_result(result)
