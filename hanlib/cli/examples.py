"""The part of `hanlib explain` that shows the nearest labeled documents."""

import dataclasses

from hanlib.cli import options
from hanlib.cli.document_output import answered, print_answers
from hanlib.cli.errors import UsageError


def add_arguments(parser):
    """The options of examples."""
    group = parser.add_argument_group("examples, instead of scores")
    group.add_argument(
        "--examples",
        metavar="FILE",
        help="show the labeled documents that the model finds most similar, from an index written "
        "by `hanlib index`",
    )
    options.add_number(group, "--nearest", "with --examples: their number", 5)


def check_arguments(arguments):
    """Raises `UsageError` where options do not go together."""
    if arguments.examples is None:
        return
    options.check_alone(
        *(arguments, "examples", "counterfactual", "extract", "epsilon", "method", "target"),
        *("against", "faithfulness", "html", "compare"),
    )
    options.check_least(arguments, "nearest")


def print_all(arguments, classifier, records):
    """Prints the nearest documents of each document, as text or as a line of JSON."""
    from hanlib.explain import ExampleIndex

    try:
        index = ExampleIndex.load(arguments.examples)
    except (OSError, ValueError) as error:
        raise UsageError(f"--examples: {error}") from None

    def answer(texts):
        try:
            found = index.nearest(classifier, texts, arguments.nearest)
        except ValueError as error:
            raise UsageError(f"--examples: {error}") from None
        return zip(classifier.predict_label(texts), found, strict=True)

    for record, (label, examples) in answered(records, answer):
        if arguments.json:
            listed = [dataclasses.asdict(example) for example in examples]
            answers = [{"text": record["text"], "label": label, "examples": listed}]
        else:
            answers = [f"{label!r}, nearest:", *map(str, examples)]
        print_answers(record, answers, arguments.json)
