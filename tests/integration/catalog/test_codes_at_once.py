"""A code names one thing at a time, whoever adds it meanwhile: databases enforce it for what is valid (CAT-17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from stockcore.catalog.commands import AddCode, AddPackaging, AddProduct, ChangeProduct
from stockcore.catalog.records import VariantCode
from stockcore.catalog.use_cases import ADD_CODE, ADD_PACKAGING, ADD_PRODUCT, CHANGE_PRODUCT
from stockcore.kernel.unit_of_work import Store
from stockcore_sql.stores import SqlStore
from tests.support.house import House, together
from tests.support.meanwhile import Wish, meanwhile
from tests.support.stores import STORES, codes, opened, run

GTIN = "4006381333931"


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store, of each kind in turn."""
    with opened(request.param, request) as store:
        yield store


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    with opened(request.param, request) as store:
        assert isinstance(store, SqlStore)
        yield store


def two_products(url: str) -> None:
    store = SqlStore(url)
    House(store).product("A", "B")
    store.close()


def barcode(sku: str, code: str, **validity: Any) -> AddCode:
    return AddCode(sku=sku, kind="barcode", code=code, **validity)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((ADD_CODE, barcode("A", "X-1")), (ADD_CODE, barcode("B", "x-1 "))),
        ((ADD_CODE, AddCode(sku="A", kind="gtin", code=GTIN)), (ADD_CODE, barcode("B", GTIN))),
        ((ADD_CODE, barcode("A", "NEW")), (ADD_PRODUCT, AddProduct(sku="new", name="new"))),
        ((CHANGE_PRODUCT, ChangeProduct(sku="A", new_sku="X-1")), (ADD_CODE, barcode("B", "X-1"))),
        (
            (ADD_PACKAGING, AddPackaging(sku="A", code="box", numerator=6, gtin=GTIN)),
            (ADD_PACKAGING, AddPackaging(sku="B", code="box", numerator=6, gtin=GTIN)),
        ),
    ],
    ids=["barcodes", "gtin and barcode", "barcode and SKU", "renamed and barcode", "packagings"],
)
def test_a_code_that_another_is_adding_is_refused_once_that_is_committed(
    postgres_url: str, one: Wish, other: Wish
) -> None:
    two_products(postgres_url)
    assert codes([meanwhile(postgres_url, one, other)]) == ["duplicate_code"]


def test_codes_valid_at_other_times_are_added_side_by_side(postgres_url: str) -> None:
    two_products(postgres_url)
    one = barcode("A", "X-1", valid_to=date(2026, 6, 30))
    other = barcode("B", "X-1", valid_from=date(2026, 7, 1))
    assert codes([meanwhile(postgres_url, (ADD_CODE, one), (ADD_CODE, other))]) == [None]


def test_of_many_who_add_one_barcode_one_succeeds(store: Store) -> None:
    house = House(store)
    skus = [f"S{number}" for number in range(12)]
    house.product(*skus)
    answers = together(*[lambda sku=sku: run(store, ADD_CODE, barcode(sku, "X-1"))[0] for sku in skus])
    assert sorted(codes(answers), key=str) == [None, *["duplicate_code"] * 11]
    assert len([code for code in house.rows(VariantCode) if code.kind == "barcode"]) == 1


@pytest.mark.parametrize(
    ("row", "refused"),
    [
        ({"kind": "barcode", "valid_from": None, "valid_to": None}, True),
        ({"kind": "barcode", "valid_from": date(2026, 6, 30), "valid_to": None}, True),
        ({"kind": "barcode", "valid_from": date(2026, 7, 1), "valid_to": None}, False),
        ({"kind": "gtin", "valid_from": None, "valid_to": date(2025, 12, 31)}, False),
        ({"kind": "gtin", "valid_from": None, "valid_to": date(2026, 1, 1)}, True),
        ({"kind": "supplier_sku", "valid_from": None, "valid_to": None}, False),
    ],
)
def test_the_database_itself_refuses_a_code_that_would_name_two_things(
    database: SqlStore, row: dict[str, Any], refused: bool
) -> None:
    house = House(database)
    house.product("A", "B")
    taken = barcode("A", "X-1", valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30))
    assert codes(run(database, ADD_CODE, taken)) == [None]
    table = sa.inspect(database.engine)
    columns = [column["name"] for column in table.get_columns("variant_code")]
    values = {
        "id": 10**9,
        "code": "x-1",
        "normal_code": "x-1",
        "scan_code": "x-1",
        "variant": house.variant("B").id,
        "packaging": 0,
        **row,
    }
    statement = f"INSERT INTO variant_code ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"
    with database.engine.connect() as connection:
        if not refused:
            connection.execute(sa.text(statement), _as_stored(database, values))
            return
        with pytest.raises(sa.exc.IntegrityError, match="already"):
            connection.execute(sa.text(statement), _as_stored(database, values))


def _as_stored(database: SqlStore, values: dict[str, Any]) -> dict[str, Any]:
    if database.is_postgresql:
        return values
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
