"""Products and places as they are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from stockcore.catalog.lifecycle import Lifecycle
from stockcore.catalog.views import PackagingView, ProductView
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.reading import one_of
from stockcore.kernel.text import normal_code, read_text
from stockcore.locations.views import LocationView
from stockcore_sql import schema as s
from stockcore_sql.asking import Asking, Connect, asking, page_size, sought

_v, _vc, _p, _pk, _loc = s.variant.c, s.variant_code.c, s.product.c, s.packaging.c, s.location.c
_site = s.location.alias("site_location")
_parent = s.location.alias("parent_location")


class CatalogReads:
    """`connect` gives a connection on which to read."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def show(self, sku: str) -> ProductView:
        """Errors: unknown_sku, those of read_text."""
        with asking(self._connect) as ask:
            variant = _variant_named(ask, sku, "sku")
            codes = ask.rows(_OTHER_CODES, variant=variant.id)
            packagings = ask.rows(_PACKAGINGS, variant=variant.id)
        return _product(
            variant,
            codes=tuple(row.code for row in codes),
            packagings=tuple(PackagingView(**row._asdict()) for row in packagings),
        )

    def list(
        self,
        *,
        after: str | None = None,
        search: str | None = None,
        category: str | None = None,
        brand: str | None = None,
        status: str | None = None,
        variants_of: str | None = None,
        limit: int = 100,
    ) -> Sequence[ProductView]:
        """Variants by SKU, those after one, as far as they fit all that is given (CAT-11): `search` is a text in a code
        (the SKU or another) or in the name, small and capital letters alike (in names on SQLite: of the ASCII ones);
        category, brand and status are whole; `variants_of` is the SKU of one of a product's variants.

        Errors: those of read_text, type_error, value_unknown (status), unknown_sku.
        """
        first = "" if after is None else normal_code(read_text(after, field="after"))
        values: dict[str, Any] = {"after": first, "most": page_size(limit)}
        asked = _PRODUCT_PAGE
        if search is not None:
            values |= sought(search)
            asked = asked.where(_FOUND)
        for column, whole in ((_p.category, category), (_p.brand, brand)):
            if whole is not None:
                asked = asked.where(column == read_text(whole, field=column.name))
        if status is not None:
            asked = asked.where(_v.status == one_of(status, tuple(Lifecycle), field="status").value)
        with asking(self._connect) as ask:
            if variants_of is not None:
                asked = asked.where(_p.id == _variant_named(ask, variants_of, "variants_of").product)
            return [_product(row) for row in ask.rows(asked, **values)]

    def categories(self) -> Sequence[str]:
        """Of all products, each once, in order (CAT-07)."""
        return self._distinct(_p.category)

    def brands(self) -> Sequence[str]:
        """Of all products, each once, in order (CAT-08)."""
        return self._distinct(_p.brand)

    def _distinct(self, column: sa.ColumnElement[Any]) -> Sequence[str]:
        found = sa.select(column).distinct().where(column.is_not(None), _p.deleted_at.is_(None)).order_by(column)
        with asking(self._connect) as ask:
            return [row[0] for row in ask.rows(found)]


