"""What is kept in the process from transaction to transaction, so that orders need not ask for it again.

Nothing here is trusted: each answer of the database shows whether what is kept still holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from stockcore.kernel.text import normal_code
from stockcore.locations.records import Location
from stockcore.orders.records import Offer

VARIANTS_MAX: Final = 200_000


@attrs.define
class KeptSites:
    """The sites as they were last read, for as long as their rows are the same: every order looks at all of them.
    Who changes a site locks and reads it anew."""

    found: tuple[str | None, list[Location]] = (None, [])  # their version and the rows, replaced as one


@attrs.define
class KeptVariants:
    """Which SKU is which variant's: asked by id, PostgreSQL answers in half the time. An offer says its SKU, so that
    one that was renamed meanwhile is noticed."""

    _ids: dict[str, int] = attrs.field(factory=dict)

    def known(self, codes: Iterable[str]) -> dict[str, int]:
        """The variants of these normal codes, as far as they are known."""
        return {code: self._ids[code] for code in codes if code in self._ids}

    def note(self, known: Mapping[str, int], offers: Iterable[Offer]) -> bool:
        """Keep what was offered, `known` variants among it. False where one of those has another SKU by now: all are
        forgotten, and the transaction is to be done again."""
        found = {normal_code(offer.sku): offer.id for offer in offers}
        holds = known.items() <= found.items()
        if not holds or len(self._ids) > VARIANTS_MAX:
            self._ids = {}
        self._ids.update(found)
        return holds


@attrs.frozen
class Kept:
    """Of one database; shared by the transactions of a store."""

    sites: KeptSites = attrs.field(factory=KeptSites)
    variants: KeptVariants = attrs.field(factory=KeptVariants)
