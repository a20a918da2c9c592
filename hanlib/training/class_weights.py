"""The weights of classes that a recipe states, as the weights of documents."""

import json

import numpy as np

from hanlib.data import TokenShards
from hanlib.models.targets import class_weights, document_weights
from hanlib.training.settings import RecipeError


def parse(text, classes):
    """The `class_weight` of `DocumentClassifier.fit` that a recipe's text stands for.

    Args:
        text: "balanced"; `NAME=WEIGHT,NAME=WEIGHT`; or the same as a JSON object, for names with
            a comma.
        classes: the class names.

    Raises:
        RecipeError: something else, or an unknown class.

    >>> parse("good=2,bad=0.5", ["bad", "good"])
    {'good': 2.0, 'bad': 0.5}
    """
    if text == "balanced":
        return text
    names = {str(name): name for name in classes}
    try:
        given = json.loads(text) if text.lstrip().startswith("{") else _pairs(text)
        given = {name: float(weight) for name, weight in given.items()}
    except (ValueError, TypeError, AttributeError):
        given = {}
    if not given or not all(0 <= weight < float("inf") for weight in given.values()):
        raise RecipeError(
            "`class_weight` must be balanced, or NAME=WEIGHT,... with weights of at least 0. "
            f"Received: {text!r}"
        )
    for name in given:
        if name not in names:
            raise RecipeError(
                f"`class_weight` must name classes: {', '.join(list(names)[:10])}. "
                f"Received: {name!r}"
            )
    return {names[name]: weight for name, weight in given.items()}


def weights_of(text, labels, tokens):
    """The argument `weights` of `hanlib.data.batches_of` for training documents.

    Args:
        text: `class_weight` of a recipe, or None, which gives None.
        labels: the `Labels` of the classifier.
        tokens: the documents, a `TokenCache` or `TokenShards`.
    """
    if text is None or not isinstance(tokens, TokenShards):
        return weights_of_documents(text, labels, tokens.load().labels if text else None)
    counts = tokens.label_counts(len(labels)), tokens.documents
    weights = class_weights(parse(text, labels.classes), labels, counts=counts)
    return lambda targets: document_weights(weights, targets, None, labels.multi_label).numpy()


def weights_of_documents(text, labels, targets):
    """`<float32>[documents]`, or `[documents, classes]` with several labels per document.

    Args:
        text: `class_weight` of a recipe, or None, which gives None.
        labels: the `Labels` of the classifier.
        targets: the encoded labels of the training documents.
    """
    if text is None:
        return None
    targets = np.asarray(targets)
    weights = class_weights(parse(text, labels.classes), labels, targets)
    return document_weights(weights, targets, None, labels.multi_label).numpy()


def _pairs(text):
    found = {}
    for part in text.split(","):
        name, equals, weight = part.rpartition("=")
        if not equals:
            raise ValueError(part)
        found[name.strip()] = weight
    return found
