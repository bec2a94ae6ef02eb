"""Whatever a field of a command or a question is given, the answer is a refusal with a code, and nothing changes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any, Final

import attrs
import pytest

from stockcore.kernel.errors import Kind, StockcoreError
from stockcore.orders.commands import LineCancel, LineEdit, LineRequest
from stockcore_runtime.application import OwnApplication, open_application
from stockcore_runtime.asking import Ask

D = Decimal

WILD: Final[list[Any]] = [
    *(None, True, 5, -1, 1.5, float("nan"), D("sNaN"), D("1e999999"), "", "a\0b", "\ud800", "x" * 100_000, "9" * 5000),
    *(10**5000, -(10**5000), b"x", (), [], {}, [5], ("a",), [None], [[]], {"a": 1}, {1: "x"}, {"a": "\0"}, object()),
    *(datetime(2026, 1, 1), datetime.max.replace(tzinfo=UTC), date.max, "[" * 100_000, '["a",' + "9" * 5000 + "]"),  # noqa: DTZ001
]
GOOD: Final[dict[str, Any]] = {
    "sku": "A",
    "skus": ["A"],
    "site": "MAIN",
    "quantity": D(1),
    "number": "SO-000001",
    "numbers": ["SO-000001"],
    "lines": (LineRequest(sku="A", quantity=D(1)),),
    "time_zone": "UTC",
    "to": "picking",
    "numerator": 2,
}
LINES: Final[dict[str, Any]] = {
    "edit": (LineEdit(line=1, quantity=D(1)),),
    "cancel_lines": (LineCancel(line=1, quantity=D(1)),),
}


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Iterator[OwnApplication]:
    with open_application(request.getfixturevalue(request.param)) as app:
        app.locations.add_site(code="MAIN", name="Main", time_zone="Europe/London")
        app.catalog.add_product(sku="A", name="A")
        app.stock.receive(sku="A", site="MAIN", quantity=D(10))
        app.orders.place(lines=(LineRequest(sku="A", quantity=D(2)),))
        yield app


def methods(app: OwnApplication) -> Iterator[tuple[str, Any]]:
    for area in (app.catalog, app.locations, app.stock, app.orders):
        for name in dir(area):
            method = getattr(area, name)
            if not name.startswith("_") and callable(method):
                yield name, method


def calls(name: str, method: Any) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is wrong, and how it is asked for; commands are carried out dry."""
    if isinstance(method, Ask):
        command: Any = method._command
        fields = attrs.fields(command)
        good = {f.name: GOOD.get(f.name, "x") for f in fields if f.default is attrs.NOTHING}
        good |= {"lines": LINES[name]} if name in LINES else {}
        for field, value in product((field.name for field in fields), WILD):
            yield field, partial(method.do, command(**good | {field: value}), dry_run=True)
        for line in good.get("lines", ()):
            for part, value in product((part.name for part in attrs.fields(type(line))), WILD):
                lines = (attrs.evolve(line, **{part: value}),)
                yield f"lines/{part}", partial(method.do, command(**good | {"lines": lines}), dry_run=True)
    else:
        parameters = inspect.signature(method).parameters.values()
        good = {p.name: GOOD.get(p.name, "x") for p in parameters if p.default is p.empty}
        for field, value in product((p.name for p in parameters), WILD):
            yield field, partial(method, **good | {field: value})


@pytest.mark.parametrize("app", ["sqlite_url", "postgres_url"], indirect=True, ids=["sqlite", "postgresql"])
def test_no_value_brings_anything_but_an_answer_or_a_refusal(app: OwnApplication) -> None:
    before = app.stock.show("A")
    raw: dict[str, str] = {}
    asked = 0
    for name, method in methods(app):
        for field, call in calls(name, method):
            asked += 1
            try:
                call()
            except StockcoreError as refusal:
                if refusal.kind is Kind.INFRASTRUCTURE:
                    raw[f"{name} {field}"] = str(refusal)
            except Exception as error:  # noqa: BLE001 - these are what is looked for
                raw[f"{name} {field}"] = f"{type(error).__name__}: {str(error)[:200]}"
    assert raw == {}
    assert asked > 5_000
    assert app.stock.show("A") == before
