"""Where the books are: what is said, else the environment, else a file of the user's own."""

from pathlib import Path

import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore_runtime.settings import DATABASE_URL, database_url


def test_what_is_said_goes_before_the_environment() -> None:
    assert database_url("sqlite:///said.db", environment={DATABASE_URL: "sqlite:///set.db"}) == "sqlite:///said.db"
    assert database_url(environment={DATABASE_URL: "sqlite:///set.db"}) == "sqlite:///set.db"


def test_without_either_it_is_a_file_in_the_users_data_folder_which_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    url = database_url(environment={DATABASE_URL: ""})
    assert url == f"sqlite:///{tmp_path}/data/stockcore/stockcore.db"
    assert (tmp_path / "data" / "stockcore").is_dir()


def test_a_blank_url_is_a_mistake_and_not_the_default() -> None:
    with pytest.raises(StockcoreError) as caught:
        database_url(" ", environment={})
    assert caught.value.code == "database_url"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(StockcoreError) as caught:
        database_url(environment={})
    assert caught.value.code == "database_url"
