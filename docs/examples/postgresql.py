"""An order on PostgreSQL, from an empty database to the dispatched shipment.

python docs/examples/postgresql.py postgresql://owner@localhost/shop
"""

import sys
from decimal import Decimal

from stockcore.orders.commands import LineRequest
from stockcore_runtime import open_application
from stockcore_sql.migrate import upgrade


def main(url: str) -> None:
    upgrade(url)  # once, as the owner; safe to run again
    with open_application(url) as app:
        app.catalog.add_product(sku="MUG", name="A mug", list_price=Decimal("7.50"), currency="GBP")
        app.locations.add_site(code="LEEDS", name="Leeds", time_zone="Europe/London")
        app.stock.receive(sku="MUG", site="LEEDS", quantity=Decimal(10))
        order = app.orders.place(lines=(LineRequest(sku="MUG", quantity=Decimal(4)),))
        print(order.number, order.state)
        print(app.orders.advance(number=order.number, to="dispatched", through=True).state)
        print("books agree:", app.verify()["ok"])


if __name__ == "__main__":
    main(sys.argv[1])
