"""Converts the arguments `x` and `y` of Keras methods to batches of dense tensors."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.data.token_batches import TokenBatches
from hanlib.data.token_cache import TokenCache
from hanlib.layers.documents import length_of
from hanlib.ops.token_batch import from_ragged


def any_batch_of(x):
    """The spec of a batch like `x` with any number of documents of any length."""
    shape = [None] * x.shape.rank
    if isinstance(x, tf.RaggedTensor):
        return tf.RaggedTensorSpec(shape, x.dtype, x.ragged_rank, x.row_splits.dtype)
    return tf.TensorSpec(shape, x.dtype)


def check_lengths(x, **parts):
    """Checks that each part has one entry per document.

    Raises:
        ValueError: If the number of entries differs; the message names the part.
    """
    for name, part in parts.items():
        if part is not None and len(part) != length_of(x):
            raise ValueError(
                f"`{name}` must have one entry per document. "
                f"Received: {len(part)} entries for {length_of(x)} documents"
            )


def check_end(dataset, argument, steps):
    """Checks that a dataset has an end, or that the number of steps is given.

    Raises:
        ValueError: If neither is the case; Keras would never finish.
    """
    endless = isinstance(dataset, tf.data.Dataset) and steps is None
    if endless and dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            f"`{argument}` must be given for a tf.data.Dataset without an end. "
            f"Received: {argument}=None"
        )


def token_batches(x, labels, vectorize, batch_size, evidence=None, mark=None, **options):
    """`TokenBatches` of documents in memory, which are tokenized once.

    Args:
        x: `<string>[docs]`, or ids `<int>[docs, (rows), (words)]`.
        labels: Encoded labels, `[docs]` or `[docs, classes]`.
        vectorize: Function from `<string>[docs]` to ragged ids.
        evidence: The evidence in each document, or None.
        mark: Function from documents and their evidence to a mark for each word; see `TokenCache`.
        batch_size, **options: See `TokenBatches`.

    Returns:
        `TokenBatches`, or None for ids that are not ragged in two levels.
    """
    if x.dtype != tf.string and not (isinstance(x, tf.RaggedTensor) and x.ragged_rank == 2):
        return None
    ids = x if x.dtype != tf.string else None

    def part(indexes):
        return x[indexes[0] : indexes[-1] + 1]

    def tokens(indexes):
        return vectorize(part(indexes)) if ids is None else part(indexes)

    marks = None if evidence is None else lambda indexes, some: mark(part(indexes), some)
    columns = [range(len(labels)), labels, *([] if evidence is None else [evidence])]
    cache = TokenCache.build(
        zip(*columns, strict=True),
        tokens,
        encode_label=lambda label: label,
        mark=marks,
        batch_size=1024,
    )
    return TokenBatches(cache, batch_size or 32, **options)


def slices(x, y=None, weights=None, batch_size=None, shuffle=False):
    """A dataset of batches of the documents `x`, with labels and weights if they are given."""
    dataset = tf.data.Dataset.from_tensor_slices(tuple(p for p in (x, y, weights) if p is not None))
    if shuffle:
        dataset = dataset.shuffle(max(length_of(x), 1), seed=random_seed())
    if isinstance(x, tf.RaggedTensor):
        return dataset.ragged_batch(batch_size or 32)
    return dataset.batch(batch_size or 32)


def from_dataset(dataset, batch_size=None):
    """Batches a dataset if it is not batched already."""
    spec = dataset.element_spec
    documents = spec[0] if isinstance(spec, tuple) else spec
    if isinstance(documents, dict):
        return dataset
    if documents.shape.rank == (0 if documents.dtype == tf.string else 2):
        # Only ids and lists of labels become ragged, since their lengths differ.
        return dataset.ragged_batch(batch_size or 32)
    return dataset


def prepare(dataset, vectorize, encode):
    """Converts strings to ids and labels to numbers in the input pipeline."""

    def convert(*element):
        x, *rest = element
        if not isinstance(x, dict) and x.dtype == tf.string and vectorize is not None:
            x = vectorize(x)
        if rest:
            rest = encode(*rest)
        return (as_plain(x), *rest)

    return dataset.map(convert, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def plain(dataset):
    """Converts ragged ids to dense tensors, which can be distributed over devices."""
    return dataset.map(lambda x, *rest: (as_plain(x), *rest))


def as_plain(x):
    """Converts ragged ids: two levels to a token batch, one level to a padded tensor."""
    if not isinstance(x, tf.RaggedTensor) or x.dtype == tf.string or x.ragged_rank > 2:
        return x
    return from_ragged(x) if x.ragged_rank == 2 else x.to_tensor()


def random_seed():
    """A seed that is reproducible with `keras.utils.set_random_seed`."""
    return int(np.random.randint(2**31))


class FollowEpochs(keras.callbacks.Callback):
    """Selects the order of the batches for each epoch."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_begin(self, logs=None):
        self.batches.start_at(0)

    def on_epoch_begin(self, epoch, logs=None):
        # A resumed epoch has been selected already.
        if self.batches.epoch != epoch:
            self.batches.start_at(epoch)

    def on_epoch_end(self, epoch, logs=None):
        self.batches.start_at(epoch + 1)
