"""The project's own rules that no tool checks: what is listed is what exists, and the domain stays pure."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PYPROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())
DOMAIN: Final = ROOT / "src" / "stockcore"
DOMAIN_FILES: Final = sorted(DOMAIN.rglob("*.py"))

# Calls that read the clock, draw at random or touch a file: the domain gets such things through ports.
# A port's own `now()` has another receiver.
IMPURE_CALL: Final = re.compile(r"(.*\.)?(datetime|date)\.(now|utcnow|today)|(uuid\.)?uuid[1467]|open|input|print")


def packages() -> set[str]:
    folders = [DOMAIN, *(ROOT / "src" / "adapters").iterdir(), *(ROOT / "src" / "entrypoints").iterdir()]
    return {folder.name for folder in folders if folder.is_dir() and folder.name != "__pycache__"}


def imported_roots(file: Path) -> set[str]:
    roots = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            roots.add(node.module.partition(".")[0])
    return roots


def calls(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def fenced_blocks(markdown: Path) -> list[str]:
    return [block.strip() for block in re.findall(r"^```\w*\n(.*?)^```", markdown.read_text(), re.M | re.S)]


def test_every_package_is_watched_by_the_import_rules() -> None:
    assert set(PYPROJECT["tool"]["importlinter"]["root_packages"]) == packages()


def test_every_package_has_a_place_in_the_layers() -> None:
    layers = next(c for c in PYPROJECT["tool"]["importlinter"]["contracts"] if c["id"] == "layers")["layers"]
    assert {name.strip() for layer in layers for name in re.split(r"[|:]", layer)} == packages()


def test_every_package_tells_type_checkers_that_it_is_typed() -> None:
    folders = [DOMAIN, *(ROOT / "src").glob("*/stockcore_*")]
    assert [str(f) for f in folders if not (f / "py.typed").exists()] == []


def test_every_folder_of_modules_is_a_package() -> None:
    # Without __init__.py a folder is left out by import-linter, silently.
    grouping = {ROOT / "src", ROOT / "src" / "adapters", ROOT / "src" / "entrypoints"}
    folders = {file.parent for file in (ROOT / "src").rglob("*.py")} - grouping
    assert sorted(str(f) for f in folders if not (f / "__init__.py").exists()) == []


def test_the_groups_of_packages_are_no_packages_themselves() -> None:
    assert list((ROOT / "src").glob("*.py")) == []
    assert not (ROOT / "src" / "adapters" / "__init__.py").exists()
    assert not (ROOT / "src" / "entrypoints" / "__init__.py").exists()


def test_the_domain_imports_the_standard_library_and_attrs_only() -> None:
    allowed = sys.stdlib_module_names | {"stockcore", "attrs", "attr"}
    foreign = {
        (str(file.relative_to(DOMAIN)), root) for file in DOMAIN_FILES for root in imported_roots(file) - allowed
    }
    plain_data = {(file, root) for file, root in foreign if root in {"cattrs", "orjson"}}
    assert foreign - plain_data == set()
    assert len({file for file, _ in plain_data}) <= 1, "objects are turned to and from plain data in one module"


def test_the_domain_reads_no_clock_draws_no_lots_and_opens_no_file() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file in DOMAIN_FILES
        for line, name in calls(file)
        if IMPURE_CALL.fullmatch(name)
    ]
    assert found == []


@pytest.mark.parametrize("call", ["datetime.datetime.now", "date.today", "uuid.uuid4", "uuid7", "open", "print"])
def test_an_impure_call_would_be_noticed(call: str) -> None:
    assert IMPURE_CALL.fullmatch(call)
    assert not IMPURE_CALL.fullmatch(f"self._clock.{call.rpartition('.')[2]}")


def test_the_readme_begins_with_the_two_commands() -> None:
    assert fenced_blocks(ROOT / "README.md")[:2] == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/stockcore demo",
        "python3 -m venv .venv && .venv/bin/pip install nox && .venv/bin/nox",
    ]


def test_ci_runs_what_the_readme_says() -> None:
    script = ROOT / ".ci" / "run"
    if not script.exists():  # a source distribution has no CI
        pytest.skip("no .ci folder here")
    assert fenced_blocks(ROOT / "README.md")[1] in script.read_text()


def test_changelog_fragments_are_named_so_that_towncrier_sees_them() -> None:
    kinds = "|".join(kind["directory"] for kind in PYPROJECT["tool"]["towncrier"]["type"])
    named = re.compile(rf"(\d+|\+[\w-]+)\.({kinds})(\.\d+)?\.md")
    fragments = {file.name for file in (ROOT / "changelog.d").iterdir()} - {"README.md", ".gitkeep"}
    assert sorted(name for name in fragments if not named.fullmatch(name)) == []


def test_decision_records_are_numbered_without_gaps() -> None:
    numbers = sorted(int(file.name[:4]) for file in (ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
