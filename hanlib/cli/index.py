"""`hanlib index`: stores the vectors of labeled documents, for `hanlib explain --examples`."""

import contextlib
import sys

from hanlib.cli import model_file, options
from hanlib.cli.errors import UsageError


def add_parser(commands):
    """Adds the command."""
    summary = "store the vectors of labeled documents, to find the nearest ones"
    parser = options.add_parser(commands, "index", summary, run)
    options.add_model(parser)
    options.add_dataset(parser, "default: the data set that the model was trained on")
    parser.add_argument("--output", metavar="FILE", required=True, help="index to write, .npz")
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        default="train",
        help="the documents to use (default: train)",
    )
    parser.add_argument(
        "--most", metavar="N", type=options.whole_number, help="largest number of documents"
    )


def run(arguments):
    """Runs the command."""
    model_file.model_path(arguments.model)
    if not arguments.output.endswith(".npz"):
        raise UsageError(f"--output must end with .npz. Received: {arguments.output}")
    if arguments.most is not None and arguments.most < 1:
        raise UsageError(f"--most must be at least 1. Received: {arguments.most}")
    options.check_writable_file(arguments.output)
    with contextlib.redirect_stdout(sys.stderr):
        count = _write(arguments)
    print(f"{count:,} documents in {arguments.output}", file=sys.stderr)


def _write(arguments):
    import itertools

    from hanlib.data import load
    from hanlib.explain import ExampleIndex

    recorded = (model_file.record(arguments.model, "dataset.json") or {}).get("load")
    if arguments.dataset is None and recorded is None:
        raise UsageError(
            f"DATASET must be given: {arguments.model} has no record of its training data"
        )
    if arguments.dataset is None:
        given = recorded
    else:
        given = options.load_arguments(arguments, validation_split=arguments.validation_split)
    corpus = load(**given)
    if arguments.split not in corpus.splits:
        names = ", ".join(corpus.splits)
        raise UsageError(f"{corpus.name} has no {arguments.split} split; it has {names}")
    classifier = model_file.load_classifier(arguments.model)
    examples = list(itertools.islice(corpus.splits[arguments.split], arguments.most))
    if not examples:
        raise UsageError(f"{corpus.name} has no documents in the split {arguments.split}")
    ExampleIndex.of(classifier, *zip(*examples, strict=True)).save(arguments.output)
    return len(examples)
