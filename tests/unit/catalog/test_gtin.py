"""GTINs: length and check digit (CAT-15)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockcore.catalog.gtin import check_digit, is_gtin, normal_gtin, read_gtin
from stockcore.kernel.errors import StockcoreError

#: Published examples: GS1's guides and common retail packs.
REAL = ["4006381333931", "96385074", "036000291452", "10614141000415", "9780201379624"]


@pytest.mark.parametrize("gtin", REAL)
def test_published_gtins_are_accepted_as_written(gtin: str) -> None:
    assert read_gtin(f" {gtin} ") == gtin
    assert is_gtin(gtin)


@pytest.mark.parametrize(
    "text",
    [
        "4006381333932",
        "400638133393",
        "40063813339314006381333931",
        "4006381333931a",
        "４００６３８１３３３９３１",
        "1",
        "-96385074",
    ],
)
def test_a_wrong_digit_length_or_alphabet_is_refused(text: str) -> None:
    with pytest.raises(StockcoreError) as refused:
        read_gtin(text, field="gtin")
    assert (refused.value.code, refused.value.field) == ("gtin_invalid", "gtin")
    assert not is_gtin(text)


@given(st.text("0123456789", min_size=13, max_size=13), st.integers(0, 12), st.integers(1, 9))
def test_any_single_wrong_digit_is_noticed(digits: str, place: int, by: int) -> None:
    gtin = digits[:12] + str(check_digit(digits[:12]))
    wrong = str((int(gtin[place]) + by) % 10)
    assert not is_gtin(gtin[:place] + wrong + gtin[place + 1 :])


def test_a_upc_and_the_same_number_as_ean_compare_as_equal() -> None:
    assert normal_gtin("036000291452") == normal_gtin("0036000291452") == "00036000291452"
    assert is_gtin("0036000291452"), "leading zeros do not change the check digit"
