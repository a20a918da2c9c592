"""TEXT and --input: the documents of a command, as a stream."""

from hanlib.cli import options
from hanlib.cli.errors import UsageError


def add_arguments(parser):
    """The argument TEXT and the options that say how a file of texts is read."""
    parser.add_argument(
        "texts",
        metavar="TEXT",
        nargs="*",
        help="documents; without any, or with -, standard input is read, one document a line",
    )
    parser.add_argument("--input", metavar="FILE", help="CSV, TSV, JSONL, Parquet or text; or -")
    parser.add_argument("--text-column", metavar="C", help="column of the text in FILE")
    parser.add_argument("--encoding", metavar="E", default="utf-8", help="encoding of FILE")
    parser.add_argument(
        "--max-bad-rows",
        metavar="N",
        type=options.whole_number,
        default=100,
        help="rows that cannot be used before the run stops (default: 100)",
    )


def records(arguments, label_column=None):
    """The documents, as a stream of `(text, record)`.

    A record is a `dict` of row, the document's own id where it has one, and text; with a
    `label_column` also true_label.

    Raises:
        UsageError: documents come from two places, or a row has no such column.
    """
    if arguments.input is not None and arguments.texts:
        raise UsageError("give either TEXT or --input, not both")
    source = arguments.input
    if source is None and arguments.texts in ([], ["-"]):
        source = "-"
    if source is None:
        return (
            (text, {"row": row, "text": text}) for row, text in enumerate(arguments.texts, start=1)
        )
    from hanlib.data import read_texts

    rows = read_texts(
        source,
        arguments.text_column,
        encoding=arguments.encoding,
        max_bad_rows=arguments.max_bad_rows,
    )
    return ((text, _record(row, text, fields, label_column)) for row, text, fields in rows)


def _record(row, text, fields, label_column):
    name = next((name for name in fields if str(name).lower() == "id"), None)
    record = {"row": row, **({} if name is None else {"id": fields[name]}), "text": text}
    if label_column is None:
        return record
    if label_column not in fields:
        listed = ", ".join(map(str, fields)) or "none"
        raise UsageError(f"row {row} has no column {label_column!r}: its columns are {listed}")
    return {**record, "true_label": fields[label_column]}
