"""Importing the domain costs little and brings nothing along."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
before = set(sys.modules)
import importlib, pkgutil, stockcore
for module in pkgutil.walk_packages(stockcore.__path__, "stockcore."):
    importlib.import_module(module.name)
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
foreign = roots - set(sys.stdlib_module_names) - {"stockcore"}
print(" ".join(sorted(name for name in foreign if not name.startswith("_sysconfigdata"))))
"""


def run_python(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def test_importing_the_whole_domain_loads_no_adapter_and_no_third_party_library_but_attrs_and_orjson() -> None:
    assert set(run_python(PROGRAM).split()) <= {"attr", "attrs", "orjson"}


def test_importing_stockcore_has_no_side_effects() -> None:
    assert run_python("import stockcore") == ""
