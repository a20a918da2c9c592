"""The argument TEXT and the option --input: the documents of a command, as a stream."""

import math
import os

from hanlib.cli import options
from hanlib.cli.errors import UsageError


def add_arguments(parser):
    """The argument TEXT and the options for reading a file of texts."""
    parser.add_argument(
        "texts",
        metavar="TEXT",
        nargs="*",
        help="documents; if there are none, or with -, standard input is read, one document per "
        "line",
    )
    parser.add_argument("--input", metavar="FILE", help="CSV, TSV, JSONL, Parquet or text; or -")
    parser.add_argument("--text-column", metavar="C", help="column of the text in FILE")
    options.add_file_format(parser)


def add_columns(parser):
    """The option --columns."""
    parser.add_argument(
        "--columns",
        metavar="A,B",
        help='columns of FILE to keep in the output, or "none" (default: all)',
    )


def records(arguments, label_column=None):
    """The documents, as a stream of `(text, record)`.

    A record is a `dict` of row, the columns of the file that are kept, and text; with
    `label_column` also true_label. Commands without the option --columns keep only the id.

    Raises:
        UsageError: both TEXT and --input are given, a TEXT is the name of a file, or a row lacks a
            column.
    """
    if arguments.input is not None and arguments.texts:
        raise UsageError("give either TEXT or --input, not both")
    source = arguments.input
    if source is None and arguments.texts in ([], ["-"]):
        source = "-"
    if source is None:
        _check_no_files(arguments.texts)
        return (
            (text, {"row": row, "text": text}) for row, text in enumerate(arguments.texts, start=1)
        )
    from hanlib.data.text_lines import Encoding
    from hanlib.data.texts import read_rows_of_texts

    encoding = Encoding(arguments.encoding, "strict")
    rows = read_rows_of_texts(source, arguments.text_column, None, encoding, arguments.max_bad_rows)
    keep = _kept_columns(arguments)
    return (_document(*row, keep, label_column) for row in rows)


def _check_no_files(texts):
    """Refuses the name of a file as a text: its content is meant."""
    for text in texts:
        # The name of a file has at most 255 bytes on all common file systems.
        if len(text) < 256 and "\0" not in text and os.path.isfile(text):
            raise UsageError(f"TEXT is a document, not a file: read the file with --input {text}")


def _document(row, column, fields, keep, label_column):
    text = fields[column] or ""
    others = {str(name): value for name, value in fields.items() if name != column}
    # Columns named row or text are renamed, to keep those of the record.
    kept = {
        f"input_{name}" if name in ("row", "text") else name: _value(value)
        for name, value in keep(row, others, column).items()
    }
    record = {"row": row, **kept, "text": text}
    if label_column is not None:
        _check_columns(row, [label_column], fields)
        record["true_label"] = fields[label_column]
    return text, record


def _kept_columns(arguments):
    """A function of a row number, its columns and that of the text; returns the columns to keep."""
    chosen = getattr(arguments, "columns", "id")
    if chosen is None:
        return lambda row, fields, text: fields
    if not hasattr(arguments, "columns"):
        return lambda row, fields, text: {n: v for n, v in fields.items() if n.lower() == "id"}
    names = [] if chosen == "none" else [name.strip() for name in chosen.split(",")]

    def keep(row, fields, text):
        others = [name for name in names if name != text]  # The text is kept anyway.
        _check_columns(row, others, fields)
        return {name: fields[name] for name in others}

    return keep


def _check_columns(row, names, fields):
    for name in names:
        if name not in fields:
            listed = ", ".join(map(str, fields)) or "none"
            raise UsageError(f"row {row} has no column {name!r}: its columns are {listed}")


def _value(value):
    """The value for JSON, which has no NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value
