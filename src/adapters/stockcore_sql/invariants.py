"""What must hold in the books: each promise by name, in words, and as one SQL statement that finds what breaks it.

The statements are the same text for both databases: quantities are only added, subtracted and compared with each other
or with 0 (on SQLite they are integers scaled by 10**6), ids only compared. Whether two sides are equal is asked by
adding both up under one key (UNION ALL, GROUP BY), which finds a row that is missing on either side as well. Each
statement reads its tables once and keeps nothing per row: sorts and sums spill to disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from stockcore.locations.transit import TRANSIT_SITE
from stockcore.orders.lifecycle import LIFECYCLE, SHIPMENT_STATES
from stockcore_sql.schema import metadata


@attrs.frozen(kw_only=True)
class Invariant:
    """A promise, in words and in SQL.

    `counts` gives one number: how many things are looked at. `finds` gives the rows that break the promise, with the
    columns named in `shows`, in that order. Where one text cannot serve both databases, `finds` is a mapping.
    """

    name: str
    promises: str
    counts: str
    finds: str | Mapping[str, str]
    shows: tuple[str, ...]


# -- the steps that an order and its shipments may take ------------------------------------------------------------

_STEPS: Final = [(before, after) for before, steps in LIFECYCLE.items() for after in steps]

#: Lists that statements refer to by name. A step is written `before > after`; a history begins with ` > after`.
PARAMETERS: Final[Mapping[str, list[str]]] = {
    "order_beginnings": [" > received"],
    "order_steps": [f"{a} > {b}" for a, b in _STEPS if a not in SHIPMENT_STATES and b not in SHIPMENT_STATES],
    "shipment_beginnings": [" > picking", "supplier_confirmed > picking"],
    "shipment_steps": [f"{a} > {b}" for a, b in _STEPS if a in SHIPMENT_STATES],
}

# -- the rows that the ledger may have -----------------------------------------------------------------------------

#: What a row on hand may be: what it refers to, its kind, and its counterpart (empty: goods that stay inside). A use
#: case that writes another row needs another line here.
_ROWS_ON_HAND: Final = (
    ("receipt", "receipt", "supplier"),
    ("adjustment", "adjustment", "adjustment"),
    ("count", "count", "adjustment"),
    ("count", "status_change", ""),  # what is counted of a lot whose last day is over
    ("move", "transfer", ""),
    ("status_change", "status_change", ""),
    ("status_change", "damage", ""),
    ("return", "return", "customer"),
    ("transfer", "transfer", ""),
    ("shipment", "pick", ""),
    ("shipment", "commit", "customer"),
    ("issue", "commit", "customer"),
    ("order", "transfer", ""),  # picked goods go back to their bins
    ("reversal", "receipt", "supplier"),
    ("reversal", "adjustment", "adjustment"),
    ("reversal", "count", "adjustment"),
    ("reversal", "status_change", ""),
    ("reversal", "damage", ""),
    ("reversal", "transfer", ""),
    ("reversal", "return", "customer"),
)
_ON_HAND: Final = ", ".join(str(row) for row in _ROWS_ON_HAND)

# A return may name the line that its goods were sent for; other rows name one always or never.
_IS_POSSIBLE: Final = f"""
CASE WHEN bucket = 'reserved' THEN
       counterpart IS NULL AND reference_line IS NOT NULL
       AND reference_type IN ('order', 'hold', 'external', 'channel')
       AND kind IN ('reservation', 'reservation_release', 'commit') AND (kind = 'reservation') = (quantity > 0)
     ELSE
       (reference_type, kind, coalesce(counterpart, '')) IN (VALUES {_ON_HAND})
       AND (kind = 'return' OR (reference_line IS NOT NULL) = (reference_type IN ('shipment', 'issue', 'order')))
END"""

# -- the statements ------------------------------------------------------------------------------------------------

_COUNT_MOVEMENTS: Final = "SELECT count(*) FROM stock_movement"
_COUNT_POOLS: Final = "SELECT count(*) FROM stock_pool"
_COUNT_QUANTS: Final = "SELECT count(*) FROM stock_quant"
_COUNT_RESERVATIONS: Final = "SELECT count(*) FROM stock_reservation"

# What is wrong with a row by itself is found where the ledger is read, so that little has to be sorted: mostly NULL.
_LEDGER_CHAIN: Final = f"""
SELECT seq, bucket, variant, site, location, lot, status, container, owner,
       quantity, balance_before, balance_after, recorded_before, recorded_at,
       coalesce(impossible, 'does not follow the row before') AS problem
FROM (
  SELECT seq, bucket, variant, site, location, lot, status, container, owner, quantity, balance_after, recorded_at,
         lag(balance_after) OVER chain AS balance_before, lag(recorded_at) OVER chain AS recorded_before, impossible
  FROM (
    SELECT seq, bucket, variant, site, location, lot, status, container, owner, quantity, balance_after, recorded_at,
           CASE WHEN {_IS_POSSIBLE} THEN NULL
                ELSE 'nobody writes such a row: ' || kind || ', ' || coalesce(counterpart, 'no counterpart') || ', of '
                     || reference_type END AS impossible
    FROM stock_movement
    UNION ALL
    SELECT last_seq, bucket, variant, site, location, lot, status, container, owner, balance, balance, NULL, NULL
    FROM stock_opening WHERE bucket IN ('on_hand', 'reserved')
  ) AS ledger
  WINDOW chain AS (PARTITION BY variant, location, bucket, status, lot, container, owner, site ORDER BY seq)
) AS linked
WHERE balance_after <> coalesce(balance_before, 0) + quantity OR recorded_at < recorded_before OR balance_after < 0
   OR impossible IS NOT NULL
