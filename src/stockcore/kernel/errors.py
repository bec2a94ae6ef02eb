"""Refusals: one table of public codes, and the exception that carries one.

A code is public: the library, the command line and HTTP spell it the same way, `docs/errors.md` has a paragraph
on each (cause and cure), and it is never renamed or reused.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final


class Kind(enum.Enum):
    """What a refusal leaves behind, and so how a caller should react."""

    MALFORMED = "malformed"  # the command itself is wrong: nothing is kept, sending it again cannot help
    RULE = "rule"  # refused against the present state: the answer is kept under its command id
    FILE = "file"  # a file or some of its rows cannot be imported
    INFRASTRUCTURE = "infrastructure"  # something outside failed: nothing is kept, sending it again may help
    DIFFERENCE = "difference"  # verification found books that do not agree


_MALFORMED = Kind.MALFORMED
_RULE = Kind.RULE
_FILE = Kind.FILE
_INFRASTRUCTURE = Kind.INFRASTRUCTURE

CODES: Final[Mapping[str, Kind]] = {
    # values
    "field_required": _MALFORMED,
    "type_error": _MALFORMED,
    "number_format": _MALFORMED,
    "quantity_not_finite": _MALFORMED,
    "quantity_out_of_range": _MALFORMED,
    "quantity_not_positive": _MALFORMED,
    "quantity_precision": _RULE,  # depends on the variant's unit
    "money_precision": _MALFORMED,
    "money_negative": _MALFORMED,
    "currency_mismatch": _RULE,
    "currency_unknown": _MALFORMED,
    "text_invalid": _MALFORMED,
    "text_blank": _MALFORMED,
    "text_too_long": _MALFORMED,
    "date_invalid": _MALFORMED,
    "date_ambiguous": _MALFORMED,
    "time_zone_required": _MALFORMED,
    "time_out_of_range": _MALFORMED,
    "time_zone_unknown": _MALFORMED,
    "in_future": _MALFORMED,
    "too_late": _RULE,
    "gtin_invalid": _MALFORMED,
    "country_unknown": _MALFORMED,
    "value_unknown": _MALFORMED,  # not one of the permitted words
    "unknown_field": _MALFORMED,
    "too_many_lines": _MALFORMED,
    "duplicate_line": _MALFORMED,
    "usage": _MALFORMED,
    # commands
    "idempotency_key_reuse": _RULE,
    "batch_refused": _RULE,
    # catalogue
    "duplicate_sku": _RULE,
    "duplicate_code": _RULE,
    "unknown_sku": _RULE,
    "unknown_product": _RULE,
    "unknown_unit": _RULE,
    "unknown_packaging": _RULE,
    "uom_incompatible": _RULE,
    "inactive_sku": _RULE,
    "not_stocked": _RULE,
    "in_use": _RULE,
    "base_unit_fixed": _RULE,
    # locations
    "duplicate_location": _RULE,
    "unknown_site": _RULE,
    "unknown_location": _RULE,
    "ambiguous_location": _RULE,
    "location_cycle": _RULE,
    "location_depth": _RULE,
    "location_not_storable": _RULE,
    "location_blocked": _RULE,
    "location_inactive": _RULE,
    "location_other_site": _RULE,
    "over_capacity": _RULE,
    # stock
    "insufficient_stock": _RULE,
    "would_uncover_reservations": _RULE,
    "unknown_lot": _RULE,
    "lot_required": _RULE,
    "lot_not_tracked": _RULE,
    "lot_conflict": _RULE,
    "expiry_required": _RULE,
    "lot_expired": _RULE,
    "serials_not_supported": _RULE,
    "unknown_reservation": _RULE,
    "over_release": _RULE,
    "over_commit": _RULE,
    "hold_expired": _RULE,
    "unknown_transfer": _RULE,
    "over_receipt": _RULE,
    "already_reversed": _RULE,
    "unknown_posting": _RULE,
    "not_allocatable": _RULE,
    # orders
    "duplicate_reference": _RULE,
    "number_reserved": _MALFORMED,
    "duplicate_customer": _RULE,
    "unknown_customer": _RULE,
    "unknown_order": _RULE,
    "unknown_line": _RULE,
    "unknown_shipment": _RULE,
    "order_without_lines": _MALFORMED,
    "illegal_transition": _RULE,
    "nothing_to_release": _RULE,
    "not_complete": _RULE,
    "on_hold": _RULE,
    "over_return": _RULE,
    "no_site": _RULE,
    # files
    "file_not_found": _FILE,
    "file_invalid": _FILE,
    "file_changed": _FILE,
    "invalid_encoding": _FILE,
    "invalid_json": _FILE,
    "quote_unclosed": _FILE,
    "row_invalid": _FILE,
    "column_missing": _FILE,
    "column_unknown": _FILE,
    "column_duplicate": _FILE,
    "duplicate_row": _FILE,
    "import_rejected": _FILE,
    # infrastructure and installation
    "busy": _INFRASTRUCTURE,
    "db_unavailable": _INFRASTRUCTURE,
    "storage_full": _INFRASTRUCTURE,
    "output_failed": _INFRASTRUCTURE,
    "read_only": _INFRASTRUCTURE,
    "schema_missing": _INFRASTRUCTURE,
    "schema_mismatch": _INFRASTRUCTURE,
    "database_url": _INFRASTRUCTURE,
    "driver_missing": _INFRASTRUCTURE,
    "tzdata_missing": _INFRASTRUCTURE,
    "internal": _INFRASTRUCTURE,
    # the replay and verification
    "not_empty": _RULE,
    "verification_failed": Kind.DIFFERENCE,
}


class StockcoreError(Exception):
    """A refusal. `code` is in CODES; `facts` are for machines, nobody parses the message.

    `field` names the command's field (`lines/0/quantity`), `row` the row of a batch or file, counted from 1.
    """

    def __init__(
        self, code: str, message: str, *, field: str | None = None, row: int | None = None, **facts: Any
    ) -> None:
        super().__init__(message)
        self.kind = CODES[code]
        self.code = code
        self.message = message
        self.field = field
        self.row = row
        self.facts = facts
