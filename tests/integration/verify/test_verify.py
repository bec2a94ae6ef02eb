"""Verify accepts healthy books, and names the invariant and the row when one is broken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest
import sqlalchemy as sa

from stockcore.kernel.errors import StockcoreError
from stockcore_sql import schema as s
from stockcore_sql.connecting import engine_for
from stockcore_sql.invariants import INVARIANTS
from stockcore_sql.verify import SHOWN_MAX, VerifyReport, snapshot, verify
from tests.integration.verify.books import (
    HULL,
    HULL_DOCK,
    LEEDS,
    LEEDS_BIN,
    LEEDS_DOCK,
    LEEDS_STAGING,
    MUG,
    POT,
    START,
    TRANSIT,
    WRAPPING,
    as_owner,
    disarmed,
    healthy,
    key,
)

NAMES = [invariant.name for invariant in INVARIANTS]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def books_url(empty_url: str) -> str:
    healthy().write(empty_url)
    return empty_url


def broken(report: VerifyReport) -> dict[str, list[dict[str, Any]]]:
    return {
        invariant["name"]: invariant["violations"] for invariant in report["invariants"] if invariant["violation_count"]
    }


def test_healthy_books_are_clean_and_every_invariant_looked_at_something(books_url: str) -> None:
    report = verify(books_url)
    assert broken(report) == {}
    assert report["ok"]
    assert {i["name"]: i["checked"] for i in report["invariants"] if i["checked"] == 0} == {}


def test_empty_books_are_clean(empty_url: str) -> None:
    report = verify(empty_url)
    assert report["ok"]
    assert [invariant["name"] for invariant in report["invariants"]] == NAMES


def test_a_database_without_tables_is_no_clean_one(empty_postgres_url: str) -> None:
    with pytest.raises(StockcoreError) as refusal:
        verify(empty_postgres_url)
    assert refusal.value.code == "schema_missing"


@attrs.frozen
class Fault:
    """A way to break the books, the invariants that must say so, and what the first row they give must contain."""

    name: str
    breaks: str
    statements: tuple[sa.Executable, ...]
    names: dict[str, Any]
    also: frozenset[str] = frozenset()  # what cannot be broken without breaking this one too


def change(table: sa.Table, where: dict[str, Any], **values: Any) -> sa.Update:
    return sa.update(table).where(*[table.c[name] == value for name, value in where.items()]).values(**values)


def remove(table: sa.Table, **where: Any) -> sa.Delete:
    return sa.delete(table).where(*[table.c[name] == value for name, value in where.items()])


def more(table: sa.Table, column: str, by: int, **where: Any) -> sa.Update:
    return change(table, where, **{column: table.c[column] + sa.literal(by, table.c[column].type)})


def copy_of(table: sa.Table, where: dict[str, Any], **values: Any) -> sa.Insert:
    """A second row like the first, except for `values`."""
    names = [column.name for column in table.columns]
    like = [sa.literal(values[name], table.c[name].type) if name in values else table.c[name] for name in names]
    return sa.insert(table).from_select(names, sa.select(*like).where(*[table.c[n] == v for n, v in where.items()]))


def row(posting: str, bucket: str | None = None, **values: Any) -> sa.Update:
    """A change of a posting's ledger rows, of one bucket where it has both."""
    return change(s.stock_movement, {"posting_id": key(posting)} | ({"bucket": bucket} if bucket else {}), **values)


_POOL = {"variant": MUG, "site": LEEDS}
_HOLD = {"demand_id": key("H1")}

