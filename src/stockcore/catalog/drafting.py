"""From what a command says to a variant's fields: what is refused, what is filled in. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from stockcore.catalog.records import UnitOfMeasure, Variant
from stockcore.catalog.strategies import read_strategy
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.money import read_currency, read_unit_price
from stockcore.kernel.plain import to_json
from stockcore.kernel.quantity import ONE, check_step, read_quantity
from stockcore.kernel.reading import one_of
from stockcore.kernel.text import normal_code, optional_text, read_text

SERIAL_TRACKING: Final = ("none", "receipt", "dispatch")
ATTRIBUTES_MAX: Final = 200
RATIO_LIMIT: Final = 10**12


def unit_named(units: Mapping[str, UnitOfMeasure], code: object) -> UnitOfMeasure:
    """The unit of measure with this code. Errors: those of `read_text`, unknown_unit."""
    text = read_text(code, field="unit")
    unit = units.get(normal_code(text))
    if unit is None:
        raise StockcoreError(
            "unknown_unit", f"there is no unit of measure {text!r}", field="unit", unit=text, known=sorted(units)
        )
    return unit


def step_of(unit: UnitOfMeasure, step: object) -> Decimal:
    """The smallest quantity kept: the unit's own step, or a multiple of it. Errors: those of read_quantity."""
    if step is None:
        return unit.step
    wanted = read_quantity(step, field="step")
    check_step(wanted, unit.step, field="step")
    return wanted


def read_measure(value: object, field: str) -> Decimal | None:
    """A weight or length: zero or more, at most 6 decimals. Errors: those of read_quantity."""
    return None if value is None else read_quantity(value, field=field, zero_allowed=True)


def read_price(value: object, field: str) -> Decimal | None:
    """Errors: those of read_unit_price."""
    return None if value is None else read_unit_price(value, field=field)


def read_serial_tracking(value: object) -> str:
    """Errors: value_unknown."""
    return one_of(value, SERIAL_TRACKING, field="serial_tracking")


def read_flag(value: object, field: str) -> bool:
    """Errors: type_error."""
    if not isinstance(value, bool):
        raise StockcoreError("type_error", "true or false is needed here", field=field)
    return value


def merged_attributes(before: Mapping[str, str], given: object) -> dict[str, str]:
    """The attributes after a change: each given one set, or with None removed. Names and values are texts.

    Errors: type_error, those of `read_text`, text_too_long (more than 200 attributes).
    """
    if not isinstance(given, Mapping):
        raise StockcoreError("type_error", "attributes are texts by name", field="attributes")
    merged = dict(before)
    for name, value in given.items():
        key = read_text(name, field="attributes")
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = read_text(value, field=f"attributes/{key}")
    if len(merged) > ATTRIBUTES_MAX:
        raise StockcoreError(
            "text_too_long", f"at most {ATTRIBUTES_MAX} attributes", field="attributes", longest=ATTRIBUTES_MAX
        )
    return merged


def attributes_json(attributes: Mapping[str, str]) -> str:
    return to_json(dict(sorted(attributes.items())))


def descriptive(command: Any) -> dict[str, Any]:
    """The fields of a variant that may change at any time, as far as the command gives them.

    Errors: money_negative, money_precision, currency_unknown, value_unknown, those of read_quantity and read_text.
    """
    read = {
        "list_price": read_price(command.list_price, "list_price"),
        "unit_cost": read_price(command.unit_cost, "unit_cost"),
        "currency": None if command.currency is None else read_currency(command.currency, field="currency"),
        "weight": read_measure(command.weight, "weight"),
        "length": read_measure(command.length, "length"),
        "width": read_measure(command.width, "width"),
        "height": read_measure(command.height, "height"),
        "temperature_zone": optional_text(command.temperature_zone, field="temperature_zone"),
        "allocation_strategy": None
        if command.allocation_strategy is None
        else read_strategy(command.allocation_strategy, field="allocation_strategy"),
    }
    return {name: value for name, value in read.items() if value is not None}


def check_tracking(fields: Mapping[str, Any]) -> None:
    """What cannot go together: serials of parts of a piece, lots or serials of a service.

    `fields`: stocked, step, serial_tracking, lot_tracked. Errors: uom_incompatible, not_stocked.
    """
    tracked = fields["lot_tracked"] or fields["serial_tracking"] != "none"
    if tracked and not fields["stocked"]:
        raise StockcoreError("not_stocked", "a service has neither lots nor serials", field="stocked")
    if fields["serial_tracking"] != "none" and fields["step"] != ONE:
        raise StockcoreError(
            "uom_incompatible", "serials number whole pieces: the step must be 1", field="serial_tracking"
        )


def fixed_after(units: Mapping[str, UnitOfMeasure], before: Mapping[str, Any], command: Any) -> dict[str, Any]:
    """Unit, step, tracking and `stocked` as a command wants them, what it does not say being as `before`.

    Errors: unknown_unit, type_error, value_unknown, usage, those of read_quantity and `check_tracking`.
    """
    fixed = dict(before)
    unit = unit_named(units, before["unit"] if command.unit is None else command.unit)
    fixed["unit"] = unit.code
    kept = before["step"] if unit.code == before["unit"] else None
    fixed["step"] = step_of(unit, kept if command.step is None else command.step)
    for name in ("lot_tracked", "perishable", "stocked"):
        if getattr(command, name) is not None:
            fixed[name] = read_flag(getattr(command, name), name)
    if command.serial_tracking is not None:
        fixed["serial_tracking"] = read_serial_tracking(command.serial_tracking)
    if fixed["perishable"] and command.lot_tracked is False:
        raise StockcoreError("usage", "perishable goods are kept by lot", field="lot_tracked")
    fixed["lot_tracked"] = fixed["lot_tracked"] or fixed["perishable"]
    check_tracking(fixed)
    return fixed


def fixed_fields(variant: Variant) -> dict[str, Any]:
    """The fields that stand from the first movement on."""
    return {name: getattr(variant, name) for name in FIXED}


FIXED: Final = ("unit", "step", "lot_tracked", "serial_tracking", "perishable", "stocked")
CLEARABLE_OF_PRODUCT: Final = ("description", "category", "brand")
CLEARABLE: Final = (
    "list_price",
    "currency",
    "unit_cost",
    "weight",
    "length",
    "width",
    "height",
    "temperature_zone",
    "allocation_strategy",
)


def check_clear(names: object) -> tuple[str, ...]:
    """The names of fields to empty. Errors: type_error, value_unknown."""
    if not isinstance(names, (tuple, list)):
        raise StockcoreError("type_error", "a list of field names is needed here", field="clear")
    known = (*CLEARABLE_OF_PRODUCT, *CLEARABLE)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise StockcoreError("value_unknown", f"{unknown[0]!r} cannot be emptied", field="clear", known=sorted(known))
    return tuple(names)


def read_ratio(numerator: object, denominator: object) -> tuple[int, int]:
    """How many base units one packaging holds, in lowest terms.

    Errors: type_error, quantity_not_positive, quantity_out_of_range.
    """
    above, below = _read_count(numerator, "numerator"), _read_count(denominator, "denominator")
    common = math.gcd(above, below)
    return above // common, below // common


def _read_count(value: object, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise StockcoreError("type_error", "a whole number is needed here", field=field)
    if value <= 0:
        raise StockcoreError("quantity_not_positive", "must be greater than zero", field=field)
    if value >= RATIO_LIMIT:
        raise StockcoreError("quantity_out_of_range", "at most 12 digits", field=field)
    return value
