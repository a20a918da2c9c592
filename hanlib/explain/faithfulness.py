"""Comprehensiveness and sufficiency of rankings of units (ERASER, DeYoung et al. 2020).

    comprehensiveness = mean over k of p(x) - p(x without its top k %)
    sufficiency       = mean over k of p(x) - p(the top k % alone),    k = 1, 5, 10, 20, 50

p is the probability of the target; for a contrast, the probability σ(m) that it is A rather than B
(see `hanlib.explain.margins`). Units are removed from the ids and the rest is classified again.
If words are removed, both levels are computed again; if sentences are removed, only the upper one
and the n-grams.
The same is done for random rankings, once for all methods that are compared on a document.
"""

import functools
import math
import statistics
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from hanlib.evidence import Faithfulness
from hanlib.explain.documents import parts
from hanlib.explain.random_scores import generator
from hanlib.explain.removal import Rows, UpperLevel, chunks, logits_of_kept_words

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
LEVELS = ("word", "sentence")


class Measured(NamedTuple):
    """Comprehensiveness and sufficiency of some rankings of each document.

    Attributes:
        comprehensiveness, sufficiency: `<float>[docs, rankings]`; NaN for a document without
            words.
        passes: `<int>[docs]`, perturbed documents that were classified.
    """

    comprehensiveness: np.ndarray
    sufficiency: np.ndarray
    passes: np.ndarray


class Perturbations:
    """Measures rankings of the words and sentences of a batch of documents.

    Args:
        network: a `Network`.
        documents: `Documents`.
        scores: `Scores` of any method, for the targets.
        rankings: number of random rankings to compare with, at least 5.
        seed: seed of the random rankings.
    """

    def __init__(self, network, documents, scores, rankings=10, seed=0):
        self.network, self.documents = network, documents
        self.targets = scores.targets
        self.probabilities = self._probabilities(network.logits(*documents.flat), scores.targets)
        self.rankings, self.seed = rankings, seed
        self._units = {
            "word": documents.document_words,
            "sentence": documents.document_sentences,
        }
        self._words = parts(documents.words, documents.document_words)
        self._rows = parts(documents.row_lengths, documents.document_rows)
        self._sentences = parts(documents.sentence_rows, documents.document_sentences)

    def faithfulness(self, scores):
        """One `dict` from level to `Faithfulness` per document; empty if it has no words."""
        by_level = {level: self.measure(level, scores) for level in LEVELS}
        return [
            {level: self._record(level, by_level[level], index) for level in LEVELS}
            if count
            else {}
            for index, count in enumerate(self.documents.document_words)
        ]

    def measure(self, level, scores):
        """`Measured` for the ranking by the scores of a level: one ranking per document."""
        values = scores.words if level == "word" else scores.sentences
        # Ties are broken by position: the earlier unit first.
        orders = ([np.argsort(-part, kind="stable")] for part in parts(values, self._units[level]))
        return self._measured(level, orders, rankings=1)

    @functools.cached_property
    def by_chance(self):
        """`dict` from level to `Measured` of the random rankings."""
        return {
            level: self._measured(level, self._random_orders(level), self.rankings)
            for level in LEVELS
        }

    def _probabilities(self, logits, targets):
        return tf.sigmoid(self.network.margins(logits, targets)).numpy()

    def _random_orders(self, level):
        for ids, units in zip(self._words, self._units[level], strict=True):
            draw = generator(ids, self.seed, LEVELS.index(level))
            yield [draw.permutation(units) for _ in range(self.rankings)]

    def _measured(self, level, orders, rankings):
        """`Measured` for the rankings of each document, each an array of units, best first."""
        sizes = [top_sizes(units) for units in self._units[level]]
        passes = np.array([2 * rankings * len(np.unique(top)) for top in sizes], np.int32)
        # One document at a time: the masks of a batch of long documents would take gigabytes.
        kept = (
            np.concatenate([_kept(order, np.unique(top)) for order in of_document])
            for of_document, top in zip(orders, sizes, strict=True)
        )
        logits = self._logits_of_words(kept) if level == "word" else self._logits_of_rows(kept)
        left = self._probabilities(logits, np.repeat(self.targets, passes, axis=0))
        drops = np.repeat(self.probabilities, passes) - left
        means = [
            _mean_over_shares(of_document, top, rankings)
            for of_document, top in zip(parts(drops, passes), sizes, strict=True)
        ]
        both = np.array(means, np.float64).reshape([len(sizes), rankings, 2])
        return Measured(both[..., 0], both[..., 1], passes)

    def _logits_of_words(self, kept):
        return logits_of_kept_words(self.network, zip(self._words, self._rows, kept, strict=True))

    def _logits_of_rows(self, kept):
        if not self.network.has_sentences:
            return self._logits_of_words(self._words_of_sentences(kept))
        starts = np.cumsum(self.documents.document_rows) - self.documents.document_rows

        def variants():
            documents = zip(starts, self._sentences, self._rows, kept, strict=True)
            for start, rows, lengths, of_document in documents:
                of_rows = np.repeat(of_document, rows, axis=1)
                indices = start + np.arange(len(lengths))
                for some in chunks(len(of_rows), self._upper.items(lengths)):
                    yield np.broadcast_to(indices, of_rows[some].shape), of_rows[some], None

        return self._upper.logits(variants())

    def _words_of_sentences(self, kept):
        """The words of the kept sentences, `<bool>[variants, words]` for each document."""
        lengths = parts(self.documents.sentence_words, self._units["sentence"])
        for of_document, words in zip(kept, lengths, strict=True):
            yield np.repeat(of_document, words, axis=1)

    @functools.cached_property
    def _upper(self):
        documents = self.documents
        rows = Rows.of(self.network, documents.words, documents.row_lengths)
        return UpperLevel(self.network, rows)

    def _record(self, level, measured, index):
        chance = self.by_chance[level]
        random_comprehensiveness = chance.comprehensiveness[index]
        random_sufficiency = chance.sufficiency[index]
        return Faithfulness(
            level,
            float(measured.comprehensiveness[index, 0]),
            float(measured.sufficiency[index, 0]),
            float(random_comprehensiveness.mean()),
            float(random_sufficiency.mean()),
            interval_of_one(random_comprehensiveness),
            interval_of_one(random_sufficiency),
            int(measured.passes[index] + chance.passes[index]),
        )


