"""Texts from outside: what cannot be stored or seen is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.text import NOTE_MAX, TEXT_MAX, lookup_codes, normal_code, read_text


def code_of(value: object) -> str:
    with pytest.raises(StockcoreError) as refusal:
        read_text(value, field="name")
    assert refusal.value.field == "name"
    return refusal.value.code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "field_required"),
        (5, "type_error"),
        (b"A", "type_error"),
        ("SKU\0A", "text_invalid"),
        ("SKU\x1fA", "text_invalid"),
        ("SKU\x7f", "text_invalid"),
        ("SKU\x85", "text_invalid"),
        ("SKU\ud800", "text_invalid"),
        ("\x1f", "text_invalid"),
        ("", "text_blank"),
        ("   ", "text_blank"),
        ("\t\n", "text_blank"),
        ("\u00a0", "text_blank"),
        ("\u200b", "text_blank"),
        ("\ufeff \u2060", "text_blank"),
        pytest.param("x" * (TEXT_MAX + 1), "text_too_long", id="256"),
    ],
)
def test_what_is_no_text_is_refused_by_its_own_code_b045_b047(value: object, code: str) -> None:
    assert code_of(value) == code


@pytest.mark.parametrize(
    "value",
    ["\u200b" * 3_000_000, "é" * 3_000_000, "\n" * 3_000_000, "x" * 3_000_000],
    ids=lambda value: ascii(value[0]),
)
def test_a_huge_text_is_refused(value: str) -> None:
    assert code_of(value) in ("text_blank", "text_too_long")


def test_a_text_is_trimmed_and_otherwise_kept_as_written() -> None:
    assert read_text("  Café\tcrème\n2 ") == "Café\tcrème\n2"
    assert read_text("\u00a0東京 🚚 ") == "東京 🚚"


def test_the_limit_counts_after_trimming_and_can_be_wider() -> None:
    assert read_text(" " + "x" * TEXT_MAX + " ") == "x" * TEXT_MAX
    assert len(read_text("x" * NOTE_MAX, longest=NOTE_MAX)) == NOTE_MAX


@given(st.text())
def test_any_text_is_read_or_refused_and_what_is_read_can_be_encoded(value: str) -> None:
    try:
        text = read_text(value)
    except StockcoreError:
        return
    assert text == text.strip()
    assert b"\0" not in text.encode()
    assert read_text(text) == text


def test_codes_are_the_same_after_trim_and_case_fold_but_zeros_matter_b049() -> None:
    assert normal_code(" A-1") == normal_code("a-1")
    assert normal_code("STRASSE") == normal_code("straße")
    assert normal_code("00123") != normal_code("123")


def test_only_texts_that_could_be_stored_are_looked_up() -> None:
    assert lookup_codes(["b", " B ", "a", None, 5, "a\0"]) == ("a", "b")
