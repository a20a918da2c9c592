"""`hanlib mark`: writes a page on which people mark evidence in documents."""

import random
from pathlib import Path

from hanlib.cli import options
from hanlib.cli.errors import UsageError


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(
        commands, "mark", "write a page to mark the evidence in documents", run
    )
    parser.add_argument(
        "documents", metavar="FILE", help="CSV, TSV, JSONL, Parquet or text; marks in it are kept"
    )
    parser.add_argument(
        "--html", metavar="PAGE", help="the page to write (default: FILE-marks.html)"
    )
    parser.add_argument("--title", help="title of the page (default: the name of FILE)")
    parser.add_argument(
        "--classes",
        metavar="A,B",
        help="class names to choose from (default: the labels in FILE)",
    )
    options.add_number(
        parser,
        "--sample",
        "a random sample of N documents (default: all); the same for everyone with the same FILE "
        "and --seed",
    )
    options.add_number(parser, "--seed", "random seed of --sample", 0)
    add_columns(parser)


def add_columns(parser):
    """The options for reading a file of marked documents."""
    group = parser.add_argument_group("reading the documents")
    for name in ("text", "label", "evidence"):
        group.add_argument(f"--{name}-column", metavar="C", help=f"column of the {name}")
    options.add_file_format(group)


def read(path, arguments):
    """The `MarkedDocument`s of a file, read as the options say."""
    from hanlib.data.evidence import read_marked

    return read_marked(
        path,
        arguments.text_column,
        arguments.label_column,
        arguments.evidence_column,
        arguments.encoding,
        arguments.max_bad_rows,
    )


def run(arguments):
    """Runs the command."""
    from hanlib.atomic_files import write_text
    from hanlib.evidence.marking_page import marking_page

    stem = Path(arguments.documents).name.split(".")[0]
    path = arguments.html or f"{Path(arguments.documents).parent / stem}-marks.html"
    options.check_writable_file(path)
    documents = list(read(arguments.documents, arguments))
    if not documents:
        raise UsageError(f"{arguments.documents} has no documents")
    options.check_least(arguments, "sample")
    if arguments.sample is not None:
        few = min(arguments.sample, len(documents))
        documents = random.Random(arguments.seed).sample(documents, few)
    classes = None
    if arguments.classes is not None:
        classes = [name.strip() for name in arguments.classes.split(",") if name.strip()]
    page = marking_page(map(_entry, documents), arguments.title or stem, stem, classes)
    write_text(path, page)
    print(f"{len(documents):,} documents in {path}: open it in a browser")
    return 0


def _entry(document):
    entry = {"text": document.text, "label": document.label, "evidence": document.evidence}
    for name in ("id", "split"):
        value = getattr(document, name)
        if isinstance(value, (str, int, float)) and value == value:
            entry[name] = value
    return entry