def top_sizes(units):
    """The number of units in the top 1, 5, 10, 20 and 50 %, at least one; empty for no units.

    >>> top_sizes(40).tolist(), top_sizes(0).tolist()
    ([1, 2, 4, 8, 20], [])
    """
    if not units:
        return np.zeros(0, np.int64)
    return np.maximum(np.rint(np.array(SHARES) * units).astype(np.int64), 1)


def interval_of_one(values):
    """The 95 % prediction interval of one further value: `mean ± t s sqrt(1 + 1 / n)`.

    It is the interval for a single random ranking, not for the mean of all: an explanation outside
    of it differs from a random ranking.

    >>> low, high = interval_of_one(np.array([0.1, 0.2, 0.3, 0.2, 0.2]))
    >>> round(low, 2), round(high, 2)
    (-0.01, 0.41)
    """
    mean, count = float(np.mean(values)), len(values)
    half = student_t(count - 1) * float(np.std(values, ddof=1)) * math.sqrt(1 + 1 / count)
    return mean - half, mean + half


def student_t(freedom):
    """The 97.5 % point of Student's t, by its expansion in 1/freedom (Abramowitz, Stegun 26.7.5).

    >>> round(student_t(9), 2), round(student_t(1000), 2)
    (2.26, 1.96)
    """
    z = statistics.NormalDist().inv_cdf(0.975)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return sum(term / freedom**power for power, term in enumerate(terms))


def _kept(order, sizes):
    """`<bool>[2 sizes, units]`: all but the top units, for each size, then only the top units."""
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    top = rank[None, :] < sizes[:, None]
    return np.concatenate([~top, top])


def _mean_over_shares(drops, sizes, rankings):
    """`[rankings][2]`: comprehensiveness and sufficiency, from the drops of each unique size."""
    if not len(sizes):
        return np.full([rankings, 2], np.nan)
    unique, inverse = np.unique(sizes, return_inverse=True)
    drops = drops.reshape([rankings, 2, len(unique)])
    return drops[:, :, inverse].mean(axis=-1)
