"""The part of `hanlib explain` that reduces documents to a few sentences."""

import json

from hanlib.cli import options
from hanlib.cli.document_output import answered, print_answers, print_line
from hanlib.cli.errors import UsageError


def add_arguments(parser):
    """The options of extracts."""
    group = parser.add_argument_group("extracts, instead of scores")
    options.add_number(
        group,
        "--extract",
        "show the N sentences that the class rests on, and the probability for them alone",
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
    options.check_alone(
        *(arguments, option, "counterfactual", "against", "faithfulness", "html", "compare")
    )
    options.check_least(arguments, "extract")
    options.check_least(arguments, "epsilon", least=0)
    if len(arguments.target or []) > 1 or (arguments.target or [""])[0] in ("all", "labels"):
        raise UsageError(f"--target must be one class with --{option}")
    return True


def print_all(arguments, classifier, target, records):
    """Prints the extract of each document, as text or as a line of JSON."""
    from hanlib.evidence import eraser_record
    from hanlib.explain import extracts

    wanted = arguments.extract, arguments.epsilon, arguments.method, target
    for record, extract in answered(records, lambda texts: extracts(classifier, texts, *wanted)):
        if arguments.eraser:
            docid = next((v for name, v in record.items() if name.lower() == "id"), record["row"])
            print_line(json.dumps(eraser_record(extract, docid), ensure_ascii=False))
        else:
            answer = extract.to_dict() if arguments.json else str(extract)
            print_answers(record, [answer], arguments.json)
