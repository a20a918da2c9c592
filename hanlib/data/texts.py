"""Reading texts to predict on: labels are not needed, and standard input will do."""

import sys
from collections.abc import Iterator
from typing import Any

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
    """Streams texts from a file for prediction.

    Args:
        path_or_file: path of a CSV, TSV, JSONL (each also .gz), Parquet or text file; "-" for
            standard input; or an open file. In a text file each line is a document.
        text_column: column of the text; guessed from its name, or the only column there is.
        file_format: "csv", "tsv", "jsonl", "parquet" or "text"; None: from the name of the file.
            Standard input and open files without such a name are read as "text".
        encoding: of text files.
        encoding_errors: as in `load`.
        max_bad_rows: rows that cannot be read (undecodable JSON, a wrong number of fields, a text
            that is no string) are left out, with a `BadRowsWarning` at the end; more than this
            stop the run.

    Yields:
        `(row_number, text, record)`: the row counted from 1, without the header and with bad rows,
        so that a gap shows; the text, "" where it is missing; the whole row by column name.

    Raises:
        DataError: no such file, unknown format, no text column, wrong encoding.

    >>> import io
    >>> for row_number, text, record in read_texts(io.StringIO("Good.\\nNot good.\\n")):
    ...     print(row_number, text)
    1 Good.
    2 Not good.
    """
    rows = read_rows_of_texts(
        path_or_file,
        text_column,
        file_format=file_format,
        encoding=encoding,
        encoding_errors=encoding_errors,
        max_bad_rows=max_bad_rows,
    )
    return ((row_number, record[column] or "", record) for row_number, column, record in rows)


def read_rows_of_texts(
    path_or_file,
    text_column=None,
    *,
    file_format=None,
    encoding="utf-8",
    encoding_errors="strict",
    max_bad_rows=100,
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """As `read_texts`, but yields `(row_number, column of the text, record)`."""
    source, file_format = _opened(path_or_file, file_format)
    rows = formats.read_rows(source, file_format, Encoding(encoding, encoding_errors))
    return _rows(name_of(source), rows, text_column, file_format, max_bad_rows)


def _opened(path_or_file, file_format):
    """The source to read and its format; standard input as bytes, so that `encoding` counts."""
    if file_format not in (None, *formats.FORMATS):
        raise DataError(
            f"`file_format` must be one of {', '.join(formats.FORMATS)}. "
            f"Received: file_format={file_format!r}"
        )
    if path_or_file == "-":
        return getattr(sys.stdin, "buffer", sys.stdin), file_format or "text"
    named = formats.format_of(name_of(path_or_file))
    if not hasattr(path_or_file, "read"):
        formats.check_readable("path_or_file", path_or_file)
        if file_format is None and named is None:
            raise DataError(
                f"`file_format` must be given for {name_of(path_or_file)}, whose name "
                f"does not say it: one of {', '.join(formats.FORMATS)}"
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
