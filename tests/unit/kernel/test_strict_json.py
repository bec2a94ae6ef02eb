"""JSON is read strictly."""

from __future__ import annotations

import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.strict_json import read_json


@pytest.mark.parametrize(
    "text",
    [
        '{"qty": NaN}',
        '{"qty": Infinity}',
        '{"qty": -Infinity}',
        '{"qty": 1, "qty": 2}',
        '{"qty": 5} garbage',
        "",
        "{",
        '\ufeff{"qty": 1}',
        "[1e99999999999999999999999]",
        pytest.param("[" * 100_000, id="nested"),
        pytest.param("[" + "9" * 10_000 + "]", id="digits"),
    ],
)
def test_what_is_no_json_document_is_refused_though_json_loads_lets_some_pass_b001_b033_b035(text: str) -> None:
    with pytest.raises(StockcoreError) as refusal:
        read_json(text)
    assert refusal.value.code == "invalid_json"
    assert len(refusal.value.message) < 300
