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
        if arguments.most is not None:
            raise UsageError("--most needs --counterfactual")
        return
    for name in _OTHERS:
        if getattr(arguments, name):
            raise UsageError(f"give either --counterfactual or --{name}, not both")
    if arguments.most is not None and arguments.most < 1:
        raise UsageError(f"--most must be at least 1. Received: {arguments.most}")


def print_all(arguments, classifier, records):
    """Prints the counterfactual of each document, as text or as a line of JSON."""
    from hanlib.cli.classify import windows
    from hanlib.explain import counterfactuals

    for window in windows(records, _WINDOW):
        documents, of_documents = zip(*window, strict=True)
        found = counterfactuals(classifier, documents, arguments.counterfactual, arguments.most)
        for record, result in zip(of_documents, found, strict=True):
            named = {name: value for name, value in record.items() if name != "text"}
            if arguments.json:
                line = {**named, **dataclasses.asdict(result), "found": result.found}
                text = json.dumps(line, ensure_ascii=False, default=str)
            else:
                text = " ".join(f"{name} {value}" for name, value in named.items())
                text = f"--- {text}\n{result}\n"
            # Arguments that are not valid UTF-8 contain lone surrogates.
            print(text.encode("utf-8", "replace").decode())
        sys.stdout.flush()
