"""The classes that the explanations of a batch are for."""

import numpy as np

PREDICTED = -1


def classes_of(classifier, target):
    """The classes that a target names.

    Args:
        classifier: a `DocumentClassifier`.
        target: None for the most probable class; a class, by name or index; a list of classes;
            "all"; or "labels" for those that a multi-label classifier predicts, or the most
            probable class if it predicts none. A class with one of these names takes precedence.

    Returns:
        A list of indices, -1 for the most probable class; None for "labels".

    Raises:
        ValueError: `target` is not a class.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classes_of(DocumentClassifier(None, HAN(9), ["bad", "good"]), ["good", 0])
    [1, 0]
    """
    names = classifier.classes
    if target is None:
        return [PREDICTED]
    if isinstance(target, str) and target not in names:
        if target == "labels":
            return None
        if target == "all":
            return list(range(len(names)))
    several = isinstance(target, (list, tuple, np.ndarray))
    classes = [_index(classifier, name) for name in (target if several else [target])]
    if not classes:
        raise ValueError("`target` must name at least one class. Received: []")
    return classes


def pairs(network, documents, target):
    """The document and the class of each explanation.

    Args:
        network: a `Network`.
        documents: `Documents`.
        target: as in `classes_of`.

    Returns:
        `<int64>[explanations]`, the indices of the documents in ascending order, and
        `<int32>[explanations]`, the classes, -1 for the most probable one.
    """
    classes = classes_of(network.classifier, target)
    if classes is None:
        return _predicted(network, documents)
    indices = np.repeat(np.arange(documents.count), len(classes))
    return indices, np.tile(np.asarray(classes, np.int32), documents.count)


def _index(classifier, name):
    try:
        return classifier.class_index(name)
    except ValueError:
        names = classifier.classes
        shown = ", ".join(map(str, names[:20])) + (", ..." if len(names) > 20 else "")
        raise ValueError(
            f"`target` must be one of the classes {shown}. Received: {name!r}"
        ) from None


def _predicted(network, documents):
    """The labels predicted for each document."""
    probabilities = network.probabilities(network.logits(*documents.flat)).numpy()
    best = probabilities.argmax(axis=1)[:, None] == np.arange(probabilities.shape[1])
    predicted = best
    if network.classifier.multi_label:
        predicted = probabilities >= np.asarray(network.classifier.thresholds, np.float32)
        predicted = np.where(predicted.any(axis=1, keepdims=True), predicted, best)
    indices, classes = np.nonzero(predicted)
    return indices, classes.astype(np.int32)