FAULTS = [
    Fault(
        "a balance that does not follow",
        "ledger_chain",
        (more(s.stock_movement, "balance_after", 1, seq=101),),
        {"seq": 101, "bucket": "on_hand", "variant": MUG, "quantity": "20", "balance_after": "21"},
    ),
    Fault(
        "a ledger row recorded before the one below it",
        "ledger_chain",
        (change(s.stock_movement, {"seq": 109}, recorded_at=START - timedelta(hours=1)),),
        {"seq": 109, "bucket": "reserved", "balance_before": "4", "balance_after": "0"},
    ),
    Fault(
        "a balance that ignores the archived months",
        "ledger_chain",
        (more(s.stock_opening, "balance", 1, bucket="reserved"),),
        {"bucket": "reserved", "variant": POT, "balance_before": "1", "balance_after": "7"},
        frozenset({"pools_equal_ledger"}),
    ),
    Fault(
        "a receipt from a customer",
        "ledger_chain",
        (change(s.stock_movement, {"seq": 101}, counterpart="customer"),),
        {"seq": 101, "problem": "nobody writes such a row: receipt, customer, of receipt"},
    ),
    Fault(
        "a customer's goods from a supplier",
        "ledger_chain",
        (row("p6", counterpart="supplier"),),
        {"problem": "nobody writes such a row: return, supplier, of return"},
    ),
    Fault(
        "an adjustment for a customer",
        "ledger_chain",
        (row("p13", counterpart="customer"),),
        {"problem": "nobody writes such a row: adjustment, customer, of adjustment"},
    ),
    Fault(
        "an issue to a supplier",
        "ledger_chain",
        (row("p18", "on_hand", counterpart="supplier"),),
        {"problem": "nobody writes such a row: commit, supplier, of issue"},
        frozenset({"pools_equal_ledger"}),
    ),
    Fault(
        "a promise with a counterpart",
        "ledger_chain",
        (row("p3", counterpart="customer"),),
        {"bucket": "reserved", "problem": "nobody writes such a row: reservation, customer, of order"},
    ),
    Fault(
        "a receipt that claims to be a dispatch",
        "ledger_chain",
        (row("p16", kind="commit"),),
        {"problem": "nobody writes such a row: commit, supplier, of receipt"},
    ),
    Fault(
        "a reservation that claims to be a release",
        "ledger_chain",
        (row("p7", kind="reservation_release"),),
        {"problem": "nobody writes such a row: reservation_release, no counterpart, of order", "quantity": "7"},
    ),
    Fault(
        "a pick that claims to be a reservation",
        "ledger_chain",
        (row("p4", kind="reservation"),),
        {"problem": "nobody writes such a row: reservation, no counterpart, of shipment"},
    ),
    Fault(
        "a move that claims to be a pick",
        "ledger_chain",
        (row("p2", kind="pick"),),
        {"problem": "nobody writes such a row: pick, no counterpart, of move"},
        frozenset({"outer_rows_match_documents"}),
    ),
    Fault(
        "a receipt for an order's line",
        "ledger_chain",
        (row("p16", reference_line=key("O2 line")),),
        {"problem": "nobody writes such a row: receipt, supplier, of receipt"},
    ),
    Fault(
        "a pool with more than its ledger",
        "pools_equal_ledger",
        (more(s.stock_pool, "on_hand", 1, **_POOL),),
        {"variant": MUG, "site": LEEDS, "on_hand": "14.25", "ledger_on_hand": "13.25", "quants_on_hand": "13.25"},
    ),
    Fault(
        "a pool that calls blocked goods available",
        "pools_equal_ledger",
        (more(s.stock_pool, "blocked", -1, **_POOL),),
        {"variant": MUG, "site": LEEDS, "blocked": "2.25", "ledger_blocked": "3.25"},
    ),
    Fault(
        "a pool that forgot a shipment",
        "pools_equal_ledger",
        (more(s.stock_pool, "shipped", -4, **_POOL),),
        {"variant": MUG, "site": LEEDS, "shipped": "0", "ledger_shipped": "4"},
    ),
    Fault(
        "a pool that stopped at an older row",
        "pools_equal_ledger",
        (change(s.stock_pool, _POOL, last_seq=103),),
        {"variant": MUG, "site": LEEDS, "last_seq": 103},
    ),
    Fault(
        "a pool that was changed later than its ledger says",
        "pools_equal_ledger",
        (change(s.stock_pool, _POOL, last_recorded_at=START + timedelta(days=9)),),
        {"variant": MUG, "site": LEEDS, "last_recorded_at": (START + timedelta(days=9)).isoformat()},
    ),
    Fault(
        "a quant that was changed earlier than its ledger says",
        "quants_equal_ledger",
        (change(s.stock_quant, {"location": LEEDS_STAGING}, last_recorded_at=START),),
        {"variant": MUG, "location": LEEDS_STAGING, "last_recorded_at": START.isoformat()},
    ),
    Fault(
        "a pool of which the ledger knows nothing",
        "pools_equal_ledger",
        (copy_of(s.stock_pool, _POOL, site=HULL, reserved=0, blocked=0, shipped=0, on_hand=1),),
        {"variant": MUG, "site": HULL, "on_hand": "1", "ledger_on_hand": "0"},
    ),
    Fault(
        "ledger rows without a pool",
        "pools_equal_ledger",
        (remove(s.stock_pool, variant=MUG, site=TRANSIT),),
        {"variant": MUG, "site": TRANSIT, "problem": "no pool", "ledger_on_hand": "5"},
    ),
    Fault(
        "goods booked to another quant than the ledger says",
        "quants_equal_ledger",
        (
            more(s.stock_quant, "on_hand", -1, location=LEEDS_BIN),
            more(s.stock_quant, "on_hand", 1, location=LEEDS_BIN + 1),
        ),
        {"variant": MUG, "location": LEEDS_BIN, "on_hand": "9", "ledger_on_hand": "10"},
    ),
    Fault(
        "a quant that stopped at an older row",
        "quants_equal_ledger",
        (change(s.stock_quant, {"location": HULL_DOCK}, last_seq=49),),
        {"variant": POT, "location": HULL_DOCK, "last_seq": 49, "ledger_last_seq": 50},
    ),
    Fault(
        "a quant that is not there",
        "quants_equal_ledger",
        (change(s.stock_quant, {"location": HULL_DOCK}, location=HULL),),
        {"variant": POT, "site": HULL, "location": HULL_DOCK, "on_hand": "0", "ledger_on_hand": "7"},
    ),
    Fault(
        "a promise that the ledger gives to someone else",
        "reservations_equal_ledger",
        (change(s.stock_movement, {"reference_id": key("H1")}, reference_line=key("other")),),
        {"demand_id": str(key("H1")), "demand_line": str(key("H1 line")), "outstanding": "1", "ledger": "0"},
    ),
    Fault(
        "goods that the ledger gives back and the reservation gave away",
        "reservations_equal_ledger",
        (row("p5", "reserved", kind="reservation_release"),),
        {"demand_line": str(key("O1 line")), "outstanding": "0", "consumed": "4", "ledger_consumed": "0"},
    ),
    Fault(
        "a promise to an order that the ledger gives to a hold",
        "reservations_equal_ledger",
        (row("p7", reference_type="hold"),),
        {"demand_line": str(key("O2 line")), "outstanding": "7", "ledger": "7"},
    ),
    Fault(
        "a pool that promises more than its reservations",
        "reserved_equals_reservations",
        (more(s.stock_pool, "reserved", 1, **_POOL),),
        {"variant": MUG, "site": LEEDS, "reserved": "5", "outstanding": "4"},
        frozenset({"pools_equal_ledger"}),
    ),
    Fault(
        "goods that vanish between two bins",
        "inner_rows_sum_to_zero",
        (change(s.stock_movement, {"seq": 104}, posting_id=key("elsewhere")),),
        {"variant": MUG, "lot": 0, "owner": 0, "quantity": "20", "seq": 104},
        frozenset({"versions_without_gaps"}),
    ),
    Fault(
        "goods that leave a bin for one reason and come to the next for another",
        "inner_rows_sum_to_zero",
        (change(s.stock_movement, {"seq": 104}, reference_id=key("nonsense")),),
        {"reference_id": str(key("nonsense")), "quantity": "20", "seq": 104},
    ),
    Fault(
        "a move that arrives as a transfer",
        "inner_rows_sum_to_zero",
        (change(s.stock_movement, {"seq": 104}, reference_type="transfer"),),
        {"reference_type": "transfer", "kind": "transfer", "quantity": "20"},
    ),
    Fault(
        "goods picked for one line and packed for another",
        "inner_rows_sum_to_zero",
        (change(s.stock_movement, {"seq": 107}, reference_line=key("O4 line")),),
        {"kind": "pick", "reference_line": str(key("O4 line")), "quantity": "4"},
    ),
    Fault(
        "goods found damaged that only changed their status",
        "inner_rows_sum_to_zero",
        (
            row("p2", kind="status_change", reference_type="status_change"),
            change(s.stock_movement, {"seq": 104}, kind="damage"),
        ),
        {"kind": "damage", "quantity": "20"},
    ),
    Fault(
        "goods picked for a shipment that is none",
        "outer_rows_match_documents",
        (row("p4", reference_id=key("nonsense")),),
        {"reference_type": "picked for no shipment of the site", "reference_id": str(key("nonsense")), "ledger": "4"},
    ),
    Fault(
        "goods dispatched for another line",
        "outer_rows_match_documents",
        (row("p5", "on_hand", reference_line=key("O4 line")),),
        {"reference_type": "shipment", "reference_line": str(key("O4 line")), "ledger": "-4", "document": "0"},
    ),
    Fault(
        "goods issued for another line",
        "outer_rows_match_documents",
        (row("p18", "on_hand", reference_line=key("O4 line")),),
        {"reference_type": "issue", "reference_line": str(key("O4 line")), "ledger": "-2", "document": "0"},
    ),
    Fault(
        "goods that came back from another line",
        "outer_rows_match_documents",
        (row("p6", reference_line=key("O1 line")),),
        {"reference_id": str(key("RT1")), "reference_line": str(key("O1 line")), "ledger": "1", "document": "0"},
    ),
    Fault(
        "an adjustment undone as a count",
        "outer_rows_match_documents",
        (row("p15", kind="count"),),
        {"reference_type": "reversal", "reference_id": str(key("p14")), "kind": "count", "document": "2"},
    ),
    Fault(
        "a receipt of which part has arrived as if it were a transfer",
        "outer_rows_match_documents",
        (change(s.stock_document_line, {"document": key("R1"), "line_no": 1}, settled=3),),
        {"reference_type": "settled, but no transfer", "reference_id": str(key("R1")), "document": "3"},
    ),
    Fault(
        "a shipment from another site than its goods",
        "outer_rows_match_documents",
        (change(s.shipment, {"id": key("S1")}, site=HULL),),
        {"reference_type": "shipment", "reference_id": str(key("S1")), "location": HULL, "document": "-4"},
    ),
    Fault(
        "a receipt that is called a count",
        "outer_rows_match_documents",
        (change(s.stock_document, {"id": key("R1")}, kind="count"),),
        {"reference_type": "of a document that is a count", "reference_id": str(key("R1"))},
    ),
    Fault(
        "a document that says more than arrived",
        "outer_rows_match_documents",
        (more(s.stock_document_line, "quantity", 1, document=key("R1"), line_no=1),),
        {"reference_type": "document", "reference_id": str(key("R1")), "ledger": "20", "document": "21"},
    ),
    Fault(
        "a document that names another bin",
        "outer_rows_match_documents",
        (change(s.stock_document_line, {"document": key("A1")}, location=LEEDS_DOCK),),
        {"reference_id": str(key("A1")), "location": LEEDS_DOCK, "ledger": "0", "document": "-1"},
    ),
    Fault(
        "a document that calls quarantined goods available",
        "outer_rows_match_documents",
        (change(s.stock_document_line, {"document": key("RT1")}, status="available"),),
        {"reference_id": str(key("RT1")), "status": "available", "ledger": "0", "document": "1"},
    ),
    Fault(
        "a reversal that was forgotten",
        "outer_rows_match_documents",
        (remove(s.posting_reversal, reversed=key("p14")),),
        {"reference_type": "reversal", "reference_id": str(key("p15")), "ledger": "0", "document": "2"},
    ),
    Fault(
        "a reversal of another posting",
        "outer_rows_match_documents",
        (change(s.posting_reversal, {"reversed": key("p14")}, reversed=key("p13")),),
        {"reference_type": "reversal", "reference_id": str(key("p13")), "variant": MUG, "ledger": "-1"},
    ),
    Fault(
        "a document without ledger rows",
        "outer_rows_match_documents",
        (change(s.stock_document, {"id": key("T1")}, kind="receipt"),),
        {"reference_id": str(key("T1")), "ledger": "0", "document": "5"},
    ),
    Fault(
        "a dispatch that no shipment's line tells of",
        "outer_rows_match_documents",
        (change(s.stock_movement, {"reference_id": key("S1"), "kind": "commit"}, reference_id=key("S9")),),
        {"reference_type": "shipment", "reference_id": str(key("S1")), "ledger": "0", "document": "-4"},
    ),
    Fault(
        "a transfer that says goods arrived which did not",
        "outer_rows_match_documents",
        (change(s.stock_document_line, {"document": key("T1")}, settled=2),),
        {"reference_type": "transfer", "reference_id": str(key("T1")), "ledger": "5", "document": "3"},
    ),
    Fault(
        "a transfer that was lost",
        "outer_rows_match_documents",
        (remove(s.stock_document_line, document=key("T1")), remove(s.stock_document, id=key("T1"))),
        {"reference_type": "transfer", "reference_id": str(key("T1")), "ledger": "5", "document": "0"},
    ),
    Fault(
        "a hold on more than is available",
        "nothing_sold_twice",
        (
            more(s.stock_movement, "quantity", 9, reference_id=key("H1")),
            more(s.stock_movement, "balance_after", 9, reference_id=key("H1")),
            more(s.stock_reservation, "quantity", 9, **_HOLD),
            more(s.stock_pool, "reserved", 9, **_POOL),
        ),
        {"variant": MUG, "site": LEEDS, "on_hand": "13.25", "blocked": "3.25", "reserved": "13", "available": "-3"},
    ),
    Fault(
        "goods in quarantine given to an order",
        "quant_bounds",
        (change(s.stock_quant, {"location": LEEDS_BIN}, status="hold"),),
        {"location": LEEDS_BIN, "status": "hold", "allocated": "3"},
        frozenset({"quants_equal_ledger"}),
    ),
    Fault(
        "a quant allocated more often than its work says",
        "allocations_match",
        (more(s.stock_quant, "allocated", 1, location=LEEDS_BIN),),
        {"problem": "quant.allocated is not the sum of its allocations", "stored": "4", "computed": "3"},
    ),
    Fault(
        "an order allocated more than it holds",
        "allocations_match",
        (
            more(s.stock_quant, "allocated", 1, location=LEEDS_BIN),
            more(s.stock_allocation, "quantity", 1, reservation=5),
        ),
        {"problem": "more allocated than outstanding", "reservation": 5, "stored": "3", "computed": "4"},
    ),
    Fault(
        "an allocation of another site's goods",
        "allocations_match",
        (
            change(s.stock_allocation, {"reservation": 5}, quant=1),
            more(s.stock_quant, "allocated", -3, location=LEEDS_BIN),
            more(s.stock_quant, "allocated", 3, id=1),
        ),
        {"problem": "quant of another variant or site", "quant": 1, "reservation": 5},
    ),
    Fault(
        "a reservation that gave back what it had not",
        "consumed_and_released_within_quantity",
        (change(s.stock_reservation, _HOLD, consumed=-1, released=1),),
        {"demand_id": str(key("H1")), "quantity": "1", "consumed": "-1", "released": "1"},
        frozenset({"reservations_equal_ledger"}),
    ),
    Fault(
        "a line that wants more than anyone knows of",
        "order_lines_add_up",
        (more(s.order_line, "ordered", 1, id=key("O2 line")),),
        {"order_line": str(key("O2 line")), "ordered": "11", "kept": "7", "backordered": "3"},
    ),
    Fault(
        "a shipment that says less than was consumed",
        "order_lines_add_up",
        (change(s.stock_reservation, {"id": 1}, demand_id=key("O9")),),
        {"order_line": str(key("O1 line")), "consumed": "0", "shipped": "4"},
        frozenset({"reservations_equal_ledger"}),
    ),
    Fault(
        "a line of another SKU than what it holds",
        "order_lines_add_up",
        (change(s.order_line, {"id": key("O2 line")}, variant=MUG),),
        {"order_line": str(key("O2 line")), "problem": "goods of another SKU"},
    ),
    Fault(
        "an order that waits, but is not kept received",
        "order_lines_add_up",
        (change(s.sales_order, {"id": key("O5")}, keep_received=False),),
        {"order_id": str(key("O5")), "ordered": "5", "kept": "0", "backordered": "0"},
    ),
    Fault(
        "a line that waits for more than was entered",
        "order_lines_add_up",
        (more(s.order_line, "ordered", 1, id=key("O5 line")),),
        {"order_line": str(key("O5 line")), "ordered": "6", "problem": "ordered is not what was entered"},
    ),
    Fault(
        "a received order of which all is cancelled",
        "order_lines_add_up",
        (change(s.order_line, {"id": key("O5 line")}, cancelled=5),),
        {"order_id": str(key("O5")), "problem": "an order is cancelled if and only if all of it is"},
    ),
    Fault(
        "a noted line that was deleted",
        "order_lines_add_up",
        (remove(s.order_line, id=key("O5 line")),),
        {"order_line": str(key("O5 line")), "problem": "there is no such line"},
    ),
    Fault(
        "a line that was never noted",
        "order_lines_add_up",
        (remove(s.stock_reservation, demand_id=key("O5")),),
        {"order_line": str(key("O5 line")), "problem": "stock knows nothing of the line"},
    ),
    Fault(
        "a hole in an order's lines",
        "order_lines_add_up",
        (change(s.order_line, {"id": key("O1 wrapping")}, line_no=3),),
        {"order_id": str(key("O1")), "problem": "a line of the order is missing"},
    ),
    Fault(
        "a service that waits for goods",
        "order_lines_add_up",
        (
            copy_of(
                s.stock_backorder,
                {"id": 3},
                id=9,
                variant=WRAPPING,
                demand_id=key("O1"),
                demand_line=key("O1 wrapping"),
            ),
        ),
        {"order_line": str(key("O1 wrapping")), "backordered": "3", "problem": "goods for a service"},
    ),
    Fault(
        "a service that goods were noted for",
        "order_lines_add_up",
        (
            copy_of(
                s.stock_reservation,
                {"id": 7},
                id=9,
                variant=WRAPPING,
                demand_id=key("O1"),
                demand_line=key("O1 wrapping"),
            ),
        ),
        {"order_line": str(key("O1 wrapping")), "kept": "0", "problem": "goods for a service"},
    ),
    Fault(
        "a cancelled order that still holds goods",
        "order_states",
        (
            change(s.sales_order, {"id": key("O2")}, state="cancelled", history_count=4, version=4),
            copy_of(
                s.order_history,
                {"order_id": key("O3"), "sequence": 4},
                order_id=key("O2"),
            ),
            copy_of(s.outbox, {"id": key("O3 event 4")}, id=key("O2 event 4"), aggregate_id=key("O2")),
        ),
        {"problem": "cancelled, but goods are still reserved", "order_id": str(key("O2"))},
        frozenset({"order_lines_add_up"}),
    ),
    Fault(
        "an order that is in another state than its history ends in",
        "order_states",
        (change(s.sales_order, {"id": key("O2")}, state="validated"),),
        {
            "problem": "history does not end in the present state",
            "order_id": str(key("O2")),
            "found": "validated",
            "expected": "supplier_confirmed",
        },
    ),
    Fault(
        "a shipment being picked for an order that is not confirmed",
        "order_states",
        (
            change(s.sales_order, {"id": key("O4")}, state="cancelled"),
            change(s.order_history, {"order_id": key("O4"), "sequence": 3}, to_state="cancelled"),
        ),
        {
            "problem": "open shipment of an order that is not confirmed",
            "order_id": str(key("O4")),
            "shipment": str(key("S4")),
            "found": "cancelled",
        },
        frozenset({"order_lines_add_up"}),
    ),
    Fault(
        "a dispatch without its time",
        "order_states",
        (change(s.shipment, {"id": key("S1")}, dispatched_at=None),),
        {"problem": "a shipment has a time of dispatch if and only if it was dispatched", "shipment": str(key("S1"))},
    ),
    Fault(
        "a step that begins in another state than the one before ended in",
        "order_states",
        (change(s.order_history, {"order_id": key("O2"), "sequence": 3}, from_state="received"),),
        {
            "problem": "does not begin where the step before ended",
            "order_id": str(key("O2")),
            "sequence": 3,
            "found": "received",
            "expected": "validated",
        },
    ),
    Fault(
        "a shipment that was delivered without lines",
        "order_states",
        (change(s.shipment, {"id": key("S4")}, state="delivered"),),
        {"problem": "a shipment has lines if and only if it was dispatched", "shipment": str(key("S4"))},
    ),
    Fault(
        "goods chosen for a shipment that is none",
        "order_states",
        (change(s.stock_allocation, {"release": key("S4")}, release=key("S9")),),
        {
            "problem": "goods are chosen for what is no open shipment of their order and site",
            "shipment": str(key("S9")),
        },
    ),
    Fault(
        "goods chosen for a shipment of another site",
        "order_states",
        (change(s.shipment, {"id": key("S4")}, site=HULL),),
        {
            "problem": "goods are chosen for what is no open shipment of their order and site",
            "shipment": str(key("S4")),
            "found": "picking",
        },
    ),
    Fault(
        "goods taken out of a shipment",
        "order_states",
        (change(s.stock_allocation, {"release": key("S4")}, release=UUID(int=0)),),
        {"problem": "an open shipment with nothing in it", "shipment": str(key("S4")), "found": "picking"},
    ),
    Fault(
        "an order that forgot a shipment",
        "order_states",
        (change(s.sales_order, {"id": key("O4")}, shipment_count=0),),
        {"problem": "as many shipments as the order counts", "found": "1", "expected": "0"},
    ),
    Fault(
        "a history with a hole",
        "order_states",
        (change(s.order_history, {"order_id": key("O1"), "sequence": 7}, sequence=9),),
        {"problem": "history is not numbered 1, 2, 3 …", "order_id": str(key("O1")), "sequence": 9},
    ),
    Fault(
        "a step that nobody may take",
        "order_states",
        (
            change(s.order_history, {"order_id": key("O4"), "sequence": 4}, to_state="packed"),
            change(s.shipment, {"id": key("S4")}, state="packed"),
        ),
        {"problem": "illegal step", "shipment": str(key("S4")), "found": "supplier_confirmed > packed"},
    ),
    Fault(
        "an event that was lost",
        "versions_without_gaps",
        (remove(s.outbox, id=key("O1 event 3")),),
        {"aggregate_id": str(key("O1")), "version_before": 2, "version": 4},
    ),
    Fault(
        "a posting whose message was deleted",
        "versions_without_gaps",
        (remove(s.outbox, aggregate_id=key("p13")),),
        {"problem": "a posting without its message", "aggregate_id": str(key("p13"))},
    ),
    Fault(
        "an order that changed without an event",
        "versions_without_gaps",
        (more(s.sales_order, "version", 1, id=key("O5")),),
        {"aggregate_id": str(key("O5")), "version_before": 1, "version": 2},
    ),
    Fault(
        "a bin that was deleted below its goods",
        "references_exist",
        (remove(s.location, id=LEEDS_BIN),),
        {"in_table": "stock_quant", "column_name": "location", "of_table": "location", "missing": str(LEEDS_BIN)},
    ),
    Fault(
        "a command answered twice",
        "command_ids_unique",
        (copy_of(s.command, {"id": "O1-1"}),),
        {"id": "O1-1", "count": 2},
    ),
    Fault(
        "a line that waits beside goods it could have",
        "queue_served",
        (change(s.stock_backorder, {"id": 3}, variant=MUG),),
        {"backorder": 3, "variant": MUG, "site": LEEDS, "outstanding": "3", "available": "6"},
        frozenset({"order_lines_add_up"}),
    ),
]


