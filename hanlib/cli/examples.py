"""The part of `hanlib explain` that shows the nearest labeled documents."""

import dataclasses
import json
import sys

from hanlib.cli import options
from hanlib.cli.errors import UsageError

# Documents that are read and compared together.
_WINDOW = 64
_OTHERS = (
    *("counterfactual", "extract", "epsilon", "method", "target", "against", "faithfulness"),
    *("html", "compare"),
)


def add_arguments(parser):
    """The options of examples."""
    group = parser.add_argument_group("examples, instead of scores")
    group.add_argument(
        "--examples",
        metavar="FILE",
        help="show the labeled documents that the model finds most similar, from an index written "
        "by `hanlib index`",
    )
    group.add_argument(
        "--nearest",
        metavar="N",
        type=options.whole_number,
        default=5,
        help="with --examples: their number (default: 5)",
    )


def check_arguments(arguments):
    """Raises `UsageError` where options do not go together."""
    if arguments.examples is None:
        return
    for name in _OTHERS:
        if getattr(arguments, name):
            raise UsageError(f"give either --examples or --{name}, not both")
    if arguments.nearest < 1:
        raise UsageError(f"--nearest must be at least 1. Received: {arguments.nearest}")


def print_all(arguments, classifier, records):
    """Prints the nearest documents of each document, as text or as a line of JSON."""
    from hanlib.cli.classify import windows
    from hanlib.explain import ExampleIndex

    try:
        index = ExampleIndex.load(arguments.examples)
    except (OSError, ValueError) as error:
        raise UsageError(f"--examples: {error}") from None
    for window in windows(records, _WINDOW):
        documents, of_documents = zip(*window, strict=True)
        try:
            found = index.nearest(classifier, documents, arguments.nearest)
        except ValueError as error:
            raise UsageError(f"--examples: {error}") from None
        labels = classifier.predict_label(documents)
        for record, label, examples in zip(of_documents, labels, found, strict=True):
            named = {name: value for name, value in record.items() if name != "text"}
            if arguments.json:
                listed = [dataclasses.asdict(example) for example in examples]
                line = json.dumps(
                    {**named, "text": record["text"], "label": label, "examples": listed},
                    ensure_ascii=False,
                    default=str,
                )
            else:
                heading = " ".join(f"{name} {value}" for name, value in named.items())
                lines = [f"--- {heading}", f"{label!r}, nearest:", *map(str, examples), ""]
                line = "\n".join(lines)
            # Arguments that are not valid UTF-8 contain lone surrogates.
            print(line.encode("utf-8", "replace").decode())
        sys.stdout.flush()
