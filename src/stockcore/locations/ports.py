"""What locations need from outside."""

from __future__ import annotations

from typing import Protocol


class Countries(Protocol):
    """A reference list of countries (ISO 3166-1)."""

    def code_of(self, country: str) -> str | None:
        """The alpha-2 code of a country given by name or code; None where the list does not know it."""
        ...
