"""The agreement of two people who marked evidence in the same documents."""

import dataclasses
import re

import numpy as np

from hanlib.evaluation.html_tables import html_table
from hanlib.evidence.dataframes import pandas
from hanlib.evidence.marks import overlapping

# A Chinese or Japanese character, another word, or a punctuation mark.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|[^\w\s]")
_RESAMPLES = 1_000
_OVERLAP = 0.5


@dataclasses.dataclass(frozen=True, eq=False)
class MarkerAgreement:
    """The agreement of two markers on the documents that both have marked.

    Cohen's kappa at words is `(p - c) / (1 - c)`: p is the share of the words that both or neither
    marked, and c the share that is expected by chance if each marks as many words at random (Cohen
    1960). F1 and IoU do not count the words that neither marked. All figures are pooled
    over the documents.

    Attributes:
        counts: `int[documents, 8]`, for each document: words marked by both, by the first alone, by
            the second alone, by neither; spans of the first, of the second; spans of the first and
            of the second that overlap one of the other by at least one half (IoU in words).
        labels: `(first, second)` for each document; None if a marker gave no label.
        texts: The texts of the documents.

    >>> both = MarkerAgreement(np.array([[4, 1, 1, 14, 1, 1, 1, 1]]), [("pos", "pos")], ["..."])
    >>> round(both.kappa, 3), both.word_f1, round(both.word_iou, 3), both.span_f1
    (0.733, 0.8, 0.667, 1.0)
    """

    counts: np.ndarray
    labels: list
    texts: list

    @property
    def kappa(self):
        """Cohen's kappa at words; NaN if both marked no word, or every word."""
        return float(_kappa(self.counts.sum(axis=0)))

    @property
    def word_f1(self):
        """F1 of the marked words, which is symmetric; NaN without marks."""
        return float(_word_f1(self.counts.sum(axis=0)))

    @property
    def word_iou(self):
        """Words that both marked, as a share of those that at least one marked; NaN without."""
        return float(_word_iou(self.counts.sum(axis=0)))

    @property
    def span_f1(self):
        """F1 of the spans that overlap one of the other marker by at least one half."""
        return float(_span_f1(self.counts.sum(axis=0)))

    @property
    def label_agreement(self):
        """The share of equal labels where both gave one; NaN if there are none."""
        given = [pair for pair in self.labels if None not in pair]
        return sum(a == b for a, b in given) / len(given) if given else float("nan")

    @property
    def marked(self):
        """The shares of the words that the first and the second marker marked."""
        both, first, second, _ = self.counts.sum(axis=0)[:4].tolist()
        words = max(1, int(self.counts[:, :4].sum()))
        return (both + first) / words, (both + second) / words

    def interval(self, name):
        """The 95 % bootstrap interval over documents of kappa, word_f1, word_iou or span_f1."""
        count = len(self.texts)
        draws = np.random.default_rng(0).multinomial(
            count, np.full(count, 1 / max(count, 1)), size=_RESAMPLES if count else 0
        )
        values = _MEASURES[name](np.moveaxis(draws @ self.counts, -1, 0))
        values = values[np.isfinite(values)]
        return tuple(np.quantile(values, [0.025, 0.975]).tolist()) if len(values) else (np.nan,) * 2

    def to_dict(self):
        """The figures by name, with intervals; NaN becomes None."""
        figures = {name: getattr(self, name) for name in _MEASURES}
        plain = {
            "documents": len(self.texts),
            "words": int(self.counts[:, :4].sum()),
            "marked": list(self.marked),
            "label_agreement": _known(self.label_agreement),
        }
        for name, value in figures.items():
            plain[name] = _known(value)
            plain[f"{name}_interval"] = [_known(bound) for bound in self.interval(name)]
        return plain

    def to_frame(self):
        """A pandas `DataFrame` with one row per document, by rising agreement of the words."""
        columns = np.moveaxis(self.counts, -1, 0)
        frame = pandas().DataFrame(
            {
                "text": self.texts,
                "label_1": [first for first, _ in self.labels],
                "label_2": [second for _, second in self.labels],
                "words": self.counts[:, :4].sum(axis=1),
                "both": columns[0],
                "only_1": columns[1],
                "only_2": columns[2],
                **{name: measure(columns) for name, measure in _MEASURES.items()},
            }
        )
        return frame.sort_values("word_iou", kind="stable", ignore_index=True)

    def rows(self):
        """The figures as rows of text: name, value, 95 % interval.

        >>> both = MarkerAgreement(np.array([[1, 0, 0, 9, 1, 1, 1, 1]]), [(None, None)], ["..."])
        >>> both.rows()[0]
        ('kappa, words', '1.000', '1.000 to 1.000')
        """
        names = {
            "kappa": "kappa, words",
            "word_f1": "F1, words",
            "word_iou": "IoU, words",
            "span_f1": "F1, spans",
        }
        rows = [
            (title, _figure(getattr(self, name)), " to ".join(map(_figure, self.interval(name))))
            for name, title in names.items()
        ]
        rows.append(("same label", _figure(self.label_agreement), ""))
        return rows

    def _repr_html_(self):
        return html_table("", ["", f"{len(self.texts):,} documents", "95 % interval"], self.rows())


