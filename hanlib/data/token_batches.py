"""Batches of tokenized documents for each epoch of a training run."""

import itertools

import numpy as np

from hanlib.checks import check_integer
from hanlib.data.batch_plan import split_to
from hanlib.data.corpus import DataError


class TokenBatches:
    """Batches of documents of similar length, in an order determined by seed and epoch.

    Every epoch has the same number of batches, `steps`: all documents once, or with
    `steps_per_epoch` as many batches, and then the next epoch continues where it ended. `start_at`
    sets the epoch of the next iteration over `dataset`; `DocumentClassifier.fit` calls it.

    Args:
        cache: A `TokenCache`; `batches_of` also takes `TokenShards`.
        batch_size: Maximum number of documents in a batch.
        seed: Integer. None sorts the documents by length, in every epoch.
        max_batch_words: Maximum number of words in a batch, or None; a longer document is a batch
            by itself.
        epochs: Number of epochs, from which `steps` is determined.
        weights: `<float>[documents]` or `<float>[documents, classes]` for the loss, or None.
        steps_per_epoch: Number of batches in an epoch; None: those of all documents.

    Attributes:
        steps: Number of batches in an epoch.
        pass_steps: Number of batches in a pass over all documents.

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
        self,
        cache,
        batch_size,
        *,
        seed=None,
        max_batch_words=None,
        epochs=1,
        weights=None,
        steps_per_epoch=None,
    ):
        check_integer("steps_per_epoch", steps_per_epoch, allow_none=True, error=DataError)
        self.cache, self.weights, self.seed = cache, weights, seed
        self.epoch = self.start = 0
        self._options = {"batch_size": batch_size, "max_batch_words": max_batch_words}
        first = self._batches_in(0)
        passes = 1
        if self._passes_differ():
            steps = steps_per_epoch or first
            passes = max(-(-epochs * steps // max(first, 1)), 1)
        self.pass_steps = max([first, *(self._batches_in(number) for number in range(1, passes))])
        self.steps = self.pass_steps
        if steps_per_epoch is not None and self.pass_steps:
            self.steps = steps_per_epoch

    @property
    def documents(self):
        """The number of documents in an epoch; about that number with `steps_per_epoch`."""
        return round(self.cache.documents * self.steps / max(self.pass_steps, 1))

    @property
    def some_labels(self):
        """One encoded label, or none where there are no documents: `[1, ...]`."""
        return np.asarray(self.cache.labels[:1])

    def plan(self, number):
        """The indices of the documents in each batch of a pass; the first pass is 0."""
        return split_to(self._plan(number), self.pass_steps, self.cache.lengths)

    def sizes(self, epoch):
        """An iterator over the number of documents in each batch of an epoch."""
        number, skipped = divmod(epoch * self.steps, max(self.pass_steps, 1))
        passes = (self._sizes_of_pass(following) for following in itertools.count(number))
        sizes = itertools.chain.from_iterable(passes)
        return itertools.islice(sizes, skipped, skipped + self.steps)

    def _plan(self, number):
        return self.cache.plan(seed=self.seed, epoch=number, **self._options)

    def _passes_differ(self):
        """Whether passes may have different numbers of batches before `split_to`."""
        return self.seed is not None and self._options["max_batch_words"] is not None

    def _batches_in(self, number):
        """How many batches a pass has before `split_to`."""
        return len(self._plan(number))

    def _from(self, epoch, start):
        """Yields the batches from one of an epoch on, without an end: the indices of its documents,
        and the function that makes a batch of indices.
        """
        if not self.pass_steps:
            return
        number, skipped = divmod(epoch * self.steps + start, self.pass_steps)
        while True:
            yield from self._pass(number, skipped)
            number, skipped = number + 1, 0

    def _sizes_of_pass(self, number):
        return map(len, self.plan(number))

    def _pass(self, number, skipped):
        for indices in self.plan(number)[skipped:]:
            yield indices, self._batch

    def start_at(self, epoch, start=0):
        """Makes the next iteration over `dataset` start at batch `start` of `epoch`.

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

        Each iteration over it is one epoch. It is prefetched and has a known cardinality.
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

        parts = self._targets()
        kinds = {"ids": tf.int32, "row_lengths": tf.int32}
        if self.cache.has_marks:
            kinds["marks"] = tf.int8
        signature = (
            {
                **{name: tf.TensorSpec([None, None], dtype) for name, dtype in kinds.items()},
                **more,
            },
            *(tf.TensorSpec([None, *part.shape[1:]], part.dtype) for part in parts),
        )
        return tf.data.Dataset.from_generator(generator, output_signature=signature).prefetch(2)

    def _targets(self):
        """Arrays with the types and shapes of the labels, and of the weights if there are any."""
        return [self.cache.labels, *([] if self.weights is None else [self.weights])]

    def _batches(self):
        left = self.steps - self.start
        for indices, make in itertools.islice(self._from(self.epoch, self.start), left):
            yield make(indices)

    def _shares(self, replicas, of):
        for indices, make in self._from(self.epoch, self.start):
            for replica in replicas:
                yield make(indices[replica::of], step_documents=len(indices))

    def _batch(self, indices, **more):
        token_batch = {**self.cache.padded(indices), **more}
        batch = token_batch, np.asarray(self.cache.labels[indices])
        return batch if self.weights is None else (*batch, self.weights[indices])
