"""Counts that are accumulated over batches, and the metrics computed from them."""

import numpy as np

# Bins of probabilities for the calibration error, as in `hanlib.evaluation.reliability`.
BINS = 10


class SingleLabelCounts:
    """The confusion matrix and the calibration of a single-label classifier.

    >>> counts = SingleLabelCounts(["bad", "good"])
    >>> counts.add(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]))
    >>> counts.metrics()["accuracy"]
    0.5
    """

    def __init__(self, classes):
        self.classes = classes
        self.confusion = np.zeros([len(classes), len(classes)], np.int64)
        # For each bin, probabilities of the predicted classes less the right predictions.
        self.excess = np.zeros(BINS)

    def add(self, labels, probabilities):
        """Adds a batch: `<int>[docs]` and `<float>[docs, classes]`."""
        given, sure = probabilities.argmax(axis=-1), probabilities.max(axis=-1).astype(float)
        np.add.at(self.confusion, (labels, given), 1)
        number = np.clip(np.ceil(sure * BINS).astype(int) - 1, 0, BINS - 1)
        np.add.at(self.excess, number, sure - (labels == given))

    def metrics(self):
        """Accuracy, F1 and the metrics of each class; 0 instead of 0 / 0.

        `expected_calibration_error` is the mean difference of probability and accuracy over
        `BINS` bins. If the names of three or more classes are whole numbers, such as stars, the
        result also has `mean_absolute_error` and `quadratic_kappa`.
        """
        right, total = np.diag(self.confusion), self.confusion.sum()
        support, given = self.confusion.sum(axis=1), self.confusion.sum(axis=0)
        per_class = _per_class(self.classes, right, given, support)
        accuracy = _ratio(right.sum(), total)
        return {
            "accuracy": accuracy,
            "macro_f1": _macro_f1(per_class),
            # With one label per document, it equals the accuracy.
            "micro_f1": accuracy,
            "expected_calibration_error": _ratio(np.abs(self.excess).sum(), total),
            **_of_numbers(self.classes, self.confusion),
            "per_class": per_class,
            "confusion": self.confusion.tolist(),
        }


class MultiLabelCounts:
    """The numbers of predicted, correct and true labels of each class.

    >>> counts = MultiLabelCounts(["art", "law"], thresholds=[0.5, 0.5])
    >>> counts.add(np.array([[1, 0]]), np.array([[0.9, 0.2]]))
    >>> counts.metrics()["micro_f1"]
    1.0
    """

    def __init__(self, classes, thresholds):
        self.classes = classes
        self.thresholds = np.asarray(thresholds)
        self.right, self.given, self.support = np.zeros([3, len(classes)], np.int64)
        self.exact = self.documents = 0

    def add(self, labels, probabilities):
        """Adds a batch: `<0 or 1>[docs, classes]` and `<float>[docs, classes]`."""
        labels, given = labels > 0.5, probabilities >= self.thresholds
        self.right += (labels & given).sum(axis=0)
        self.given += given.sum(axis=0)
        self.support += labels.sum(axis=0)
        self.exact += int((labels == given).all(axis=-1).sum())
        self.documents += len(labels)

    def metrics(self):
        """F1, the share of documents with all labels correct, and the metrics of each class."""
        per_class = _per_class(self.classes, self.right, self.given, self.support)
        return {
            "micro_f1": _ratio(2 * self.right.sum(), self.given.sum() + self.support.sum()),
            "macro_f1": _macro_f1(per_class),
            "subset_accuracy": _ratio(self.exact, self.documents),
            "per_class": per_class,
        }


def _of_numbers(classes, confusion):
    """Metrics of classes whose names are whole numbers, from the confusion matrix."""
    try:
        values = np.array([int(str(name)) for name in classes])
    except ValueError:
        return {}
    total = confusion.sum()
    if len(values) < 3 or not total:
        return {}
    distance = np.abs(values[:, None] - values)
    by_chance = np.outer(confusion.sum(axis=1), confusion.sum(axis=0)) / total
    disagreement = _ratio((distance**2 * confusion).sum(), (distance**2 * by_chance).sum())
    return {
        "mean_absolute_error": _ratio((distance * confusion).sum(), total),
        "quadratic_kappa": 1 - disagreement,
    }


def _per_class(classes, right, given, support):
    return {
        str(name): {
            "precision": _ratio(hits, guesses),
            "recall": _ratio(hits, documents),
            "f1": _ratio(2 * hits, guesses + documents),
            "support": int(documents),
        }
        for name, hits, guesses, documents in zip(classes, right, given, support, strict=True)
    }


def _macro_f1(per_class):
    # F1 is not defined for a class that does not occur.
    scores = [metrics["f1"] for metrics in per_class.values() if metrics["support"]]
    return float(np.mean(scores)) if scores else 0.0


def _ratio(part, whole):
    return float(part / whole) if whole else 0.0
