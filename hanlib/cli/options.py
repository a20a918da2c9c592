"""Options that several commands share: the data set, and the model."""

import argparse
import glob
import os
from pathlib import Path

from hanlib.cli.errors import UsageError
from hanlib.evidence.methods import METHODS, default_method


def add_parser(commands, name, summary, run):
    """Adds the parser of a command, with the settings that all commands share."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_model(parser):
    """The argument MODEL."""
    parser.add_argument(
        "model", metavar="MODEL", help="a folder written by `hanlib train`, or a .keras file"
    )


def add_json(parser):
    """The option --json."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object to standard output"
    )


def add_number(group, name, text, default=None, metavar="N"):
    """An option with a whole number, such as --epochs."""
    if default is not None:
        text = f"{text} (default: {default})"
    group.add_argument(name, metavar=metavar, type=whole_number, default=default, help=text)


def add_set(parser, text):
    """The option --set."""
    parser.add_argument(
        "--set",
        metavar="FIELD=VALUE",
        action="append",
        default=[],
        help=f"any field of the recipe{text}; can be repeated",
    )


def add_file_format(group, default="utf-8"):
    """The options --encoding and --max-bad-rows; `default` is the encoding."""
    group.add_argument(
        "--encoding",
        metavar="E",
        default=default,
        help="encoding of text files (default: utf-8)",
    )
    text = "maximum number of rows that cannot be used (default: 100)"
    group.add_argument(
        "--max-bad-rows", metavar="N", type=whole_number, default=default and 100, help=text
    )


def check_least(arguments, *names, least=1):
    """Raises `UsageError` for a number that is given and too small."""
    for name in names:
        value = getattr(arguments, name)
        if value is not None and not value >= least:
            option = name.replace("_", "-")
            raise UsageError(f"--{option} must be at least {least}. Received: {value}")


def check_alone(arguments, option, *others):
    """Raises `UsageError` for an option that was given together with another one."""
    for name in others:
        if getattr(arguments, name):
            raise UsageError(f"give either --{option} or --{name}, not both")


def add_method(group, text="explanation method"):
    """The option --method; None for the default of the model's encoder."""
    group.add_argument(
        "--method",
        choices=METHODS,
        metavar="M",
        help=f"{text}: %(choices)s (default: {default_method()}; for a model that reads no "
        f"sentences {default_method(False)}, or {default_method(False, False)} without attention)",
    )


def check_methods(classifier, names):
    """Raises `UsageError` if the model cannot be explained by one of the methods."""
    from hanlib.explain.methods import available_methods

    available = available_methods(classifier)
    for name in filter(None, names):
        if name not in available:
            why = "a model with a rationale head" if name == "rationale" else "another encoder"
            raise UsageError(f"--method {name} needs {why}; this model has {', '.join(available)}")


def class_of(classifier, name):
    """A name on the command line as a class: a number if classes are numbers."""
    numbers = isinstance(classifier.classes[0], int) and name.lstrip("-").isdecimal()
    return int(name) if numbers else name


def add_dataset(parser, default_help):
    """The argument DATASET and the options for reading it."""
    parser.add_argument(
        "dataset",
        metavar="DATASET",
        nargs="?",
        help="a name of the catalog (see `hanlib datasets`), a file, a folder, or a quoted pattern "
        f"such as 'data/part-*.jsonl.gz'; {default_help}",
    )
    group = parser.add_argument_group("reading the data set")
    group.add_argument("--text-column", metavar="C", help="column of the text")
    group.add_argument("--label-column", metavar="C", help="column of the label")
    group.add_argument("--split-column", metavar="C", help="column with train, validation, test")
    group.add_argument(
        "--evidence-column",
        metavar="C",
        help="column with the spans that people marked as evidence (JSONL, Parquet)",
    )
    group.add_argument(
        "--multi-label",
        action="store_const",
        const=True,
        help='any number of labels per document: a list, or text such as "art|law"',
    )
    group.add_argument(
        "--label-separator", metavar="S", help='separator of labels in text (default: "|")'
    )
    group.add_argument(
        "--validation-split",
        metavar="N",
        type=_split,
        help="training documents to hold out if there is no validation split: a fraction or number",
    )
    add_file_format(group, default=None)


