"""GS1's numbers of trade items: length and check digit (CAT-15).

Source: GS1 General Specifications, section 7.9 "Standard check digit calculations for GS1 data structures"; the
lengths are those of GTIN-8, GTIN-12, GTIN-13 and GTIN-14.
"""

from __future__ import annotations

from typing import Final

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.text import read_text

LENGTHS: Final = (8, 12, 13, 14)
LONGEST: Final = max(LENGTHS)


def check_digit(digits: str) -> int:
    """The check digit of the digits before it: weights 3, 1, 3 … from the right, what is missing to a full ten."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def is_gtin(text: str) -> bool:
    """Whether the text is a GTIN: ASCII digits only, a permitted length, the right check digit."""
    return len(text) in LENGTHS and text.isascii() and text.isdigit() and int(text[-1]) == check_digit(text[:-1])


def read_gtin(value: object, *, field: str | None = None) -> str:
    """A GTIN as it was written. Errors: those of `read_text`, gtin_invalid."""
    text = read_text(value, field=field)
    if not (text.isascii() and text.isdigit()) or len(text) not in LENGTHS:
        raise StockcoreError("gtin_invalid", "a GTIN has 8, 12, 13 or 14 digits", field=field, lengths=list(LENGTHS))
    expected = check_digit(text[:-1])
    if int(text[-1]) != expected:
        raise StockcoreError(
            "gtin_invalid", f"the check digit of {text} should be {expected}", field=field, check_digit=expected
        )
    return text


def normal_gtin(gtin: str) -> str:
    """The form in which GTINs of all lengths compare: 14 digits, padded with zeros on the left."""
    return gtin.rjust(LONGEST, "0")
