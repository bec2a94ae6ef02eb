"""How soon it is there: importing the library, and `stockcore --help`, beside a Python that does nothing."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

_TIMES: Final = 10
_HELP: Final = [str(Path(sys.executable).with_name("stockcore")), "--help"]
_ADAPTERS: Final = ("sqlalchemy", "alembic", "psycopg", "click", "sqlite3", "pycountry")


def measure() -> dict[str, Any]:
    bare, help_ms = [], []
    for _ in range(_TIMES):  # in turns
        bare.append(_ms([sys.executable, "-c", "pass"]))
        help_ms.append(_ms(_HELP))
    imported = [_import_ms() for _ in range(_TIMES)]
    return {
        "figures": {
            "import_ms": round(statistics.median(imported), 1),
            "help_ms": round(statistics.median(help_ms), 1),
            "bare_python_ms": round(statistics.median(bare), 1),
            "adapter_libraries_imported": _adapters(),
        },
        "ratios": {"help_by_bare_python": round(statistics.median(help_ms) / statistics.median(bare), 2)},
    }


def _ms(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000


def _import_ms() -> float:
    """What Python itself says (`-X importtime`, cumulative, microseconds)."""
    command = [sys.executable, "-X", "importtime", "-c", "import stockcore"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    (line,) = [line for line in told.splitlines() if line.rsplit("|", 1)[-1].strip() == "stockcore"]
    return int(line.split("|")[1]) / 1000


def _adapters() -> list[str]:
    """Libraries that only adapters may need, and that came along all the same."""
    program = f"import sys, stockcore; print(*[name for name in {_ADAPTERS!r} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return told.stdout.split()
