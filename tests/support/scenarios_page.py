"""Which test shows which scenario and which bad input: read from the tests, written to `docs/scenarios.md`.

A test names what it shows by number, in its docstring (`S009`) or in its own name (`…_b157`, `…_b003_to_b023`).
`python -m tests.support.scenarios_page` writes the page anew.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "scenarios.md"

SCENARIOS: Final[Mapping[str, str]] = {
    "S001": "the last unit, fifty buyers",
    "S003": "random reservations of a hot SKU",
    "S005": "two releases at once, and each again",
    "S007": "one SKU on two lines",
    "S009": "editing one's own line",
    "S011": "the sweeper against the buyer who confirms",
    "S013": "a cancel before anything was reserved",
    "S015": "no compensation twice",
    "S017": "a cancel across sites",
    "S019": "an adjustment while part is promised",
    "S021": "a storm of retries",
    "S023": "split into reserved and backordered",
    "S025": "the queue is served by age",
    "S031": "a line added after confirmation",
    "S033": "a dispatch lowers the right figures",
    "S035": "a transfer in two steps, with damage",
    "S039": "random moves neither make nor lose a unit",
    "S069": "five boxes of twelve",
    "S071": "a millilitre of a bottle",
    "S073": "ten tenths",
    "S075": "what cannot be divided",
    "S081": "a line in pairs: floor, not ceiling",
    "S147": "ship against cancel",
    "S149": "the same wish again",
    "S151": "a long cancel whose process dies",
    "S153": "the same key with another body",
    "S155": "a dead owner of a key",
    "S157": "refusals are kept, faults are not",
    "S159": "spacing, member order and spelling of numbers",
}

BAD_INPUTS: Final[Mapping[str, str]] = {
    "B001": "JSON's NaN",
    "B003": "numbers that are not finite",
    "B005": "an exponent of nine digits",
    "B007": "a negative quantity",
    "B009": "minus zero",
    "B011": "too many decimals",
    "B013": "finer than the unit's step",
    "B015": "ten tenths less one",
    "B017": "no quantity",
    "B019": "another script's digits",
    "B021": "blanks around a number",
    "B023": "a plus sign",
    "B025": "a cost of many decimals",
    "B029": "a sum out of range",
    "B033": "garbage after JSON",
    "B035": "100,000 nested brackets",
    "B041": "UTF-16",
    "B043": "a byte order mark before JSON",
    "B045": "NUL in a text",
    "B047": "a text of blanks",
    "B049": "a SKU in another case",
    "B051": "an unknown field",
    "B053": "no object at the top",
    "B057": "too many lines",
    "B059": "what is no order's number",
    "B061": "a limit that is none",
    "B065": "the 30th of February",
    "B075": "a key with another body",
    "B085": "more than is available",
    "B087": "a cancel of what is shipped",
    "B089": "more comes back than was sent",
    "B091": "a place in itself",
    "B093": "a tree too deep",
    "B095": "a place that holds nothing",
    "B097": "a unit of another dimension",
    "B099": "years 1, 9999 and 20026",
    "B101": "in the future",
    "B103": "a leap second",
    "B105": "an hour that happens twice",
    "B107": "odd offsets",
    "B109": "SQL in a name",
    "B111": "markup in a name",
    "B125": "CSV: a byte order mark",
    "B127": "CSV: another encoding",
    "B129": "CSV: no line end at the end",
    "B131": "CSV: a missing column",
    "B133": "CSV: an unknown column",
    "B135": "CSV: an unclosed quote",
    "B137": "CSV: a line end inside quotes",
    "B139": "CSV: bad quantities",
    "B141": "CSV: leading zeros",
    "B143": "CSV: an ambiguous date",
    "B145": "CSV: what a spreadsheet would run",
    "B147": "CSV: a row twice",
    "B149": "CSV: three bad rows of a thousand",
    "B151": "CSV: the file changes",
    "B153": "CSV: a ring of locations",
    "B155": "CSV: no such file",
    "B157": "CLI: take more than there is",
    "B159": "CLI: no number",
    "B161": "CLI: a command as argument",
    "B163": "CLI: no time",
    "B165": "CLI: no database, or a wrong password",
    "B167": "CLI: nobody reads on",
    "B169": "CLI: broken books",
    "B171": "CLI: bytes that are no text",
    "B173": "CLI: a newer schema",
    "B251": "a lock held too long",
    "B253": "a unique name taken meanwhile",
    "B265": "after 2038",
    "B271": "no time zones installed",
}

_IN_NAME: Final = re.compile(r"(?<=_)([sb])(\d{3})(?:_to_[sb](\d{3}))?(?=_|$)")
_IN_TEXT: Final = re.compile(r"\b([SB]\d{3})\b")


def shown_by() -> dict[str, list[str]]:
    """For each number the tests that name it, as pytest names them."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in sorted(_numbers(node)):
                    found[number].append(f"{path.relative_to(ROOT).as_posix()}::{node.name}")
    return dict(found)


def _numbers(test: ast.FunctionDef) -> set[str]:
    return {*_IN_TEXT.findall(ast.get_docstring(test) or ""), *_numbers_of_name(test.name)}


def _numbers_of_name(name: str) -> Iterator[str]:
    for kind, first, last in _IN_NAME.findall(name):
        for number in range(int(first), int(last or first) + 1, 2):  # numbers are odd
            yield f"{kind.upper()}{number:03}"


def page() -> str:
    tests = shown_by()
    return "\n".join(
        [
            "# Scenarios and bad inputs, and the tests that show them",
            "",
            "By the numbers of the catalogues that the engine was built against; written by",
            "`python -m tests.support.scenarios_page` from the tests, which name what they show. Rows about HTTP,",
            "webhooks, scans, suppliers' answers and documents come with the parts of stockcore that have them.",
            "",
            *_table("scenario", SCENARIOS, tests),
            "",
            *_table("bad input", BAD_INPUTS, tests),
            "",
        ]
    )


def _table(title: str, numbered: Mapping[str, str], tests: Mapping[str, list[str]]) -> Iterator[str]:
    yield f"| number | {title} | shown by |"
    yield "|---|---|---|"
    for number, words in numbered.items():
        yield f"| {number} | {words} | {'<br>'.join(f'`{test}`' for test in tests.get(number, []))} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