"""

_POOLS_EQUAL_LEDGER: Final = """
SELECT variant, site, on_hand, ledger_on_hand, quants_on_hand, blocked, ledger_blocked, reserved, ledger_reserved,
       shipped, ledger_shipped, last_seq, ledger_last_seq, last_recorded_at, ledger_last_recorded_at,
       CASE WHEN pools = 0 THEN 'no pool' ELSE 'figures differ' END AS problem
FROM (
  SELECT variant, site, sum(pools) AS pools, sum(ledger_rows) AS ledger_rows,
         sum(on_hand) AS on_hand, sum(blocked) AS blocked, sum(reserved) AS reserved, sum(shipped) AS shipped,
         sum(ledger_on_hand) AS ledger_on_hand, sum(ledger_blocked) AS ledger_blocked,
         sum(ledger_reserved) AS ledger_reserved, sum(ledger_shipped) AS ledger_shipped,
         sum(quants_on_hand) AS quants_on_hand, max(last_seq) AS last_seq, max(ledger_last_seq) AS ledger_last_seq,
         max(last_recorded_at) AS last_recorded_at, max(ledger_last_recorded_at) AS ledger_last_recorded_at
  FROM (
    SELECT variant, site, 1 AS pools, 0 AS ledger_rows, on_hand, blocked, reserved, shipped,
           0 AS ledger_on_hand, 0 AS ledger_blocked, 0 AS ledger_reserved, 0 AS ledger_shipped,
           0 AS quants_on_hand, last_seq, 0 AS ledger_last_seq,
           last_recorded_at, NULL AS ledger_last_recorded_at
    FROM stock_pool
    UNION ALL
    SELECT variant, site, 0, count(*), 0, 0, 0, 0,
           sum(CASE WHEN bucket = 'on_hand' THEN quantity ELSE 0 END),
           sum(CASE WHEN bucket = 'on_hand' AND status <> 'available' THEN quantity ELSE 0 END),
           sum(CASE WHEN bucket = 'reserved' THEN quantity ELSE 0 END),
           sum(CASE WHEN bucket = 'on_hand' AND kind = 'commit' AND counterpart = 'customer' THEN -quantity ELSE 0 END),
           0, 0, max(seq), NULL, max(recorded_at)
    FROM stock_movement GROUP BY variant, site
    UNION ALL
    SELECT variant, site, 0, 1, 0, 0, 0, 0,
           CASE WHEN bucket = 'on_hand' THEN balance ELSE 0 END,
           CASE WHEN bucket = 'on_hand' AND status <> 'available' THEN balance ELSE 0 END,
           CASE WHEN bucket = 'reserved' THEN balance ELSE 0 END,
           CASE WHEN bucket = 'shipped' THEN balance ELSE 0 END,
           0, 0, last_seq, NULL, NULL
    FROM stock_opening
    UNION ALL
    SELECT variant, site, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, on_hand, 0, 0, NULL, NULL FROM stock_quant
  ) AS sides
  GROUP BY variant, site
) AS compared
WHERE on_hand <> ledger_on_hand OR blocked <> ledger_blocked OR reserved <> ledger_reserved
   OR shipped <> ledger_shipped OR on_hand <> quants_on_hand
   OR (ledger_rows > 0 AND (pools = 0 OR last_seq <> ledger_last_seq))
   OR last_recorded_at <> ledger_last_recorded_at
"""

_QUANTS_EQUAL_LEDGER: Final = """
SELECT variant, site, location, lot, status, container, owner, on_hand, ledger_on_hand, last_seq, ledger_last_seq,
       last_recorded_at, ledger_last_recorded_at
FROM (
  SELECT variant, site, location, lot, status, container, owner, sum(quants) AS quants, sum(ledger_rows) AS ledger_rows,
         sum(on_hand) AS on_hand, sum(ledger_on_hand) AS ledger_on_hand,
         max(last_seq) AS last_seq, max(ledger_last_seq) AS ledger_last_seq,
         max(last_recorded_at) AS last_recorded_at, max(ledger_last_recorded_at) AS ledger_last_recorded_at
  FROM (
    SELECT variant, site, location, lot, status, container, owner, 1 AS quants, 0 AS ledger_rows,
           on_hand, 0 AS ledger_on_hand, last_seq, 0 AS ledger_last_seq,
           last_recorded_at, NULL AS ledger_last_recorded_at
    FROM stock_quant
    UNION ALL
    SELECT variant, site, location, lot, status, container, owner, 0, count(*), 0, sum(quantity), 0, max(seq),
           NULL, max(recorded_at)
    FROM stock_movement WHERE bucket = 'on_hand'
    GROUP BY variant, site, location, lot, status, container, owner
    UNION ALL
    SELECT variant, site, location, lot, status, container, owner, 0, 1, 0, balance, 0, last_seq, NULL, NULL
    FROM stock_opening WHERE bucket = 'on_hand'
  ) AS sides
  GROUP BY variant, site, location, lot, status, container, owner
) AS compared
WHERE on_hand <> ledger_on_hand OR (quants > 0 AND ledger_rows > 0 AND last_seq <> ledger_last_seq)
   OR last_recorded_at <> ledger_last_recorded_at
