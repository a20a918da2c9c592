"""Which class the explanations of a batch speak for."""

import numpy as np

PREDICTED = -1


def classes_of(classifier, target):
    """The classes that a target names.

    Args:
        classifier: a `DocumentClassifier`.
        target: None: the most probable class; a class, by name or index; a list of classes;
            "all" classes; "labels": those that a multi-label classifier gives the document, the
            most probable one where it gives none. A class that has one of these names goes first.

    Returns:
        A list of indexes, -1 for the most probable class; None for "labels".

    Raises:
        ValueError: `target` is no class.

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
    """Each explanation's document and class.

    Args:
        network: a `Network`.
        documents: `Documents`.
        target: as in `classes_of`.

    Returns:
        `<int64>[explanations]` indexes of the documents, rising, and `<int32>[explanations]`
        classes, -1 for the most probable one.
    """
    classes = classes_of(network.classifier, target)
    if classes is None:
        return _given(network, documents)
    indexes = np.repeat(np.arange(documents.count), len(classes))
    return indexes, np.tile(np.asarray(classes, np.int32), documents.count)


def _index(classifier, name):
    try:
        return classifier.class_index(name)
    except ValueError:
        names = classifier.classes
        shown = ", ".join(map(str, names[:20])) + (", ..." if len(names) > 20 else "")
        raise ValueError(
            f"`target` must be one of the classes {shown}. Received: {name!r}"
        ) from None


def _given(network, documents):
    """The labels of each document."""
    probabilities = network.probabilities(network.logits(*documents.flat)).numpy()
    best = probabilities.argmax(axis=1)[:, None] == np.arange(probabilities.shape[1])
    given = best
    if network.classifier.multi_label:
        given = probabilities >= np.asarray(network.classifier.thresholds, np.float32)
        given = np.where(given.any(axis=1, keepdims=True), given, best)
    indexes, classes = np.nonzero(given)
    return indexes, classes.astype(np.int32)
