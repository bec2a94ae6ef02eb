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


def many_sites(stock: Mapping[str, Mapping[int, int]], empty: int) -> Plan:
    """The plan for 5 of each of the variants 1 to 3, at these sites and so many that have nothing."""
    codes = [*stock, *(f"EMPTY-{number}" for number in range(empty))]
    sites = [Candidate(number, code) for number, code in enumerate(codes, 1)]
    there = {(number, variant): found for number, code in enumerate(stock, 1) for variant, found in stock[code].items()}
    wishes = [Wish(variant, str(variant), D(5), D(1), "", True) for variant in (1, 2, 3)]
    return plan(wishes, lambda _, variant, site: D(there.get((site, variant), 0)), sites, "fewest_shipments")


def test_sites_that_have_nothing_make_no_order_more_parcels() -> None:
    stock = {"S0": {1: 3, 3: 5}, "S1": {1: 3, 2: 5}, "S2": {1: 5, 2: 3, 3: 2}, "S3": {2: 3, 3: 2}}
    for empty in (0, 5, 30):
        assert [site.code for site in many_sites(stock, empty).sites] == ["S0", "S1"]


def test_of_many_sites_none_is_used_that_is_not_needed() -> None:
    stock = {"A": {1: 3, 2: 3, 3: 3}, "B": {1: 5, 2: 2}, "C": {2: 3, 3: 5}}
    more = {f"D{number}": {1: 1} for number in range(8)}
    assert [site.code for site in many_sites({**stock, **more}, 0).sites] == ["B", "C"]
