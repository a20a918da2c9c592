"""The part of `hanlib explain` that sums up a file: what speaks for each class, what changed."""

import argparse
import json

from hanlib.cli import options
from hanlib.cli.errors import UsageError


def add_arguments(parser):
    """The options of summaries."""
    group = parser.add_argument_group("summary of a file, instead of scores")
    group.add_argument(
        "--by-class",
        action="store_true",
        help="show the words, phrases and sentences of --input that speak for and against each "
        "class, with counts and 95 %% intervals",
    )
    group.add_argument(
        "--since",
        metavar="FILE",
        help="show which classes and words of --input changed, compared with the texts of FILE; "
        "--html writes a page",
    )


def wanted(arguments):
    """Whether a summary is wanted.

    Raises:
        UsageError: options do not go together.
    """
    if not arguments.by_class and arguments.since is None:
        return False
    option = "by-class" if arguments.by_class else "since"
    if arguments.by_class and arguments.since is not None:
        raise UsageError("give either --by-class or --since, not both")
    if arguments.input is None:
        raise UsageError(f"--{option} needs --input")
    options.check_alone(
        *(arguments, option, "counterfactual", "extract", "epsilon", "examples", "compare"),
        *("faithfulness", *(["html"] if arguments.by_class else [])),
    )
    return True


def earlier(arguments):
    """The arguments with the file of --since as --input."""
    return argparse.Namespace(**{**vars(arguments), "input": arguments.since})


def print_summary(arguments, explanations, before=None):
    """Prints the summary as tables, or its records as lines of JSON.

    Args:
        arguments: those of the command.
        explanations: an iterable of `Explanation`s of --input.
        before: the same of --since.
    """
    from hanlib.evaluation import class_evidence, corpus_shift

    if arguments.by_class:
        summary = class_evidence(explanations)
    else:
        try:
            summary = corpus_shift(before, explanations)
        except ValueError:
            raise UsageError("--input and --since must have at least one text each") from None
    if arguments.html is not None:
        _write_page(summary, arguments)
    elif not arguments.json:
        print(summary.to_text())
    for record in summary.to_records() if arguments.json else ():
        print(json.dumps(record, ensure_ascii=False, default=str))


def _write_page(shift, arguments):
    from pathlib import Path

    from hanlib.atomic_files import write_text
    from hanlib.evaluation import corpus_shift_html

    names = Path(arguments.input).name, Path(arguments.since).name
    title = "What changed in {} since {}".format(*names)
    write_text(arguments.html, corpus_shift_html(shift, title=title))
