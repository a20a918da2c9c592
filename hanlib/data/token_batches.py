"""Batches of tokenized documents for each epoch of a training run."""

import itertools

import numpy as np

from hanlib.checks import check_integer
from hanlib.data.batch_plan import split_to
from hanlib.data.corpus import DataError


class TokenBatches:
    """Batches of documents of similar length, in an order determined by seed and epoch.

    Every epoch has the same number of batches, `steps`. `start_at` sets the epoch of the next pass
    over `dataset`; `DocumentClassifier.fit` calls it.

    Args:
        cache: A `TokenCache`.
        batch_size: Maximum number of documents in a batch.
        seed: Integer. None sorts the documents by length, in every epoch.
        max_batch_words: Maximum number of words in a batch, or None; a longer document is a batch
            by itself.
        epochs: Number of epochs, from which `steps` is determined.
        weights: `<float>[documents]` or `<float>[documents, classes]` for the loss, or None.

    >>> from hanlib.data import TokenCache
    >>> def vectorize(texts):  # one word per text
    ...     return [len(text) for text in texts], [1] * len(texts), [1] * len(texts)
    >>> cache = TokenCache.build([("a", 0), ("bb", 1), ("ccc", 0)], vectorize, encode_label=int)
    >>> batches = TokenBatches(cache, 2)
    >>> for batch, labels in batches.dataset():
    ...     print(batch["ids"].numpy().tolist(), labels.numpy())
    [[1], [2]] [0 1]
    [[3]] [0]
    """

    def __init__(
        self, cache, batch_size, *, seed=None, max_batch_words=None, epochs=1, weights=None
    ):
        self.cache, self.weights, self.seed = cache, weights, seed
        self.epoch = self.start = 0
        self._options = {"batch_size": batch_size, "max_batch_words": max_batch_words}
        different = 1 if seed is None or max_batch_words is None else max(epochs, 1)
        self.steps = max(len(self._plan(epoch)) for epoch in range(different))

    @property
    def documents(self):
        """The number of documents in an epoch."""
        return self.cache.documents

    def plan(self, epoch):
        """The indices of the documents in each batch of an epoch."""
        return split_to(self._plan(epoch), self.steps, self.cache.lengths)

    def _plan(self, epoch):
        return self.cache.plan(seed=self.seed, epoch=epoch, **self._options)

    def start_at(self, epoch, start=0):
        """Makes the next pass over `dataset` start at batch `start` of `epoch`.

        The skipped batches are not read.
        """
        check_integer("epoch", epoch, 0, error=DataError)
        if isinstance(start, bool) or not 0 <= start <= self.steps:
            raise DataError(
                f"`start` must be from 0 to the {self.steps} batches of an epoch. "
                f"Received: start={start!r}"
            )
        self.epoch, self.start = epoch, start

    def dataset(self):
        """A `tf.data.Dataset` of `(token batch, labels)` or `(token batch, labels, weights)`.

        Each pass over it is one epoch. It is prefetched and has a known cardinality.
        """
        import tensorflow as tf

        dataset = self._as_dataset(self._batches, {})
        return dataset.apply(tf.data.experimental.assert_cardinality(self.steps))

    def shares(self, replicas, of):
        """The part of every batch that some of several replicas train on.

        Replica i of n takes every n-th document of a batch, from document i. So each document of an
        epoch goes to exactly one replica, and the shares of a batch have about the same number of
        words. A share is empty where a batch has fewer documents than there are replicas.

        Args:
            replicas: Indexes of the replicas that the dataset is for, such as `[2, 3]`.
            of: Number of all replicas.

        Returns:
            A `tf.data.Dataset` like `dataset()`, with one element per batch and replica. The token
            batch also has `step_documents <int32>[]`, the documents of all shares. The dataset goes
            on with the next epoch without an end, so that the replicas need not ask each other
            whether one of them has reached its end.

        >>> from hanlib.data import TokenCache
        >>> def vectorize(texts):  # one word per text
        ...     return [len(text) for text in texts], [1] * len(texts), [1] * len(texts)
        >>> cache = TokenCache.build([("a", 0), ("bb", 1), ("ccc", 0)], vectorize, encode_label=int)
        >>> batches = TokenBatches(cache, 3)
        >>> for replica in (0, 1):
        ...     (batch, labels), = batches.shares([replica], of=2).take(1)
        ...     print(batch["ids"].numpy().tolist(), labels.numpy())
        [[1], [3]] [0 0]
        [[2]] [1]
        """
        import tensorflow as tf

        more = {"step_documents": tf.TensorSpec([], tf.int32)}
        dataset = self._as_dataset(lambda: self._shares(replicas, of), more)
        endless = tf.data.INFINITE_CARDINALITY
        return dataset.apply(tf.data.experimental.assert_cardinality(endless))

    def _as_dataset(self, generator, more):
        import tensorflow as tf

        parts = [self.cache.labels, *([] if self.weights is None else [self.weights])]
        signature = (
            {
                "ids": tf.TensorSpec([None, None], tf.int32),
                "row_lengths": tf.TensorSpec([None, None], tf.int32),
                **more,
            },
            *(tf.TensorSpec([None, *part.shape[1:]], part.dtype) for part in parts),
        )
        return tf.data.Dataset.from_generator(generator, output_signature=signature).prefetch(2)

    def _batches(self):
        for indices in self.plan(self.epoch)[self.start :]:
            yield self._batch(indices)

    def _shares(self, replicas, of):
        start = self.start
        for epoch in itertools.count(self.epoch):
            for indices in self.plan(epoch)[start:]:
                for replica in replicas:
                    yield self._batch(indices[replica::of], step_documents=len(indices))
            start = 0

    def _batch(self, indices, **more):
        token_batch = {**self.cache.padded(indices), **more}
        batch = token_batch, np.asarray(self.cache.labels[indices])
        return batch if self.weights is None else (*batch, self.weights[indices])