def add_task(parser):
    """The options of models that label sentences or words."""
    group = parser.add_argument_group("labels of sentences or words")
    group.add_argument(
        "--task",
        choices=("documents", "sentences", "tokens"),
        default="documents",
        help="what is labeled (default: documents, with --token-columns JSONL with the list words, "
        "or sentences that are lists of words, and label); sentences: JSONL with the lists "
        "sentences and labels; tokens: CoNLL columns, or JSONL with the lists words and labels, or "
        "with text and spans",
    )
    group.add_argument("--validation", metavar="FILE", help="a file with validation documents")
    add_token_columns(group)


def check_task(arguments):
    """Raises `UsageError` for an option that only labels of sentences or words have."""
    if arguments.validation is not None:
        raise UsageError("--validation needs --token-columns, --task sentences or --task tokens")


def add_token_columns(parser):
    """The option --token-columns."""
    parser.add_argument(
        "--token-columns",
        metavar="C,C",
        help="further columns of words, such as the part of speech: keys of a JSONL file, or "
        "numbers from 1 in a CoNLL file",
    )


def load_arguments(arguments, **more):
    """The keyword arguments of `hanlib.data.load` according to the options.

    A path is made absolute, so that it can be recorded; a catalog name is not changed.
    """
    given = {
        "text_column": arguments.text_column,
        "label_column": arguments.label_column,
        "split_column": arguments.split_column,
        "evidence_column": arguments.evidence_column,
        "multi_label": arguments.multi_label,
        "label_separator": arguments.label_separator,
        "encoding": arguments.encoding,
        "max_bad_rows": arguments.max_bad_rows,
        **more,
    }
    given = {name: value for name, value in given.items() if value is not None}
    return {"dataset": recorded_name(arguments.dataset or "demo"), **given}


def choose_split(corpus, wanted):
    """The name of the split; raises `UsageError` if the corpus has no such split."""
    if wanted not in corpus.splits:
        raise UsageError(f"{corpus.name} has no {wanted} split; it has {', '.join(corpus.splits)}")
    return wanted


def recorded_name(dataset):
    """The recorded name of a data set: a catalog name, or an absolute path."""
    from hanlib.data import describe
    from hanlib.data.sources import is_pattern

    named = dataset in {record.name for record in describe()}
    if named or not (os.path.exists(dataset) or is_pattern(dataset)):
        return dataset
    return os.path.abspath(dataset)


def default_output(dataset):
    """The default folder of a model, named after the data set; for a pattern, after its folder.

    >>> str(default_output("data/reviews.csv.gz")), str(default_output("reviews/part-*.jsonl"))
    ('saved_models/reviews', 'saved_models/reviews')
    """
    path = Path(os.path.abspath(dataset))
    if glob.has_magic(path.name):
        path = path.parent
    name = path.name.split(".")[0]
    return Path("saved_models") / (name or "model")


def _split(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise argparse.ArgumentTypeError(f"must be a fraction or a number. Received: {text!r}")


def whole_number(text):
    """The type of options such as --epochs."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number. Received: {text!r}") from None


def check_writable(directory):
    """Raises `UsageError` if a folder cannot be created or written to."""
    directory = Path(directory)
    existing = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise UsageError(f"cannot write to {directory}: {existing} is not a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UsageError(f"cannot write to {directory}: no permission in {existing}")


def check_writable_file(path):
    """Raises `UsageError` if a file cannot be written."""
    if Path(path).is_dir():
        raise UsageError(f"cannot write to {path}: it is a folder")
    if not Path(path).absolute().parent.is_dir():
        raise UsageError(f"cannot write to {path}: its folder does not exist")
    check_writable(Path(path).absolute().parent)
