"""The demo: a month of a wholesaler's real orders, bundled with the program, replayed into a fresh folder."""

from __future__ import annotations

import shlex
import tempfile
from importlib import resources
from pathlib import Path
from typing import Final

from stockcore_sql.connecting import shown

SAMPLE: Final = "online_retail_2010_12.csv.gz"
ATTRIBUTION: Final = (
    "Data: Chen, D. (2015), Online Retail, UCI Machine Learning Repository, doi:10.24432/C5BW33, CC BY 4.0; "
    "December 2010, unchanged but for the spelling of dates and customer numbers."
)


def sample_path() -> Path:
    """The bundled sample: all 42,481 invoice lines of December 2010."""
    return Path(str(resources.files("stockcore_replay") / "sample" / SAMPLE))


def fresh_database() -> Path:
    """A database file that does not exist yet, in a folder of its own."""
    return Path(tempfile.mkdtemp(prefix="stockcore-demo-")) / "demo.db"


def what_next(url: str, program: str) -> list[tuple[str, str]]:
    """What to try on the demo's books: a sentence, and the command that shows it; `program` is how stockcore is
    called."""
    option = f"--database {shlex.quote(shown(url))}"
    return [
        ("What one order asked for, got and is still owed", f"{program} order show 536365 {option}"),
        ("What the house has of a SKU", f"{program} stock show --sku 85123A {option}"),
        ("Sell some of it", f"{program} order place --line 85123A=2@2.55 --policy ship_available {option}"),
        ("Prove the books again", f"{program} verify {option}"),
        ("What a rebuild from the ledger would change", f"{program} rebuild --dry-run {option}"),
        ("Your own books", f"{program} --help"),
    ]
