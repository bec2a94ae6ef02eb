"""A process that carries out one command, says so before it commits, and waits to be killed.

python -m tests.support.dying URL receive|cancel ARGUMENT COMMAND_ID
"""

import sys
import time
from decimal import Decimal

from stockcore.kernel.execution import carry_out
from stockcore.orders.cancelling import CANCEL_ORDER
from stockcore.orders.commands import CancelOrder
from stockcore.stock.commands import ReceiveStock
from stockcore.stock.use_cases import RECEIVE_STOCK
from stockcore_sql.stores import SqlStore
from tests.support.house import ANN


def main(url: str, what: str, argument: str, command_id: str) -> None:
    store = SqlStore(url)
    with store.transaction(ANN) as uow:
        if what == "receive":
            receipt = ReceiveStock(sku="A", site="LEEDS", quantity=Decimal(argument), command_id=command_id)
            carry_out(uow, RECEIVE_STOCK, [receipt])
        else:
            carry_out(uow, CANCEL_ORDER, [CancelOrder(number=argument, command_id=command_id)])
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
