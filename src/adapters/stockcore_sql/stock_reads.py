"""Stock as it is and as it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from stockcore.kernel.dates import optional_instant
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import ZERO, read_integer
from stockcore.kernel.reading import read_list
from stockcore.kernel.text import normal_code, read_text
from stockcore.stock.figures import (
    ExceptionNote,
    MovementPage,
    MovementView,
    PastStock,
    PlaceFigures,
    StockFigures,
    StockPage,
    as_shown,
)
from stockcore_sql import schema as s
from stockcore_sql.asking import FAR, Connect, asking, page_size
from stockcore_sql.catalog_reads import unknown_site
from stockcore_sql.reading import Dialect
from stockcore_sql.types import Instant, Quantity

_SEQ_MAX: Final = 2**63 - 1  # what a bigint column holds

_vc, _pool, _loc, _mv, _quant, _lot, _exc = (
    s.variant_code.c,
    s.stock_pool.c,
    s.location.c,
    s.stock_movement.c,
    s.stock_quant.c,
    s.lot.c,
    s.stock_exception.c,
)
_place = s.location.alias("place")


class StockReads:
    """`connect` gives a connection on which to read."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def show(self, sku: str) -> list[StockFigures]:
        """A row per site with history. Errors: unknown_sku, those of read_text."""
        sku = read_text(sku, field="sku")
        return self.availability([sku])[sku]

    def availability(self, skus: Sequence[str]) -> dict[str, list[StockFigures]]:
        """Of each SKU, a row per site with history; one statement for all.

        Errors: unknown_sku, those of read_list and read_text.
        """
        given = enumerate(read_list(skus, object, field="skus"))
        wanted = {normal_code(read_text(sku, field=f"skus/{index}")): str(sku) for index, sku in given}
        found: dict[str, list[StockFigures]] = {}
        with asking(self._connect) as ask:
            for row in ask.rows(_stock_of_skus, codes=list(wanted)):
                figures = found.setdefault(row.normal_code, [])
                if row.site is not None:
                    figures.append(_figures(row))
        unknown = [sku for code, sku in wanted.items() if code not in found]
        if unknown:
            raise StockcoreError(
                "unknown_sku", f"there is no product with the SKU {unknown[0]}", field="sku", skus=unknown
            )
        return {sku: found[normal_code(sku)] for sku in skus}

    def page(self, *, after: str | None = None, limit: int = 100) -> StockPage:
        """Part of all stock, by SKU and site; `after` as the page before gave it. Errors: value_unknown."""
        sku, site = _position(after)
        most = page_size(limit)
        with asking(self._connect) as ask:
            rows = ask.rows(_PAGE, after_sku=sku, after_site=site, most=most + 1)
        last = rows[most - 1] if len(rows) > most else None
        following = None if last is None else json.dumps([last.normal_code, last.site_id])
        return StockPage(tuple(_figures(row) for row in rows[:most]), following)

    def past(self, sku: str, *, as_of: datetime | None = None, known_at: datetime | None = None) -> PastStock:
        """What was there at `as_of` (by when things happened) as was known at `known_at` (by when they were recorded).

        Errors: unknown_sku, type_error, time_zone_required, time_out_of_range.
        """
        as_of, known_at = optional_instant(as_of, field="as_of"), optional_instant(known_at, field="known_at")
        self.show(sku)
        with asking(self._connect) as ask:
            settled = ask.settled_until()
        with asking(self._connect) as ask:  # afterwards: what was settled is seen
            rows = ask.rows(_PAST, code=normal_code(sku), as_of=as_of or FAR, known_at=known_at or FAR)
        figures = tuple(_figures(row) for row in rows)
        dips = tuple((row.sku, row.site) for row in figures if min(row.on_hand, row.reserved, row.available) < ZERO)
        return PastStock(figures, min(as_of or FAR, known_at or FAR) <= settled, dips)

    def movements(
        self, sku: str, *, site: str | None = None, after: int | None = None, limit: int = 100
    ) -> MovementPage:
        """The ledger rows of a SKU, newest first; `after` as the page before gave it.

        Errors: unknown_sku, unknown_site, those of read_text and read_integer.
        """
        before = _SEQ_MAX if after is None else read_integer(after, field="after", least=0, most=_SEQ_MAX)
        most = page_size(limit)
        sites = self._sites(sku, site)
        asked = {"code": normal_code(sku), "before": before, "most": most + 1}
        with asking(self._connect) as ask:
            rows = [row for each in sites for row in ask.rows(_MOVEMENTS, **asked, site=each)]
        rows.sort(key=lambda row: row.seq, reverse=True)
        views = tuple(MovementView(**row._asdict()) for row in rows[:most])
        return MovementPage(views, views[-1].seq if len(rows) > most else None)

    def places(self, sku: str, *, site: str | None = None) -> list[PlaceFigures]:
        """Where goods of a SKU lie, by site, place, lot and status. Errors: unknown_sku, unknown_site, those of
        read_text."""
        sites = self._sites(sku, site)
        with asking(self._connect) as ask:
            rows = ask.rows(_places, code=normal_code(sku), sites=sites)
        return [PlaceFigures(**row._asdict()) for row in rows]

    def _sites(self, sku: str, site: str | None) -> list[str]:
        """The normal code of this site, else of all sites where the SKU has history.

        Errors: unknown_sku, unknown_site, those of read_text.
        """
        figures = self.show(sku)
        if site is None:
            return [normal_code(row.site) for row in figures]
        code = normal_code(read_text(site, field="site"))
        with asking(self._connect) as ask:
            if not ask.rows(_SITE, site=code):
                raise unknown_site(site)
        return [code]

    def exceptions(self, *, state: str = "open", limit: int = 100) -> list[ExceptionNote]:
        """What people must look at, newest first. Errors: those of read_text."""
        state = read_text(state, field="state")
        with asking(self._connect) as ask:
            rows = ask.rows(_EXCEPTIONS, state=state, most=page_size(limit))
        return [ExceptionNote(**row._asdict()) for row in rows]


