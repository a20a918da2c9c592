"""The result of `hanlib.training.compare`: one table for all models."""

import dataclasses
import json
import math
import statistics

from hanlib.atomic_files import write_text


@dataclasses.dataclass(frozen=True)
class ComparedResult:
    """The runs of one model.

    Attributes:
        model: Name of the model.
        about: What the model is, in one line.
        runs: Records of the runs that succeeded, one per seed (see `hanlib.training.compared_run`).
        error: Why the model failed, or None.

    >>> runs = [{"score": 0.8}, {"score": 0.9}]
    >>> result = ComparedResult("gru", "GRU, last state", runs)
    >>> round(result.score, 3), round(result.spread, 3)
    (0.85, 0.071)
    """

    model: str
    about: str
    runs: tuple
    error: str | None = None

    @property
    def score(self):
        """The mean score, or None without runs."""
        return self.mean("score")

    @property
    def spread(self):
        """The standard deviation of the scores over the seeds, or None with fewer than two."""
        scores = [run["score"] for run in self.runs]
        return statistics.stdev(scores) if len(scores) > 1 else None

    def mean(self, name):
        """The mean of a figure of the runs that have it, or None if none has."""
        found = [run[name] for run in self.runs if run.get(name) is not None]
        return statistics.fmean(found) if found else None

    def by_length(self):
        """The share of documents that are right, for each group of similar length.

        >>> group = {"shortest": 1, "longest": 9, "documents": 4, "right": 3}
        >>> ComparedResult("gru", "", [{"by_length": [group]}]).by_length()
        [0.75]
        """
        groups = zip(*(run["by_length"] for run in self.runs), strict=True)
        return [
            statistics.fmean(run["right"] / run["documents"] for run in group) for group in groups
        ]

    def to_dict(self):
        """A JSON object with the means and all runs."""
        means = ("parameters", "seconds", "cpu_seconds", "training_speed", "speed", "peak_memory")
        return {
            "model": self.model,
            "about": self.about,
            "error": self.error,
            "score": self.score,
            "spread": self.spread,
            **{name: self.mean(name) for name in means},
            "by_length": self.by_length(),
            "runs": list(self.runs),
        }


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Several models, trained and measured on the same documents.

    Attributes:
        about: `dict` with `dataset`, `split`, `metric`, `documents` by split, `seeds` and
            `budget_minutes`.
        results: A `ComparedResult` for each model.

    >>> about = {"dataset": "films", "split": "validation", "metric": "accuracy",
    ...     "documents": {"train": 9, "validation": 4}, "seeds": 1, "budget_minutes": None}
    >>> print(Comparison(about, (ComparedResult("gru", "", (), "ValueError: no"),)).to_text())
    films: 9 training documents; measured on validation (4), 1 seed
    gru failed: ValueError: no
    """

    about: dict
    results: tuple

    @property
    def trained(self):
        """The results of the models with at least one run."""
        return [result for result in self.results if result.runs]

    @property
    def metric(self):
        """Name of the score."""
        return self.about["metric"].replace("_", " ")

    @property
    def lengths(self):
        """The groups of the documents by length, as text such as "1-120"."""
        if not self.trained:
            return []
        groups = self.trained[0].runs[0]["by_length"]
        return [f"{group['shortest']:,}-{group['longest']:,}" for group in groups]

    def heading(self):
        """The data and the conditions, in one line."""
        documents, split = self.about["documents"], self.about["split"]
        seeds, minutes = self.about["seeds"], self.about["budget_minutes"]
        return (
            f"{self.about['dataset']}: {_count(documents['train'])} training documents; "
            f"measured on {split} ({_count(documents[split])}), "
            f"{seeds} seed{'s' * (seeds > 1)}"
            + ("" if minutes is None else f", {minutes:g} minutes per run")
        )

    def table(self):
        """Heads and rows of the table of all models, as text."""
        heads = ["model", self.metric, "spread", "parameters", "epochs", "training (s)", "CPU (s)"]
        heads += ["training docs/s", "prediction docs/s", "peak memory (MB)"]
        rows = [
            [
                result.model,
                f"{result.score:.4f}",
                "-" if result.spread is None else f"{result.spread:.4f}",
                f"{result.mean('parameters'):,.0f}",
                f"{result.mean('epochs'):.1f}",
                f"{result.mean('seconds'):,.1f}",
                _or_dash(result.mean("cpu_seconds"), 1),
                *(_speed(result.mean(name)) for name in ("training_speed", "speed")),
                _or_dash(result.mean("peak_memory"), 1e6),
            ]
            for result in self.trained
        ]
        return heads, rows

    def length_table(self):
        """Heads and rows of the table of the share that is right by document length."""
        heads = ["words", *self.lengths]
        rows = [
            [result.model, *(f"{share:.4f}" for share in result.by_length())]
            for result in self.trained
        ]
        return heads, rows

    def failures(self):
        """A line for each model that failed."""
        return [f"{r.model} failed: {r.error}" for r in self.results if r.error is not None]

    def to_text(self):
        """Both tables as text."""
        parts = [self.heading()]
        if self.trained:
            parts += ["", *_aligned(*self.table()), "", "share of documents that are right"]
            parts += _aligned(*self.length_table())
        return "\n".join([*parts, *self.failures()])

    def to_dict(self):
        """A JSON object."""
        return {**self.about, "models": [result.to_dict() for result in self.results]}

    def to_json(self):
        """A JSON object, as text in one line."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_html(self):
        """A page with the tables and pictures, without scripts and external resources."""
        from hanlib.evaluation.comparison_page import comparison_page

        return comparison_page(self)

    def write_html(self, path):
        """Writes the page to a file; an existing one is kept if this fails."""
        write_text(path, self.to_html())


def _count(number):
    return "?" if number is None else f"{number:,}"


def _speed(number):
    """Documents per second, with three significant digits."""
    digits = max(2 - math.floor(math.log10(number)), 0) if number > 0 else 0
    return f"{number:,.{digits}f}"


def _or_dash(number, unit):
    """A number in units, or a dash if it is unknown."""
    return "-" if number is None else f"{number / unit:,.0f}"


def _aligned(heads, rows):
    """The lines of a table: names to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for first, *cells in (heads, *rows):
        numbers = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *numbers]).rstrip()
