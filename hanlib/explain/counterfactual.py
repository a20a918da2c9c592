"""Counterfactuals: few sentences or words of a document without which its label would be another.

`hanlib.explain.counterfactual_search` describes the search. Units are removed, or their words are
replaced by the unknown word, which leaves the other words where they are. They are not replaced by
other words of the vocabulary: the words that change a label fastest are the same few strong ones in
every document ("worst", "superb"), whatever they replace, so the answer would be about these words
and not about the document.
"""

import dataclasses
import itertools

import numpy as np

from hanlib.checks import check_choice, check_integer
from hanlib.explain.counterfactual_search import Search
from hanlib.explain.explain import explanation_sentences
from hanlib.explain.gradient_methods import integrated_gradients
from hanlib.explain.network import network_of
from hanlib.explain.scored_documents import scored_documents
from hanlib.explain.targets import class_index, predicted
from hanlib.explain.variants import Variants

LEVELS = ("sentence", "word")
CHANGES = ("remove", "replace")
_BATCH = 16


@dataclasses.dataclass(frozen=True)
class Counterfactual:
    """What must be removed from a document, or made unknown in it, to change its label.

    Attributes:
        text: the document; None if only its word ids are known.
        level: "sentence" or "word".
        change: "remove", or "replace" if the words are replaced by the unknown word.
        label: the label of the document; for a multi-label classifier, the most probable class X,
            or "not X" if it does not reach its threshold.
        other: the label of the changed document; for a multi-label classifier "not X" or X. None if
            the label does not change.
        units: the removed or replaced `Sentence`s or `Word`s, in the order of the document; empty
            if the label does not change.
        tried: the largest number of units that was changed at once.
        probability: the probability of the most probable class.
        probability_without: its probability in the changed document; None if the label does not
            change.
        calls: number of variants of the document that were classified, with the passes of the
            integrated gradients.

    >>> found = Counterfactual("Good.", "word", "remove", "pos", None, (), 1, 0.9, None, 3)
    >>> print(found)
    'pos' (0.90) cannot be changed by removing up to 1 word (3 model calls)
    """

    text: str | None
    level: str
    change: str
    label: object
    other: object
    units: tuple
    tried: int
    probability: float
    probability_without: float | None
    calls: int

    @property
    def found(self):
        """Whether the label changes."""
        return self.other is not None

    def __str__(self):
        before, calls = f"{self.label!r} ({self.probability:.2f})", f"{self.calls:,} model calls"
        removing = "removing" if self.change == "remove" else "replacing"
        if not self.found:
            tried = _counted(self.tried, self.level)
            return f"{before} cannot be changed by {removing} up to {tried} ({calls})"
        without = "without" if self.change == "remove" else "with the unknown word for"
        texts = " | ".join(unit.text for unit in self.units)
        return (
            f"{before} becomes {self.other!r} ({self.probability_without:.2f} for {self.label!r}) "
            f"{without} {_counted(len(self.units), self.level)}: {texts} ({calls})"
        )


def counterfactuals(classifier, documents, level="word", most=None, *, change="remove", to=None):
    """Finds few sentences or words of each document without which its label would be another.

    The set is minimal: with any of its units back, the document has its label again. It need not be
    the smallest set that there is, for which all subsets would have to be classified.

    Args:
        classifier: a `DocumentClassifier` whose encoder has one or two levels.
        documents: a list of strings, or ids as `DocumentClassifier.predict` takes them.
        level: "sentence" or "word".
        most: the largest number of units to change; None: all but one.
        change: "remove", or "replace": words are replaced by the unknown word (the words of a
            sentence, all of them).
        to: the label that the document should have instead, by name or index, for a classifier with
            one label per document; None: any other.

    Returns:
        A list with a `Counterfactual` for each document. If the label stays the same, its `other`
        is None, and `tried` tells how many units were changed at most.

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
    check_choice("level", level, LEVELS)
    check_choice("change", change, CHANGES)
    check_integer("most", most, allow_none=True)
    network = network_of(classifier)
    to = _label_to_reach(classifier, to)

    def score(some):
        targets = predicted(some.count)
        if to is not None:
            targets[:, 1] = to
        return integrated_gradients(network, some, targets)

    scored = scored_documents(classifier, documents, score, _BATCH)
    return [_of_document(network, level, change, to, most, document) for document in scored]


def _of_document(network, level, change, to, most, document):
    by_word = level == "word"
    words, target = document.words, document.target
    sizes = np.ones_like(words) if by_word else document.sentence_words
    variants = Variants(network, words, document.row_lengths, sizes, change == "replace")
    scores = document.word_scores if by_word else document.sentence_scores
    search = Search(variants, scores, target, to)
    all_but_one = max(len(sizes) - 1, 0)
    most = all_but_one if most is None else min(most, all_but_one)
    changed, other, without = search.run(most), None, None
    if changed is not None:
        left = search.probabilities(changed[None])[0]
        other, without = search.label(left), float(left[target])
    units = explanation_sentences(document.surface, document.word_scores, document.sentence_scores)
    if by_word:
        units = [word for sentence in units for word in sentence.words]
    return Counterfactual(
        document.surface.text,
        level,
        change,
        search.label(search.whole),
        other,
        () if changed is None else tuple(itertools.compress(units, changed)),
        most,
        float(search.whole[target]),
        without,
        variants.calls + document.passes,
    )


def _label_to_reach(classifier, to):
    if to is None:
        return None
    if classifier.multi_label:
        raise ValueError(
            f"`to` needs a classifier with one label per document. Received: to={to!r} and a "
            "multi-label classifier"
        )
    return class_index(classifier, to, "to")


def _counted(number, unit):
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