def test_there_is_a_fault_for_every_invariant() -> None:
    assert {fault.breaks for fault in FAULTS} == set(NAMES)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_what_is_broken_is_named(books_url: str, fault: Fault) -> None:
    with disarmed(books_url) as connection:
        for statement in fault.statements:
            connection.execute(statement)
    found = broken(verify(books_url))
    assert set(found) == {fault.breaks} | fault.also
    assert any(fault.names.items() <= row.items() for row in found[fault.breaks]), found[fault.breaks]


def test_text_that_is_no_id_is_shown_as_it_is(sqlite_url: str) -> None:
    healthy().write(sqlite_url)
    with disarmed(sqlite_url) as connection:
        connection.exec_driver_sql("UPDATE stock_movement SET reference_id = 'no id' WHERE seq = 104")
    found = broken(verify(sqlite_url))
    assert [row["reference_id"] for row in found["inner_rows_sum_to_zero"]] == [str(key("M1")), "no id"]


def test_many_faults_are_counted_and_a_hundred_are_shown(books_url: str) -> None:
    with disarmed(books_url) as connection:
        for number in range(SHOWN_MAX + 20):
            connection.execute(
                copy_of(s.stock_reservation, {"id": 6}, id=1000 + number, quantity=-1, demand_line=key(str(number)))
            )
    report = {invariant["name"]: invariant for invariant in verify(books_url)["invariants"]}
    assert report["consumed_and_released_within_quantity"]["violation_count"] == SHOWN_MAX + 20
    assert len(report["consumed_and_released_within_quantity"]["violations"]) == SHOWN_MAX


def test_follow_ups_are_carried_out_first(books_url: str) -> None:
    def carry_out() -> None:
        with as_owner(books_url) as connection:
            connection.execute(sa.update(s.command).where(s.command.c.id == "O1-1").values(id="renamed"))

    verify(books_url, carry_out_follow_ups=carry_out)
    with as_owner(books_url) as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(s.command.c.id == "renamed")) == 1


def test_the_snapshot_sees_one_moment_and_cannot_write(books_url: str) -> None:
    with as_owner(books_url) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    engine = engine_for(books_url)
    count = sa.select(sa.func.count()).select_from(s.command)
    with snapshot(engine) as connection:
        before = connection.scalar(count)
        with as_owner(books_url) as other:
            other.execute(copy_of(s.command, {"id": "O1-1"}, id="another"))
        assert connection.scalar(count) == before
        with pytest.raises(sa.exc.DBAPIError, match=r"read-?only"):
            connection.execute(remove(s.command, id="another"))
        connection.rollback()
    with engine.begin() as connection:
        assert connection.execute(remove(s.command, id="another")).rowcount == 1
    engine.dispose()
