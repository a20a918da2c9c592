"""The part of `hanlib explain` on models that label sentences or words."""

import contextlib
import sys

from hanlib.cli import model_file, options
from hanlib.cli.errors import UsageError
from hanlib.cli.items import predict

# What only explanations of documents have.
_OF_DOCUMENTS = ("compare", "faithfulness", "counterfactual", "replace", "most", "extract")
_OF_DOCUMENTS += ("epsilon", "eraser", "examples", "by_class", "since", "label_column")


def add_arguments(parser):
    """The options --item and --token-columns."""
    group = parser.add_argument_group("labels of sentences or words")
    options.add_number(
        group,
        "--item",
        "explain the label of the sentence, or word, with the index N in its document, from 0; -1 "
        "is the last one (--method integrated_gradients, the default, gradient_x_input, or for "
        "sentences leave_one_out)",
    )
    options.add_token_columns(group)


def wanted(arguments):
    """Whether the model labels sentences or words.

    Raises:
        UsageError: an option needs another model.
    """
    if model_file.labels_items(arguments.model):
        for name in _OF_DOCUMENTS:
            if getattr(arguments, name):
                option = name.replace("_", "-")
                raise UsageError(f"--{option} needs a classifier of documents")
        if arguments.item is None:
            raise UsageError(
                f"{arguments.model} labels sentences or words: --item N explains the label of one "
                "of them. `hanlib predict` prints the labels"
            )
        if len(arguments.target or ()) > 1:
            raise UsageError("--target must be one label with --item")
        return True
    for name in ("item", "token_columns"):
        if getattr(arguments, name) is not None:
            option = name.replace("_", "-")
            raise UsageError(f"--{option} needs a model that labels sentences or words")
    return False


def explained(arguments):
    """Yields `(record, explanations)`, with one explanation of each document."""
    if arguments.html is not None:
        options.check_writable_file(arguments.html)
    with contextlib.redirect_stdout(sys.stderr):
        model = model_file.load(arguments.model)
    target, against = (
        None if name is None else options.class_of(model, name)
        for name in ((arguments.target or [None])[0], arguments.against)
    )
    for document, record in predict.documents(arguments, model):
        try:
            found = model.explain(document, arguments.item, arguments.method, target, against)
        except ValueError as error:
            raise UsageError(f"row {record['row']}: {error}") from None
        yield record, [found]
