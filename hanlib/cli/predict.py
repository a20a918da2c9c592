"""`hanlib predict`: the labels of texts from the command line, a file or standard input."""

import contextlib
import sys

from hanlib.cli import model_file, options
from hanlib.cli.errors import UsageError


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(commands, "predict", "label texts, as a stream", run)
    options.add_model(parser)
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
    parser.add_argument(
        "--output", metavar="FILE", help="where to write (default: standard output)"
    )
    parser.add_argument(
        "--format",
        choices=("jsonl", "csv", "table"),
        help="default: from the name of --output, else table on a terminal and jsonl elsewhere",
    )


def run(arguments):
    """Runs the command."""
    from hanlib.cli.classify import classify
    from hanlib.cli.predictions import FORMATS

    model_file.model_path(arguments.model)
    records = _records(arguments)
    if arguments.output is not None:
        options.check_writable_file(arguments.output)
    with contextlib.redirect_stdout(sys.stderr):
        classifier = model_file.load_classifier(arguments.model)
    with _output(arguments.output) as file:
        write = FORMATS[_format(arguments)](file, classifier)
        for record, probabilities in classify(classifier, records):
            write(record, probabilities)


def _records(arguments):
    """The documents to label, as a stream of `(text, record)`."""
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
    return ((text, _record(row, text, fields)) for row, text, fields in rows)


def _record(row, text, fields):
    """A document's own id is kept beside its row."""
    name = next((name for name in fields if str(name).lower() == "id"), None)
    return {"row": row, **({} if name is None else {"id": fields[name]}), "text": text}


def _format(arguments):
    if arguments.format is not None:
        return arguments.format
    if arguments.output is not None:
        return "csv" if arguments.output.lower().endswith(".csv") else "jsonl"
    return "table" if sys.stdout.isatty() else "jsonl"


@contextlib.contextmanager
def _output(path):
    if path is None:
        yield sys.stdout
        return
    from hanlib.training.atomic import replacing

    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        yield file
