"""How the small values are made that only live while something is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["value"]

# Frozen for the type checker, which watches over all of our code. At run time a frozen class takes four times as long
# to make, and these are made several times for every line of an order.
if TYPE_CHECKING:
    from attrs import frozen as value
else:
    from attrs import define as value
