"""stockcore as a library: an application over a database of its own, or inside a host's transaction."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest
import sqlalchemy as sa

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.results import Accepted, Rejected
from stockcore.orders.commands import LineRequest, PlaceOrder
from stockcore.stock.commands import ReceiveStock, TransferLine
from stockcore.stock.figures import MovementView
from stockcore_runtime import OwnApplication, embed, open_application
from stockcore_sql.types import scaled, unscaled

TEN = Decimal(10)


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def app(url: str) -> Iterator[OwnApplication]:
    with open_application(url) as app:
        app.locations.add_site(code="MAIN", name="Main")
        app.catalog.add_product(sku="MUG", name="A mug", list_price=Decimal("2.50"))
        app.catalog.add_product(sku="POT", name="A pot")
        app.stock.receive(sku="MUG", site="MAIN", quantity=TEN)
        yield app


@pytest.fixture
def host(url: str) -> Iterator[sa.Engine]:
    """The engine of an application that has nothing to do with ours."""
    dialect = url.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(dialect)
    yield engine
    engine.dispose()


def lines(*wanted: tuple[str, int]) -> tuple[LineRequest, ...]:
    return tuple(LineRequest(sku=sku, quantity=Decimal(quantity)) for sku, quantity in wanted)


def test_asking_gives_the_result_or_raises_the_refusal(app: OwnApplication) -> None:
    order = app.orders.place(lines=lines(("MUG", 2)))
    assert app.orders.show(order.number) == order
    with pytest.raises(StockcoreError) as caught:
        app.orders.place(lines=lines(("MUG", 9)))
    assert caught.value.code == "insufficient_stock"


def test_a_batch_gives_an_outcome_for_each_command(app: OwnApplication) -> None:
    commands = [PlaceOrder(lines=lines(("MUG", quantity))) for quantity in (6, 6, 4)]
    outcomes = app.orders.place.batch(commands)
    assert [type(outcome) for outcome in outcomes] == [Accepted, Rejected, Accepted]
    assert app.stock.show("MUG")[0].available == 0


def test_an_atomic_batch_is_done_whole_or_not_at_all(app: OwnApplication) -> None:
    commands = [ReceiveStock(sku=sku, site="MAIN", quantity=TEN) for sku in ("MUG", "NONE")]
    done, refused = app.stock.receive.batch(commands, atomic=True)
    assert isinstance(done, Rejected)
    assert isinstance(refused, Rejected)
    assert (done.code, refused.code) == ("batch_refused", "unknown_sku")
    assert app.stock.show("MUG")[0].on_hand == TEN


def test_quantities_are_written_without_trailing_zeros_whatever_the_database(app: OwnApplication) -> None:
    app.catalog.add_product(sku="TEA", name="Tea", unit="kg", unit_cost=Decimal("4.10"))
    app.stock.receive(sku="TEA", site="MAIN", quantity=Decimal("1.500"))
    received = app.stock.receive(sku="TEA", site="MAIN", quantity=Decimal("2.0"))
    assert (str(received.quantity), str(received.on_hand), str(received.blocked)) == ("2", "3.5", "0")
    order = app.orders.place(lines=(LineRequest(sku="TEA", quantity=Decimal("0.50")),))
    held = app.stock.reserve(sku="TEA", quantity=Decimal("1.0"), reference="web-1")
    assert (str(held.reserved), [str(part.quantity) for part in held.parts]) == ("1", ["1"])
    [row] = app.stock.show("TEA")
    assert [str(figure) for figure in (row.on_hand, row.reserved, row.available)] == ["3.5", "1.5", "2"]
    [line] = app.orders.show(order.number).lines
    assert (str(line.ordered), str(line.reserved), str(line.shipped)) == ("0.5", "0.5", "0")
    [past] = app.stock.past("TEA", as_of=datetime.now(UTC)).rows
    assert str(past.on_hand) == "3.5"
    product = app.catalog.show("TEA")
    assert (str(product.step), str(product.unit_cost)) == ("0.001", "4.1")


def test_availability_of_many_skus_is_one_question(app: OwnApplication) -> None:
    found = app.stock.availability(["mug", "POT"])
    assert [row.available for row in found["mug"]] == [TEN]
    assert found["POT"] == []
    with pytest.raises(StockcoreError) as caught:
        app.stock.availability(["MUG", "NO-1", "NO-2"])
    assert (caught.value.code, caught.value.facts["skus"]) == ("unknown_sku", ["NO-1", "NO-2"])


def test_stock_comes_in_pages_that_meet(app: OwnApplication) -> None:
    app.locations.add_site(code="WEST", name="West")
    for sku, site in (("POT", "WEST"), ("MUG", "WEST"), ("POT", "MAIN")):
        app.stock.receive(sku=sku, site=site, quantity=TEN)
    seen, after = [], None
    while True:
        page = app.stock.page(after=after, limit=3)
        seen += [(row.sku, row.site) for row in page.rows]
        if page.after is None:
            break
        after = page.after
    assert seen == [("MUG", "MAIN"), ("MUG", "WEST"), ("POT", "MAIN"), ("POT", "WEST")]
    with pytest.raises(StockcoreError, match="after"):
        app.stock.page(after="nonsense")


def test_a_history_names_every_row_of_a_sku_newest_first(app: OwnApplication) -> None:
    order = app.orders.place(lines=lines(("MUG", 2)))
    app.orders.advance(number=order.number, to="dispatched", through=True)
    [shipment] = app.orders.show(order.number).shipments
    app.stock.receive(sku="POT", site="MAIN", quantity=TEN)
    app.stock.reserve(sku="MUG", quantity=Decimal(1), reference="web-1")
    app.stock.reserve(sku="MUG", quantity=Decimal(1), reference="shop-1", demand_type="external")
    app.stock.change_status(
        sku="MUG", site="MAIN", quantity=Decimal("1.0"), to_status="quarantine", reason="cracked", location="RECEIVING"
    )
    rows = app.stock.movements("mug").rows
    assert [row.seq for row in rows] == sorted((row.seq for row in rows), reverse=True)
    assert {row.site for row in rows} == {"MAIN"}
    told = [(row.kind, row.location, row.status, str(row.quantity), row.reference_type, row.reference) for row in rows]
    assert told == [
        ("status_change", "RECEIVING", "quarantine", "1", "status_change", None),
        ("status_change", "RECEIVING", "available", "-1", "status_change", None),
        ("reservation", None, "available", "1", "external", "shop-1"),
        ("reservation", None, "available", "1", "hold", "web-1"),
        ("commit", None, "available", "-2", "order", order.number),
        ("commit", "PACKING", "available", "-2", "shipment", shipment.number),
        ("pick", "PACKING", "available", "2", "shipment", shipment.number),
        ("pick", "RECEIVING", "available", "-2", "shipment", shipment.number),
        ("reservation", None, "available", "2", "order", order.number),
        ("receipt", "RECEIVING", "available", "10", "receipt", rows[-1].reference),
    ]
    assert [row.bucket for row in rows if row.location is None] == ["reserved"] * 4
    assert [str(row.balance_after) for row in rows[:4]] == ["1", "7", "2", "1"]
    assert (rows[0].reason, rows[0].posting_id) == ("cracked", rows[1].posting_id)


def test_a_row_of_a_history_says_when_by_whom_and_at_what_cost(app: OwnApplication) -> None:
    app.catalog.add_product(sku="MILK", name="Milk", lot_tracked=True)
    happened = datetime.now(UTC) - timedelta(hours=2)
    cost = Decimal("0.80")
    received = app.stock.receive(
        sku="MILK", site="MAIN", quantity=TEN, lot="L1", unit_cost=cost, occurred_at=happened, reference="DN-7"
    )
    [row] = app.stock.movements("MILK").rows
    assert (row.lot, str(row.unit_cost), row.counterpart, row.reason) == ("L1", "0.8", "supplier", None)
    assert (row.reference, row.posting_id) == (received.document, received.posting_id)
    assert (row.actor, row.source) == (app.origin.actor, app.origin.source)
    assert row.occurred_at == happened < row.recorded_at


def history_in_pages_of_two(app: OwnApplication, site: str | None) -> list[MovementView]:
    page = app.stock.movements("POT", site=site, limit=2)
    seen = list(page.rows)
    while page.after is not None:
        assert len(page.rows) == 2
        page = app.stock.movements("POT", site=site, after=page.after, limit=2)
        seen += page.rows
    return seen


def test_a_history_comes_in_pages_that_meet_at_one_site_or_at_all(app: OwnApplication) -> None:
    app.locations.add_site(code="WEST", name="West")
    for site in ("WEST", "MAIN", "WEST", "WEST", "MAIN"):
        app.stock.receive(sku="POT", site=site, quantity=TEN)
    app.stock.send(from_site="MAIN", to_site="WEST", lines=(TransferLine(sku="POT", quantity=TEN),))
    everything = app.stock.movements("POT").rows
    assert [row.site for row in everything] == ["TRANSIT", "MAIN", "MAIN", "WEST", "WEST", "MAIN", "WEST"]
    assert len({row.reference for row in everything}) == 6  # the transfer's two rows have one number
    assert history_in_pages_of_two(app, None) == list(everything)
    assert history_in_pages_of_two(app, "main") == [row for row in everything if row.site == "MAIN"]
    assert app.stock.movements("POT", limit=7).after is None
    assert app.stock.movements("MUG", site="WEST").rows == ()


@pytest.mark.parametrize(
    ("sku", "site", "code"),
    [
        ("NONE", None, "unknown_sku"),
        ("MUG", "NONE", "unknown_site"),
        ("MUG", "RECEIVING", "unknown_site"),  # a place, but no site
        ("MUG", "A\0", "text_invalid"),
    ],
)
def test_history_and_places_are_those_of_a_sku_and_a_site_that_there_are(
    app: OwnApplication, sku: str, site: str | None, code: str
) -> None:
    with pytest.raises(StockcoreError) as of_history:
        app.stock.movements(sku, site=site)
    with pytest.raises(StockcoreError) as of_places:
        app.stock.places(sku, site=site)
    assert (of_history.value.code, of_places.value.code) == (code, code)


@pytest.mark.parametrize(
    ("after", "code"),
    [("7", "type_error"), (True, "type_error"), (-1, "quantity_out_of_range"), (2**63, "quantity_out_of_range")],
)
def test_a_place_in_a_history_that_is_none_is_refused(app: OwnApplication, after: Any, code: str) -> None:
    with pytest.raises(StockcoreError) as caught:
        app.stock.movements("MUG", after=after)
    assert (caught.value.code, caught.value.field) == (code, "after")


@pytest.mark.parametrize("url", ["sqlite_url"], indirect=True)
def test_a_history_is_read_by_the_skus_own_index(app: OwnApplication) -> None:
    asked: list[tuple[str, Any]] = []
    engine = app.store.engine  # type: ignore[attr-defined]
    sa.event.listen(engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
    app.stock.movements("MUG")
    with engine.connect() as connection:
        plan = [
            str(step.detail)
            for text, values in list(asked)
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
        ]
    of_ledger = [step for step in plan if "stock_movement" in step]
    assert of_ledger == [
        "SEARCH stock_movement USING INDEX stock_movement_variant_idx (variant=? AND site=? AND seq<?)"
    ]


def test_goods_are_shown_where_they_lie(app: OwnApplication) -> None:
    app.locations.add_site(code="WEST", name="West")
    app.locations.add_location(site="MAIN", code="BIN-1")
    app.catalog.add_product(sku="MILK", name="Milk", lot_tracked=True)
    long, never = date(2199, 1, 1), None
    for site, lot, expires_on in (("WEST", "L2", never), ("MAIN", "L2", never), ("MAIN", "L1", long)):
        app.stock.receive(sku="MILK", site=site, quantity=Decimal("2.0"), lot=lot, expires_on=expires_on)
    app.stock.move(
        sku="MILK", site="MAIN", quantity=Decimal(2), lot="L2", from_location="RECEIVING", to_location="BIN-1"
    )
    app.stock.damage(sku="MILK", site="MAIN", quantity=Decimal(1), lot="L1", location="RECEIVING", reason="fell")
    told = [
        (row.site, row.location, row.lot, row.expires_on, row.status, str(row.on_hand))
        for row in app.stock.places("milk")
    ]
    assert told == [
        ("MAIN", "BIN-1", "L2", None, "available", "2"),
        ("MAIN", "RECEIVING", "L1", long, "available", "1"),
        ("MAIN", "RECEIVING", "L1", long, "damaged", "1"),
        ("WEST", "RECEIVING", "L2", None, "available", "2"),
    ]
    assert [row.location for row in app.stock.places("MILK", site=" west ")] == ["RECEIVING"]
    assert app.stock.places("POT") == app.stock.places("MUG", site="WEST") == []


def test_of_what_lies_somewhere_the_part_chosen_for_someone_is_told(app: OwnApplication) -> None:
    order = app.orders.place(lines=lines(("MUG", 3)))
    [row] = app.stock.places("MUG")
    assert (row.lot, str(row.on_hand), str(row.allocated)) == (None, "10", "0")
    app.orders.advance(number=order.number, to="picking")
    assert sum(row.allocated for row in app.stock.places("MUG")) == 3
    assert sum(row.on_hand for row in app.stock.places("MUG")) == TEN
    assert row.received_at == app.stock.movements("MUG").rows[-1].recorded_at


def test_orders_come_newest_first_in_pages_that_meet(app: OwnApplication) -> None:
    numbers = [app.orders.place(lines=lines(("MUG", 1))).number for _ in range(5)]
    first = app.orders.list(limit=3)
    rest = app.orders.list(limit=3, after=first[-1].number)
    assert [row.number for row in [*first, *rest]] == numbers[::-1]
    assert [document.number for document in app.orders.show_all([numbers[2], "none", numbers[0]])] == [
        numbers[2],
        numbers[0],
    ]


def test_a_shown_state_is_that_of_the_least_advanced_part(app: OwnApplication) -> None:
    waiting = app.orders.place(lines=lines(("MUG", 12)), policy="backorder")
    app.orders.advance(number=waiting.number, to="picking")
    assert app.orders.show(waiting.number).state == "supplier_confirmed"
    app.orders.advance(number=waiting.number, to="dispatched", through=True)
    document = app.orders.show(waiting.number)
    (line,) = document.lines
    assert (document.state, int(line.shipped), int(line.backordered)) == ("supplier_confirmed", 10, 2)
    app.stock.receive(sku="MUG", site="MAIN", quantity=TEN)
    app.orders.advance(number=waiting.number, to="picking")
    document = app.orders.show(waiting.number)
    assert (document.state, [row.state for row in document.shipments]) == ("picking", ["dispatched", "picking"])
    app.orders.advance(number=waiting.number, to="delivered", through=True)
    assert app.orders.show(waiting.number).state == "delivered"
    assert app.verify()["ok"]


def test_a_late_count_is_in_the_picture_of_when_it_happened_and_not_of_when_it_was_known(app: OwnApplication) -> None:
    now = datetime.now(UTC)
    nine, ten = now - timedelta(hours=2), now - timedelta(hours=1)
    app.stock.receive(sku="POT", site="MAIN", quantity=TEN, occurred_at=nine)
    assert [row.on_hand for row in app.stock.past("POT", as_of=ten).rows] == [TEN]
    assert app.stock.past("POT", known_at=ten).rows == ()
    order = app.orders.place(lines=lines(("POT", 4)))
    app.orders.advance(number=order.number, to="dispatched", through=True)
    picture = app.stock.past("POT", known_at=datetime.now(UTC))
    (row,) = picture.rows
    assert (int(row.on_hand), int(row.reserved), int(row.shipped)) == (6, 0, 4)
    (today,) = app.stock.show("POT")
    assert row == today


@pytest.mark.parametrize(
    ("moment", "code"),
    [(datetime(2026, 1, 1), "time_zone_required"), ("2026-01-01", "type_error")],  # noqa: DTZ001 - that is the point
)
def test_the_past_is_asked_for_by_moments_with_their_offset(app: OwnApplication, moment: Any, code: str) -> None:
    for field in ("as_of", "known_at"):
        with pytest.raises(StockcoreError) as caught:
            app.stock.past("MUG", **{field: moment})
        assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize(("value", "code"), [(None, "field_required"), (5, "type_error")])
def test_what_is_no_code_is_refused_by_reads_too(app: OwnApplication, value: Any, code: str) -> None:
    for read in (app.stock.show, app.stock.movements, app.stock.places, app.catalog.show, app.locations.tree):
        with pytest.raises(StockcoreError) as caught:
            read(value)
        assert caught.value.code == code
    with pytest.raises(StockcoreError, match="whole number"):
        app.catalog.list(limit="5")  # type: ignore[arg-type]


def test_what_a_person_must_look_at_is_listed_newest_first(app: OwnApplication) -> None:
    assert app.stock.exceptions() == []
    order = app.orders.place(lines=lines(("MUG", 8)))
    app.stock.damage(sku="MUG", site="MAIN", quantity=Decimal(3), reason="dropped")
    app.stock.receive(sku="POT", site="MAIN", quantity=TEN)
    late = app.orders.place(lines=lines(("POT", 10)))
    app.stock.damage(sku="POT", site="MAIN", quantity=Decimal(4), reason="dropped")
    found = [(note.code, note.sku, note.site, note.order, note.quantity) for note in app.stock.exceptions()]
    assert found == [
        ("shortage", "POT", "MAIN", late.number, Decimal(4)),
        ("shortage", "MUG", "MAIN", order.number, Decimal(1)),
    ]
    assert len(app.stock.exceptions(limit=1)) == 1
    assert app.stock.exceptions(state="closed") == []


def test_what_the_host_rolls_back_is_gone(app: OwnApplication, host: sa.Engine) -> None:
    with host.connect() as connection:
        embedded = embed(connection)
        order = embedded.orders.place(lines=lines(("MUG", 2)))
        assert embedded.orders.show(order.number).lines[0].reserved == 2
        assert embedded.stock.show("MUG")[0].available == 8
        connection.rollback()
    assert app.orders.list() == []
    assert app.stock.show("MUG")[0].available == TEN


def test_what_the_host_commits_is_there_with_its_own_rows(app: OwnApplication, host: sa.Engine) -> None:
    with host.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE host_order (number TEXT)")
        order = embed(connection).orders.place(lines=lines(("MUG", 2)))
        connection.execute(sa.text("INSERT INTO host_order VALUES (:number)"), {"number": order.number})
    with host.connect() as connection:
        assert connection.scalar(sa.text("SELECT number FROM host_order")) == order.number
    assert app.orders.show(order.number).lines[0].reserved == 2
    assert app.verify()["ok"]


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_host_whose_snapshot_hides_what_others_did_is_refused(
    app: OwnApplication, host: sa.Engine, level: str
) -> None:
    if host.dialect.name == "sqlite":
        return  # one writer at a time: there is nothing to hide
    with host.execution_options(isolation_level=level).begin() as connection:
        embedded = embed(connection)
        with pytest.raises(StockcoreError, match="READ COMMITTED"):
            embedded.orders.place(lines=lines(("MUG", 2)))


def test_a_refusal_inside_a_host_leaves_the_hosts_transaction_usable(app: OwnApplication, host: sa.Engine) -> None:
    with host.begin() as connection:
        embedded = embed(connection)
        with pytest.raises(StockcoreError):
            embedded.orders.place(lines=lines(("MUG", 99)))
        refused = embedded.stock.receive.batch(
            [ReceiveStock(sku=sku, site="MAIN", quantity=TEN) for sku in ("MUG", "NONE")], atomic=True
        )
        assert all(isinstance(outcome, Rejected) for outcome in refused)
        embedded.stock.receive.do(ReceiveStock(sku="POT", site="MAIN", quantity=TEN), dry_run=True)
        embedded.stock.receive(sku="POT", site="MAIN", quantity=Decimal(1))
    assert app.stock.show("MUG")[0].on_hand == TEN
    assert app.stock.show("POT")[0].on_hand == 1
    assert app.verify()["ok"]


def test_an_empty_file_gets_its_tables_on_first_use(tmp_path: object) -> None:
    with open_application(f"sqlite:///{tmp_path}/new.db") as app:
        assert app.info()["schema"] is None
        assert app.catalog.list() == []
        assert app.info()["counts"]["products"] == 0


def test_a_host_that_counts_with_few_digits_does_not_make_us_round(sqlite_url: str) -> None:
    scaled.cache_clear()
    unscaled.cache_clear()
    with localcontext(prec=4), open_application(sqlite_url) as app:
        app.catalog.add_product(sku="A", name="a")
        app.locations.add_site(code="MAIN", name="Main", time_zone="UTC")
        app.stock.receive(sku="A", site="MAIN", quantity=Decimal(1234567890))
        app.orders.place(lines=(LineRequest(sku="A", quantity=Decimal(1234567889)),))
        [figures] = app.stock.show("A")
        assert (figures.on_hand, figures.available) == (Decimal(1234567890), Decimal(1))
        app.orders.place(lines=(LineRequest(sku="A", quantity=Decimal(1234567)),), policy="backorder")
        app.stock.receive(sku="A", site="MAIN", quantity=Decimal(7654321))
        for _ in range(2):
            assert app.verify()["ok"]
            assert not app.rebuild(dry_run=False)["differences"]


@pytest.mark.parametrize(
    "after", ['["a",1e400]', "[" * 5000, '["a",99999999999999999999]', '["\\ud800",1]', '["a",-1]']
)
def test_a_place_in_a_list_that_is_none_is_refused(sqlite_url: str, after: str) -> None:
    with open_application(sqlite_url) as app, pytest.raises(StockcoreError) as refusal:
        app.stock.page(after=after)
    assert refusal.value.code == "value_unknown"


def test_what_no_order_can_be_called_is_told_so(url: str) -> None:
    with open_application(url) as app:
        assert app.orders.show_all(["A\0", "\ud800"]) == []
        with pytest.raises(StockcoreError) as refusal:
            app.orders.list(customer="A\0")
        assert refusal.value.code == "text_invalid"


def test_free_attributes_can_be_asked_for_in_sql(url: str) -> None:
    """CAT-04: a new attribute needs no new column."""
    with open_application(url) as app:
        app.catalog.add_product(sku="LAMP", name="A lamp", attributes={"voltage": '12 "V"', "colour": "red"})
        assert list(app.catalog.show("LAMP").attributes.items()) == [("colour", "red"), ("voltage", '12 "V"')]
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        [voltage] = connection.execute(sa.text("SELECT attributes ->> 'voltage' FROM variant")).one()
    engine.dispose()
    assert voltage == '12 "V"'