"""

_RESERVATIONS_EQUAL_LEDGER: Final = """
SELECT demand_id, demand_line, variant, site, sum(reservations) AS outstanding, sum(ledger) AS ledger,
       sum(consumed) AS consumed, sum(ledger_consumed) AS ledger_consumed
FROM (
  SELECT demand_type, demand_id, demand_line, variant, site, 1 AS held, quantity - consumed - released AS reservations,
         0 AS ledger, consumed, 0 AS ledger_consumed
  FROM stock_reservation
  UNION ALL
  SELECT reference_type, reference_id, reference_line, variant, site, 0, 0, quantity,
         0, CASE WHEN kind = 'commit' THEN -quantity ELSE 0 END
  FROM stock_movement WHERE bucket = 'reserved'
) AS sides
GROUP BY demand_id, demand_line, variant, site
HAVING sum(reservations) <> sum(ledger) OR max(held) = 0 OR sum(consumed) <> sum(ledger_consumed)
    OR min(demand_type) <> max(demand_type)
"""

_RESERVED_EQUALS_RESERVATIONS: Final = """
SELECT variant, site, sum(reserved) AS reserved, sum(outstanding) AS outstanding
FROM (
  SELECT variant, site, reserved, 0 AS outstanding FROM stock_pool
  UNION ALL
  SELECT variant, site, 0, quantity - consumed - released FROM stock_reservation WHERE consumed + released <> quantity
) AS sides
GROUP BY variant, site
HAVING sum(reserved) <> sum(outstanding)
"""

# Goods that move are written twice, as what leaves and as what comes: both for the same reason.
_INNER_ROWS_SUM_TO_ZERO: Final = """
SELECT posting_id, variant, lot, serial, owner, kind, reference_type, reference_id, reference_line,
       sum(quantity) AS quantity, max(seq) AS seq
FROM stock_movement
WHERE bucket = 'on_hand' AND counterpart IS NULL AND kind <> 'reclassification'
GROUP BY posting_id, variant, lot, serial, owner, kind, reference_type, reference_id, reference_line
HAVING sum(quantity) <> 0
"""

# What a transfer has sent and not yet received is what its own rows have left at the transit site. What was reversed is
# undone row by row; a reversal that is not noted stands alone. An issue has no line of paper for whom its goods were:
# they leave with the promise, in one posting. The location of goods in a shipment is the shipment's site.
_OUTER_ROWS_MATCH_DOCUMENTS: Final = f"""
SELECT reference_type, reference_id, reference_line, variant, location, lot, status, kind,
       sum(ledger) AS ledger, sum(document) AS document
