"""The confusion matrix of a single-label classifier."""

import dataclasses

import numpy as np

from hanlib.evidence import plots
from hanlib.evidence.dataframes import pandas
from hanlib.evidence.formatting import label

_LABELLED = 20


@dataclasses.dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """The number of documents for each true and predicted class.

    Attributes:
        classes: The n class names.
        counts: `int[n, n]`; rows are true classes, columns are predicted classes.

    >>> matrix = ConfusionMatrix(("neg", "pos"), np.array([[3, 1], [0, 4]]))
    >>> matrix.accuracy, matrix.recall.tolist(), matrix.precision.tolist()
    (0.875, [0.75, 1.0], [1.0, 0.8])
    """

    classes: tuple
    counts: np.ndarray

    @property
    def accuracy(self):
        """The share of correctly classified documents; NaN without documents."""
        return float(_shares(np.trace(self.counts), self.counts.sum()))

    @property
    def recall(self):
        """Recall of each class; NaN if it has no documents."""
        return _shares(np.diag(self.counts), self.counts.sum(axis=1))

    @property
    def precision(self):
        """Precision of each class; NaN if it was never predicted."""
        return _shares(np.diag(self.counts), self.counts.sum(axis=0))

    def to_frame(self):
        """A pandas `DataFrame` of the counts: rows are true classes, columns predicted ones."""
        frame, index = pandas().DataFrame, pandas().Index
        predicted = index(self.classes, name="predicted")
        return frame(self.counts, index=index(self.classes, name="true"), columns=predicted)

    def plot(self, axes=None):
        """A matplotlib `Figure`: shades are shares of the true class, numbers are counts."""
        size = min(14.0, 2.5 + 0.55 * len(self.classes))
        axes = plots.new_axes(size + 0.8, size, axes)
        shares = np.nan_to_num(_shares(self.counts, self.counts.sum(axis=1, keepdims=True)))
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        bar = axes.figure.colorbar(image, ax=axes, fraction=0.046)
        bar.set_label("share of the true class")
        positions = range(len(self.classes))
        names = [label(name) for name in self.classes]
        plots.label_ticks(axes.xaxis, positions, names)
        plots.label_ticks(axes.yaxis, positions, names)
        axes.tick_params(axis="x", rotation=45 if max(map(len, names), default=0) > 4 else 0)
        axes.set(xlabel="predicted class", ylabel="true class")
        if len(names) <= _LABELLED:
            _write_counts(axes, self.counts, shares)
        plots.title(axes, f"{self.counts.sum():,} documents, accuracy {self.accuracy:.3f}")
        return axes.figure


def confusion_matrix(predictions):
    """Computes the `ConfusionMatrix` of single-label `Predictions`.

    Raises:
        ValueError: If the predictions are multi-label.

    >>> from hanlib.evaluation import Predictions
    >>> made = Predictions(("neg", "pos"), [[0.9, 0.1], [0.4, 0.6]], ["neg", "neg"])
    >>> confusion_matrix(made).counts.tolist()
    [[1, 1], [0, 0]]
    """
    if predictions.multi_label:
        raise ValueError(
            "`predictions` must have one class per document for a confusion matrix. "
            "Received: multi-label documents"
        )
    indices = {name: index for index, name in enumerate(predictions.classes)}
    counts = np.zeros((len(indices), len(indices)), "int64")
    for true, predicted in zip(predictions.true_labels, predictions.labels, strict=True):
        counts[indices[true], indices[predicted]] += 1
    return ConfusionMatrix(predictions.classes, counts)


def _shares(part, whole):
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.divide(part, whole)


def _write_counts(axes, counts, shares):
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if shares[row, column] > 0.6 else "black"
        axes.text(column, row, f"{count:,}", ha="center", va="center", color=color, fontsize=9)
