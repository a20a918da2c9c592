"""Words and sentences that support or oppose each class, over many documents."""

import dataclasses
import math

from hanlib.checks import check_integer
from hanlib.evidence import formatting, plots
from hanlib.evidence.characters import on_one_line, truncated
from hanlib.evidence.dataframes import pandas
from hanlib.evidence.methods import get_method
from hanlib.evidence.shading import weights

_COLUMNS = 28
# Maximum number of distinct sentences per class; beyond it the weaker half is dropped.
_SENTENCES_KEPT = 50_000


@dataclasses.dataclass(frozen=True)
class Contribution:
    """The mean score of a word or sentence for a class over many documents.

    Attributes:
        text: The sentence, or the word in lower case.
        mean: The mean of its scores.
        count: Number of occurrences.
        documents: Number of documents that contain it.
        example: The sentence in which its absolute score is largest.
        document: Index of that document among the explanations.

    >>> Contribution("superb", 0.4, 12, 11, "A superb cast.", 3).count
    12
    """

    text: str
    mean: float
    count: int
    documents: int
    example: str
    document: int


@dataclasses.dataclass(frozen=True)
class ClassEvidence:
    """Words and sentences that support or oppose each class.

    Attributes:
        words, sentences: `dict` from class to `Contribution`s, by falling mean: at most `top` with
            positive means and at most `top` with negative means.

    >>> superb = Contribution("superb", 0.4, 1, 1, "Superb!", 0)
    >>> ClassEvidence({"pos": (superb,)}, {}).words["pos"][0].text
    'superb'
    """

    words: dict
    sentences: dict

    def to_frame(self):
        """A pandas `DataFrame` with one row per contribution of a word or sentence to a class."""
        fields = [field.name for field in dataclasses.fields(Contribution)]
        rows = [
            (target, level, *dataclasses.astuple(contribution))
            for level, by_class in (("word", self.words), ("sentence", self.sentences))
            for target, found in by_class.items()
            for contribution in found
        ]
        return pandas().DataFrame(rows, columns=["class", "level", *fields])

    def plot(self, classes=None, most=12):
        """A matplotlib `Figure`: the mean scores of the strongest words of each class.

        Args:
            classes: The classes to draw; None for the first three.
            most: Maximum number of words per class.
        """
        classes = list(self.words)[:3] if classes is None else list(classes)
        strongest = {target: _strongest(self.words[target], most) for target in classes}
        rows = max([3, *map(len, strongest.values())])
        columns = plots.new_columns(
            4.2 * max(1, len(classes)), 1.3 + 0.27 * rows, max(1, len(classes))
        )
        for axes, (target, found) in zip(columns, strongest.items(), strict=False):
            _draw(axes, target, found)
        return columns[0].figure


def class_evidence(explanations, top=20, min_count=5):
    """Collects the `ClassEvidence` of an iterable of `Explanation`s.

    An explanation contributes to its target class only; one that compares two classes A and B, to
    "A rather than B". Words that differ only in case are counted
    together. The attention of a word is multiplied by the number of words in its sentence.

    Args:
        explanations: An iterable of `Explanation`s by one method.
        top: Maximum number of words and of sentences for and against each class.
        min_count: Minimum number of occurrences of a word; a sentence may occur once.

    Raises:
        ValueError: If `top` or `min_count` is not a positive integer, or the methods differ.

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> sentence = Sentence("Superb!", 0.7, (Word("Superb", 0.4),))
    >>> made = [Explanation(None, "pos", {}, "pos", "leave_one_out", (sentence,))] * 2
    >>> class_evidence(made, min_count=2).words["pos"][0].mean
    0.4
    """
    check_integer("top", top)
    check_integer("min_count", min_count)
    tally, methods = EvidenceTally(), set()
    for document, explanation in enumerate(explanations):
        methods.add(explanation.method)
        if len(methods) > 1:
            raise ValueError(f"`explanations` must be by one method. Received: {sorted(methods)}")
        tally.add(explanation, document)
    return tally.evidence(top, min_count)


class EvidenceTally:
    """Accumulates the scores of words and sentences for each class."""

    def __init__(self):
        self._classes = {}  # Class -> (words, sentences), each from text to `_Tally`.

    def add(self, explanation, document):
        """Adds an explanation; `document` is the index of its document."""
        compared = explanation.against is not None
        key = formatting.target(explanation) if compared else explanation.target
        words, sentences = self._classes.setdefault(key, ({}, {}))
        _add(words, sentences, explanation, document)

    def evidence(self, top=20, min_count=5):
        """The `ClassEvidence` of the explanations added so far; see `class_evidence`."""
        tallies = self._classes.items()
        return ClassEvidence(
            {target: _ranked(words, top, min_count) for target, (words, _) in tallies},
            {target: _ranked(sentences, top, 1) for target, (_, sentences) in tallies},
        )


class _Tally:
    """The running sums of one word or sentence."""

    __slots__ = ("count", "document", "documents", "example", "furthest", "last", "total")

    def __init__(self):
        self.total, self.count, self.documents, self.last = 0.0, 0, 0, -1
        self.furthest, self.example, self.document = -1.0, "", -1

    def add(self, score, example, document):
        self.total += score
        self.count += 1
        self.documents += document != self.last
        self.last = document
        if abs(score) > self.furthest:
            self.furthest, self.example, self.document = abs(score), example, document

    def contribution(self, text):
        mean = self.total / self.count
        return Contribution(text, mean, self.count, self.documents, self.example, self.document)


def _add(words, sentences, explanation, document):
    for sentence in explanation.sentences:
        text = on_one_line(sentence.text)
        if _is_number(sentence.score):
            sentences.setdefault(text, _Tally()).add(float(sentence.score), text, document)
        scores = weights(sentence, get_method(explanation.method))
        for word, score in zip(sentence.words, scores, strict=True):
            if _is_number(word.score):
                name = on_one_line(word.text).casefold()
                words.setdefault(name, _Tally()).add(score, text, document)
    if len(sentences) > _SENTENCES_KEPT:
        weaker = sorted(sentences, key=lambda name: sentences[name].furthest)
        for name in weaker[: _SENTENCES_KEPT // 2]:
            del sentences[name]


def _is_number(score):
    return score is not None and math.isfinite(score)


def _ranked(tallies, top, min_count):
    found = [t.contribution(text) for text, t in tallies.items() if t.count >= min_count]
    found.sort(key=lambda contribution: (-contribution.mean, contribution.text))
    speaking_for = [contribution for contribution in found if contribution.mean >= 0][:top]
    return (
        *speaking_for,
        *[contribution for contribution in found if contribution.mean < 0][-top:],
    )


def _strongest(contributions, most):
    largest = max((abs(c.mean) for c in contributions), default=0.0)
    visible = [c for c in contributions if abs(c.mean) >= largest / 100]
    kept = sorted(visible, key=lambda c: -abs(c.mean))[:most]
    return sorted(kept, key=lambda c: -c.mean)


def _draw(axes, target, contributions):
    means = [contribution.mean for contribution in contributions]
    colors = [plots.ORANGE if mean < 0 else plots.BLUE for mean in means]
    names = [f"{truncated(c.text, _COLUMNS)} ({c.count:,})" for c in contributions]
    plots.signed_bars(axes, means, names, colors)
    axes.set_xlabel("mean score (number of occurrences)")
    plots.title(axes, f"For “{truncated(formatting.label(target), _COLUMNS)}”")
