"""A host application's own transaction: its invoice and our order stand or fall together.

python docs/examples/embedding.py postgresql://owner@localhost/shop
"""

import sys
from decimal import Decimal

import sqlalchemy as sa

from stockcore.orders.commands import LineRequest
from stockcore_runtime import embed, open_application
from stockcore_sql.connecting import url_of
from stockcore_sql.migrate import upgrade


def main(url: str) -> None:
    upgrade(url)
    with open_application(url) as app:
        app.catalog.add_product(sku="CUP", name="A cup")
        app.locations.add_site(code="HULL", name="Hull", time_zone="Europe/London")
        app.stock.receive(sku="CUP", site="HULL", quantity=Decimal(3))
    host = sa.create_engine(url_of(url))
    with host.begin() as connection:
        connection.execute(sa.text("CREATE TABLE my_invoice (number TEXT)"))
    for undone in (True, False):
        with host.connect() as connection, connection.begin() as transaction:
            order = embed(connection).orders.place(lines=(LineRequest(sku="CUP", quantity=Decimal(2)),))
            connection.execute(sa.text("INSERT INTO my_invoice VALUES (:number)"), {"number": order.number})
            if undone:
                transaction.rollback()
    with host.connect() as connection:
        invoices = connection.scalar(sa.text("SELECT count(*) FROM my_invoice"))
    host.dispose()
    with open_application(url) as app:
        print("invoices:", invoices, "reserved:", int(app.stock.show("CUP")[0].reserved))
        print("books agree:", app.verify()["ok"])


if __name__ == "__main__":
    main(sys.argv[1])
