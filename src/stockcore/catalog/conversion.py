"""What was entered, in a unit or a packaging, as a quantity in the variant's base unit: exactly or not at all.

All arithmetic is on whole numbers and fractions of them. What is not a whole number of the variant's steps is refused,
never rounded (S069, S071, S075).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

import attrs

from stockcore.catalog.records import Packaging, Sold, UnitOfMeasure
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import DECIMALS_MAX, QUANTITY_LIMIT, check_step, plain
from stockcore.kernel.text import normal_code

_MILLIONTHS: Final = 10**DECIMALS_MAX


@attrs.frozen(kw_only=True)
class Converted:
    """A quantity in the variant's base unit, and what it was entered as.

    `entered` × `factor` = `quantity`, exactly. `unit` is the code of the unit or packaging that was named (else the
    base unit). `multiple`: whole multiples of it are whole entered units, so it is what a reservation of this line
    takes at a time (a pair: 2; a box of 12: 12; kilograms kept in grams: one step of a kilogram). Where a part of a
    unit was entered (half a case), it is the variant's step.
    """

    quantity: Decimal
    entered: Decimal | Fraction
    unit: str
    factor: Fraction
    multiple: Decimal


def to_base(
    quantity: Decimal | Fraction,
    unit: str | None,
    variant: Sold,
    packagings: Iterable[Packaging],
    units: Mapping[str, UnitOfMeasure],
    *,
    field: str | None = None,
) -> Converted:
    """`quantity` of `unit` in base units of the variant. Pure.

    `unit` is the code of one of the variant's packagings (they come first), or of a unit of the same dimension as the
    base unit; None: the base unit. `units` is by code; it may be empty where `unit` is None or the base unit's.
    Errors: unknown_unit, uom_incompatible (B097), quantity_precision, quantity_out_of_range.
    """
    if unit is None or normal_code(unit) == variant.unit:
        return _in_base_unit(quantity, variant, field)
    code, factor, step = _factor(unit, variant, packagings, units)
    exact = Fraction(quantity) * factor
    base = _decimal(exact, variant.step, field)
    return Converted(
        quantity=base, entered=quantity, unit=code, factor=factor, multiple=_multiple(base, factor * step, variant.step)
    )


def _in_base_unit(quantity: Decimal | Fraction, variant: Sold, field: str | None) -> Converted:
    if isinstance(quantity, Decimal):
        check_step(quantity, variant.step, field=field)
        base = quantity
    else:
        base = _decimal(quantity, variant.step, field)
    return Converted(quantity=base, entered=quantity, unit=variant.unit, factor=Fraction(1), multiple=variant.step)


def _factor(
    unit: str, variant: Sold, packagings: Iterable[Packaging], units: Mapping[str, UnitOfMeasure]
) -> tuple[str, Fraction, Fraction]:
    """The unit's code, how many base units one of it is, and the smallest part of it that is kept."""
    wanted = normal_code(unit)
    own = [packaging for packaging in packagings if packaging.variant == variant.id]
    for packaging in own:
        if normal_code(packaging.code) == wanted:
            return packaging.code, Fraction(packaging.numerator, packaging.denominator), Fraction(1)
    named, base = units.get(wanted), units.get(variant.unit)
    if named is None or base is None:
        raise StockcoreError(
            "unknown_unit",
            f"{unit!r} is neither a unit of measure nor a packaging of {variant.sku}",
            field="unit",
            unit=unit,
            packagings=[packaging.code for packaging in own],
        )
    if named.dimension != base.dimension:
        raise StockcoreError(
            "uom_incompatible",
            f"{variant.sku} is kept in {base.name}, a {base.dimension}; {named.name} is a {named.dimension}",
            field="unit",
            unit=named.code,
            base_unit=base.code,
        )
    return named.code, Fraction(named.factor) / Fraction(base.factor), Fraction(named.step)


def _decimal(exact: Fraction, step: Decimal, field: str | None) -> Decimal:
    """The fraction as a decimal that is a whole number of steps, or a refusal."""
    if abs(exact) >= QUANTITY_LIMIT:
        raise StockcoreError("quantity_out_of_range", "a quantity has at most 12 digits before the point", field=field)
    if (exact / Fraction(step)).denominator != 1:
        raise StockcoreError(
            "quantity_precision",
            f"that is {_shown(exact)} in the base unit, not a multiple of its step {plain(step)}",
            field=field,
            step=plain(step),
            max_decimals=max(0, -int(step.normalize().as_tuple().exponent)),
        )
    whole = exact * _MILLIONTHS  # whole, because a step has at most 6 decimals
    return Decimal(plain(Decimal(whole.numerator).scaleb(-DECIMALS_MAX)))


def _shown(exact: Fraction) -> str:
    return str(exact.numerator) if exact.denominator == 1 else f"{exact.numerator}/{exact.denominator}"


def _multiple(quantity: Decimal, one: Fraction, step: Decimal) -> Decimal:
    """`one` where it is a whole number of steps and the quantity a whole number of it, else the step."""
    if (one / Fraction(step)).denominator != 1 or (Fraction(quantity) / one).denominator != 1:
        return step
    return _decimal(one, step, None)


@attrs.frozen
class Conversions:
    """The packagings and units that a use case has loaded; without any, only base units can be entered."""

    packagings: Sequence[Packaging] = ()
    units: Mapping[str, UnitOfMeasure] = attrs.field(factory=dict)

    @classmethod
    def of(cls, packagings: Sequence[Packaging], units: Iterable[UnitOfMeasure]) -> Conversions:
        return cls(packagings, {normal_code(unit.code): unit for unit in units})

    def to_base(
        self, quantity: Decimal | Fraction, unit: str | None, variant: Sold, *, field: str | None = None
    ) -> Converted:
        """See `to_base`."""
        return to_base(quantity, unit, variant, self.packagings, self.units, field=field)


def factor_as_kept(converted: Converted) -> Decimal:
    """The factor as a line keeps it, to 6 decimals; the quantities beside it are exact."""
    factor = converted.factor
    return round(Decimal(factor.numerator) / Decimal(factor.denominator), DECIMALS_MAX)
