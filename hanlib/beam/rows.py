"""Reads the rows of files on any file system of Beam as documents."""

import gzip
import io
import zlib
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from hanlib.data.columns import TEXT_NAMES, find_column
from hanlib.data.corpus import DataError
from hanlib.data.formats import format_of, read_rows
from hanlib.data.text_lines import Encoding, is_unicode

# Names of a record's own values; columns of the input with these names are renamed.
_OWN = ("file", "row", "text")


class Reading(NamedTuple):
    """How rows become documents.

    Attributes:
        text_column: The column of the text.
        columns: The columns to keep, or None for all.
        encoding: The encoding of text files.
    """

    text_column: str
    columns: tuple[str, ...] | None
    encoding: str = "utf-8"


class ReadRows(beam.DoFn):
    """Reads files, given by path.

    Yields `((line, record), text)`, where a record has the file, the row number from 1, the columns
    that are kept, and the text. The output "dead" has a `dict` of file, line and reason for each
    row that cannot be used; "read" has the number of rows of each file. If the rest of a file
    cannot be read, the rest counts as one row, which is dead.

    Args:
        reading: A `Reading`.
    """

    def __init__(self, reading):
        super().__init__()
        self.reading = reading

    def process(self, path):
        """Reads one file."""
        number = line = 0
        try:
            for number, row in enumerate(rows_of(path, self.reading.encoding), start=1):
                line = row.line
                problem = row.problem or problem_of(row.record, self.reading)
                if problem:
                    yield beam.pvalue.TaggedOutput("dead", dead(path, line, problem))
                else:
                    record = record_of(path, number, row.record, self.reading)
                    yield (line, record), record["text"]
        except (DataError, gzip.BadGzipFile, EOFError, zlib.error) as error:
            number += 1
            reason = f"the file cannot be read from here: {error}"
            yield beam.pvalue.TaggedOutput("dead", dead(path, line + 1, reason))
        yield beam.pvalue.TaggedOutput("read", number)


def rows_of(path, encoding):
    """Streams the `Row`s of a file, whose format is that of its name.

    Bytes that are invalid in the encoding become lone surrogates.
    """
    with FileSystems.open(path) as file:
        form = format_of(path)
        source = file if form == "parquet" else io.BufferedReader(_Raw(file, path), 1 << 20)
        yield from read_rows(source, form, Encoding(encoding, "surrogateescape"))


class _Raw(io.RawIOBase):
    """A file of Beam with the interface that `io.BufferedReader` expects."""

    def __init__(self, file, path):
        super().__init__()
        self._file, self.name = file, path

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def problem_of(row, reading):
    """Why a row cannot be used, or None.

    >>> problem_of({"text": 3}, Reading("text", None))
    "a int, not text, in column 'text'"
    """
    for name in (reading.text_column, *(reading.columns or ())):
        if name not in row:
            return f"no column {name!r}"
    text = row[reading.text_column]
    if text is not None and not isinstance(text, str):
        return f"a {type(text).__name__}, not text, in column {reading.text_column!r}"
    for name, value in row.items():
        if isinstance(value, str) and not is_unicode(value):
            return f"bytes that are not {reading.encoding}, in column {name!r}"
    return None


def record_of(path, number, row, reading):
    """The record of a document: file, row, the columns that are kept, and text.

    >>> record_of("a.csv", 1, {"id": 7, "body": "Fine.", "x": 0}, Reading("body", ("id",)))
    {'file': 'a.csv', 'row': 1, 'id': 7, 'text': 'Fine.'}
    """
    names = [name for name in row if name != reading.text_column]
    names = names if reading.columns is None else reading.columns
    kept = {f"input_{name}" if name in _OWN else name: _value(row[name]) for name in names}
    return {"file": path, "row": number, **kept, "text": row[reading.text_column] or ""}


def dead(path, line, reason):
    """The record of a row that could not be used."""
    return {"file": path, "line": line, "reason": reason}


def first_row(paths, encoding) -> dict[str, Any] | None:
    """The first usable row of the first file that has one."""
    for path in paths:
        for row in rows_of(path, encoding):
            if row.record is not None:
                return row.record
    return None


def text_column_of(chosen, row, name):
    """The column of the text, from its name or as `chosen`; raises `DataError` if there is none."""
    if chosen is None and len(row) == 1:
        return next(iter(row))
    return find_column("text_column", chosen, TEXT_NAMES, list(row), name)


def _value(value):
    """The value for JSON, which has no NaN."""
    return None if isinstance(value, float) and value != value else value
