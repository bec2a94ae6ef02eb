"""The composition root: an application object over one company's books, with one attribute per context.

    app = open_application("sqlite:///shop.db")
    app.stock.receive(sku="MUG", site="MAIN", quantity=Decimal(10))

Each thing that can be asked is an `Ask`: called, it carries out one command given by its fields; `.batch` takes many.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Final

import sqlalchemy as sa

from stockcore.catalog import commands as catalog_commands
from stockcore.catalog import use_cases as catalog
from stockcore.kernel.unit_of_work import Origin, Store
from stockcore.locations import commands as location_commands
from stockcore.locations import use_cases as locations
from stockcore.orders import cancelling, customers, editing, fulfilling, placing
from stockcore.orders import commands as order_commands
from stockcore.stock import commands as stock_commands
from stockcore.stock import expiring, reserving, reversing, thresholds, transfers, waiting
from stockcore.stock import use_cases as stock
from stockcore_runtime.asking import Ask, Desk
from stockcore_runtime.countries import IsoCountries
from stockcore_runtime.settings import database_url
from stockcore_sql.asking import Connect
from stockcore_sql.catalog_reads import CatalogReads, LocationReads
from stockcore_sql.info import Info, info_of
from stockcore_sql.order_reads import OrderReads
from stockcore_sql.rebuild import RebuildReport, rebuild
from stockcore_sql.stock_reads import StockReads
from stockcore_sql.stores import HostedStore, SqlStore
from stockcore_sql.verify import VerifyReport, nothing_pending, verify

Clock = Callable[[], datetime]

_COUNTRIES: Final = IsoCountries()
_ADD_SITE: Final = locations.add_site(_COUNTRIES)
_CHANGE_LOCATION: Final = locations.change_location(_COUNTRIES)


class Catalog(CatalogReads):
    """Products, variants, their codes and packagings."""

    def __init__(self, desk: Desk, connect: Connect) -> None:
        super().__init__(connect)
        self.add_product = Ask(desk, catalog.ADD_PRODUCT, catalog_commands.AddProduct)
        self.change_product = Ask(desk, catalog.CHANGE_PRODUCT, catalog_commands.ChangeProduct)
        self.activate = Ask(desk, catalog.ACTIVATE_PRODUCT, catalog_commands.ActivateProduct)
        self.discontinue = Ask(desk, catalog.DISCONTINUE_PRODUCT, catalog_commands.DiscontinueProduct)
        self.deactivate = Ask(desk, catalog.DEACTIVATE_PRODUCT, catalog_commands.DeactivateProduct)
        self.delete = Ask(desk, catalog.DELETE_PRODUCT, catalog_commands.DeleteProduct)
        self.add_packaging = Ask(desk, catalog.ADD_PACKAGING, catalog_commands.AddPackaging)
        self.change_packaging = Ask(desk, catalog.CHANGE_PACKAGING, catalog_commands.ChangePackaging)
        self.add_code = Ask(desk, catalog.ADD_CODE, catalog_commands.AddCode)


class Locations(LocationReads):
    """Sites and the places below them."""

    def __init__(self, desk: Desk, connect: Connect) -> None:
        super().__init__(connect)
        self.add_site = Ask(desk, _ADD_SITE, location_commands.AddSite)
        self.add_location = Ask(desk, locations.ADD_LOCATION, location_commands.AddLocation)
        self.change = Ask(desk, _CHANGE_LOCATION, location_commands.ChangeLocation)
        self.block = Ask(desk, locations.BLOCK_LOCATION, location_commands.BlockLocation)
        self.unblock = Ask(desk, waiting.UNBLOCK_LOCATION, location_commands.UnblockLocation)
        self.activate = Ask(desk, locations.ACTIVATE_LOCATION, location_commands.ActivateLocation)
        self.deactivate = Ask(desk, locations.DEACTIVATE_LOCATION, location_commands.DeactivateLocation)


class Stock(StockReads):
    """What lies where, what of it is promised, and every change to either."""

    def __init__(self, desk: Desk, connect: Connect) -> None:
        super().__init__(connect)
        self.receive = Ask(desk, stock.RECEIVE_STOCK, stock_commands.ReceiveStock)
        self.adjust = Ask(desk, stock.ADJUST_STOCK, stock_commands.AdjustStock)
        self.count = Ask(desk, stock.COUNT_STOCK, stock_commands.CountStock)
        self.move = Ask(desk, stock.MOVE_STOCK, stock_commands.MoveStock)
        self.change_status = Ask(desk, stock.CHANGE_STATUS, stock_commands.ChangeStatus)
        self.damage = Ask(desk, stock.DAMAGE_STOCK, stock_commands.DamageStock)
        self.take_back = Ask(desk, stock.RETURN_STOCK, stock_commands.ReturnStock)
        self.send = Ask(desk, transfers.SEND_TRANSFER, stock_commands.SendTransfer)
        self.receive_transfer = Ask(desk, transfers.RECEIVE_TRANSFER, stock_commands.ReceiveTransfer)
        self.reserve = Ask(desk, reserving.RESERVE_STOCK, stock_commands.ReserveStock)
        self.release = Ask(desk, reserving.RELEASE_RESERVATION, stock_commands.ReleaseReservation)
        self.commit = Ask(desk, reserving.COMMIT_RESERVATION, stock_commands.CommitReservation)
        self.expire_holds = Ask(desk, expiring.EXPIRE_HOLDS, stock_commands.ExpireHolds)
        self.expire_lots = Ask(desk, expiring.EXPIRE_LOTS, stock_commands.ExpireLots)
        self.serve_queue = Ask(desk, waiting.SERVE_QUEUE, stock_commands.ServeQueue)
        self.set_record = Ask(desk, thresholds.SET_STOCK_RECORD, stock_commands.SetStockRecord)
        self.reverse = Ask(desk, reversing.REVERSE_POSTING, stock_commands.ReversePosting)


class Orders(OrderReads):
    """Customers, and their orders from placing to delivery."""

    def __init__(self, desk: Desk, connect: Connect) -> None:
        super().__init__(connect)
        self.add_customer = Ask(desk, customers.ADD_CUSTOMER, order_commands.AddCustomer)
        self.place = Ask(desk, placing.PLACE_ORDER, order_commands.PlaceOrder)
        self.advance = Ask(desk, fulfilling.ADVANCE_ORDER, order_commands.AdvanceOrder)
        self.edit = Ask(desk, editing.EDIT_ORDER, order_commands.EditOrder)
        self.cancel = Ask(desk, cancelling.CANCEL_ORDER, order_commands.CancelOrder)
        self.cancel_lines = Ask(desk, cancelling.CANCEL_LINES, order_commands.CancelLines)
        self.hold = Ask(desk, cancelling.HOLD_ORDER, order_commands.HoldOrder)
        self.resume = Ask(desk, cancelling.RESUME_ORDER, order_commands.ResumeOrder)


class Application:
    """All of stockcore over one company's books."""

    def __init__(self, store: Store, connect: Connect, origin: Origin) -> None:
        desk = Desk(store, origin)
        self.store = store
        self.origin = origin
        self.follow_up = desk.follow_up
        self.catalog = Catalog(desk, connect)
        self.locations = Locations(desk, connect)
        self.stock = Stock(desk, connect)
        self.orders = Orders(desk, connect)


