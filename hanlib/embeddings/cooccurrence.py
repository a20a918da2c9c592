"""How often words stand near each other, counted over text of any length."""

import numpy as np

# Pairs that are counted before they are added to all others, which takes as long as these are many.
_RECENT = 4_000_000


class Cooccurrences:
    """Counts pairs of words that are at most `window` words apart.

    A pair at distance d counts window + 1 - d, which is, up to a factor, its expected weight in
    word2vec, where the window of each word is drawn from 1 to `window`. Weights are integers, so
    the result does not depend on how the text is divided into blocks.

    Args:
        vocabulary_size: Number of word ids, padding included.
        window: Greatest distance in words.
        most_pairs: Different pairs that are kept. Where there are more, the rarest so far are
            forgotten, so that memory is bounded (some 50 bytes per pair at the end).
        block_words: Number of words to count at once; each takes about 100 bytes.

    >>> counts = Cooccurrences(vocabulary_size=4, window=2)
    >>> counts.add(np.array([1, 2, 3, 1]), lengths=[3, 1])  # Two documents
    >>> counts.matrix().toarray().tolist()
    [[0, 0, 0, 0], [0, 0, 2, 1], [0, 2, 0, 2], [0, 1, 2, 0]]
    """

    def __init__(self, vocabulary_size, window=5, most_pairs=30_000_000, block_words=1_000_000):
        import scipy.sparse

        self._sparse = scipy.sparse
        self.window, self.most_pairs, self.block_words = window, most_pairs, block_words
        # Only pairs (smaller id, greater id): half of the memory.
        self._half = self._sparse.csr_array((vocabulary_size, vocabulary_size), dtype=np.int32)
        self._none = self._recent = self._half
        self._waiting, self._words, self._least = [], 0, 1

    def add(self, ids, lengths):
        """Counts the pairs of some documents; none reaches from one document into another.

        Args:
            ids: `<int>[words]`, the documents laid end to end.
            lengths: `<int>[documents]`, words per document.
        """
        self._waiting.append((np.asarray(ids), np.asarray(lengths)))
        self._words += len(ids)
        if self._words >= self.block_words:
            self._count()

    def matrix(self):
        """The counts so far, a symmetric `scipy.sparse.csr_array` `<int32>[ids, ids]`."""
        self._count()
        self._merge()
        return (self._half + self._half.T).tocsr()

    def _count(self):
        if not self._waiting:
            return
        ids, lengths = (np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
        self._waiting, self._words = [], 0
        document = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        ids, counts = ids.astype(np.int32), self._none
        for distance in range(1, min(self.window, len(ids) - 1) + 1):
            together = document[distance:] == document[:-distance]
            pair = ids[:-distance][together], ids[distance:][together]
            weight = np.full(len(pair[0]), self.window + 1 - distance, np.int32)
            pair = np.minimum(*pair), np.maximum(*pair)
            counts = counts + self._sparse.csr_array((weight, pair), shape=self._half.shape)
        self._recent = self._recent + counts
        if self._recent.nnz > min(_RECENT, self.most_pairs):
            self._merge()

    def _merge(self):
        self._half, self._recent = self._half + self._recent, self._none
        while self._half.nnz > self.most_pairs:
            self._half.data[self._half.data <= self._least] = 0
            self._half.eliminate_zeros()
            self._least *= 2
