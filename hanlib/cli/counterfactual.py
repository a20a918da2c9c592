"""The part of `hanlib explain` that shows what must be removed to change a label."""

import dataclasses

from hanlib.cli import options
from hanlib.cli.document_output import answered, print_answers
from hanlib.cli.errors import UsageError


def check_arguments(arguments):
    """Raises `UsageError` where options do not go together."""
    if arguments.counterfactual is None:
        for name in ("most", "replace"):
            if getattr(arguments, name):
                raise UsageError(f"--{name} needs --counterfactual")
        return
    options.check_alone(
        *(arguments, "counterfactual", "method", "target", "faithfulness", "html", "compare")
    )
    if arguments.against == "runner-up":
        raise UsageError("--against must name a class with --counterfactual. Received: runner-up")
    options.check_least(arguments, "most")


def print_all(arguments, classifier, to, records):
    """Prints the counterfactuals of each document, as text or as lines of JSON."""
    from hanlib.explain import counterfactuals

    if to is not None and classifier.multi_label:
        raise UsageError("--counterfactual with --against needs a model with one label per text")
    level, change = arguments.counterfactual, "replace" if arguments.replace else "remove"
    levels = ("sentence", "word") if level == "both" else (level,)

    def answer(texts):
        of_levels = (
            counterfactuals(classifier, texts, level, arguments.most, change=change, to=to)
            for level in levels
        )
        return list(zip(*of_levels, strict=True))

    for record, results in answered(records, answer):
        answers = map(str, results)
        if arguments.json:
            answers = ({**dataclasses.asdict(found), "found": found.found} for found in results)
        print_answers(record, answers, arguments.json)