class OwnApplication(Application):
    """Over a database of stockcore's own. A context manager, or to be closed."""

    def __init__(self, store: SqlStore, origin: Origin) -> None:
        super().__init__(store, self._connect, origin)
        self._own_store = store

    @contextlib.contextmanager
    def _connect(self) -> Iterator[sa.Connection]:
        """To read on: everything as it is at one moment, however many statements it takes."""
        self._own_store.check_schema()
        with self._own_store.engine.connect() as connection:
            if self._own_store.is_postgresql:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            else:
                connection.exec_driver_sql("BEGIN")
            yield connection

    def verify(self, *, dry_run: bool = False) -> VerifyReport:
        """Every invariant of the books, by SQL of its own. What orders have not taken note of yet is carried out first,
        but for a dry run. Errors: those of `stockcore_sql.verify`."""
        self._own_store.check_schema()
        return verify(self._own_store.engine, carry_out_follow_ups=nothing_pending if dry_run else self.follow_up)

    def rebuild(self, *, dry_run: bool = True) -> RebuildReport:
        """Pools and quants once more from the ledger; who waits is served where more is available now. Errors: those of
        `stockcore_sql.rebuild`; busy also where it is done and serving has to be asked for again."""
        self._own_store.check_schema()
        report = rebuild(self._own_store.engine, dry_run=dry_run)
        if not dry_run:
            self.stock.serve_queue()
        return report

    def info(self) -> Info:
        """Which database this is, and how much is in it; also where its schema is not this program's."""
        return info_of(self._own_store.engine, self._own_store.url)

    def close(self) -> None:
        self._own_store.close()

    def __enter__(self) -> OwnApplication:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_LIBRARY: Final = Origin()


def open_application(
    url: str | None = None, *, clock: Clock | None = None, origin: Origin = _LIBRARY
) -> OwnApplication:
    """Over a database of stockcore's own: `url`, else STOCKCORE_DATABASE_URL, else a SQLite file of the user's.

    An empty SQLite file is given its tables on first use. `origin`: who acts, written on every row.
    Errors: database_url, driver_missing; on first use db_unavailable, schema_missing, schema_mismatch.
    """
    return OwnApplication(SqlStore(database_url(url), clock=clock), origin)


def embed(connection: sa.Connection, *, clock: Clock | None = None, origin: Origin = _LIBRARY) -> Application:
    """Inside a transaction that the host application owns: stockcore neither commits nor rolls back, and what the
    host undoes is gone; the host commits, or nothing was done. The tables must be there (`stockcore db upgrade`, which
    a PostgreSQL host also runs once a month or oftener, for the ledger's partitions), and on PostgreSQL the transaction
    must be READ COMMITTED (`usage`)."""

    @contextlib.contextmanager
    def connect() -> Iterator[sa.Connection]:
        yield connection

    return Application(HostedStore(connection, clock=clock), connect, origin)
