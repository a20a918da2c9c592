"""Which class the explanations of a batch speak for."""

import numpy as np

from hanlib.models.labels import Labels

PREDICTED = -1


def pairs(network, documents, target):
    """Each explanation's document and class.

    Args:
        network: a `Network`.
        documents: `Documents`.
        target: None: the most probable class; a class, by name or place; a list of classes;
            "all" classes; "labels": those that a multi-label classifier gives the document, the
            most probable one where it gives none. A class that has one of these names goes first.

    Returns:
        `<int64>[explanations]` places of the documents, rising, and `<int32>[explanations]`
        classes, -1 for the most probable one.

    Raises:
        ValueError: `target` is no class.
    """
    labels = Labels(network.classifier.classes, network.classifier.multi_label)
    everyone = np.arange(documents.count)
    if target is None:
        return everyone, np.full(documents.count, PREDICTED, np.int32)
    if _is_word(target, "labels", labels):
        return _given(network, documents)
    if _is_word(target, "all", labels):
        classes = list(range(len(labels)))
    else:
        several = isinstance(target, (list, tuple, np.ndarray))
        classes = [_place(labels, name) for name in (target if several else [target])]
        if not classes:
            raise ValueError("`target` must name at least one class. Received: []")
    repeated = np.repeat(everyone, len(classes))
    return repeated, np.tile(np.asarray(classes, np.int32), documents.count)


def _is_word(target, word, labels):
    return isinstance(target, str) and target == word and word not in labels.classes


def _place(labels, name):
    try:
        return labels.place(name)
    except ValueError:
        shown = ", ".join(map(str, labels.classes[:20]))
        more = ", ..." if len(labels) > 20 else ""
        raise ValueError(
            f"`target` must be one of the classes {shown}{more}. Received: {name!r}"
        ) from None


def _given(network, documents):
    """The labels of each document."""
    probabilities = network.probabilities(network.logits(*documents.flat)).numpy()
    best = probabilities.argmax(axis=1)[:, None] == np.arange(probabilities.shape[1])
    given = best
    if network.classifier.multi_label:
        given = probabilities >= np.asarray(network.classifier.thresholds, np.float32)
        given = np.where(given.any(axis=1, keepdims=True), given, best)
    places, classes = np.nonzero(given)
    return places, classes.astype(np.int32)