FROM (
  SELECT 'shipment' AS reference_type, reference_id, reference_line, variant, site AS location, 0 AS lot, '' AS status,
         '' AS kind, quantity AS ledger, 0 AS document
  FROM stock_movement WHERE bucket = 'on_hand' AND counterpart IS NOT NULL AND reference_type = 'shipment'
  UNION ALL
  SELECT 'shipment', line.shipment, line.order_line, line.variant, sent.site, 0, '', '', 0, -line.quantity
  FROM shipment_line AS line LEFT JOIN shipment AS sent ON sent.id = line.shipment
  UNION ALL
  SELECT 'picked for no shipment of the site', picked.reference_id, picked.reference_line, picked.variant, picked.site,
         0, '', '', picked.quantity, 0
  FROM stock_movement AS picked
  LEFT JOIN shipment AS sent ON sent.id = picked.reference_id AND sent.site = picked.site
  WHERE picked.kind = 'pick' AND picked.quantity > 0 AND sent.id IS NULL
  UNION ALL
  SELECT 'issue', posting_id, reference_line, variant, site, 0, '', '',
         CASE WHEN bucket = 'on_hand' THEN quantity ELSE 0 END, CASE WHEN bucket = 'on_hand' THEN 0 ELSE quantity END
  FROM stock_movement
  WHERE kind = 'commit' AND (reference_type = 'issue' OR (bucket = 'reserved' AND reference_type <> 'order'))
  UNION ALL
  SELECT 'document', reference_id, CASE WHEN kind = 'return' THEN reference_line END, variant, location, lot, status,
         '', quantity, 0
  FROM stock_movement WHERE bucket = 'on_hand' AND counterpart IS NOT NULL AND reference_type <> 'shipment'
  UNION ALL
  SELECT 'document', line.document, line.reference_line, line.variant, line.location, line.lot, line.status,
         '', 0, line.quantity
  FROM stock_document_line AS line JOIN stock_document AS paper ON paper.id = line.document
  WHERE paper.kind <> 'transfer'
  UNION ALL
  SELECT 'of a document that is a ' || paper.kind, moved.reference_id, NULL, moved.variant, moved.location, moved.lot,
         moved.status, '', moved.quantity, 0
  FROM stock_movement AS moved JOIN stock_document AS paper ON paper.id = moved.reference_id
  WHERE moved.bucket = 'on_hand' AND paper.kind <> moved.reference_type
  UNION ALL
  SELECT 'settled, but no transfer', line.document, NULL, line.variant, line.location, line.lot, line.status,
         '', 0, line.settled
  FROM stock_document_line AS line JOIN stock_document AS paper ON paper.id = line.document
  WHERE line.settled <> 0 AND paper.kind <> 'transfer'
  UNION ALL
  SELECT 'transfer', reference_id, NULL, variant, 0, 0, '', '', quantity, 0
  FROM stock_movement WHERE bucket = 'on_hand' AND reference_type = 'transfer' AND site = {TRANSIT_SITE}
  UNION ALL
  SELECT 'transfer', line.document, NULL, line.variant, 0, 0, '', '', 0, line.quantity - line.settled
  FROM stock_document_line AS line JOIN stock_document AS paper ON paper.id = line.document
  WHERE paper.kind = 'transfer'
  UNION ALL
  SELECT 'reversal', note.reversed, undone.reference_line, undone.variant, undone.location, undone.lot, undone.status,
         undone.kind, undone.quantity, 0
  FROM posting_reversal AS note JOIN stock_movement AS undone ON undone.posting_id = note.reversed
  WHERE undone.bucket = 'on_hand'
  UNION ALL
  SELECT 'reversal', coalesce(note.reversed, undoing.posting_id), undoing.reference_line, undoing.variant,
         undoing.location, undoing.lot, undoing.status, undoing.kind, 0, -undoing.quantity
  FROM stock_movement AS undoing LEFT JOIN posting_reversal AS note ON note.reversed_by = undoing.posting_id
  WHERE undoing.bucket = 'on_hand' AND undoing.reference_type = 'reversal'
) AS sides
GROUP BY reference_type, reference_id, reference_line, variant, location, lot, status, kind
HAVING sum(ledger) <> sum(document)
"""

_NOTHING_SOLD_TWICE: Final = """
SELECT variant, site, on_hand, blocked, reserved, on_hand - blocked - reserved AS available
FROM stock_pool WHERE reserved < 0 OR blocked < 0 OR reserved + blocked > on_hand
"""

_QUANT_BOUNDS: Final = """
SELECT id AS quant, variant, site, location, status, on_hand, allocated
FROM stock_quant
WHERE allocated < 0 OR allocated > on_hand OR on_hand < 0 OR (allocated <> 0 AND status <> 'available')
"""

_ALLOCATIONS_MATCH: Final = """
SELECT 'quant.allocated is not the sum of its allocations' AS problem, quant, NULL AS reservation,
       sum(stored) AS stored, sum(computed) AS computed
FROM (
  SELECT id AS quant, allocated AS stored, 0 AS computed FROM stock_quant WHERE allocated <> 0
  UNION ALL
  SELECT quant, 0, quantity FROM stock_allocation
) AS by_quant
GROUP BY quant HAVING sum(stored) <> sum(computed)
UNION ALL
SELECT 'more allocated than outstanding', NULL, given.reservation,
       coalesce(held.quantity - held.consumed - held.released, 0), given.quantity
FROM (SELECT reservation, sum(quantity) AS quantity FROM stock_allocation GROUP BY reservation) AS given
LEFT JOIN stock_reservation AS held ON held.id = given.reservation
WHERE given.quantity > coalesce(held.quantity - held.consumed - held.released, 0)
UNION ALL
SELECT 'quant of another variant or site', given.quant, given.reservation, given.quantity, 0
FROM stock_allocation AS given
JOIN stock_reservation AS held ON held.id = given.reservation
JOIN stock_quant AS chosen ON chosen.id = given.quant
WHERE chosen.variant <> held.variant OR chosen.site <> held.site
"""

_WITHIN_QUANTITY: Final = """
SELECT id AS reservation, demand_type, demand_id, demand_line, variant, site, quantity, consumed, released
FROM stock_reservation
WHERE consumed < 0 OR released < 0 OR consumed + released > quantity
"""

# kept: of the line's reservations, what is not released, so outstanding + consumed. Stock keeps a row for every line of
# goods that a received order has (noted), though nothing is promised to it. Where the factor is no whole number it is
# rounded, so only what was entered in the base unit can be compared with what is ordered.
_ORDER_LINES_ADD_UP: Final = """
SELECT order_id, order_line, ordered, cancelled, kept, backordered, consumed, shipped,
       CASE WHEN lines = 0 THEN 'there is no such line'
            WHEN misentered > 0 THEN 'ordered is not what was entered'
            WHEN is_service AND noted > 0 THEN 'goods for a service'
            WHEN consumed <> shipped THEN 'consumed is not what the shipments say'
            WHEN is_forgotten THEN 'stock knows nothing of the line'
            ELSE 'ordered - cancelled is not reserved + shipped + backordered' END AS problem
