"""Two connections to one PostgreSQL database: what one asks while the other's transaction is still open."""

from __future__ import annotations

import threading
import time
from typing import Any, TypeAlias

from stockcore.kernel.execution import UseCase, carry_out
from stockcore.kernel.results import Outcome
from stockcore_sql.stores import SqlStore
from tests.support.stores import ANN, codes, run

Wish: TypeAlias = tuple[UseCase[Any, Any], Any]


def meanwhile(url: str, one: Wish, other: Wish) -> Outcome[Any]:
    """The answer to `other`, asked while `one`, which is accepted, is carried out and not yet committed."""
    first, second = SqlStore(url), SqlStore(url)
    answers: list[Outcome[Any]] = []
    asking = threading.Thread(target=lambda: answers.extend(run(second, other[0], other[1])))
    try:
        with first.transaction(ANN) as uow:
            [outcome] = carry_out(uow, one[0], [one[1]])
            assert codes([outcome]) == [None]
            time.sleep(0.2)  # its rows are written, or its locks at least taken
            asking.start()
            asking.join(0.5)
        asking.join()
    finally:
        first.close()
        second.close()
    return answers[0]
