"""Batches of documents with one label per item, such as a sentence or a word."""

import numpy as np

from hanlib.data.token_arrays import gather_runs, offsets_of, pad_runs
from hanlib.data.token_batches import TokenBatches
from hanlib.data.token_cache import TokenCache

# The label of an item that is padding.
NO_LABEL = -1


class ItemBatches(TokenBatches):
    """`TokenBatches` whose documents have one label per item, and may have columns per word.

    A batch is `(token batch, labels)` or `(token batch, labels, weights)`, with labels
    `<int32>[docs, most items]` that are -1 on padding, and weights of the same shape. With
    `columns`, the token batch also has `columns`, `<int32>[docs, most words, columns]`.

    Args:
        tokens: The triple of flat arrays `(ids[words], words_per_sentence[sentences],
            sentences_per_document[docs])`.
        labels: `<int32>[items]`, end to end.
        item_counts: `<int>[docs]`, items per document.
        batch_size: See `TokenBatches`.
        columns: `<int32>[words, columns]`, or None.
        item_weights: `<float>[items]` for the loss, or None.
        **options: `seed`, `max_batch_words` and `epochs`; see `TokenBatches`.

    >>> tokens = [5, 6, 7], [2, 1], [1, 1]  # Two documents of one sentence.
    >>> batches = ItemBatches(tokens, np.array([0, 1]), np.array([1, 1]), 2)
    >>> for batch, labels in batches.dataset():
    ...     print(batch["ids"].numpy().tolist(), labels.numpy().tolist())
    [[7, 0], [5, 6]] [[1], [0]]
    """

    def __init__(
        self, tokens, labels, item_counts, batch_size, *, columns=None, item_weights=None, **options
    ):
        ids, words, sentences = (np.asarray(part, np.int32) for part in tokens)
        every = enumerate(range(len(sentences)))
        cache = TokenCache.build(
            every,
            lambda documents: (ids, words, sentences),
            encode_label=int,
            batch_size=max(len(sentences), 1),
        )
        super().__init__(cache, batch_size, **options)
        self.labels, self.item_counts = np.asarray(labels, np.int32), np.asarray(item_counts)
        self.columns, self.item_weights = columns, item_weights
        self._item_offsets = offsets_of(self.item_counts)

    @property
    def items(self):
        """The number of items in an epoch."""
        return len(self.labels)

    def batch(self, indices, **more):
        """The documents at `indices` as one batch of arrays; `more` is added to the token batch."""
        indices = np.asarray(indices, np.int64)
        x = {**self.cache.padded(indices), **more}
        if self.columns is not None:
            offsets = offsets_of(self.cache.lengths)
            columns = gather_runs(self.columns, offsets, indices)
            x["columns"] = pad_runs(columns, self.cache.lengths[indices])
        y = self._padded(self.labels - NO_LABEL, indices) + NO_LABEL
        if self.item_weights is None:
            return x, y
        return x, y, self._padded(self.item_weights, indices)

    _batch = batch

    def _padded(self, values, indices):
        runs = gather_runs(values, self._item_offsets, indices)
        return pad_runs(runs, self.item_counts[indices])

    def _as_dataset(self, generator, more):
        import tensorflow as tf

        matrix = tf.TensorSpec([None, None], tf.int32)
        x = {"ids": matrix, "row_lengths": matrix, **more}
        if self.columns is not None:
            x["columns"] = tf.TensorSpec([None, None, self.columns.shape[1]], tf.int32)
        weights = [] if self.item_weights is None else [tf.TensorSpec([None, None], tf.float32)]
        signature = (x, matrix, *weights)
        return tf.data.Dataset.from_generator(generator, output_signature=signature).prefetch(2)
