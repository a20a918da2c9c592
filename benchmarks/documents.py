"""Tokenized documents as flat arrays, and their conversion to the input of the baselines."""

from typing import NamedTuple

import numpy as np


class Documents(NamedTuple):
    """Concatenated documents.

    Attributes:
        ids: `<int32>[words]`.
        words: `<int64>[sentences]`, words per sentence.
        sentences: `<int64>[documents]`, sentences per document.
        labels: `<int64>[documents]`.
    """

    ids: np.ndarray
    words: np.ndarray
    sentences: np.ndarray
    labels: np.ndarray

    def take(self, chosen):
        """The documents at `chosen`, in that order."""
        sentence_ends = np.concatenate([[0], np.cumsum(self.sentences)])
        word_ends = np.concatenate([[0], np.cumsum(self.words)])
        rows = runs(sentence_ends[chosen], sentence_ends[np.asarray(chosen) + 1])
        places = runs(word_ends[rows], word_ends[rows + 1])
        return Documents(
            self.ids[places], self.words[rows], self.sentences[chosen], self.labels[chosen]
        )

    def batches(self, size, count, seed):
        """`count` batches of different documents in random order."""
        order = np.random.default_rng(seed).permutation(len(self.labels))
        if count * size > len(order):
            raise ValueError(
                f"`count` batches of `size` documents must be at most {len(order)} documents. "
                f"Received: count={count}, size={size}"
            )
        return [self.take(order[size * k : size * (k + 1)]) for k in range(count)]

    def ragged(self):
        """`<int32>[documents, (sentences), (words)]`."""
        import tensorflow as tf

        lengths = (self.sentences, self.words)
        return tf.RaggedTensor.from_nested_row_lengths(self.ids, lengths, validate=False)

    def box(self, sentences, words):
        """`<int32>[documents, sentences, words]`, padded with zeros or truncated."""
        box = np.zeros([len(self.labels), sentences, words], np.int32)
        starts = np.cumsum(self.words) - self.words
        row = 0
        for document, count in enumerate(self.sentences):
            for place in range(min(count, sentences)):
                kept = min(self.words[row + place], words)
                start = starts[row + place]
                box[document, place, :kept] = self.ids[start : start + kept]
            row += count
        return box

    def flat(self, words):
        """`<int32>[documents, words]`, concatenated sentences, padded with zeros or truncated."""
        flat = np.zeros([len(self.labels), words], np.int32)
        lengths = self.lengths
        starts = np.cumsum(lengths) - lengths
        for document, (start, length) in enumerate(zip(starts, lengths, strict=True)):
            kept = min(length, words)
            flat[document, :kept] = self.ids[start : start + kept]
        return flat

    @property
    def lengths(self):
        """`<int64>[documents]`, words per document."""
        ends = np.concatenate([[0], np.cumsum(self.words)])
        return np.diff(ends[np.concatenate([[0], np.cumsum(self.sentences)])])


def runs(starts, stops):
    """The concatenated ranges from each start to its stop (exclusive).

    >>> runs(np.array([5, 0]), np.array([7, 1])).tolist()
    [5, 6, 0]
    """
    lengths = np.asarray(stops) - starts
    shifts = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
    return shifts + np.arange(lengths.sum())


def from_ragged(ragged, labels):
    """The documents of a ragged tensor `<int32>[documents, (sentences), (words)]`."""
    sentences, words = (np.asarray(level) for level in ragged.nested_row_lengths())
    return Documents(np.asarray(ragged.flat_values), words, sentences, np.asarray(labels, np.int64))


def write(path, batches):
    """Writes a list of `Documents` to a file."""
    arrays = {
        f"{name}_{k}": array
        for k, batch in enumerate(batches)
        for name, array in batch._asdict().items()
    }
    np.savez(path, count=len(batches), **arrays)


def read(path):
    """The list of `Documents` in a file of `write`."""
    with np.load(path, allow_pickle=False) as arrays:
        return [
            Documents(*(arrays[f"{name}_{k}"] for name in Documents._fields))
            for k in range(int(arrays["count"]))
        ]


def generated(count, sentences, words, vocabulary, seed, classes=2):
    """Documents with given numbers of sentences and words (integers, or `(minimum, maximum)`).

    Ids follow Zipf's law, like words; `vocabulary` includes the padding id.
    """
    random = np.random.default_rng(seed)

    def draw(number, size):
        least, most = number if isinstance(number, tuple) else (number, number)
        return random.integers(least, most + 1, size)

    per_document = draw(sentences, count)
    per_sentence = draw(words, per_document.sum())
    chances = 1 / np.arange(1, vocabulary)
    ids = 1 + random.choice(vocabulary - 1, per_sentence.sum(), p=chances / chances.sum())
    return Documents(
        ids.astype(np.int32), per_sentence, per_document, draw((0, classes - 1), count)
    )