FROM (
  SELECT sums.order_id, sums.order_line, sums.ordered, sums.cancelled, sums.kept, sums.backordered, sums.consumed,
         sums.shipped, sums.lines, sums.misentered, sums.noted,
         sums.services > 0 AS is_service,
         sums.services = 0 AND sums.noted = 0 AND coalesce(orders.state, '') = 'received' AS is_forgotten,
         CASE WHEN sums.services > 0 THEN 1
              WHEN orders.state = 'received' AND orders.keep_received AND sums.kept = 0 AND sums.backordered = 0 THEN 1
              ELSE 0 END AS unreserved
  FROM (
    SELECT order_id, order_line, sum(lines) AS lines, sum(misentered) AS misentered, sum(services) AS services,
           sum(noted) AS noted, sum(ordered) AS ordered, sum(cancelled) AS cancelled,
           sum(kept) AS kept, sum(backordered) AS backordered, sum(consumed) AS consumed, sum(shipped) AS shipped
    FROM (
      SELECT line.order_id, line.id AS order_line, 1 AS lines,
             CASE WHEN line.entered <> line.ordered AND line.entered_unit = variant.unit THEN 1 ELSE 0 END
               AS misentered,
             CASE WHEN variant.stocked THEN 0 ELSE 1 END AS services, 0 AS noted, line.ordered, line.cancelled,
             0 AS kept, 0 AS backordered, 0 AS consumed, 0 AS shipped
      FROM order_line AS line JOIN variant ON variant.id = line.variant
      UNION ALL
      SELECT demand_id, demand_line, 0, 0, 0, 1, 0, 0, quantity - released, 0, consumed, 0
      FROM stock_reservation WHERE demand_type = 'order'
      UNION ALL
      SELECT demand_id, demand_line, 0, 0, 0, 1, 0, 0, 0, outstanding, 0, 0
      FROM stock_backorder WHERE demand_type = 'order'
      UNION ALL
      SELECT shipment.order_id, sent.order_line, 0, 0, 0, 0, 0, 0, 0, 0, 0, sent.quantity
      FROM shipment_line AS sent JOIN shipment ON shipment.id = sent.shipment
    ) AS sides
    GROUP BY order_id, order_line
  ) AS sums
  LEFT JOIN sales_order AS orders ON orders.id = sums.order_id
) AS compared
WHERE consumed <> shipped OR (unreserved = 0 AND ordered - cancelled <> kept + backordered)
   OR lines = 0 OR misentered > 0 OR (is_service AND noted > 0) OR is_forgotten
UNION ALL
SELECT line.order_id, line.id, line.ordered, line.cancelled, 0, 0, 0, 0, 'goods of another SKU'
FROM (
  SELECT demand_line, variant FROM stock_reservation WHERE demand_type = 'order'
  UNION ALL
  SELECT demand_line, variant FROM stock_backorder WHERE demand_type = 'order'
  UNION ALL
  SELECT order_line, variant FROM shipment_line
) AS given
JOIN order_line AS line ON line.id = given.demand_line
WHERE line.variant <> given.variant
UNION ALL
SELECT id, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       CASE WHEN lines <> highest THEN 'a line of the order is missing'
            ELSE 'an order is cancelled if and only if all of it is' END
FROM (
  SELECT orders.id, orders.state, coalesce(told.lines, 0) AS lines, coalesce(told.highest, 1) AS highest, told.wanted
  FROM sales_order AS orders
  LEFT JOIN (
    SELECT order_id, count(*) AS lines, max(line_no) AS highest,
           sum(CASE WHEN ordered > cancelled THEN 1 ELSE 0 END) AS wanted
    FROM order_line GROUP BY order_id
  ) AS told ON told.order_id = orders.id
) AS counted
WHERE lines <> highest OR (state = 'cancelled' AND wanted > 0) OR (state = 'received' AND wanted = 0)
"""

_ORDER_STATES: Final = """
WITH steps AS (
  SELECT order_id, shipment, sequence, from_state, to_state,
         coalesce(from_state, '') || ' > ' || to_state AS step,
         lag(to_state) OVER history AS before, lead(sequence) OVER history AS after
  FROM order_history
  WINDOW history AS (PARTITION BY order_id, shipment ORDER BY sequence)
), papers AS (
  SELECT id AS order_id, NULL AS shipment, state FROM sales_order
  UNION ALL
  SELECT order_id, id, state FROM shipment
)
SELECT 'cancelled, but goods are still reserved' AS problem, orders.id AS order_id, CAST(NULL AS uuid) AS shipment,
       CAST(NULL AS bigint) AS sequence, orders.state AS found, CAST(NULL AS text) AS expected
