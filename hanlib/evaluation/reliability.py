"""Reliability diagrams and the expected calibration error."""

import dataclasses

import numpy as np

from hanlib.checks import check_integer
from hanlib.evidence import plots
from hanlib.evidence.dataframes import pandas


@dataclasses.dataclass(frozen=True, eq=False)
class Reliability:
    """Confidence and accuracy in bins of confidence (Naeini et al. 2015, Guo et al. 2017).

        ECE = sum over bins of n_bin / n * |accuracy - confidence|

    Attributes:
        edges: Edges of the bins, `float[bins + 1]`, from 0 to 1. A bin includes its upper edge, the
            first one also its lower edge.
        counts: Number of decisions in each bin.
        confidence, accuracy: Their means in each bin; NaN for empty bins.

    >>> made = Reliability(np.array([0, 0.5, 1]), np.array([0, 4]), np.array([np.nan, 0.9]),
    ...     np.array([np.nan, 0.75]))
    >>> round(made.expected_calibration_error, 3)
    0.15
    """

    edges: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def expected_calibration_error(self):
        """The mean difference between accuracy and confidence; NaN without decisions."""
        if not self.counts.sum():
            return float("nan")
        gaps = np.nan_to_num(np.abs(self.accuracy - self.confidence))
        return float((self.counts * gaps).sum() / self.counts.sum())

    def to_frame(self):
        """A pandas `DataFrame` with one row per bin."""
        return pandas().DataFrame(
            {
                "low": self.edges[:-1],
                "high": self.edges[1:],
                "count": self.counts,
                "confidence": self.confidence,
                "accuracy": self.accuracy,
            }
        )

    def plot(self, axes=None):
        """A matplotlib `Figure`: accuracy against confidence; areas are shares of decisions."""
        axes = plots.new_axes(5.2, 4.8, axes)
        axes.plot([0, 1], [0, 1], color=plots.GRAY, linestyle="--", label="perfectly calibrated")
        some = self.counts > 0
        axes.bar(
            self.edges[:-1][some],
            self.accuracy[some],
            np.diff(self.edges)[some],
            align="edge",
            color=plots.BLUE,
            alpha=0.25,
            edgecolor="white",
        )
        sizes = 20 + 280 * self.counts[some] / max(1, self.counts.sum())
        axes.scatter(
            self.confidence[some],
            self.accuracy[some],
            sizes,
            color=plots.BLUE,
            label="a bin (size: share of decisions)",
            zorder=3,
        )
        axes.set(xlabel="confidence (mean probability)", ylabel="accuracy (share right)")
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        axes.legend(loc="best", fontsize=9)
        error = self.expected_calibration_error
        plots.title(
            axes, f"Expected calibration error {error:.3f}, {self.counts.sum():,} decisions"
        )
        return axes.figure


def reliability(predictions, bins=10):
    """Computes the `Reliability` of `Predictions` in `bins` bins of equal width.

    For single-label predictions there is one decision per document, whose confidence is the
    probability of the label. For multi-label predictions there is one decision per document and
    class, whose confidence is the probability of the class; it is correct if the class is true.

    Raises:
        ValueError: If `bins` is not a positive integer.

    >>> from hanlib.evaluation import Predictions
    >>> made = Predictions(("neg", "pos"), [[0.9, 0.1], [0.4, 0.6]], ["neg", "neg"])
    >>> round(reliability(made).expected_calibration_error, 3)
    0.35
    """
    check_integer("bins", bins)
    confidence, correct = predictions.confidence, predictions.correct
    if predictions.multi_label:
        confidence, correct = predictions.probabilities.ravel(), predictions.truth.ravel()
    edges = np.linspace(0, 1, bins + 1)
    numbers = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    counts = np.bincount(numbers, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean_confidence = np.bincount(numbers, confidence, bins) / counts
        accuracy = np.bincount(numbers, correct, bins) / counts
    return Reliability(edges, counts, mean_confidence, accuracy)
