"""Columns on their way to PostgreSQL, as array literals."""

from decimal import Decimal
from uuid import UUID

import pytest

from stockcore_sql.carrying import key_literal, plain_literal, text_literal


@pytest.mark.parametrize(
    ("values", "literal"),
    [
        ([], "{}"),
        ([""], '{""}'),
        ([None], "{NULL}"),
        (["a", None, "b"], '{"a",NULL,"b"}'),
        (["a,b", 'say "c"', "d\\e"], '{"a,b","say \\"c\\"","d\\\\e"}'),
        (["NULL", "{}"], '{"NULL","{}"}'),
    ],
)
def test_texts_are_quoted_and_what_is_missing_is_not(values: list[str | None], literal: str) -> None:
    assert text_literal(values) == literal


def test_a_text_with_the_character_that_postgresql_refuses_stays_one_text_and_is_left_to_it() -> None:
    assert text_literal(["a\0b", "c"]) == '{"a\0b","c"}'


def test_numbers_and_ids_stand_as_they_are() -> None:
    assert plain_literal([1, None, Decimal("2.50")]) == "{1,NULL,2.50}"
    assert plain_literal([]) == "{}"
    assert key_literal([UUID(int=255), None]) == "{" + f"{255:032x}" + ",NULL}"
    assert key_literal([UUID(int=1)]) == "{" + f"{1:032x}" + "}"
