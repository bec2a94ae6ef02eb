"""The kinds of files that can be imported, by the name the command line gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from stockcore_files.locations import Locations
from stockcore_files.orders import Orders
from stockcore_files.products import Products
from stockcore_files.reading import Kind
from stockcore_files.stock import Stock

KINDS: Final[Mapping[str, Callable[[], Kind]]] = {kind.name: kind for kind in (Products, Locations, Stock, Orders)}
