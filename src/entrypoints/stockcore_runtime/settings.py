"""Settings, each from the environment or its default. Nothing is read at import."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from stockcore.kernel.errors import StockcoreError

DATABASE_URL: Final = "STOCKCORE_DATABASE_URL"


def database_url(given: str | None = None, *, environment: Mapping[str, str] | None = None) -> str:
    """Where the books are: what the caller says, else the environment, else a file of the user's own.

    Errors: database_url (also when the folder of the user's own file cannot be made).
    """
    values = os.environ if environment is None else environment
    if given is not None:
        return _not_blank(given)
    if values.get(DATABASE_URL):
        return values[DATABASE_URL]
    return f"sqlite:///{_own_file()}"


def _not_blank(url: str) -> str:
    if not url.strip():
        raise StockcoreError(
            "database_url", "the database URL is blank: write sqlite:///path or postgresql://user@host/name"
        )
    return url


def _own_file() -> Path:
    """The default SQLite file; its folder is made on first use."""
    from platformdirs import user_data_path

    folder = user_data_path("stockcore", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StockcoreError(
            "database_url",
            f"the data folder {folder} cannot be made ({error.strerror}): give --database or {DATABASE_URL}",
        ) from error
    return folder / "stockcore.db"
