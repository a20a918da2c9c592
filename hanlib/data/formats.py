"""Readers of file formats, which stream rows and keep only a few in memory."""

import csv
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hanlib.data import tfrecord
from hanlib.data.corpus import DataError
from hanlib.data.text_lines import name_of, text_lines

# A longer field means that a quotation mark was probably not closed.
MAX_FIELD_CHARACTERS = 20_000_000
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".txt": "text",
}
# Such as part.tfrecord.gz, or imdb-train.tfrecord-00000-of-00004 of TensorFlow Datasets.
_TFRECORD = re.compile(r"\.tfrecords?(-\d+-of-\d+)?(\.gz)?$", re.IGNORECASE)
FORMATS = ("csv", "tsv", "jsonl", "parquet", "tfrecord", "text")


class Row(NamedTuple):
    """One row of a file: its line (from 1), and either its record or the problem with it."""

    line: int
    record: dict[str, Any] | None
    problem: str | None = None


def format_of(path):
    """The format of a file according to its name, without `.gz`; None if it is unknown.

    >>> format_of("reviews.csv.gz"), format_of("reviews.xlsx")
    ('csv', None)
    """
    if _TFRECORD.search(str(path)):
        return "tfrecord"
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
        if suffixes and _SUFFIXES.get(suffixes[-1]) == "parquet":
            return None
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def read_rows(source, file_format, encoding, columns=None) -> Iterator[Row]:
    """Streams the rows of a file.

    Args:
        source: path, or an open file (text or binary).
        file_format: one of `FORMATS`.
        encoding: an `Encoding`.
        columns: names of the columns to read, or None for all. Used for Parquet only.

    Raises:
        DataError: the encoding is wrong, there is no header, the file does not have that format,
            or pyarrow is missing. TFRecord files need TensorFlow.
    """
    if file_format == "parquet":
        yield from _parquet_rows(source, columns)
        return
    if file_format == "tfrecord":
        yield from itertools.starmap(Row, tfrecord.records(source, encoding))
        return
    read = {"csv": _csv_rows, "tsv": _tsv_rows, "jsonl": _jsonl_rows, "text": _text_rows}
    yield from read[file_format](text_lines(source, encoding), name_of(source))


def column_names(source, file_format, encoding, sampled_rows=100) -> list[str]:
    """The columns of a file: those in its header, or all keys of its first records."""
    if file_format == "parquet":
        return list(_open_parquet(source).schema_arrow.names)
    if file_format in ("jsonl", "tfrecord"):
        rows = itertools.islice(read_rows(source, file_format, encoding), sampled_rows)
        return list(dict.fromkeys(key for row in rows if row.record for key in row.record))
    lines = text_lines(source, encoding)
    return _header(csv.reader(lines, _dialect(file_format, lines)), name_of(source))


def check_readable(argument, path):
    """Raises `DataError` unless `path` is a file."""
    if not Path(path).is_file():
        came = "a folder" if Path(path).is_dir() else "which does not exist"
        raise DataError(f"`{argument}` must be a file. Received: {str(path)!r}, {came}")


# Delimited text -----------------------------------------------------------------------------


class _Quoted(csv.excel):
    # Otherwise a misplaced quotation mark would silently merge lines.
    strict = True


class _Unquoted(csv.excel_tab):
    quoting = csv.QUOTE_NONE


def _csv_rows(lines, name):
    return _delimited_rows(lines, name, _dialect("csv", lines))


def _tsv_rows(lines, name):
    return _delimited_rows(lines, name, _dialect("tsv", lines))


def _dialect(file_format, lines):
    """The delimiter and quoting, detected from the first lines of the file."""
    head = lines.peek(200)
    if file_format == "tsv":
        return _quoted("\t") if _reads_well(head, _quoted("\t")) else _Unquoted
    header = head[0] if head else ""
    delimiter = next((d for d in ",;\t" if d in header), ",")
    return _quoted(delimiter)


def _quoted(wanted):
    return type("Quoted", (_Quoted,), {"delimiter": wanted})


def _reads_well(head, dialect):
    """Whether the first rows have the same number of fields if quotation marks are interpreted.

    The last row may be truncated at the end of the sample.
    """
    widths, complete = set(), 0
    reader = csv.reader(head, dialect)
    try:
        for row in reader:
            widths.add(len(row))
            complete = reader.line_num
    except csv.Error:
        cut_off = reader.line_num >= len(head) and len(head) - complete < 50
        return cut_off and complete > 0
    return len(widths - {0}) <= 1


def _header(reader, name):
    try:
        header = [column.strip() for column in next(reader, [])]
    except csv.Error as error:
        raise DataError(f"{name} has no readable header: line 1: {error}") from error
    if not any(header):
        raise DataError(
            f"{name} must begin with a header that names its columns. Received: "
            f"{'an empty line' if header else 'an empty file'}"
        )
    double = sorted({column for column in header if header.count(column) > 1})
    if double:
        raise DataError(f"{name} must name each column once. Received twice: {double}")
    return header


def _delimited_rows(lines, name, dialect):
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    reader = csv.reader(lines, dialect)
    header = _header(reader, name)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, None, f"{error} (is a quotation mark open or not doubled?)")
            continue
        if not fields:
            continue
        if len(fields) != len(header):
            yield Row(line, None, f"{len(fields)} fields where the header has {len(header)}")
        else:
            yield Row(line, dict(zip(header, fields, strict=True)))


# One document per line ----------------------------------------------------------------------


def _jsonl_rows(lines, name):
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            yield Row(number, None, f"not JSON: {error}")
            continue
        if isinstance(record, dict):
            yield Row(number, record)
        elif number == 1 and isinstance(record, list):
            raise DataError(f"{name} must hold one JSON object per line. Received: an array")
        else:
            yield Row(number, None, f"a JSON {type(record).__name__} where an object is expected")


def _text_rows(lines, name):
    for number, line in enumerate(lines, start=1):
        yield Row(number, {"text": line.rstrip("\r\n")})


# Parquet ------------------------------------------------------------------------------------


def _open_parquet(source):
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise DataError(
            f'{name_of(source)} is a Parquet file, which needs pyarrow: pip install "hanlib[files]"'
        ) from None
    try:
        return pyarrow.parquet.ParquetFile(source)
    except pyarrow.ArrowInvalid as error:
        raise DataError(f"{name_of(source)} is not a Parquet file: {error}") from error


def _parquet_rows(source, columns):
    file = _open_parquet(source)
    number = 0
    for batch in file.iter_batches(batch_size=1024, columns=columns):
        for record in batch.to_pylist():
            number += 1
            yield Row(number, record)
