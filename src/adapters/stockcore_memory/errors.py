"""What a database would refuse. Like a driver's exceptions these are defects of a use case, not refusals of a rule."""

from __future__ import annotations


class BrokenRuleError(Exception):
    """A row that the tables' rules forbid: a key taken, a CHECK that does not hold, a row that is missing."""

    def __init__(self, place: str, rule: str) -> None:
        super().__init__(f"{place}: {rule}")
        self.place = place
        self.rule = rule


class OutOfRangeError(BrokenRuleError):
    """A number that the column cannot hold (B029)."""


class LostUpdateError(RuntimeError):
    """A row to be changed is not there, or is changed twice in one write. A defect, never expected."""