def _figures(row: Any) -> StockFigures:
    available = as_shown(row.on_hand - row.blocked - row.reserved)
    return StockFigures(row.sku, row.site, row.on_hand, row.blocked, row.reserved, available, row.shipped)


def _position(after: str | None) -> tuple[str, int]:
    if after is None:
        return "", 0
    try:
        sku, site = json.loads(after)
        return read_text(sku), read_integer(site, least=0)
    except (ValueError, TypeError, RecursionError, StockcoreError):
        raise StockcoreError("value_unknown", "not the `after` of a page before", field="after") from None


_POOL = (_vc.normal_code, _vc.code.label("sku"), _loc.code.label("site"), _loc.id.label("site_id"))
_OF_POOL = (_pool.on_hand, _pool.blocked, _pool.reserved, _pool.shipped)


def _stock_of_skus(dialect: Dialect) -> sa.Select[Any]:
    return (
        sa.select(*_POOL, *_OF_POOL)
        .select_from(
            s.variant_code.outerjoin(s.stock_pool, _pool.variant == _vc.variant).outerjoin(
                s.location, _loc.id == _pool.site
            )
        )
        .where(_vc.kind == "sku", dialect.among(_vc.normal_code, "codes"))
        .order_by(_vc.normal_code, _loc.normal_code)
    )


after = sa.tuple_(sa.bindparam("after_sku", type_=sa.Text()), sa.bindparam("after_site", type_=sa.BigInteger()))
_PAGE = (
    sa.select(*_POOL, *_OF_POOL)
    .select_from(
        s.variant_code.join(s.stock_pool, _pool.variant == _vc.variant).join(s.location, _loc.id == _pool.site)
    )
    .where(_vc.kind == "sku", sa.tuple_(_vc.normal_code, _pool.site) > after)
    .order_by(_vc.normal_code, _pool.site)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)