FROM stock_reservation AS held JOIN sales_order AS orders ON orders.id = held.demand_id
WHERE held.demand_type = 'order' AND held.consumed + held.released < held.quantity AND orders.state = 'cancelled'
UNION ALL
SELECT 'cancelled, but still waiting for goods', orders.id, NULL, NULL, orders.state, NULL
FROM stock_backorder AS waiting JOIN sales_order AS orders ON orders.id = waiting.demand_id
WHERE waiting.demand_type = 'order' AND waiting.outstanding > 0 AND orders.state = 'cancelled'
UNION ALL
SELECT 'open shipment of an order that is not confirmed', orders.id, sent.id, NULL, orders.state, 'supplier_confirmed'
FROM shipment AS sent JOIN sales_order AS orders ON orders.id = sent.order_id
WHERE sent.state IN ('picking', 'packed') AND orders.state <> 'supplier_confirmed'
UNION ALL
SELECT 'a shipment has lines if and only if it was dispatched', sent.order_id, sent.id, NULL, sent.state, NULL
FROM shipment AS sent LEFT JOIN (SELECT DISTINCT shipment FROM shipment_line) AS lines ON lines.shipment = sent.id
WHERE (sent.state IN ('dispatched', 'delivered')) <> (lines.shipment IS NOT NULL)
UNION ALL
SELECT 'a shipment has a time of dispatch if and only if it was dispatched', order_id, id, NULL, state, NULL
FROM shipment WHERE (state IN ('dispatched', 'delivered')) <> (dispatched_at IS NOT NULL)
UNION ALL
SELECT 'an open shipment with nothing in it', sent.order_id, sent.id, NULL, sent.state, NULL
FROM shipment AS sent
LEFT JOIN (SELECT DISTINCT release FROM stock_allocation) AS filled ON filled.release = sent.id
LEFT JOIN (SELECT DISTINCT demand_id FROM stock_follow_up) AS pending ON pending.demand_id = sent.order_id
WHERE sent.state IN ('picking', 'packed') AND filled.release IS NULL AND pending.demand_id IS NULL
UNION ALL
SELECT 'goods are chosen for what is no open shipment of their order and site', held.demand_id, given.release, NULL,
       sent.state, NULL
FROM stock_allocation AS given
JOIN stock_reservation AS held ON held.id = given.reservation
LEFT JOIN shipment AS sent ON sent.id = given.release AND sent.order_id = held.demand_id
WHERE given.release <> '00000000000000000000000000000000'
  AND (coalesce(sent.state, '') NOT IN ('picking', 'packed') OR sent.site <> held.site)
UNION ALL
SELECT 'as many shipments as the order counts', orders.id, NULL, NULL, CAST(coalesce(there.shipments, 0) AS TEXT),
       CAST(orders.shipment_count AS TEXT)
FROM sales_order AS orders
LEFT JOIN (SELECT order_id, count(*) AS shipments FROM shipment GROUP BY order_id) AS there
  ON there.order_id = orders.id
WHERE coalesce(there.shipments, 0) <> orders.shipment_count
UNION ALL
SELECT 'history is not numbered 1, 2, 3 …', orders.id, NULL, told.highest, CAST(told.entries AS TEXT),
       CAST(orders.history_count AS TEXT)
FROM sales_order AS orders
LEFT JOIN (
  SELECT order_id, count(*) AS entries, min(sequence) AS lowest, max(sequence) AS highest
  FROM order_history GROUP BY order_id
) AS told ON told.order_id = orders.id
WHERE coalesce(told.entries, 0) <> orders.history_count OR told.lowest <> 1 OR told.highest <> orders.history_count
UNION ALL
SELECT 'does not begin where the step before ended', order_id, shipment, sequence, from_state, before
FROM steps WHERE before IS NOT NULL AND coalesce(from_state, '') <> before
UNION ALL
SELECT 'illegal step', order_id, shipment, sequence, step, NULL
FROM steps
WHERE (before IS NULL AND shipment IS NULL AND step NOT IN :order_beginnings)
   OR (before IS NOT NULL AND shipment IS NULL AND step NOT IN :order_steps)
   OR (before IS NULL AND shipment IS NOT NULL AND step NOT IN :shipment_beginnings)
   OR (before IS NOT NULL AND shipment IS NOT NULL AND step NOT IN :shipment_steps)
UNION ALL
SELECT 'history does not end in the present state', order_id, shipment, max(sequence), max(stored), max(told)
FROM (
  SELECT order_id, shipment, NULL AS sequence, state AS stored, NULL AS told FROM papers
  UNION ALL
  SELECT order_id, shipment, sequence, NULL, to_state FROM steps WHERE after IS NULL
) AS ends
GROUP BY order_id, shipment
HAVING coalesce(max(stored), '') <> coalesce(max(told), '')
"""

_VERSIONS_WITHOUT_GAPS: Final = """
SELECT 'a version is missing or doubled' AS problem, aggregate_id, version_before, version
FROM (
  SELECT aggregate_id, aggregate_version AS version,
         lag(aggregate_version, 1, 0) OVER (PARTITION BY aggregate_id ORDER BY aggregate_version) AS version_before
  FROM outbox
) AS numbered
WHERE version <> version_before + 1
UNION ALL
SELECT 'the newest message is not of the order''s version', orders.id, coalesce(told.newest, 0), orders.version
FROM sales_order AS orders
LEFT JOIN (SELECT aggregate_id, max(aggregate_version) AS newest FROM outbox GROUP BY aggregate_id) AS told
  ON told.aggregate_id = orders.id
