"""The lines of a command, read and checked: what becomes order lines and demands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Protocol

from stockcore.catalog.conversion import Conversions, Converted, factor_as_kept
from stockcore.catalog.lifecycle import check_active
from stockcore.catalog.records import Sold
from stockcore.kernel.dates import optional_date
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.money import read_unit_price
from stockcore.kernel.quantity import (
    DECIMALS_MAX,
    ONE,
    check_step,
    plain,
    read_decimal,
    read_integer,
    read_quantity,
)
from stockcore.kernel.reading import read_list
from stockcore.kernel.text import normal_code, optional_text, read_text
from stockcore.kernel.values import value
from stockcore.locations.records import Purpose
from stockcore.orders import sourcing
from stockcore.orders.commands import LineRequest, PlaceOrder
from stockcore.orders.commands import Requirement as WantedUnits
from stockcore.stock.allocating import Requirement, requirement_to_json
from stockcore.stock.desk import ambiguous_location
from stockcore.stock.floor import Floor
from stockcore.stock.records import Lot

LINES_MAX: Final = 10_000
CURRENCY_DEFAULT: Final = "GBP"
_HALF_A_CENT: Final = Decimal("0.005")


class Known(Protocol):
    """What was loaded to read the lines with."""

    @property
    def variants(self) -> Mapping[str, Sold]: ...  # by normal code
    @property
    def conversions(self) -> Conversions: ...
    @property
    def lots(self) -> Mapping[tuple[int, str], Lot]: ...  # by variant and code
    @property
    def floor(self) -> Floor: ...


@value
class Wanted(sourcing.Wish):
    """A line of a command, checked: what becomes an order line and a demand."""

    sold: Sold
    price: Decimal | None
    entered: Decimal
    entered_unit: str
    factor: Decimal


def wanted_lines(
    known: Known, command: PlaceOrder, serving: Sequence[sourcing.Candidate], currency: str
) -> list[Wanted]:
    """`currency`: the order's. Errors: those of read_list and of `wanted_line`, order_without_lines, too_many_lines."""
    lines = read_list(command.lines, LineRequest, field="lines")
    if not lines:
        raise StockcoreError("order_without_lines", "an order needs a line", field="lines")
    if len(lines) > LINES_MAX:
        raise StockcoreError("too_many_lines", f"an order has at most {LINES_MAX} lines", field="lines")
    wanted, refusals = [], []
    for index, line in enumerate(lines):
        try:
            wanted.append(wanted_line(known, line, f"lines/{index}", currency, serving))
        except StockcoreError as refusal:
            refusals.append(refusal)
    if refusals:
        raise _of_lines(refusals)
    return wanted


def _of_lines(refusals: Sequence[StockcoreError]) -> StockcoreError:
    """The first, with all of them among its facts where there are several (ORD-11: each line and its reason)."""
    first = refusals[0]
    if len(refusals) > 1:
        told = [{"field": each.field, "code": each.code, "message": each.message} for each in refusals]
        first.facts = {**first.facts, "failures": told}
    return first


def wanted_line(
    known: Known, line: LineRequest, field: str, currency: str, serving: Sequence[sourcing.Candidate] = ()
) -> Wanted:
    """`currency`: the order's; `serving`: the sites that may serve the line. Errors: unknown_sku, inactive_sku,
    currency_mismatch, those of quantities, units, prices and requirements."""
    sku: object = line.sku
    variant = known.variants.get(normal_code(sku)) if isinstance(sku, str) else None
    if variant is None:
        read_text(sku, field=f"{field}/sku")
        raise StockcoreError("unknown_sku", f"there is no SKU {line.sku!r}", field=f"{field}/sku", sku=line.sku)
    check_active(variant, field=f"{field}/sku")
    entered = read_quantity(line.quantity, field=f"{field}/quantity")
    quantity, unit, factor, multiple = entered, variant.unit, ONE, variant.step
    if line.unit is None:
        check_step(quantity, variant.step, field=f"{field}/quantity")
    else:
        converted = converted_line(known.conversions, entered, line.unit, variant, field)
        quantity, unit, multiple = converted.quantity, converted.unit, converted.multiple
        factor = factor_as_kept(converted)
    price = variant.list_price
    if line.price is not None:
        price = read_unit_price(line.price, field=f"{field}/price")
    elif price is not None and (variant.currency or CURRENCY_DEFAULT) != currency:
        raise StockcoreError(
            "currency_mismatch",
            f"{variant.sku} has its list price in {variant.currency or CURRENCY_DEFAULT}, the order is in {currency}",
            field=f"{field}/price",
        )
    elif price is not None and factor != ONE:
        price = _price_per(price * quantity, entered, f"{field}/price")
    if line.multiple is not None:
        multiple = _own_multiple(line, quantity, multiple, field)
    requirement = _requirement(known, variant, line, field, serving)
    return Wanted(
        variant.id,
        variant.sku,
        quantity,
        multiple,
        requirement,
        variant.stocked,
        variant,
        price,
        entered,
        unit,
        factor,
    )


