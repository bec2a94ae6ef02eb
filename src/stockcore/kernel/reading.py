"""Lists, texts and flags of a command, read from outside."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import ID_LIMIT
from stockcore.kernel.text import read_text

T = TypeVar("T")
Word = TypeVar("Word", bound=str)


def listed(values: object, kind: type[T]) -> list[T]:
    """Those of the values that are of this kind, none where it is no list: to look up what they name."""
    return [value for value in values if isinstance(value, kind)] if isinstance(values, (tuple, list)) else []


def read_list(values: Any, kind: type[T], *, field: str) -> Sequence[T]:
    """Errors: field_required, type_error."""
    if values is None:
        raise StockcoreError("field_required", "a list is needed here", field=field)
    if not isinstance(values, (tuple, list)):
        raise StockcoreError("type_error", f"a list is needed here, not {type(values).__name__}", field=field)
    for index, value in enumerate(values):
        if not isinstance(value, kind):
            raise StockcoreError(
                "type_error", f"a {kind.__name__} is needed here, not {type(value).__name__}", field=f"{field}/{index}"
            )
    return values


def read_texts(values: Any, *, field: str) -> tuple[str, ...]:
    """Each once, in the order given. Errors: those of read_list and read_text."""
    if values == ():
        return ()
    texts = enumerate(read_list(values, object, field=field))
    return tuple(dict.fromkeys(read_text(text, field=f"{field}/{index}") for index, text in texts))


def readable(values: Iterable[object]) -> tuple[str, ...]:
    """The texts among these as `read_text` reads them, sorted, each once: to look up what they name. Nothing has a
    name that cannot be read."""
    texts = set()
    for value in values:
        try:
            texts.add(read_text(value))
        except StockcoreError:
            continue
    return tuple(sorted(texts))


def readable_ids(values: Iterable[object]) -> tuple[int, ...]:
    """The whole numbers among these that a row's id can be, sorted, each once: to look them up."""
    return tuple(sorted({value for value in values if type(value) is int and 0 < value < ID_LIMIT}))


def one_of(value: object, known: Collection[Word], *, field: str) -> Word:
    """The permitted word that this is. Errors: value_unknown."""
    for word in known:
        if word == value:
            return word
    shown = repr(value[:40]) if isinstance(value, str) else type(value).__name__
    raise StockcoreError("value_unknown", f"{shown} is none of {', '.join(known)}", field=field, known=list(known))


def check_flag(value: object, *, field: str) -> None:
    """Errors: type_error."""
    if not isinstance(value, bool):
        raise StockcoreError("type_error", f"true or false is needed here, not {type(value).__name__}", field=field)
