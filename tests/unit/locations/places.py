"""Places made by hand."""

import attrs

from stockcore.locations.records import Location
from stockcore.locations.transit import transit_site
from tests.unit.catalog.things import NOON


def place(number: int, parent: int | None = None, *, site: int = 1) -> Location:
    code = f"P{number}"
    return attrs.evolve(
        transit_site(NOON)[0], id=number, site=site, parent=parent, code=code, normal_code=code.casefold()
    )
