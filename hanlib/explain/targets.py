"""The classes that the explanations of a batch are for, as `hanlib.explain.margins` takes them."""

import numpy as np

from hanlib.explain.margins import NONE, PREDICTED, RUNNER_UP


def predicted(count):
    """Targets for the most probable class of each document, `<int32>[count, 2]`.

    >>> predicted(2).tolist()
    [[-1, -1], [-1, -1]]
    """
    return np.full([count, 2], [PREDICTED, NONE], np.int32)


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
    classes = [class_index(classifier, name) for name in (target if several else [target])]
    if not classes:
        raise ValueError("`target` must name at least one class. Received: []")
    return classes


def contrast_of(classifier, target, against):
    """The class that the targets are compared with.

    Args:
        classifier: a `DocumentClassifier`.
        target: as in `classes_of`.
        against: None for no contrast; a class, by name or index; or "runner-up" for the most
            probable class other than the target.

    Returns:
        The index of the class, `NONE` or `RUNNER_UP`.

    Raises:
        ValueError: `against` is not a class, or it is a class that `target` names.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> contrast_of(DocumentClassifier(None, HAN(9), ["bad", "good"]), "good", "bad")
    0
    """
    if against is None:
        return NONE
    if len(classifier.classes) < 2:
        raise ValueError(f"`against` needs at least two classes. Received: against={against!r}")
    if against == "runner-up" and against not in classifier.classes:
        return RUNNER_UP
    index = class_index(classifier, against, "against")
    if index in (classes_of(classifier, target) or []):
        if len(classes_of(classifier, target)) == len(classifier.classes):
            return index  # "all": the class itself is explained without a contrast.
        raise ValueError(
            f"`against` must be another class than `target`. Received: target={target!r}, "
            f"against={against!r}"
        )
    return index


def explained(network, documents, target, against=None):
    """The document and the classes of each explanation.

    Args:
        network: a `Network`.
        documents: `Documents`.
        target, against: as in `contrast_of`.

    Returns:
        `<int64>[explanations]`, the indices of the documents in ascending order, and
        `<int32>[explanations, 2]`, their targets.
    """
    contrast = contrast_of(network.classifier, target, against)
    classes = classes_of(network.classifier, target)
    if classes is None:
        indices, of_each = _predicted_labels(network, documents)
    else:
        indices = np.repeat(np.arange(documents.count), len(classes))
        of_each = np.tile(np.asarray(classes, np.int32), documents.count)
    return indices, np.stack([of_each, np.full_like(of_each, contrast)], axis=1)


def class_index(classifier, name, argument="target"):
    """The index of a class, by name or index; the error names `argument`."""
    try:
        return classifier.class_index(name)
    except ValueError:
        shown = listed(classifier.classes)
        raise ValueError(
            f"`{argument}` must be one of the classes {shown}. Received: {name!r}"
        ) from None


def listed(classes):
    """The names of the first 20 classes, for an error message.

    >>> listed(["bad", "good"])
    'bad, good'
    """
    return ", ".join(map(str, classes[:20])) + (", ..." if len(classes) > 20 else "")


def _predicted_labels(network, documents):
    """The labels predicted for each document."""
    probabilities = network.probabilities(network.logits(*documents.flat)).numpy()
    best = probabilities.argmax(axis=1)[:, None] == np.arange(probabilities.shape[1])
    predicted = best
    if network.classifier.multi_label:
        predicted = probabilities >= np.asarray(network.classifier.thresholds, np.float32)
        predicted = np.where(predicted.any(axis=1, keepdims=True), predicted, best)
    indices, classes = np.nonzero(predicted)
    return indices, classes.astype(np.int32)