class LocationReads:
    """`connect` gives a connection on which to read."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def sites(self) -> Sequence[LocationView]:
        with asking(self._connect) as ask:
            return [LocationView(**row._asdict()) for row in ask.rows(_SITES)]

    def tree(self, site: str) -> Sequence[LocationView]:
        """A site and every place of it, each after the one it is in. Errors: unknown_site, those of read_text."""
        code = normal_code(read_text(site, field="site"))
        with asking(self._connect) as ask:
            views = [LocationView(**row._asdict()) for row in ask.rows(_PLACES, code=code)]
        if not views:
            raise unknown_site(site)
        return _as_tree(views)

    def show(self, site: str, code: str) -> LocationView:
        """Errors: unknown_site, unknown_location, those of read_text."""
        wanted = normal_code(read_text(code, field="location"))
        for view in self.tree(site):
            if normal_code(view.code) == wanted:
                return view
        raise StockcoreError("unknown_location", f"{site} has no location {code}", field="location", location=code)


def unknown_site(site: str) -> StockcoreError:
    return StockcoreError("unknown_site", f"there is no site {site}", field="site", site=site)


def _variant_named(ask: Asking, sku: str, field: str) -> sa.Row[Any]:
    """Errors: unknown_sku, those of read_text."""
    rows = ask.rows(_PRODUCT_OF_SKU, code=normal_code(read_text(sku, field=field)))
    if not rows:
        raise StockcoreError("unknown_sku", f"there is no product with the SKU {sku}", field=field, sku=sku)
    return rows[0]


def _product(row: Any, **more: Any) -> ProductView:
    fields = row._asdict()
    del fields["id"]
    fields["attributes"] = dict(sorted(json.loads(row.attributes).items()))  # jsonb has an order of its own
    return ProductView(**fields, **more)


def _as_tree(views: Sequence[LocationView]) -> list[LocationView]:
    below: dict[str | None, list[LocationView]] = {}
    for view in views:
        below.setdefault(view.parent, []).append(view)
    return list(_walk(below, None))


def _walk(below: Mapping[str | None, Sequence[LocationView]], parent: str | None) -> Iterator[LocationView]:
    for view in below.get(parent, ()):
        yield view
        yield from _walk(below, view.code)


_PRODUCT = (
    _v.id,
    _v.sku,
    _v.name,
    _v.unit,
    _v.step,
    _v.status,
    _v.stocked,
    _v.lot_tracked,
    _v.perishable,
    _v.serial_tracking,
    _v.temperature_zone,
    _v.weight,
    _v.length,
    _v.width,
    _v.height,
    _v.allocation_strategy,
    _v.list_price,
    _v.currency,
    _v.unit_cost,
    _p.id.label("product"),
    _p.name.label("product_name"),
    _p.category,
    _p.brand,
    _p.description,
    _v.attributes,
)
_NAMED = s.variant.join(s.product, _p.id == _v.product).join(
    s.variant_code, sa.and_(_vc.variant == _v.id, _vc.kind == "sku")
)


_PRODUCT_OF_SKU = (
    sa.select(*_PRODUCT)
    .select_from(_NAMED)
    .where(_vc.normal_code == sa.bindparam("code", type_=sa.Text()), _p.deleted_at.is_(None))
)


_PRODUCT_PAGE = (
    sa.select(*_PRODUCT)
    .select_from(_NAMED)
    .where(_vc.normal_code > sa.bindparam("after", type_=sa.Text()), _p.deleted_at.is_(None))
    .order_by(_vc.normal_code)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)


_any_code = s.variant_code.alias("any_code").c


_FOUND = sa.or_(
    _v.id.in_(
        sa.select(_any_code.variant).where(
            _any_code.normal_code.like(sa.bindparam("in_code", type_=sa.Text()), escape="\\")
        )
    ),
    _v.name.ilike(sa.bindparam("in_name", type_=sa.Text()), escape="\\"),
)


_PACKAGINGS = (
    sa.select(_pk.code, _pk.numerator, _pk.denominator)
    .where(_pk.variant == sa.bindparam("variant", type_=sa.BigInteger()))
    .order_by(_pk.code)
)


_OTHER_CODES = (
    sa.select(_vc.code)
    .where(_vc.variant == sa.bindparam("variant", type_=sa.BigInteger()), _vc.kind != "sku")
    .order_by(_vc.id)
)


def _location() -> sa.Select[Any]:
    return (
        sa.select(
            _loc.code,
            _loc.name,
            _site.c.code.label("site"),
            _parent.c.code.label("parent"),
            _loc.depth,
            _loc.kind,
            _loc.purpose,
            _loc.storage_kind,
            _loc.capacity,
            _loc.priority,
            _loc.shipping_cost,
            _loc.strategy,
            _loc.active,
            _loc.blocked,
            _loc.time_zone,
            _loc.street,
            _loc.city,
            _loc.postcode,
            _loc.country,
            _loc.latitude,
            _loc.longitude,
        )
        .select_from(s.location.join(_site, _site.c.id == _loc.site).outerjoin(_parent, _parent.c.id == _loc.parent))
        .order_by(_loc.normal_code)
    )


_SITES = _location().where(_loc.parent.is_(None))


_PLACES = _location().where(_site.c.normal_code == sa.bindparam("code", type_=sa.Text()), _site.c.parent.is_(None))
