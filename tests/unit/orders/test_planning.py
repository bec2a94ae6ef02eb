"""Which sites serve an order: what one line takes, the next no longer sees."""

from collections.abc import Mapping
from decimal import Decimal

from stockcore.orders.sourcing import Candidate, Plan, Wish, plan

D = Decimal
MUG = 1
LEEDS, HULL = Candidate(10, "LEEDS", priority=1), Candidate(20, "HULL", priority=2)


def planned(wishes: list[Wish], there: Mapping[int, int]) -> Plan:
    """The plan when each site (by id) has so many mugs."""
    return plan(wishes, lambda line, variant, site: D(there.get(site, 0)), [LEEDS, HULL], "fewest_shipments")


def mugs(quantity: int, multiple: int = 1) -> Wish:
    return Wish(MUG, "MUG", D(quantity), D(multiple), "")


def test_two_lines_of_one_sku_share_what_there_is() -> None:
    found = planned([mugs(4), mugs(4)], {LEEDS.site: 5})
    assert found.short == (D(0), D(3))
    assert sum(take.quantity for take in found.takes) == 5


def test_a_line_is_split_over_sites_only_when_none_has_all_of_it() -> None:
    assert planned([mugs(4)], {LEEDS.site: 3, HULL.site: 4}).sites == (HULL,)
    assert planned([mugs(6)], {LEEDS.site: 3, HULL.site: 4}).sites == (LEEDS, HULL)


def test_a_line_in_pairs_takes_no_single() -> None:
    assert planned([mugs(6, multiple=2)], {LEEDS.site: 5, HULL.site: 1}).short == (D(2),)
