"""Which sites serve an order: what one line takes, the next no longer sees."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from stockcore.orders.sourcing import Candidate, Plan, Wish, explain, plan

D = Decimal
MUG = 1
LEEDS, HULL = Candidate(10, "LEEDS", priority=1), Candidate(20, "HULL", priority=2)


def planned(wishes: list[Wish], there: Mapping[int, int]) -> Plan:
    """The plan when each site (by id) has so many mugs."""
    return plan(wishes, lambda line, variant, site: D(there.get(site, 0)), [LEEDS, HULL], "fewest_shipments")


def mugs(quantity: int, multiple: int = 1) -> Wish:
    return Wish(MUG, "MUG", D(quantity), D(multiple), "", True)


def test_two_lines_of_one_sku_share_what_there_is() -> None:
    found = planned([mugs(4), mugs(4)], {LEEDS.site: 5})
    assert found.short == (D(0), D(3))
    assert sum(take.quantity for take in found.takes) == 5


def test_a_line_is_split_over_sites_only_when_none_has_all_of_it() -> None:
    assert planned([mugs(4)], {LEEDS.site: 3, HULL.site: 4}).sites == (HULL,)
    assert planned([mugs(6)], {LEEDS.site: 3, HULL.site: 4}).sites == (LEEDS, HULL)


def test_a_line_in_pairs_takes_no_single() -> None:
    assert planned([mugs(6, multiple=2)], {LEEDS.site: 5, HULL.site: 1}).short == (D(2),)


def told(wishes: list[Wish], there: Mapping[int, int], sites: list[Candidate], strategy: str) -> dict[str, Any]:
    def available(line: int, variant: int, site: int) -> D:
        return D(there.get(site, 0))

    return explain(plan(wishes, available, sites, strategy), wishes, available, sites, strategy)


def test_what_is_missing_of_a_sku_is_told_of_all_its_lines() -> None:
    explanation = told([mugs(2), mugs(3)], {}, [LEEDS, HULL], "fewest_shipments")
    assert explanation["short"] == {"MUG": "5"}
    assert explanation["would_change"] == "5 more of MUG at any of these sites"


def test_what_a_site_lacks_is_told_of_all_lines_of_a_sku() -> None:
    explanation = told([mugs(4), mugs(3)], {LEEDS.site: 4, HULL.site: 3}, [LEEDS, HULL], "fewest_shipments")
    assert explanation["would_change"] == "3 more units at LEEDS would let it serve the whole order alone"


def test_a_dear_site_that_has_everything_is_told_as_such() -> None:
    dear = Candidate(30, "YORK", cost=D(100))
    explanation = told([mugs(4)], {LEEDS.site: 2, HULL.site: 2, dear.site: 9}, [LEEDS, HULL, dear], "cheapest")
    assert explanation["chosen"] == ["LEEDS", "HULL"]
    assert explanation["would_change"] == "another strategy: YORK has the whole order"
