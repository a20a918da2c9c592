"""Error rates if people decide the documents with the lowest confidence."""

import dataclasses

import numpy as np

from hanlib.evidence import plots
from hanlib.evidence.dataframes import pandas


@dataclasses.dataclass(frozen=True, eq=False)
class RiskCoverage:
    """The risk-coverage curve (El-Yaniv and Wiener 2010, Geifman and El-Yaniv 2017).

        risk at coverage k / n = errors among the k most confident documents / k

    Attributes:
        coverage: `k / n`, `float[n]`.
        risk: `float[n]`. Documents of equal confidence are averaged.
        confidence: The lowest confidence among the k documents.

    >>> made = RiskCoverage(np.array([0.5, 1.0]), np.array([0.0, 0.5]), np.array([0.9, 0.6]))
    >>> made.area
    0.25
    """

    coverage: np.ndarray
    risk: np.ndarray
    confidence: np.ndarray

    @property
    def area(self):
        """The mean risk over all coverages (AURC); lower is better."""
        return float(self.risk.mean()) if len(self.risk) else float("nan")

    def to_frame(self):
        """A pandas `DataFrame` with one row per coverage."""
        columns = {"coverage": self.coverage, "risk": self.risk, "confidence": self.confidence}
        return pandas().DataFrame(columns)

    def plot(self, axes=None):
        """A matplotlib `Figure`: the error rate against the share of documents decided."""
        axes = plots.new_axes(6, 3.8, axes)
        axes.plot(100 * self.coverage, 100 * self.risk, color=plots.BLUE, label="by confidence")
        if len(self.risk):
            axes.axhline(
                100 * self.risk[-1], color=plots.GRAY, linestyle="--", label="in random order"
            )
        axes.set(xlabel="documents decided, most confident first (%)", ylabel="errors (%)")
        axes.set(xlim=(0, 100))
        axes.set_ylim(bottom=0)
        axes.legend(fontsize=9)
        plots.title(axes, f"Risk by coverage, area {self.area:.4f}")
        axes.spines[["top", "right"]].set_visible(False)
        return axes.figure


def risk_coverage(predictions):
    """Computes the `RiskCoverage` of `Predictions`.

    >>> from hanlib.evaluation import Predictions
    >>> made = Predictions(("neg", "pos"), [[0.9, 0.1], [0.4, 0.6]], ["neg", "neg"])
    >>> risk_coverage(made).risk.tolist()
    [0.0, 0.5]
    """
    confidence = predictions.confidence
    ordered = np.argsort(-confidence, kind="stable")
    confidence, wrong = confidence[ordered], (~predictions.correct)[ordered].astype("float64")
    # Documents of equal confidence share their mean risk.
    _, group, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    wrong = (np.bincount(group, wrong) / counts)[group] if len(wrong) else wrong
    taken = np.arange(1, len(wrong) + 1)
    return RiskCoverage(taken / max(1, len(wrong)), np.cumsum(wrong) / taken, confidence)
