import pytest

from stockcore_replay.countries import country


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("United Kingdom", "GB"),
        ("EIRE", "IE"),
        ("RSA", "ZA"),
        ("USA", "US"),
        ("Czech Republic", "CZ"),
        ("Hong Kong", "HK"),
        ("United Arab Emirates", "AE"),
        (" germany ", "DE"),
    ],
)
def test_a_country_has_its_iso_code(name: str, code: str) -> None:
    assert country(name).code == code
    assert country(name).label == code


@pytest.mark.parametrize("name", ["Channel Islands", "European Community", "Unspecified", "Atlantis"])
def test_what_is_no_single_country_is_kept_as_text(name: str) -> None:
    assert country(name).code is None
    assert country(name).label == name


def test_a_blank_country_has_neither_name_nor_code() -> None:
    assert country(" ").code is None
    assert country(" ").label == ""
