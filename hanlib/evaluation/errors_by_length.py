"""Error rates by document length."""

import dataclasses

import numpy as np

from hanlib.checks import check_integer
from hanlib.evidence import plots
from hanlib.evidence.dataframes import pandas

_Z = 1.959964  # 97.5 % quantile of the normal distribution.


@dataclasses.dataclass(frozen=True, eq=False)
class ErrorsByLength:
    """Error rates of groups of documents of similar length, with 95 % intervals (Wilson 1927).

    Attributes:
        shortest, longest: Number of words of the shortest and longest document, `int[groups]`.
        counts: Number of documents in each group.
        errors: Number of misclassified documents in each group.

    >>> made = ErrorsByLength(np.array([1]), np.array([9]), np.array([10]), np.array([1]))
    >>> made.rates.tolist(), [round(float(bound[0]), 3) for bound in made.intervals]
    ([0.1], [0.018, 0.404])
    """

    shortest: np.ndarray
    longest: np.ndarray
    counts: np.ndarray
    errors: np.ndarray

    @property
    def rates(self):
        """The error rate of each group."""
        return self.errors / self.counts

    @property
    def intervals(self):
        """`(low, high)`, each `float[groups]`."""
        return wilson_interval(self.errors, self.counts)

    def to_frame(self):
        """A pandas `DataFrame` with one row per group."""
        low, high = self.intervals
        columns = {"shortest": self.shortest, "longest": self.longest, "documents": self.counts}
        columns |= {"errors": self.errors, "error_rate": self.rates, "low": low, "high": high}
        return pandas().DataFrame(columns)

    def plot(self, axes=None):
        """A matplotlib `Figure`: the error rate of each group with its interval."""
        axes = plots.new_axes(6.5, 3.8, axes)
        positions = np.arange(len(self.counts))
        low, high = self.intervals
        axes.errorbar(
            positions,
            100 * self.rates,
            100 * np.array([np.maximum(self.rates - low, 0), np.maximum(high - self.rates, 0)]),
            fmt="o",
            color=plots.BLUE,
            capsize=4,
        )
        names = [
            f"{first:,}–{last:,}\n({count:,} docs)"
            for first, last, count in zip(self.shortest, self.longest, self.counts, strict=True)
        ]
        plots.label_ticks(axes.xaxis, positions, names)
        axes.set(xlabel="length of the document (words)", ylabel="error rate (%)")
        axes.set_ylim(bottom=0)
        plots.title(axes, "Errors by length, with 95 % intervals")
        axes.spines[["top", "right"]].set_visible(False)
        return axes.figure


def wilson_interval(count, n):
    """The 95 % score interval `(low, high)` of a proportion `count / n` (Wilson 1927).

    >>> [round(float(bound), 3) for bound in wilson_interval(1, 10)]
    [0.018, 0.404]
    """
    rate = count / n
    middle = (rate + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n**2))
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)


def errors_by_length(predictions, groups=5):
    """Computes the `ErrorsByLength` of `Predictions` in groups of about equal size.

    Documents of equal length are in the same group, so there may be fewer groups.

    Raises:
        ValueError: If the lengths are unknown, or `groups` is not a positive integer.

    >>> from hanlib.evaluation import Predictions
    >>> made = Predictions(("neg", "pos"), [[0.9, 0.1], [0.4, 0.6]], ["neg", "neg"],
    ...     lengths=[10, 300])
    >>> errors_by_length(made, groups=2).rates.tolist()
    [0.0, 1.0]
    """
    check_integer("groups", groups)
    if predictions.lengths is None or not len(predictions.lengths):
        raise ValueError("`predictions` must have lengths. Received: lengths=None or no documents")
    lengths, wrong = predictions.lengths, ~predictions.correct
    bounds = np.quantile(lengths, np.arange(1, groups) / groups, method="inverted_cdf")
    _, group = np.unique(np.searchsorted(bounds, lengths, side="left"), return_inverse=True)
    made = [lengths[group == number] for number in range(group.max() + 1)]
    return ErrorsByLength(
        np.array([part.min() for part in made]),
        np.array([part.max() for part in made]),
        np.bincount(group),
        np.bincount(group, wrong).astype("int64"),
    )
