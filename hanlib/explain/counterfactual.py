"""Counterfactuals: few sentences or words of a document without which its label would be another.

Units are removed in the order of their integrated gradients, the strongest support for the label
first, until the label changes. Then every unit that is not needed is put back. The result is
minimal: with any of its units back, the document has its label again. It need not be the smallest
set that there is, for which all subsets would have to be tried.
"""

import dataclasses
import itertools

import numpy as np

from hanlib.checks import check_integer
from hanlib.explain.documents import parts
from hanlib.explain.explain import explanation_sentences
from hanlib.explain.gradient_methods import integrated_gradients
from hanlib.explain.inputs import read_inputs
from hanlib.explain.network import network_of
from hanlib.explain.removal import logits_of_kept_words

LEVELS = ("sentence", "word")
# Variants of a document that are classified at once, before it is known whether more are needed.
_AT_ONCE = 32
_BATCH = 16


@dataclasses.dataclass(frozen=True)
class Counterfactual:
    """What must be removed from a document to change its label.

    Attributes:
        text: the document; None if only its word ids are known.
        level: "sentence" or "word".
        label: the label of the document; for a multi-label classifier, the most probable class X,
            or "not X" if it does not reach its threshold.
        other: the label of the document without `removed`; for a multi-label classifier "not X" or
            X. None if the label does not change.
        removed: the removed `Sentence`s or `Word`s, in the order of the document; empty if the
            label does not change.
        tried: the largest number of units that was removed.
        probability: the probability of the most probable class.
        probability_without: its probability without `removed`; None if the label does not change.
        calls: number of variants of the document that were classified.

    >>> found = Counterfactual("Good.", "word", "pos", None, (), 1, 0.9, None, 3)
    >>> print(found)
    'pos' (0.90) cannot be changed by removing up to 1 word (3 variants classified)
    """

    text: str | None
    level: str
    label: object
    other: object
    removed: tuple
    tried: int
    probability: float
    probability_without: float | None
    calls: int

    @property
    def found(self):
        """Whether the label changes."""
        return self.other is not None

    def __str__(self):
        before, calls = f"{self.label!r} ({self.probability:.2f})", f"{self.calls} variants"
        if not self.found:
            return (
                f"{before} cannot be changed by removing up to {_counted(self.tried, self.level)} "
                f"({calls} classified)"
            )
        texts = " | ".join(unit.text for unit in self.removed)
        return (
            f"{before} becomes {self.other!r} ({self.probability_without:.2f} for {self.label!r}) "
            f"without {_counted(len(self.removed), self.level)}: {texts} ({calls} classified)"
        )


def counterfactuals(classifier, documents, level="word", most=None):
    """Finds few sentences or words of each document without which its label would be another.

    Args:
        classifier: a `DocumentClassifier` whose encoder has one or two levels.
        documents: a list of strings, or ids as `DocumentClassifier.predict` takes them.
        level: "sentence" or "word".
        most: the largest number of units to remove; None: all but one.

    Returns:
        A list with a `Counterfactual` for each document.

    Raises:
        ValueError: an argument is out of its range, or the classifier cannot be explained.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> vectorizer = DocumentVectorizer(vocabulary=["good", "film"])
    >>> classifier = DocumentClassifier(vectorizer, HAN(4), classes=["neg", "pos"])
    >>> (found,) = counterfactuals(classifier, ["A good film. Go!"], level="sentence")
    >>> found.level, found.tried
    ('sentence', 1)
    """
    if level not in LEVELS:
        raise ValueError(f"`level` must be one of {', '.join(LEVELS)}. Received: {level!r}")
    check_integer("most", most, allow_none=True)
    if isinstance(documents, (str, bytes)):
        raise ValueError(
            "`documents` must be a list of documents, not a single string. "
            f"Received: {documents!r:.80}"
        )
    network = network_of(classifier)
    read, surfaces = read_inputs(classifier, documents)
    found = []
    for start in range(0, read.count, _BATCH):
        indices = np.arange(start, min(start + _BATCH, read.count))
        some = read.take(indices)
        scores = integrated_gradients(network, some, np.full(some.count, -1, np.int32))
        rows = zip(
            surfaces[start : start + _BATCH],
            parts(some.words, some.document_words),
            parts(some.row_lengths, some.document_rows),
            parts(some.sentence_words, some.document_sentences),
            parts(scores.words, some.document_words),
            parts(scores.sentences, some.document_sentences),
            scores.targets,
            strict=True,
        )
        found += [_Search(network, level, *row).result(most) for row in rows]
    return found


