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
_SIGNED: Final = "utf-8-sig"  # read as UTF-8, but for the mark: the codec would drop one before every line
#: Every ASCII character of a text file, and what utf-7, unicode_escape, hz and idna make something else of.
_ASCII: Final = b"\t\r\n" + bytes(range(32, 127)).replace(b"\\", rb"\\") + rb"+AGE- \u0061\x61 ~{!!~} .xn--nxa."


class Form(enum.Enum):
    CSV = ("csv",)
    JSON_LINES = ("jsonl", "ndjson")


@attrs.frozen
class Source:
    """A regular file whose content had this fingerprint (SHA-256) before the first row was read.

    The content is what is read, unpacked: the same rows compressed again, or not at all, are the same file.
    """

    path: Path
    form: Form
    compressed: bool
    fingerprint: str
    _seen: tuple[int, ...]  # what the file system says of the file; where that is the same, so is the content

    @classmethod
    def of(cls, path: Path) -> Source:
        """Errors: file_not_found, file_invalid (unknown ending, not a regular file, unreadable)."""
        form, compressed = _form_of(path)
        seen = _seen(path)  # first: what changes while the content is read is noticed
        return cls(path, form, compressed, _fingerprint(path, compressed), seen)

    def check_unchanged(self, *, quick: bool = False) -> None:
        """`quick`: the content is looked at only where the file system says that something has changed.

        Errors: file_changed, when the content is no longer what the fingerprint was taken of.
        """
        if quick and _seen(self.path) == self._seen:
            return
        try:
            now = _fingerprint(self.path, self.compressed)
        except StockcoreError:
            now = None
        if now != self.fingerprint:
            raise StockcoreError("file_changed", f"{self.path.name} changed while it was read")

    def lines(self, encoding: str = "utf-8") -> Iterator[str]:
        """The physical lines, decoded, each with its line end, of which a carriage return is no part (nor in a cell of
        several lines: the same file saved elsewhere says the same); a byte order mark before CSV is dropped, and
        before JSON if the encoding is `utf-8-sig`.

        Errors: value_unknown (encoding), invalid_encoding with the line, file_invalid (binary, broken gzip, a line
        over 1 MiB).
        """
        check_encoding(encoding)
        signed = codecs.lookup(encoding).name == _SIGNED
        with _opened(self.path, self.compressed) as stream:
            for number, line in enumerate(_raw_lines(stream, self.path.name), 1):
                if number == 1:
                    line = self._first(line, signed)
                text = _decoded(line, "utf-8" if signed else encoding, number)
                yield text.removesuffix("\r\n") + "\n" if text.endswith("\r\n") else text

    def _first(self, line: bytes, signed: bool) -> bytes:
        if _BINARY.search(line[:_HEAD]):
            raise _invalid(self.path.name, "is not text: is it compressed, a spreadsheet, or UTF-16?")
        return line.removeprefix(_UTF8_MARK) if signed or self.form is Form.CSV else line


def _seen(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns)


@contextlib.contextmanager
def _opened(path: Path, compressed: bool) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as raw:
            if compressed:
                with gzip.open(raw) as stream:
                    yield stream  # type: ignore[misc]  # a GzipFile reads like any binary stream
            else:
                yield raw
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise _invalid(path.name, "is not a whole gzip file") from None
    except OSError as error:
        raise _unreadable(path, error) from error


def check_encoding(encoding: str) -> None:
    """Errors: value_unknown, for an encoding that is unknown, or in which ASCII does not stand for itself: its lines
    could not be told, or cells would be rewritten (`\\u0041` to `A`)."""
    try:
        extends_ascii = _ASCII.decode(encoding) == _ASCII.decode("ascii")
    except (LookupError, ValueError):
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


def _fingerprint(path: Path, compressed: bool) -> str:
    """Of what the file says: a byte order mark, the kind of line ends and empty lines at its end make no other file."""
    digest = hashlib.sha256()
    try:
        irregular = path.exists() and not path.is_file()
    except OSError as error:
        raise _unreadable(path, error) from error
    if irregular:
        raise _invalid(path.name, "is not a regular file")
    with _opened(path, compressed) as stream:
        ends = stream.read(len(_UTF8_MARK)).removeprefix(_UTF8_MARK)  # line ends whose meaning the next chunk decides
        while chunk := stream.read(_CHUNK):
            content = (ends + chunk).replace(b"\r\n", b"\n")
            said = content.rstrip(b"\r\n")
            ends = content[len(said) :]
            digest.update(said)
        digest.update(ends.rstrip(b"\r\n"))
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