def marker_agreement(first, second):
    """Compares the marks of two people in the documents that both have marked.

    Args:
        first, second: Iterables of `(text, label, evidence)`. `evidence` is a list of half-open
            spans of characters, or None if the marker has not marked the document. Documents are
            matched by their text; of equal texts of one marker the first counts.

    Returns:
        A `MarkerAgreement`.

    Raises:
        ValueError: If no document was marked by both.

    >>> text = "A superb cast in a dull film."
    >>> one, other = [(text, "pos", [(2, 13)])], [(text, "pos", [(2, 8)])]
    >>> found = marker_agreement(one, other)
    >>> found.counts[0].tolist(), round(found.word_f1, 3)
    ([1, 1, 0, 6, 1, 1, 1, 1], 0.667)
    """
    one, other = _marked(first), _marked(second)
    shared = [text for text in one if text in other]
    if not shared:
        raise ValueError(
            "`first` and `second` must have documents that both have marked. Received: "
            f"{len(one)} and {len(other)} marked documents, of which none have the same text"
        )
    counts = [_counts(text, one[text][1], other[text][1]) for text in shared]
    labels = [(one[text][0], other[text][0]) for text in shared]
    return MarkerAgreement(np.array(counts, np.int64), labels, shared)


def _marked(documents):
    marked = {}
    for text, label, evidence in documents:
        if evidence is not None:
            marked.setdefault(text, (label, evidence))
    return marked


def _counts(text, first, second):
    words = [match.span() for match in _WORD.finditer(text)]
    a, b = (overlapping(words, evidence) for evidence in (first, second))
    spans = [
        [np.flatnonzero(overlapping(words, [span])) for span in evidence]
        for evidence in (first, second)
    ]
    # A span of white space alone has no words.
    spans = [[set(span.tolist()) for span in found if len(span)] for found in spans]
    matched = [
        sum(any(len(x & y) >= _OVERLAP * len(x | y) for y in others) for x in own)
        for own, others in (spans, spans[::-1])
    ]
    pairs = [(a & b).sum(), (a & ~b).sum(), (~a & b).sum(), (~a & ~b).sum()]
    return [*map(int, pairs), *map(len, spans), *matched]


def _kappa(counts):
    both, first, second, neither = counts[:4]
    words = both + first + second + neither
    observed = _share(both + neither, words)
    one, other = _share(both + first, words), _share(both + second, words)
    chance = one * other + (1 - one) * (1 - other)
    return _share(observed - chance, 1 - chance)


def _word_f1(counts):
    both, first, second, _ = counts[:4]
    return _share(2 * both, 2 * both + first + second)


def _word_iou(counts):
    both, first, second, _ = counts[:4]
    return _share(both, both + first + second)


def _span_f1(counts):
    of_first, of_second, matched_first, matched_second = counts[4:]
    precision, recall = _share(matched_first, of_first), _share(matched_second, of_second)
    # One marker with spans and one without agree in nothing.
    precision, recall = (
        np.where((of_first + of_second > 0) & np.isnan(value), 0.0, value)
        for value in (precision, recall)
    )
    both = precision + recall
    return np.where(both == 0, 0.0, _share(2 * precision * recall, both))


_MEASURES = {"kappa": _kappa, "word_f1": _word_f1, "word_iou": _word_iou, "span_f1": _span_f1}


def _share(part, whole):
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = np.asarray(whole, float)
        return np.where(whole == 0, np.nan, np.asarray(part, float) / whole)


def _known(value):
    return float(value) if np.isfinite(value) else None


def _figure(value):
    return f"{value:.3f}" if np.isfinite(value) else "none"
