"""docs/errors.md tells cause and cure of every public code, and of nothing else."""

import re
from pathlib import Path
from typing import Final

import pytest

from stockcore.kernel.errors import CODES

PAGE: Final = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
PARAGRAPHS: Final = dict(re.findall(r"^### (\w+)\n\n(.+?)(?=\n\n#|\Z)", PAGE, re.M | re.S))


def test_every_code_has_its_paragraph() -> None:
    assert sorted(set(CODES) - set(PARAGRAPHS)) == []


def test_every_paragraph_is_about_a_code() -> None:
    assert sorted(set(PARAGRAPHS) - set(CODES)) == []


def test_no_code_has_two_paragraphs() -> None:
    headings = re.findall(r"^### (\w+)$", PAGE, re.M)
    assert sorted(name for name in set(headings) if headings.count(name) > 1) == []


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_flat_snake_case(code: str) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)


def test_every_code_that_the_program_raises_is_listed() -> None:
    source = Path(__file__).parents[2] / "src"
    raised = {
        code
        for file in source.rglob("*.py")
        for code in re.findall(r'(?:StockcoreError|Rejected)\(\s*(?:code=)?"(\w+)"', file.read_text(encoding="utf-8"))
    }
    assert raised
    assert sorted(raised - set(CODES)) == []
