"""Predictions for documents whose true labels are known."""

import collections
import dataclasses

import numpy as np

from hanlib.evidence.label_names import is_collection


@dataclasses.dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions for documents whose true labels are known.

    Attributes:
        classes: The class names, in the order of the columns of `probabilities`.
        probabilities: `float[docs, classes]`.
        true_labels: The class name of each document; multi-label: a tuple of names.
        labels: The predicted labels, in the same form. None for the most probable classes, which
            is an error for multi-label documents.
        lengths: Number of words of each document, `int[docs]`; None if unknown.

    Raises:
        ValueError: If sizes differ, or a label is not among the classes.

    >>> made = Predictions(("neg", "pos"), [[0.9, 0.1], [0.4, 0.6]], ["neg", "neg"])
    >>> made.labels, made.correct.tolist(), made.confidence.tolist()
    (('neg', 'pos'), [True, False], [0.9, 0.6])
    """

    classes: tuple
    probabilities: np.ndarray
    true_labels: tuple
    labels: tuple | None = None
    lengths: np.ndarray | None = None

    def __post_init__(self):
        self._set(
            classes=tuple(self.classes),
            probabilities=np.asarray(self.probabilities, "float64"),
            true_labels=tuple(_plain(label) for label in self.true_labels),
        )
        shape = (len(self.true_labels), len(self.classes))
        if self.probabilities.shape != shape:
            raise ValueError(
                "`probabilities` must have one row per true label and one column per class, "
                f"{shape}. Received: shape={self.probabilities.shape}"
            )
        labels = self._most_probable() if self.labels is None else self.labels
        self._set(labels=tuple(_plain(label) for label in labels))
        if self.lengths is not None:
            self._set(lengths=np.asarray(self.lengths))
        self._check()

    def _set(self, **values):
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _most_probable(self):
        if self.multi_label:
            raise ValueError("`labels` must be given for multi-label documents. Received: None")
        indices = self.probabilities.argmax(axis=1) if self.true_labels else ()
        return [self.classes[index] for index in indices]

    def _check(self):
        for name in ("labels", "lengths"):
            value = getattr(self, name)
            if value is not None and len(value) != len(self.true_labels):
                raise ValueError(
                    f"`{name}` must have one entry per true label, {len(self.true_labels)}. "
                    f"Received: {len(value)} entries"
                )
        for name in ("labels", "true_labels"):
            self._matrix(getattr(self, name), name)

    @classmethod
    def from_explanations(cls, explanations):
        """Creates predictions from an iterable of `Explanation`s, one per document.

        Explanations without a true label are ignored.

        >>> from hanlib.evidence import Explanation
        >>> one = Explanation("Good.", "pos", {"pos": 0.9, "neg": 0.1}, "pos", "attention",
        ...     true_label="pos")
        >>> Predictions.from_explanations([one]).correct.tolist()
        [True]
        """
        classes, rows, true, labels, lengths = None, [], [], [], []
        for explanation in explanations:
            if explanation.true_label is None:
                continue
            classes = classes or tuple(explanation.probabilities)
            if set(classes) != set(explanation.probabilities):
                raise ValueError(
                    "`explanations` must have the same classes. Received: "
                    f"{list(classes)[:5]} and {list(explanation.probabilities)[:5]}"
                )
            rows.append([explanation.probabilities[name] for name in classes])
            true.append(explanation.true_label)
            labels.append(explanation.label)
            lengths.append(len(explanation.words) + int(explanation.omitted.get("words", 0)))
        if not rows:
            raise ValueError("`explanations` must contain one with a true label. Received: none")
        return cls(classes, np.array(rows), true, labels, np.array(lengths))

    @property
    def multi_label(self):
        """Whether a document may have any number of labels."""
        labels = (*self.true_labels, *(self.labels or ()))
        return any(map(is_collection, labels))

    @property
    def truth(self):
        """The true labels as `bool[docs, classes]`."""
        return self._matrix(self.true_labels)

    @property
    def given(self):
        """The predicted labels as `bool[docs, classes]`."""
        return self._matrix(self.labels)

    @property
    def correct(self):
        """Whether each document is classified correctly, with all its labels, `bool[docs]`."""
        return (self.given == self.truth).all(axis=1)

    @property
    def confidence(self):
        """Probability of the label, `float[docs]`; multi-label: that of the least certain label."""
        if self.multi_label:
            return np.maximum(self.probabilities, 1 - self.probabilities).min(axis=1)
        return self.probabilities[self.given]

    @property
    def counts(self):
        """Number of documents of each true class, a `dict` from class name.

        >>> Predictions(("neg", "pos"), [[0.9, 0.1], [0.4, 0.6]], ["neg", "neg"]).counts
        {'neg': 2, 'pos': 0}
        """
        return dict(zip(self.classes, self.truth.sum(axis=0).tolist(), strict=True))

    @property
    def majority(self):
        """The most frequent true label and its share: the accuracy of always predicting it.

        >>> Predictions(("neg", "pos"), [[0.9, 0.1], [0.4, 0.6]], ["neg", "neg"]).majority
        ('neg', 1.0)
        """
        labels = [frozenset(v) if is_collection(v) else v for v in self.true_labels]
        ((label, count),) = collections.Counter(labels).most_common(1)
        names = [name for name in self.classes if isinstance(label, frozenset) and name in label]
        return tuple(names) if isinstance(label, frozenset) else label, count / len(labels)

    def _matrix(self, labels, argument="labels"):
        indices = {name: index for index, name in enumerate(self.classes)}
        matrix = np.zeros((len(labels), len(self.classes)), bool)
        for row, label in enumerate(labels):
            for name in label if is_collection(label) else (label,):
                if name not in indices:
                    raise ValueError(
                        f"`{argument}` must be among the classes, {list(self.classes)[:10]}. "
                        f"Received: {name!r}"
                    )
                matrix[row, indices[name]] = True
        return matrix


def _plain(label):
    """A label as a Python object; arrays and lists become tuples."""
    if isinstance(label, np.ndarray):
        label = label.tolist()
    return tuple(label) if is_collection(label) else label
