"""Classifies variants of one document, of which sets of words or sentences are changed."""

import numpy as np

from hanlib.explain.removal import logits_of_kept_words

# The id of words that are not in the vocabulary, the first one if there are several.
UNKNOWN = 1


class Variants:
    """Variants of one document; `calls` counts those that were classified.

    Args:
        network: a `Network`.
        words: `<int32>[words]`.
        row_lengths: `<int32>[rows]`, words per row.
        sizes: `<int>[units]`, words per unit: ones for words, or the lengths of the sentences.
        replace: whether words are replaced by the unknown word instead of being removed.

    >>> from hanlib.explain.network import network_of
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classifier = DocumentClassifier(None, HAN(9), classes=2)
    >>> network, words = network_of(classifier), np.array([4, 5, 6], np.int32)
    >>> variants = Variants(network, words, np.array([2, 1], np.int32), np.array([2, 1]))
    >>> variants.logits(np.array([[False, False], [True, False]])).shape, variants.calls
    ((2, 2), 2)
    """

    def __init__(self, network, words, row_lengths, sizes, replace=False):
        self.network, self.words, self.row_lengths = network, words, row_lengths
        self.sizes, self.replace, self.calls = sizes, replace, 0

    def logits(self, changed):
        """Logits of the document with each set of units changed.

        Args:
            changed: `<bool>[variants, units]`.

        Returns:
            `<float32>[variants, classes]`.
        """
        self.calls += len(changed)
        of_words = np.repeat(changed, self.sizes, axis=1)
        if not self.replace:
            variants = [(self.words, self.row_lengths, ~of_words)]
        else:
            every = np.ones([1, len(self.words)], bool)
            variants = (
                (np.where(row, UNKNOWN, self.words), self.row_lengths, every) for row in of_words
            )
        return logits_of_kept_words(self.network, variants)
