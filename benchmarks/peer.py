"""shared/peers/floor.py, run unchanged beside ours where it is there: a lighter schema, decided inside SQL."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

_PROGRAM: Final = Path(__file__).parents[2] / "shared" / "peers" / "floor.py"


def measure(url: str) -> dict[str, Any] | None:
    """Its orders a second from one client; None where it is not there. It keeps to a schema of its own."""
    if not _PROGRAM.exists():
        return None
    options = ["--dsn", url, "--orders", "2000", "--batch", "100", "--procs", "1", "--json"]
    done = subprocess.run([sys.executable, str(_PROGRAM), *options], capture_output=True, text=True, check=True)
    return {f"{row['op']}_per_s": row["orders_per_s"] for row in json.loads(done.stdout)["results"]}
