"""Reads a file of any encoding line by line, with the position in error messages."""

import codecs
import gzip
import io
import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from hanlib.data.corpus import DataError


class Encoding(NamedTuple):
    """An encoding: the name of the codec, and `errors` as in `bytes.decode`."""

    name: str = "utf-8"
    errors: str = "strict"


def name_of(source) -> str:
    """The name of a path or an open file, for messages."""
    if isinstance(source, (str, os.PathLike)):
        return Path(source).name
    return str(getattr(source, "name", "input"))


class _Lines:
    """An iterator of lines that can be peeked at."""

    def __init__(self, lines: Iterable[str]):
        self._lines = iter(lines)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._lines)

    def peek(self, count):
        head = list(itertools.islice(self._lines, count))
        self._lines = itertools.chain(head, self._lines)
        return head


def text_lines(source, encoding) -> _Lines:
    """The decoded lines of a path or an open file, with line ends, without a byte order mark.

    Bytes are decoded line by line, so that an error can name the line and the byte.
    """
    return _Lines(_without_mark(_decoded_lines(source, encoding)))


def _without_mark(lines):
    for first in lines:
        yield first.removeprefix("\ufeff")
        break
    yield from lines


def _decoded_lines(source, encoding):
    try:
        codec = codecs.lookup(encoding.name).name
    except LookupError:
        raise DataError(
            f"`encoding` must name a codec of Python. Received: encoding={encoding.name!r}"
        ) from None
    if not isinstance(source, (str, os.PathLike)):
        yield from _decode(source, codec, encoding, name_of(source))
        return
    opener = gzip.open if str(source).lower().endswith(".gz") else open
    try:
        with opener(source, "rb") as file:
            yield from _decode(file, codec, encoding, name_of(source))
    except (gzip.BadGzipFile, EOFError) as error:
        raise DataError(f"{name_of(source)} is not a complete gzip file: {error}") from error


def _decode(file, codec, encoding, name):
    if codec.startswith(("utf-16", "utf-32")) and not isinstance(file, io.TextIOBase):
        # A line feed has more than one byte in these encodings, so lines are found after decoding.
        file = io.TextIOWrapper(file, encoding.name, encoding.errors, newline="")
    number = 1  # the line that is being read
    try:
        for line in file:
            yield line if isinstance(line, str) else line.decode(encoding.name, encoding.errors)
            number += 1
    except UnicodeDecodeError as error:
        found = error.object[error.start : error.start + 1].hex()
        utf16 = error.object[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        raise DataError(
            f"{name} is not text in the expected encoding. Expected: {encoding.name}. Received: "
            f"byte 0x{found} at line {number}, byte {error.start + 1} of it "
            f"({error.reason}). Pass the file's `encoding`, such as "
            f"{'utf-16' if utf16 else 'cp1252, latin-1 or gb18030'}"
        ) from error


def is_unicode(text):
    r"""Whether a string can be encoded as UTF-8. JSON can contain lone surrogates, which cannot.

    >>> is_unicode("caf\u00e9"), is_unicode("\ud83d")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
