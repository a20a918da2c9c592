"""The list of documents in a report: one row of values per document, without its text."""

import hashlib

from hanlib.evidence import formatting
from hanlib.evidence.label_names import is_collection, label_names
from hanlib.evidence.methods import get_method
from hanlib.evidence.shading import finite


class ReportIndex:
    """The rows of the list of documents.

    Explanations of the same text for different targets or by different methods share a row. The
    same text explained again for the same target and method is a new document.

    >>> from hanlib.evidence import Explanation
    >>> index = ReportIndex()
    >>> for target in ("pos", "neg", "neg"):
    ...     index.add(Explanation("Good.", "pos", {"pos": 0.9, "neg": 0.1}, target, "random"))
    True
    False
    True
    >>> [row["shown"] for row in index.rows]
    [[[0, 'pos', 'Random scores'], [1, 'neg', 'Random scores']], [[2, 'neg', 'Random scores']]]
    """

    def __init__(self):
        self.rows = []
        self._explanations = 0
        self._documents = {}  # Digest of a text -> [(row, {(target, method)})].

    def add(self, explanation):
        """Adds an explanation, and returns whether it belongs to a new document."""
        shown = (formatting.target(explanation), get_method(explanation.method).title)
        count = len(self.rows)
        row = self._row_without(shown, explanation)
        row["shown"].append([self._explanations, *shown])
        for level, measured in explanation.faithfulness.items():
            gain = round(finite(measured.better_than_chance), 3) + 0.0
            row["gains"][level] = min(row["gains"].get(level, gain), gain)
        self._explanations += 1
        return len(self.rows) > count

    def columns(self):
        """The rows for the script, as column names and lists of values.

        >>> ReportIndex().columns()
        {'names': [], 'rows': []}
        """
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        return {"names": names, "rows": [[row.get(name) for name in names] for row in self.rows]}

    def _row_without(self, shown, explanation):
        """The first row of this text without this target and method, or a new row."""
        documents = self._documents.setdefault(_digest(explanation), [])
        for row, contents in documents:
            if shown not in contents:
                contents.add(shown)
                return row
        self.rows.append(_row(explanation))
        documents.append((self.rows[-1], {shown}))
        return self.rows[-1]


def _digest(explanation):
    text = explanation.text
    if text is None:
        text = "\0".join(sentence.text or "" for sentence in explanation.sentences)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def _row(explanation):
    true, correct = explanation.true_label, explanation.correct
    row = {
        "label": formatting.label(explanation.label),
        "true": None if true is None else formatting.label(true),
        "wrong": None if correct is None else not correct,
        "confidence": _rounded(_confidence(explanation)),
        "wrongness": _rounded(_wrongness(explanation)),
        "words": len(explanation.words) + int(explanation.omitted.get("words", 0)),
        "gains": {},
        "shown": [],
    }
    if is_collection(explanation.label):
        row["labels"], row["trues"] = _names(explanation.label), _names(true)
    return row


def _names(label):
    return [formatting.label(name) for name in label_names(label)]


def _confidence(explanation):
    """The probability of the label; multi-label: that of the least certain decision."""
    probabilities = explanation.probabilities
    if is_collection(explanation.label):
        return min((max(p, 1 - p) for p in probabilities.values()), default=None)
    return probabilities.get(explanation.label)


def _wrongness(explanation):
    """p(label) - p(true); multi-label: the probability of the most confident wrong decision."""
    correct, probabilities = explanation.correct, explanation.probabilities
    if correct is not False:
        return None if correct is None else 0.0
    label, true = explanation.label, explanation.true_label
    if not is_collection(label):
        return probabilities.get(label, 0.0) - probabilities.get(true, 0.0)
    given, right = set(label), set(label_names(true))
    return max(
        *(probabilities.get(name, 0.0) for name in given - right),
        *(1 - probabilities.get(name, 0.0) for name in right - given),
        0.0,
    )


def _rounded(value):
    return None if value is None else round(finite(value), 6)
