"""The list of countries (ISO 3166-1) that the domain asks through a port."""

from __future__ import annotations


class IsoCountries:  # satisfies stockcore.locations.ports.Countries by shape
    def code_of(self, country: str) -> str | None:
        """The alpha-2 code of a country given by name or code; None where the list does not know it."""
        import pycountry  # a tenth of a second, and few commands need it

        try:
            found = pycountry.countries.lookup(country)
        except LookupError:
            return None
        return str(found.alpha_2)
