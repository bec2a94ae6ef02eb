"""Texts and codes from outside: what is refused, and how codes are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from stockcore.kernel.errors import StockcoreError

#: Control characters but tab and line ends, and lone surrogates: PostgreSQL takes no NUL, UTF-8 no surrogate.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

TEXT_MAX: Final = 255
NOTE_MAX: Final = 4000


def read_text(value: object, *, field: str | None = None, longest: int = TEXT_MAX) -> str:
    """A text with something visible in it, trimmed.

    Errors: field_required, type_error, text_invalid (control characters, lone surrogates), text_blank,
    text_too_long.
    """
    if value is None:
        raise StockcoreError("field_required", "a text is needed here", field=field)
    if not isinstance(value, str):
        raise StockcoreError("type_error", f"a text is needed here, not {type(value).__name__}", field=field)
    if _FORBIDDEN.search(value):
        raise StockcoreError("text_invalid", "the text holds characters that cannot be stored", field=field)
    text = value.strip()
    if len(text) > longest:
        raise StockcoreError("text_too_long", f"at most {longest} characters", field=field, longest=longest)
    if not text or not (text.isascii() or any(map(_is_visible, text))):
        raise StockcoreError("text_blank", "the text is blank", field=field)
    return text


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZ"


def normal_code(code: str) -> str:
    """What makes two codes the same: trimmed and case-folded; leading zeros matter (`00123` is not `123`).

    Errors: type_error.
    """
    try:
        return code.strip().casefold()
    except AttributeError:
        raise StockcoreError("type_error", f"a code is a text, not {type(code).__name__}") from None


def lookup_codes(values: Iterable[object]) -> tuple[str, ...]:
    """The normal codes to look these values up by, sorted, each once. What is no text that could be stored (None, a
    text with NUL …) is left out: nothing has such a code, and a database would refuse the question."""
    codes = set()
    for value in values:
        if isinstance(value, str) and not _FORBIDDEN.search(value):
            codes.add(normal_code(value))
    return tuple(sorted(codes))


def optional_text(value: object, *, field: str | None = None, longest: int = TEXT_MAX) -> str | None:
    """A text where there is one. Errors: those of `read_text`, but not field_required."""
    return None if value is None else read_text(value, field=field, longest=longest)
