"""The replay's parameters: one table, which the command's options, the report and the rule itself read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from decimal import Decimal
from typing import Any, Final

import attrs

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import ZERO, plain, read_decimal


def _read_count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise ValueError("a whole number is needed, like 4")
    return int(text)


def _read_seed(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError("a whole number is needed, like 1")
    return int(text)


def _read_number(text: str) -> Decimal:
    try:
        return read_decimal(text)
    except StockcoreError as refusal:
        raise ValueError(refusal.message) from refusal


def _read_sizes(text: str) -> tuple[Decimal, ...]:
    return tuple(_read_number(part.strip()) for part in text.split(","))


def _read_time(text: str) -> time:
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}", text):
        raise ValueError("a time of day is needed, like 17:00")
    return time.fromisoformat(text)


def _about(meaning: str, read: Callable[[str], Any]) -> dict[str, Any]:
    return {"meaning": meaning, "read": read}


@attrs.frozen(kw_only=True)
class Parameters:
    """What the file does not say and the replay has to assume. Times of day and weeks are London's.

    The same file with the same parameters gives the same ledger.
    """

    seed: int = attrs.field(
        default=1,
        metadata=_about("draws the opening quantities, together with each SKU's code", _read_seed),
    )
    opening_sizes: tuple[Decimal, ...] = attrs.field(
        default=tuple(map(Decimal, (48, 96, 192, 384, 768))),
        metadata=_about("units a SKU has when it first appears: one of these, all equally likely", _read_sizes),
    )
    demand_weeks: int = attrs.field(
        default=4,
        metadata=_about("closed weeks whose mean demand counts; fewer where the file is younger", _read_count),
    )
    cover_weeks: Decimal = attrs.field(
        default=Decimal(3),
        metadata=_about("order supply up to this many weeks of mean demand", _read_number),
    )
    order_time: time = attrs.field(
        default=time(6),
        metadata=_about("when supply is ordered, on Mondays", _read_time),
    )
    lead_time_days: int = attrs.field(
        default=7,
        metadata=_about("calendar days from ordering supply to its arrival", _read_count),
    )
    dispatch_time: time = attrs.field(
        default=time(17),
        metadata=_about("when what is reserved leaves, every day, and when deliveries arrive", _read_time),
    )
    delivery_days: int = attrs.field(
        default=2,
        metadata=_about("calendar days from dispatch to delivery", _read_count),
    )
    cost_share: Decimal = attrs.field(
        default=Decimal("0.60"),
        metadata=_about("unit cost as a share of the SKU's first positive price", _read_number),
    )

    def __attrs_post_init__(self) -> None:
        if not self.opening_sizes or any(size <= ZERO or size % 1 for size in self.opening_sizes):
            raise ValueError("opening_sizes: whole positive units are needed")
        for name in ("demand_weeks", "lead_time_days", "delivery_days"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: at least 1")
        for name in ("cover_weeks", "cost_share"):
            if getattr(self, name) < ZERO:
                raise ValueError(f"{name}: not negative")


DEFAULTS: Final = Parameters()


@attrs.frozen
class ParameterRow:
    """One row of the table: what the options are made from and the report prints."""

    name: str  # as a field; as an option its `_` are `-`
    default: str
    value: str
    meaning: str


def table(parameters: Parameters = DEFAULTS) -> tuple[ParameterRow, ...]:
    """All parameters with their defaults and present values, as text that `read_parameters` understands."""
    return tuple(
        ParameterRow(
            field.name,
            as_text(getattr(DEFAULTS, field.name)),
            as_text(getattr(parameters, field.name)),
            field.metadata["meaning"],
        )
        for field in attrs.fields(Parameters)
    )


def read_parameters(texts: Mapping[str, str]) -> Parameters:
    """Parameters from texts by name, the rest by default.

    Errors: ValueError, naming the parameter, for an unknown name or a value that makes no sense.
    """
    fields = attrs.fields_dict(Parameters)
    values: dict[str, Any] = {}
    for name, text in texts.items():
        if name not in fields:
            raise ValueError(f"{name}: no such parameter")
        try:
            values[name] = fields[name].metadata["read"](text)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return Parameters(**values)


def as_text(value: int | Decimal | time | tuple[Decimal, ...]) -> str:
    """A parameter's value as people write it: `17:00`, `48,96`, `0.6`."""
    if isinstance(value, tuple):
        return ",".join(map(plain, value))
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return plain(value) if isinstance(value, Decimal) else str(value)
