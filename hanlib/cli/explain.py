"""`hanlib explain`: explains the classification of texts or of a file."""

import contextlib
import json
import sys
from pathlib import Path

from hanlib.cli import by_class, counterfactual, examples, extract, model_file, options, texts
from hanlib.cli.document_output import print_answers
from hanlib.cli.errors import UsageError
from hanlib.cli.items import explain as items
from hanlib.evidence.methods import METHODS

_WINDOW = 256


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(commands, "explain", "show which sentences and words decided", run)
    options.add_model(parser)
    texts.add_arguments(parser)
    parser.add_argument("--label-column", metavar="C", help="column of the true label in FILE")
    group = parser.add_argument_group("explanation")
    options.add_method(group)
    group.add_argument(
        "--target",
        metavar="CLASS",
        action="append",
        help="class that the scores are for (may be repeated), or all, or labels for those that a "
        "multi-label model predicts (default: the most probable class)",
    )
    group.add_argument(
        "--against",
        metavar="CLASS",
        help="compare the target with this class: why one and not the other; runner-up: with the "
        "most probable other class",
    )
    group.add_argument(
        "--faithfulness",
        action="store_true",
        help="measure the faithfulness of each explanation, with about 60 more passes over each "
        "document",
    )
    group.add_argument(
        "--counterfactual",
        metavar="LEVEL",
        choices=("sentence", "word", "both"),
        help="instead of scores, show few sentences, or words, without which the label would be "
        "another (with --against: that class); both: sentences first, then words",
    )
    group.add_argument(
        "--replace",
        action="store_true",
        help="with --counterfactual: replace words by the unknown word instead of removing them",
    )
    text = "with --counterfactual: largest number to remove (default: all but one)"
    options.add_number(group, "--most", text)
    items.add_arguments(parser)
    extract.add_arguments(parser)
    examples.add_arguments(parser)
    by_class.add_arguments(parser)
    group = parser.add_argument_group("output")
    group.add_argument("--html", metavar="FILE", help="write a report: a summary and all documents")
    group.add_argument(
        "--compare", metavar="M", choices=METHODS, help="show a second method beside the first"
    )
    group.add_argument(
        "--json", action="store_true", help="print one JSON object per document and class"
    )


def run(arguments):
    """Runs the command."""
    given = [name for name in ("json", "compare", "html") if getattr(arguments, name)]
    if arguments.compare and len(given) > 1:
        raise UsageError(f"give either --compare or --{(set(given) - {'compare'}).pop()}, not both")
    if arguments.label_column is not None and arguments.input is None:
        raise UsageError("--label-column needs --input")
    counterfactual.check_arguments(arguments)
    extracting = extract.wanted(arguments)
    examples.check_arguments(arguments)
    summing_up = by_class.wanted(arguments)
    model_file.model_path(arguments.model)
    if items.wanted(arguments):
        _show(arguments, items.explained(arguments))
        return
    if model_file.reads_columns(arguments.model):
        raise UsageError(
            f"{arguments.model} reads words with columns, not texts: use `explain` in Python"
        )
    records = texts.records(arguments, arguments.label_column)
    if arguments.html is not None:
        options.check_writable_file(arguments.html)
    with contextlib.redirect_stdout(sys.stderr):
        classifier = model_file.load_classifier(arguments.model)
        target, against = _target(classifier, arguments.target, arguments.against)
    if arguments.examples is not None:
        examples.print_all(arguments, classifier, records)
        return
    if arguments.counterfactual:
        counterfactual.print_all(arguments, classifier, against, records)
        return
    options.check_methods(classifier, [arguments.method, arguments.compare])
    if extracting:
        extract.print_all(arguments, classifier, target, records)
        return
    explained = _explained(arguments, classifier, (target, against), records)
    if summing_up:
        before = ()
        if arguments.since is not None:
            records = texts.records(by_class.earlier(arguments))
            before = _explained(arguments, classifier, (target, against), records)
        by_class.print_summary(arguments, _flat(explained), _flat(before))
        return
    _show(arguments, explained)


def _show(arguments, explained):
    """Writes the report, or prints the explanations of each `(record, explanations)`."""
    if arguments.html is not None:
        _write_report(arguments, explained)
    else:
        for record, explanations in explained:
            _print(arguments, record, explanations)


def _target(classifier, targets, against):
    """The arguments `target` and `against` of `explain` for the names on the command line."""
    from hanlib.explain.targets import classes_of, contrast_of

    names = [options.class_of(classifier, name) for name in targets or []]
    target = names[0] if len(names) == 1 else names or None
    against = None if against is None else options.class_of(classifier, against)
    try:
        classes_of(classifier, target)
        contrast_of(classifier, target, against)
    except ValueError as error:
        message = str(error).replace("`target`", "--target").replace("`against`", "--against")
        raise UsageError(message) from None
    return target, against


def _explained(arguments, classifier, classes, records):
    """Yields `(record, explanations)`; with --compare each explanation is a pair."""
    from hanlib.cli.classify import windows
    from hanlib.explain import explain_each
    from hanlib.training.progress import ProgressLine

    progress, done = ProgressLine(), 0
    methods = [arguments.method, *filter(None, [arguments.compare])]
    for window in windows(records, _WINDOW):
        documents, of_documents = zip(*window, strict=True)
        labels = [record.pop("true_label", None) for record in of_documents]
        by_method = [
            explain_each(
                classifier,
                documents,
                method,
                *classes,
                faithfulness=arguments.faithfulness,
                true_labels=labels,
            )
            for method in methods
        ]
        for record, *found in zip(of_documents, *by_method, strict=True):
            yield record, list(zip(*found, strict=True)) if arguments.compare else found[0]
            done += 1
            # If the explanations are printed to a terminal, they show the progress.
            if arguments.html is not None or not sys.stdout.isatty():
                progress("explaining", done)
    progress.close()


def _flat(explained):
    return (explanation for _, explanations in explained for explanation in explanations)


def _write_report(arguments, explained):
    from hanlib.evaluation import write_report

    def flat():
        for record, explanations in explained:
            if arguments.json:
                _print(arguments, record, explanations)
            yield from explanations

    name = Path(arguments.model).absolute().name
    documents = write_report(flat(), arguments.html, f"Explanations by {name}", _about(arguments))
    print(f"{documents:,} documents in {arguments.html}", file=sys.stderr)


def _about(arguments):
    source = "standard input" if arguments.input == "-" else arguments.input
    return {"Model": arguments.model, **({"Data": source} if source else {})}


def _print(arguments, record, explanations):
    from hanlib.evidence import compare_text

    for explanation in explanations:
        if arguments.json:
            answer = json.loads(explanation.to_json())
        elif arguments.compare:
            answer = compare_text(*explanation)
        else:
            answer = explanation.to_text(color=sys.stdout.isatty())
        print_answers(record, [answer], arguments.json)
