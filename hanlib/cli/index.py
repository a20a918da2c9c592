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
    options.add_number(parser, "--most", "largest number of documents")


def run(arguments):
    """Runs the command."""
    model_file.model_path(arguments.model)
    if not arguments.output.endswith(".npz"):
        raise UsageError(f"--output must end with .npz. Received: {arguments.output}")
    options.check_least(arguments, "most")
    options.check_writable_file(arguments.output)
    with contextlib.redirect_stdout(sys.stderr):
        count = _write(arguments)
    print(f"{count:,} documents in {arguments.output}", file=sys.stderr)


def _write(arguments):
    import itertools

    from hanlib.data import load
    from hanlib.explain import ExampleIndex

    recorded = model_file.recorded_load(arguments)
    if arguments.dataset is None:
        given = recorded
    else:
        given = options.load_arguments(arguments, validation_split=arguments.validation_split)
    corpus = load(**given)
    split = corpus.splits[options.choose_split(corpus, arguments.split)]
    classifier = model_file.load_classifier(arguments.model)
    examples = list(itertools.islice(split, arguments.most))
    if not examples:
        raise UsageError(f"{corpus.name} has no documents in the split {arguments.split}")
    ExampleIndex.of(classifier, *zip(*examples, strict=True)).save(arguments.output)
    return len(examples)
