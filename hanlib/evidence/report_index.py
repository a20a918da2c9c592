"""What the index of a report says of each document: a line of figures, never its whole text."""

import hashlib
import math

from hanlib.evidence.characters import on_one_line
from hanlib.evidence.figures import named
from hanlib.evidence.methods import method_of
from hanlib.evidence.reading import is_wrong

_LETTERS = 120
_SEVERAL = (tuple, list, set, frozenset)


class ReportIndex:
    """The rows of a report's index; explanations of one document share a row.

    Explanations of the same text for other targets or by other methods are of one document. The
    same text explained again in the same way is another document.

    >>> from hanlib.evidence import Explanation
    >>> index = ReportIndex()
    >>> for target in ("pos", "neg", "neg"):
    ...     index.add(Explanation("Good.", "pos", {"pos": 0.9, "neg": 0.1}, target, "random"))
    >>> [row["shown"] for row in index.rows]
    [[[0, 'pos', 'Random scores'], [1, 'neg', 'Random scores']], [[2, 'neg', 'Random scores']]]
    """

    def __init__(self):
        self.rows = []
        self._explanations = 0
        self._open = {}  # Digest of a text -> `(row, what it shows)` of each document.

    def add(self, explanation):
        """Notes the next explanation of the report."""
        way = (named(explanation.target), method_of(explanation.method).title)
        row = self._row_without(way, explanation)
        row["shown"].append([self._explanations, *way])
        known = [value for value in (row["faithful"], _faithful(explanation)) if value is not None]
        row["faithful"] = min(known, default=None)
        self._explanations += 1

    def _row_without(self, way, explanation):
        """The first row of this text that does not show `way` yet, or a new one."""
        documents = self._open.setdefault(_digest(explanation), [])
        for row, ways in documents:
            if way not in ways:
                ways.add(way)
                return row
        row = _row(explanation, len(self.rows))
        self.rows.append(row)
        documents.append((row, {way}))
        return row

    def outline(self):
        """The report in one sentence.

        >>> ReportIndex().outline()
        '0 documents.'
        """
        known = [row["wrong"] for row in self.rows if row["wrong"] is not None]
        measured = [row["faithful"] for row in self.rows if row["faithful"] is not None]
        parts = [f"{len(self.rows):,} documents"]
        if known:
            wrong = sum(known)
            parts.append(f"{wrong:,} of {len(known):,} with a true label are wrong")
        if measured:
            gain = sum(measured) / len(measured)
            parts.append(f"explanations beat chance by {gain:.3f} on average")
        return "; ".join(parts) + "."


def _digest(explanation):
    text = explanation.text
    if text is None:
        text = "\0".join(sentence.text or "" for sentence in explanation.sentences)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def _row(explanation, place):
    true = explanation.true_label
    return {
        "place": place,
        "text": _opening(explanation),
        "label": named(explanation.label),
        "labels": _names(explanation.label),
        "true": None if true is None else named(true),
        "trues": [] if true is None else _names(true),
        "wrong": is_wrong(explanation),
        "confidence": _finite(_confidence(explanation)),
        "wrongness": _finite(_wrongness(explanation)),
        "faithful": None,
        "words": len(explanation.words) + int(explanation.omitted.get("words", 0)),
        "shown": [],
    }


def _opening(explanation):
    text = explanation.text
    if text is None:
        text = " ".join(sentence.text or "" for sentence in explanation.sentences[:8])
    text = on_one_line(text[: 4 * _LETTERS])
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"


def _names(label):
    return [named(name) for name in label] if isinstance(label, _SEVERAL) else [named(label)]


def _confidence(explanation):
    """The probability of the label; multi-label: that of the least certain of all decisions."""
    probabilities = explanation.probabilities
    if isinstance(explanation.label, _SEVERAL):
        return min((max(p, 1 - p) for p in probabilities.values()), default=None)
    return probabilities.get(explanation.label)


def _wrongness(explanation):
    """By how much the truth lies behind: p(label) - p(true); multi-label: the worst decision's."""
    wrong, probabilities = is_wrong(explanation), explanation.probabilities
    if not wrong:
        return None if wrong is None else 0.0
    label, true = explanation.label, explanation.true_label
    if not isinstance(label, _SEVERAL):
        return probabilities.get(label, 0.0) - probabilities.get(true, 0.0)
    given, right = set(label), set(true if isinstance(true, _SEVERAL) else (true,))
    return max(
        *(probabilities.get(name, 0.0) for name in given - right),
        *(1 - probabilities.get(name, 0.0) for name in right - given),
        0.0,
    )


def _faithful(explanation):
    """Better than chance by, at the level where that is least; None where it was not measured."""
    gains = (_finite(figures.better_than_chance) for figures in explanation.faithfulness.values())
    return min((gain for gain in gains if gain is not None), default=None)


def _finite(value):
    return round(float(value), 6) if value is not None and math.isfinite(value) else None