WHERE coalesce(told.newest, 0) <> orders.version
UNION ALL
SELECT 'a posting without its message', posted.posting_id, 0, 1
FROM (
  SELECT DISTINCT posting_id FROM stock_movement
  WHERE bucket = 'on_hand' AND reference_type IN (
    'receipt', 'adjustment', 'count', 'move', 'status_change', 'return', 'transfer', 'issue', 'reversal')
) AS posted
LEFT JOIN outbox ON outbox.aggregate_id = posted.posting_id
WHERE outbox.id IS NULL
"""

_COMMAND_IDS_UNIQUE: Final = "SELECT id, count(*) AS count FROM command GROUP BY id HAVING count(*) > 1"

# A line that any available unit satisfies must not wait while one of its sites could serve a whole multiple of it.
_QUEUE_SERVED: Final = {
    "postgresql": """
SELECT waiting.id AS backorder, waiting.demand_type, waiting.demand_id, waiting.demand_line, waiting.variant, pool.site,
       waiting.outstanding, waiting.multiple, pool.on_hand - pool.blocked - pool.reserved AS available
FROM stock_backorder AS waiting
CROSS JOIN LATERAL json_array_elements_text(CAST(waiting.sites AS json)) AS candidate(site)
JOIN stock_pool AS pool ON pool.variant = waiting.variant AND pool.site = CAST(candidate.site AS bigint)
JOIN location AS place ON place.id = pool.site AND NOT place.blocked
WHERE waiting.outstanding > 0 AND waiting.requirement IN ('', '{}')
  AND (pool.on_hand - pool.blocked - pool.reserved >= waiting.multiple
    OR pool.on_hand - pool.blocked - pool.reserved >= waiting.outstanding)
""",
    "sqlite": """
SELECT waiting.id AS backorder, waiting.demand_type, waiting.demand_id, waiting.demand_line, waiting.variant, pool.site,
       waiting.outstanding, waiting.multiple, pool.on_hand - pool.blocked - pool.reserved AS available
FROM stock_backorder AS waiting
CROSS JOIN json_each(waiting.sites) AS candidate
JOIN stock_pool AS pool ON pool.variant = waiting.variant AND pool.site = candidate.value
JOIN location AS place ON place.id = pool.site AND NOT place.blocked
WHERE waiting.outstanding > 0 AND waiting.requirement IN ('', '{}')
  AND (pool.on_hand - pool.blocked - pool.reserved >= waiting.multiple
    OR pool.on_hand - pool.blocked - pool.reserved >= waiting.outstanding)
""",
}

# Foreign keys hold for whoever has them switched on: SQLite's own shell has not.
_REFERENCES: Final = sorted(
    (child.table.name, child.name, parent.table.name, parent.name)
    for table in metadata.tables.values()
    for constraint in table.foreign_key_constraints
    for child, parent in [(constraint.elements[0].parent, constraint.elements[0].column)]
)
_REFERRING: Final = sorted({table for table, *_ in _REFERENCES})
_REFERENCES_EXIST: Final = " UNION ALL ".join(
    f"""