class _Search:
    """The search in one document; sets of units are `<bool>[units]`, true for removed ones."""

    def __init__(
        self, network, level, surface, words, row_lengths, lengths, by_word, by_sentence, target
    ):
        self.network, self.level, self.target = network, level, int(target)
        self.text, self.words, self.row_lengths = surface.text, words, row_lengths
        self.sentences = explanation_sentences(surface, by_word, by_sentence)
        self.scores = by_word if level == "word" else by_sentence
        # The number of words of each unit.
        self.sizes = np.ones_like(words) if level == "word" else lengths
        self.calls = 0
        self.whole = self._probabilities(np.zeros([1, len(self.scores)], bool))
        self.has_label = bool(self._have_label(self.whole)[0])

    def result(self, most):
        """The `Counterfactual`."""
        all_but_one = max(len(self.scores) - 1, 0)
        most = all_but_one if most is None else min(most, all_but_one)
        removed, other, without = self._first(most), None, None
        if removed is not None:
            removed = self._pruned(removed)
            left = self._probabilities(removed[None])[0]
            other, without = self._other(left), float(left[self.target])
        units = self.sentences
        if self.level == "word":
            units = [word for sentence in self.sentences for word in sentence.words]
        return Counterfactual(
            self.text,
            self.level,
            self._name(self.has_label),
            other,
            () if removed is None else tuple(itertools.compress(units, removed)),
            most,
            float(self.whole[0, self.target]),
            without,
            self.calls,
        )

    def _name(self, has_label):
        name = self.network.classifier.classes[self.target]
        return name if has_label else f"not {name}"

    def _other(self, probabilities):
        classifier = self.network.classifier
        if classifier.multi_label:
            return self._name(not self.has_label)
        return classifier.classes[int(probabilities.argmax())]

    def _first(self, most):
        """The strongest units, as few as change the label, or None."""
        strength = self.scores if self.has_label else -self.scores
        rank = np.empty(len(strength), np.int64)
        rank[np.argsort(-strength, kind="stable")] = np.arange(len(strength))
        for start in range(1, most + 1, _AT_ONCE):
            sizes = np.arange(start, min(start + _AT_ONCE, most + 1))
            variants = rank[None, :] < sizes[:, None]
            changed = np.flatnonzero(self._changed(variants))
            if len(changed):
                return variants[changed[0]]
        return None

    def _pruned(self, removed):
        """`removed` without the units that are not needed, the weakest first."""
        while removed.sum() > 1:
            chosen = np.flatnonzero(removed)
            variants = np.repeat(removed[None], len(chosen), axis=0)
            variants[np.arange(len(chosen)), chosen] = False
            needless = np.flatnonzero(self._changed(variants))
            if not len(needless):
                break
            weakest = np.argmin(np.abs(self.scores[chosen[needless]]))
            removed = variants[needless[weakest]]
        return removed

    def _changed(self, variants):
        """Whether the document without each set of units has another label, `<bool>[variants]`."""
        return self._have_label(self._probabilities(variants)) != self.has_label

    def _have_label(self, probabilities):
        classifier = self.network.classifier
        if classifier.multi_label:
            return probabilities[:, self.target] >= np.float32(classifier.thresholds[self.target])
        return probabilities.argmax(axis=1) == self.target

    def _probabilities(self, variants):
        """`<float32>[variants, classes]` of the document without each set of units."""
        self.calls += len(variants)
        kept = np.repeat(~variants, self.sizes, axis=1)
        logits = logits_of_kept_words(self.network, [(self.words, self.row_lengths, kept)])
        return self.network.probabilities(logits).numpy()


def _counted(number, unit):
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
