"""Examples in documents write files: each document runs in a folder of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _document_in_a_folder_of_its_own(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(tmp_path)
