"""The units of measure that every company starts with, as data (CAT-14); the first migration writes them.

`step` is the smallest quantity kept in the unit. `factor` converts to the dimension's reference unit (each, milligram,
microlitre, millimetre, square millimetre, second), which is so small that every factor here is exact in 6 decimals.
Sources: the SI Brochure (9th edition) for metric units; the international yard and pound agreement of 1959 for inch,
foot, yard and pound; 231 cubic inches for the US gallon; the UK Units of Measurement Regulations 1995 for the imperial
gallon and pint. Units without an exact 6-decimal factor, such as the ounce, are left out.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from stockcore.catalog.records import UnitOfMeasure

#: code, name, dimension, step, factor to the dimension's reference unit
_TABLE: Final = (
    ("each", "each", "count", "1", "1"),
    ("pair", "pair", "count", "1", "2"),
    ("dozen", "dozen", "count", "1", "12"),
    ("gross", "gross", "count", "1", "144"),
    ("mg", "milligram", "mass", "0.001", "1"),
    ("g", "gram", "mass", "0.001", "1000"),
    ("kg", "kilogram", "mass", "0.001", "1000000"),
    ("t", "tonne", "mass", "0.000001", "1000000000"),
    ("lb", "pound", "mass", "0.001", "453592.37"),
    ("ml", "millilitre", "volume", "0.001", "1000"),
    ("cl", "centilitre", "volume", "0.001", "10000"),
    ("dl", "decilitre", "volume", "0.001", "100000"),
    ("l", "litre", "volume", "0.001", "1000000"),
    ("hl", "hectolitre", "volume", "0.001", "100000000"),
    ("m3", "cubic metre", "volume", "0.000001", "1000000000"),
    ("gal_us", "US gallon", "volume", "0.001", "3785411.784"),
    ("gal_imp", "imperial gallon", "volume", "0.001", "4546090"),
    ("pt_imp", "imperial pint", "volume", "0.001", "568261.25"),
    ("mm", "millimetre", "length", "0.001", "1"),
    ("cm", "centimetre", "length", "0.001", "10"),
    ("m", "metre", "length", "0.001", "1000"),
    ("km", "kilometre", "length", "0.000001", "1000000"),
    ("in", "inch", "length", "0.001", "25.4"),
    ("ft", "foot", "length", "0.001", "304.8"),
    ("yd", "yard", "length", "0.001", "914.4"),
    ("mm2", "square millimetre", "area", "0.001", "1"),
    ("cm2", "square centimetre", "area", "0.001", "100"),
    ("m2", "square metre", "area", "0.001", "1000000"),
    ("ft2", "square foot", "area", "0.001", "92903.04"),
    ("s", "second", "time", "1", "1"),
    ("min", "minute", "time", "1", "60"),
    ("h", "hour", "time", "0.01", "3600"),
    ("day", "day", "time", "0.01", "86400"),
)


def standard_units() -> list[UnitOfMeasure]:
    """A fresh record of each; a store that is made empty starts with these rows."""
    return [
        UnitOfMeasure(code=code, name=name, dimension=dimension, step=Decimal(step), factor=Decimal(factor))
        for code, name, dimension, step, factor in _TABLE
    ]