def _price_per(total: Decimal, entered: Decimal, field: str) -> Decimal:
    """What each of `entered` units costs, to 6 decimals, where that makes no odds to the line's total.

    Errors: money_precision, quantity_out_of_range.
    """
    exact = read_decimal(total / entered, field=field)
    kept = round(exact, DECIMALS_MAX)
    if abs(kept - exact) * entered >= _HALF_A_CENT:
        raise StockcoreError(
            "money_precision",
            f"the list price of so small a unit, {plain(exact)}, has more than {DECIMALS_MAX} decimals: say the price",
            field=field,
        )
    return kept


def _own_multiple(line: LineRequest, quantity: Decimal, unit: Decimal, field: str) -> Decimal:
    """A multiple is of whole units, and the quantity of whole multiples: what is left over could never be served.

    Errors: those of read_quantity, quantity_precision.
    """
    multiple = read_quantity(line.multiple, field=f"{field}/multiple")
    check_step(multiple, unit, field=f"{field}/multiple")
    if quantity % multiple:
        raise StockcoreError(
            "quantity_precision",
            f"{plain(quantity)} is not a multiple of the line's multiple {plain(multiple)}",
            field=f"{field}/quantity",
            step=multiple,
        )
    return multiple


def converted_line(conversions: Conversions, entered: Decimal, unit: str, variant: Sold, field: str) -> Converted:
    """Errors: those of read_text, unknown_unit, uom_incompatible, quantity_precision, quantity_out_of_range."""
    named = read_text(unit, field=f"{field}/unit")
    try:
        return conversions.to_base(entered, named, variant, field=f"{field}/quantity")
    except StockcoreError as refusal:
        if refusal.field == "unit":
            refusal.field = f"{field}/unit"
        raise


def _requirement(
    known: Known, variant: Sold, line: LineRequest, field: str, serving: Sequence[sourcing.Candidate]
) -> str:
    """The line's requirement with ids for codes. Errors: those of what is read, unknown_lot, unknown_location,
    ambiguous_location."""
    wanted = line.requirement
    if wanted is None:
        return ""
    if not isinstance(wanted, WantedUnits):
        raise StockcoreError(
            "type_error", f"a Requirement is needed here, not {type(wanted).__name__}", field=f"{field}/requirement"
        )
    lot = optional_text(wanted.lot, field=f"{field}/lot")
    location = optional_text(wanted.location, field=f"{field}/location")
    days = wanted.shelf_life_days
    found = Requirement(
        None if lot is None else _lot(known, variant, lot, field),
        None if location is None else _place_of(known, location, field, serving),
        optional_date(wanted.good_until, field=f"{field}/good_until"),
        None if days is None else read_integer(days, field=f"{field}/shelf_life_days", least=0),
    )
    return requirement_to_json(found)


def _lot(known: Known, variant: Sold, code: str, field: str) -> int:
    """Errors: unknown_lot."""
    found: Lot | None = known.lots.get((variant.id, code))
    if found is None:
        raise StockcoreError("unknown_lot", f"{variant.sku} has no lot {code!r}", field=f"{field}/lot")
    return found.id


def _place_of(known: Known, code: str, field: str, serving: Sequence[sourcing.Candidate]) -> int:
    """The one place of that code at the sites that may serve. Errors: unknown_location, ambiguous_location,
    location_not_storable."""
    sites = {candidate.site: candidate.code for candidate in serving}
    wanted = normal_code(code)
    found = [p for p in known.floor.places.values() if p.normal_code == wanted and p.site in sites]
    if not found:
        raise StockcoreError(
            "unknown_location", f"no site that may serve has a location {code!r}", field=f"{field}/location"
        )
    if len(found) > 1:
        raise ambiguous_location((sites[place.site] for place in found), code, field=f"{field}/location")
    place = found[0]
    if place.purpose == Purpose.NONE:
        raise StockcoreError(
            "location_not_storable",
            f"nothing lies in {place.code} itself: name a place in it",
            field=f"{field}/location",
        )
    number: int = place.id
    return number
