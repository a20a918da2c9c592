"""The part of `hanlib explain` that shows what must be removed to change a label."""

import dataclasses
import json
import sys

from hanlib.cli.errors import UsageError

# Documents that are read and explained together.
_WINDOW = 64
_OTHERS = ("method", "target", "faithfulness", "html", "compare")


def check_arguments(arguments):
    """Raises `UsageError` where options do not go together."""
    if arguments.counterfactual is None:
        for name in ("most", "replace"):
            if getattr(arguments, name):
                raise UsageError(f"--{name} needs --counterfactual")
        return
    for name in _OTHERS:
        if getattr(arguments, name):
            raise UsageError(f"give either --counterfactual or --{name}, not both")
    if arguments.against == "runner-up":
        raise UsageError("--against must name a class with --counterfactual. Received: runner-up")
    if arguments.most is not None and arguments.most < 1:
        raise UsageError(f"--most must be at least 1. Received: {arguments.most}")


def print_all(arguments, classifier, to, records):
    """Prints the counterfactuals of each document, as text or as lines of JSON."""
    from hanlib.cli.classify import windows
    from hanlib.explain import counterfactuals

    if to is not None and classifier.multi_label:
        raise UsageError("--counterfactual with --against needs a model with one label per text")
    level, change = arguments.counterfactual, "replace" if arguments.replace else "remove"
    levels = ("sentence", "word") if level == "both" else (level,)
    for window in windows(records, _WINDOW):
        documents, of_documents = zip(*window, strict=True)
        found = [
            counterfactuals(classifier, documents, level, arguments.most, change=change, to=to)
            for level in levels
        ]
        for record, *results in zip(of_documents, *found, strict=True):
            named = {name: value for name, value in record.items() if name != "text"}
            for line in _lines(arguments, named, results):
                # Arguments that are not valid UTF-8 contain lone surrogates.
                print(line.encode("utf-8", "replace").decode())
        sys.stdout.flush()


def _lines(arguments, named, results):
    if arguments.json:
        for result in results:
            line = {**named, **dataclasses.asdict(result), "found": result.found}
            yield json.dumps(line, ensure_ascii=False, default=str)
        return
    heading = " ".join(f"{name} {value}" for name, value in named.items())
    yield f"--- {heading}"
    yield from map(str, results)
    yield ""
