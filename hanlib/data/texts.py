"""Reads texts without labels from files or standard input, for predictions."""

import sys
from collections.abc import Iterator
from typing import Any

from hanlib.checks import check_choice
from hanlib.data import formats
from hanlib.data.bad_rows import BadRows
from hanlib.data.columns import TEXT_NAMES, find_column
from hanlib.data.corpus import DataError
from hanlib.data.text_lines import Encoding, is_unicode, name_of


def read_texts(
    path_or_file,
    text_column=None,
    *,
    file_format=None,
    encoding="utf-8",
    encoding_errors="strict",
    max_bad_rows=100,
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Streams texts from a file.

    Args:
        path_or_file: path of a CSV, TSV, JSONL (each optionally .gz), Parquet or text file; "-" for
            standard input; or an open file. In a text file each line is a document.
        text_column: column of the text. Default: the only column, or one with a known name.
        file_format: "csv", "tsv", "jsonl", "parquet" or "text". Default: from the name of the file,
            or "text" for standard input and open files without such a name.
        encoding: encoding of text files.
        encoding_errors: as in `load`.
        max_bad_rows: maximum number of rows that cannot be read (invalid JSON, a wrong number of
            fields, a text that is not a string). They are left out, with a `BadRowsWarning` at the
            end; if there are more, an error is raised.

    Yields:
        `(row_number, text, record)`: the row number from 1, which counts bad rows but not the
        header; the text, "" if it is missing; and the row as a `dict` by column name.

    Raises:
        DataError: the file does not exist, its format or encoding is unknown or wrong, or it has no
            text column.

    >>> import io
    >>> for row_number, text, record in read_texts(io.StringIO("Good.\\nNot good.\\n")):
    ...     print(row_number, text)
    1 Good.
    2 Not good.
    """
    encoding = Encoding(encoding, encoding_errors)
    rows = read_rows_of_texts(path_or_file, text_column, file_format, encoding, max_bad_rows)
    return ((row_number, record[column] or "", record) for row_number, column, record in rows)


def read_rows_of_texts(path_or_file, text_column, file_format, encoding, max_bad_rows):
    """Like `read_texts`, but takes an `Encoding`, and yields the column of the text, not the text.

    Yields:
        `(row_number, column, record)`.
    """
    source, file_format = _opened(path_or_file, file_format)
    rows = formats.read_rows(source, file_format, encoding)
    return _rows(name_of(source), rows, text_column, file_format, max_bad_rows)


def _opened(path_or_file, file_format):
    """The source to read and its format. Standard input is read as bytes, to apply `encoding`."""
    if file_format is not None:
        check_choice("file_format", file_format, formats.FORMATS, error=DataError)
    if path_or_file == "-":
        return getattr(sys.stdin, "buffer", sys.stdin), file_format or "text"
    named = formats.format_of(name_of(path_or_file))
    if not hasattr(path_or_file, "read"):
        formats.check_readable("path_or_file", path_or_file)
        if file_format is None and named is None:
            raise DataError(
                f"`file_format` must be given for {name_of(path_or_file)}, whose name "
                f"has no known ending: one of {', '.join(formats.FORMATS)}"
            )
    return path_or_file, file_format or named or "text"


def _rows(name, rows, text_column, file_format, max_bad_rows):
    bad = BadRows(name, max_bad_rows)
    column = None
    for row in rows:
        bad.rows += 1
        record = row.record
        if record is None:
            bad.add(name, row.line, row.problem)
            continue
        if column is None:
            column = _text_column(text_column, record, file_format, name)
        text = record.get(column)
        if text is not None and not isinstance(text, str):
            bad.add(name, row.line, f"a {type(text).__name__}, not text, in column {column!r}")
        elif text and not is_unicode(text):
            bad.add(name, row.line, f"half a Unicode character in column {column!r}")
        else:
            yield bad.rows, column, {**record, column: text}
    bad.warn()


def _text_column(chosen, record, file_format, name):
    columns = list(record)
    if chosen is None and (len(columns) == 1 or file_format == "text"):
        return columns[0]
    return find_column("text_column", chosen, TEXT_NAMES, columns, name)
