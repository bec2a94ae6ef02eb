"""A file on its way in: which form it has, its fingerprint, and its lines as text."""

from __future__ import annotations

import codecs
import contextlib
import enum
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import attrs

from stockcore.kernel.errors import StockcoreError

LINE_MAX: Final = 1 << 20  # bytes; keeps memory flat on a file without line ends
_CHUNK: Final = 1 << 20
_HEAD: Final = 4096
_BINARY: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_UTF8_MARK: Final = codecs.BOM_UTF8


class Form(enum.Enum):
    CSV = ("csv",)
    JSON_LINES = ("jsonl", "ndjson")


@attrs.frozen
class Source:
    """A regular file whose content had this fingerprint (SHA-256) before the first row was read."""

    path: Path
    form: Form
    compressed: bool
    fingerprint: str

    @classmethod
    def of(cls, path: Path) -> Source:
        """Errors: file_not_found, file_invalid (unknown ending, not a regular file, unreadable)."""
        form, compressed = _form_of(path)
        return cls(path, form, compressed, _fingerprint(path))

    def check_unchanged(self) -> None:
        """Errors: file_changed, when the content is no longer what the fingerprint was taken of."""
        try:
            now = _fingerprint(self.path)
        except StockcoreError:
            now = None
        if now != self.fingerprint:
            raise StockcoreError("file_changed", f"{self.path.name} changed while it was read: import it again")

    def lines(self, encoding: str = "utf-8") -> Iterator[str]:
        """The physical lines, decoded, with their line ends; a byte order mark before CSV is dropped.

        Errors: invalid_encoding with the line, file_invalid (binary, broken gzip, a line over 1 MiB).
        """
        check_encoding(encoding)
        with self._opened() as stream:
            for number, line in enumerate(_raw_lines(stream, self.path.name), 1):
                if number == 1:
                    line = self._first(line)
                yield _decoded(line, encoding, number)

    def _first(self, line: bytes) -> bytes:
        if _BINARY.search(line[:_HEAD]):
            raise _invalid(self.path.name, "is not text: is it compressed, a spreadsheet, or UTF-16?")
        return line.removeprefix(_UTF8_MARK) if self.form is Form.CSV else line

    @contextlib.contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        try:
            with self.path.open("rb") as raw:
                if self.compressed:
                    with gzip.open(raw) as stream:
                        yield stream  # type: ignore[misc]  # a GzipFile reads like any binary stream
                else:
                    yield raw
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise _invalid(self.path.name, "is not a whole gzip file") from None
        except OSError as error:
            raise _unreadable(self.path, error) from error


def check_encoding(encoding: str) -> None:
    """Errors: value_unknown, for an encoding that is unknown or does not extend ASCII (lines could not be told)."""
    try:
        extends_ascii = 'a\n,"'.encode(encoding) == b'a\n,"'
    except (LookupError, UnicodeError):
        extends_ascii = False
    if not extends_ascii:
        raise StockcoreError(
            "value_unknown",
            f"{encoding[:40]!r} is no encoding of text files known here: utf-8, cp1252, iso-8859-1 …",
            field="encoding",
        )


def _form_of(path: Path) -> tuple[Form, bool]:
    name = path.name.lower()
    compressed = name.endswith(".gz")
    ending = name.removesuffix(".gz").rpartition(".")[2]
    for form in Form:
        if ending in form.value:
            return form, compressed
    raise _invalid(path.name, "must end in .csv, .jsonl or .ndjson, or one of these and .gz")


def _fingerprint(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        if path.exists() and not path.is_file():
            raise _invalid(path.name, "is not a regular file")
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise _unreadable(path, error) from error
    return digest.hexdigest()


def _raw_lines(stream: BinaryIO, name: str) -> Iterator[bytes]:
    while line := stream.readline(LINE_MAX + 1):
        if len(line) > LINE_MAX:
            raise _invalid(name, "has a line of over 1 MiB")
        yield line


def _decoded(line: bytes, encoding: str, number: int) -> str:
    try:
        return line.decode(encoding)
    except UnicodeError:
        raise StockcoreError(
            "invalid_encoding",
            f"line {number} is not {encoding}: name the file's encoding with --encoding, for instance cp1252",
            line=number,
            encoding=encoding,
        ) from None


def _invalid(name: str, why: str) -> StockcoreError:
    return StockcoreError("file_invalid", f"{name} {why}", file=name)


def _unreadable(path: Path, error: OSError) -> StockcoreError:
    if isinstance(error, FileNotFoundError):
        return StockcoreError("file_not_found", f"there is no file {path}", file=path.name)
    return _invalid(path.name, f"cannot be read: {error.strerror or error}")
