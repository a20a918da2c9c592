"""The part of `hanlib explain` that reduces documents to a few sentences."""

import json
import sys

from hanlib.cli import options
from hanlib.cli.errors import UsageError

# Documents that are read and explained together.
_WINDOW = 64
_OTHERS = ("counterfactual", "against", "faithfulness", "html", "compare")


def add_arguments(parser):
    """The options of extracts."""
    group = parser.add_argument_group("extracts, instead of scores")
    group.add_argument(
        "--extract",
        metavar="N",
        type=options.whole_number,
        help="show the N sentences that the class rests on, and the probability for them alone",
    )
    group.add_argument(
        "--epsilon",
        metavar="E",
        type=float,
        help="show as few sentences as keep the probability of the class within E, such as 0.05 "
        "(with --extract, at most N)",
    )
    group.add_argument(
        "--eraser",
        action="store_true",
        help="print the extracts in ERASER's JSON format, with spans of tokens",
    )


def wanted(arguments):
    """Whether extracts are wanted.

    Raises:
        UsageError: options do not go together.
    """
    if arguments.extract is None and arguments.epsilon is None:
        if arguments.eraser:
            raise UsageError("--eraser needs --extract or --epsilon")
        return False
    option = "epsilon" if arguments.extract is None else "extract"
    for name in _OTHERS:
        if getattr(arguments, name):
            raise UsageError(f"give either --{option} or --{name}, not both")
    if arguments.extract is not None and arguments.extract < 1:
        raise UsageError(f"--extract must be at least 1. Received: {arguments.extract}")
    if arguments.epsilon is not None and not arguments.epsilon >= 0:
        raise UsageError(f"--epsilon must be at least 0. Received: {arguments.epsilon}")
    if len(arguments.target or []) > 1 or (arguments.target or [""])[0] in ("all", "labels"):
        raise UsageError(f"--target must be one class with --{option}")
    return True


def print_all(arguments, classifier, target, records):
    """Prints the extract of each document, as text or as a line of JSON."""
    from hanlib.cli.classify import windows
    from hanlib.evidence import eraser_record
    from hanlib.explain import extracts

    for window in windows(records, _WINDOW):
        documents, of_documents = zip(*window, strict=True)
        found = extracts(
            classifier,
            documents,
            arguments.extract,
            arguments.epsilon,
            arguments.method,
            target,
        )
        for record, extract in zip(of_documents, found, strict=True):
            named = {name: value for name, value in record.items() if name != "text"}
            if arguments.eraser:
                docid = next((v for n, v in named.items() if n.lower() == "id"), named["row"])
                line = json.dumps(eraser_record(extract, docid), ensure_ascii=False)
            elif arguments.json:
                line = json.dumps({**named, **extract.to_dict()}, ensure_ascii=False, default=str)
            else:
                heading = " ".join(f"{name} {value}" for name, value in named.items())
                line = f"--- {heading}\n{extract}\n"
            # Arguments that are not valid UTF-8 contain lone surrogates.
            print(line.encode("utf-8", "replace").decode())
        sys.stdout.flush()