SELECT '{table}' AS in_table, '{column}' AS column_name, '{parent}' AS of_table, CAST(r.{column} AS TEXT) AS missing
FROM {table} AS r
WHERE r.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE p.{key} = r.{column})"""
    for table, column, parent, key in _REFERENCES
)

# -- the table -----------------------------------------------------------------------------------------------------

INVARIANTS: Final[tuple[Invariant, ...]] = (
    Invariant(
        name="ledger_chain",
        promises="each row can be; per key, a balance is the one before plus the quantity; recorded_at does not fall",
        counts=_COUNT_MOVEMENTS,
        finds=_LEDGER_CHAIN,
        shows=(
            "seq", "bucket", "variant", "site", "location", "lot", "status", "container", "owner",
            "quantity", "balance_before", "balance_after", "recorded_before", "recorded_at", "problem",
        ),
    ),
    Invariant(
        name="pools_equal_ledger",
        promises="a pool's figures and its last row are the ledger's; its on hand is also its quants' sum",
        counts=_COUNT_POOLS,
        finds=_POOLS_EQUAL_LEDGER,
        shows=(
            "variant", "site", "on_hand", "ledger_on_hand", "quants_on_hand", "blocked", "ledger_blocked",
            "reserved", "ledger_reserved", "shipped", "ledger_shipped", "last_seq", "ledger_last_seq",
            "last_recorded_at", "ledger_last_recorded_at", "problem",
        ),
    ),
    Invariant(
        name="quants_equal_ledger",
        promises="a quant's on hand is the ledger's sum of its key, last_seq and last_recorded_at the key's last row's",
        counts=_COUNT_QUANTS,
        finds=_QUANTS_EQUAL_LEDGER,
        shows=(
            "variant", "site", "location", "lot", "status", "container", "owner",
            "on_hand", "ledger_on_hand", "last_seq", "ledger_last_seq",
            "last_recorded_at", "ledger_last_recorded_at",
        ),
    ),
    Invariant(
        name="reservations_equal_ledger",
        promises="what a demand line holds at a site is the sum of its reserved rows, what it consumed of its commits",
        counts=_COUNT_RESERVATIONS,
        finds=_RESERVATIONS_EQUAL_LEDGER,
        shows=("demand_id", "demand_line", "variant", "site", "outstanding", "ledger", "consumed", "ledger_consumed"),
    ),
    Invariant(
        name="reserved_equals_reservations",
        promises="a pool's reserved is the sum of what its reservations still hold",
        counts=_COUNT_POOLS,
        finds=_RESERVED_EQUALS_RESERVATIONS,
        shows=("variant", "site", "reserved", "outstanding"),
    ),
    Invariant(
        name="inner_rows_sum_to_zero",
        promises="goods moved inside the company neither appear nor vanish",
        counts="SELECT count(*) FROM stock_movement WHERE bucket = 'on_hand' AND counterpart IS NULL",
        finds=_INNER_ROWS_SUM_TO_ZERO,
        shows=(
            "posting_id", "variant", "lot", "serial", "owner", "kind", "reference_type", "reference_id",
            "reference_line", "quantity", "seq",
        ),
    ),
    Invariant(
        name="outer_rows_match_documents",
        promises="goods that come, go or are on their way do so as the shipment or document says; reversals undo",
        counts="SELECT count(*) FROM stock_movement WHERE bucket = 'on_hand' AND counterpart IS NOT NULL",
        finds=_OUTER_ROWS_MATCH_DOCUMENTS,
        shows=(
            "reference_type", "reference_id", "reference_line", "variant", "location", "lot", "status", "kind",
            "ledger", "document",
        ),
    ),
    Invariant(
        name="nothing_sold_twice",
        promises="0 <= reserved, 0 <= blocked, reserved + blocked <= on hand",
        counts=_COUNT_POOLS,
        finds=_NOTHING_SOLD_TWICE,
        shows=("variant", "site", "on_hand", "blocked", "reserved", "available"),
    ),
    Invariant(
        name="quant_bounds",
        promises="0 <= allocated <= on hand, allocated only in status available",
        counts=_COUNT_QUANTS,
        finds=_QUANT_BOUNDS,
        shows=("quant", "variant", "site", "location", "status", "on_hand", "allocated"),
    ),
    Invariant(
        name="allocations_match",
        promises="allocations add up to their quant's figure, stay within their reservation, and are of its goods",
        counts="SELECT (SELECT count(*) FROM stock_allocation) + (SELECT count(*) FROM stock_quant)",
        finds=_ALLOCATIONS_MATCH,
        shows=("problem", "quant", "reservation", "stored", "computed"),
    ),
    Invariant(
        name="consumed_and_released_within_quantity",
        promises="a reservation gives away no more than it has",
        counts=_COUNT_RESERVATIONS,
        finds=_WITHIN_QUANTITY,
        shows=(
            "reservation", "demand_type", "demand_id", "demand_line", "variant", "site",
            "quantity", "consumed", "released",
        ),
    ),
    Invariant(
        name="order_lines_add_up",
        promises="ordered = reserved + backordered + shipped + cancelled, all of one SKU; shipped is as shipments say",
        counts="SELECT count(*) FROM order_line",
        finds=_ORDER_LINES_ADD_UP,
        shows=(
            "order_id", "order_line", "ordered", "cancelled", "kept", "backordered", "consumed", "shipped", "problem",
        ),
    ),
    Invariant(
        name="order_states",
        promises="states fit reservations and shipments; histories have no gaps, only legal steps, and end in them",
        counts="SELECT (SELECT count(*) FROM sales_order) + (SELECT count(*) FROM shipment)",
        finds=_ORDER_STATES,
        shows=("problem", "order_id", "shipment", "sequence", "found", "expected"),
    ),
    Invariant(
        name="versions_without_gaps",
        promises="an aggregate's messages are numbered 1, 2, 3 …, up to the order's version",
        counts="SELECT count(*) FROM outbox",
        finds=_VERSIONS_WITHOUT_GAPS,
        shows=("problem", "aggregate_id", "version_before", "version"),
    ),
    Invariant(
        name="references_exist",
        promises="what a row refers to is there: places, lots, variants, orders and their lines, customers …",
        counts="SELECT " + " + ".join(f"(SELECT count(*) FROM {table})" for table in _REFERRING),
        finds=_REFERENCES_EXIST,
        shows=("in_table", "column_name", "of_table", "missing"),
    ),
    Invariant(
        name="command_ids_unique",
        promises="a command id is answered once",
        counts="SELECT count(*) FROM command",
        finds=_COMMAND_IDS_UNIQUE,
        shows=("id", "count"),
    ),
    Invariant(
        name="queue_served",
        promises="no demand waits while one of its sites, not blocked, has what would serve it: nobody overtook",
        counts="SELECT count(*) FROM stock_backorder",
        finds=_QUEUE_SERVED,
        shows=(
            "backorder", "demand_type", "demand_id", "demand_line", "variant", "site",
            "outstanding", "multiple", "available",
        ),
    ),
)  # fmt: skip