def _sum(quantity: sa.ColumnElement[Any], *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    chosen = sa.func.sum(quantity).filter(*conditions)
    return sa.type_coerce(sa.func.coalesce(chosen, sa.literal_column("0")), Quantity())


_ON_HAND = _mv.bucket == "on_hand"
_PAST = (
    sa.select(
        *_POOL,
        _sum(_mv.quantity, _ON_HAND).label("on_hand"),
        _sum(_mv.quantity, _ON_HAND, _mv.status != "available").label("blocked"),
        _sum(_mv.quantity, _mv.bucket == "reserved").label("reserved"),
        _sum(-_mv.quantity, _ON_HAND, _mv.kind == "commit").label("shipped"),
    )
    .select_from(
        s.variant_code.join(s.stock_movement, _mv.variant == _vc.variant).join(s.location, _loc.id == _mv.site)
    )
    .where(
        _vc.kind == "sku",
        _vc.normal_code == sa.bindparam("code", type_=sa.Text()),
        _mv.occurred_at <= sa.bindparam("as_of", type_=Instant()),
        _mv.recorded_at <= sa.bindparam("known_at", type_=Instant()),
    )
    .group_by(_vc.normal_code, _vc.code, _loc.code, _loc.id, _loc.normal_code)
    .order_by(_loc.normal_code)
)


_VARIANT = (
    sa.select(_vc.variant)
    .where(_vc.kind == "sku", _vc.normal_code == sa.bindparam("code", type_=sa.Text()))
    .scalar_subquery()
)
_SITE = sa.select(_loc.id).where(_loc.parent.is_(None), _loc.normal_code == sa.bindparam("site", type_=sa.Text()))
_LOT_CODE = sa.func.nullif(_lot.code, "").label("lot")  # lot 0, "none", has no code


#: One site's, because stock_movement_variant_idx has them in order; names are looked up for the page's rows only.
_page = (
    sa.select(s.stock_movement)
    .where(
        _mv.variant == _VARIANT,
        _mv.site == _SITE.scalar_subquery(),
        _mv.seq < sa.bindparam("before", type_=sa.BigInteger()),
    )
    .order_by(_mv.seq.desc())
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
    .subquery("page")
).c
_MOVEMENTS = (
    sa.select(
        _page.seq,
        _page.recorded_at,
        _page.occurred_at,
        _page.kind,
        _page.bucket,
        _loc.code.label("site"),
        _place.c.code.label("location"),
        _LOT_CODE,
        _page.status,
        _page.quantity,
        _page.balance_after,
        _page.counterpart,
        _page.reference_type,
        sa.func.coalesce(
            s.sales_order.c.number,
            s.shipment.c.number,
            s.stock_document.c.number,
            s.stock_demand_name.c.reference,
        ).label("reference"),
        _page.reason,
        _page.actor,
        _page.source,
        _page.unit_cost,
        _page.posting_id,
    )
    .join(s.location, _loc.id == _page.site)
    .outerjoin(_place, sa.and_(_place.c.id == _page.location, _page.location != _page.site))
    .outerjoin(s.lot, _lot.id == _page.lot)
    .outerjoin(s.sales_order, s.sales_order.c.id == _page.reference_id)
    .outerjoin(s.shipment, s.shipment.c.id == _page.reference_id)
    .outerjoin(s.stock_document, s.stock_document.c.id == _page.reference_id)
    .outerjoin(s.stock_demand_name, s.stock_demand_name.c.id == _page.reference_id)
)


def _places(dialect: Dialect) -> sa.Select[Any]:
    return (
        sa.select(
            _loc.code.label("site"),
            _place.c.code.label("location"),
            _LOT_CODE,
            _lot.expires_on,
            _quant.status,
            _quant.on_hand,
            _quant.allocated,
            _quant.received_at,
        )
        .select_from(
            s.stock_quant.join(s.location, _loc.id == _quant.site)
            .join(_place, _place.c.id == _quant.location)
            .join(s.lot, _lot.id == _quant.lot)
        )
        .where(
            _quant.variant == _VARIANT,
            _quant.on_hand > sa.literal_column("0"),
            dialect.among(_loc.normal_code, "sites"),
        )
        .order_by(_loc.normal_code, _place.c.normal_code, _lot.code, _quant.status, _quant.id)
    )


_EXCEPTIONS = (
    sa.select(
        _exc.id,
        _exc.code,
        s.variant.c.sku,
        _loc.code.label("site"),
        s.sales_order.c.number.label("order"),
        _exc.quantity,
        _exc.state,
        _exc.raised_at,
    )
    .select_from(
        s.stock_exception.outerjoin(s.variant, s.variant.c.id == _exc.variant)
        .outerjoin(s.location, _loc.id == _exc.site)
        .outerjoin(s.sales_order, sa.and_(s.sales_order.c.id == _exc.demand_id, _exc.demand_type == "order"))
    )
    .where(_exc.state == sa.bindparam("state", type_=sa.Text()))
    .order_by(_exc.id.desc())
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
