"""What Keras users pass as `x` and `y`, turned into batches of plain tensors."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.data.token_batches import TokenBatches
from hanlib.data.token_cache import TokenCache
from hanlib.layers.documents import length_of
from hanlib.ops.token_batch import from_ragged


def any_batch_of(x):
    """The spec of documents like `x`, of any number and size."""
    shape = [None] * x.shape.rank
    if isinstance(x, tf.RaggedTensor):
        return tf.RaggedTensorSpec(shape, x.dtype, x.ragged_rank, x.row_splits.dtype)
    return tf.TensorSpec(shape, x.dtype)


def check_lengths(x, **parts):
    """Checks that there is one entry of each part for each document.

    Raises:
        ValueError: Otherwise; the message names the part.
    """
    for name, part in parts.items():
        if part is not None and len(part) != length_of(x):
            raise ValueError(
                f"`{name}` must have one entry a document. "
                f"Received: {len(part)} entries for {length_of(x)} documents"
            )


def token_batches(x, labels, vectorize, batch_size, **options):
    """`TokenBatches` of documents in memory, tokenised once; None for ids of another rank.

    Args:
        x: `<string>[docs]`, or ids `<int>[docs, (rows), (words)]`.
        labels: Encoded labels, `[docs]` or `[docs, classes]`.
        vectorize: Function from `<string>[docs]` to ragged ids.
        batch_size, **options: As in `TokenBatches`.
    """
    if x.dtype != tf.string and not (isinstance(x, tf.RaggedTensor) and x.ragged_rank == 2):
        return None
    ids = x if x.dtype != tf.string else None

    def tokens(indexes):
        part = slice(indexes[0], indexes[-1] + 1)
        return vectorize(x[part]) if ids is None else ids[part]

    examples = enumerate(labels)
    cache = TokenCache.build(examples, tokens, encode_label=lambda label: label, batch_size=1024)
    return TokenBatches(cache, batch_size or 32, **options)


def slices(x, y=None, weights=None, batch_size=None, shuffle=False):
    """A dataset of batches of the documents `x`, with labels and weights where they are given."""
    dataset = tf.data.Dataset.from_tensor_slices(tuple(p for p in (x, y, weights) if p is not None))
    if shuffle:
        dataset = dataset.shuffle(max(length_of(x), 1), seed=random_seed())
    if isinstance(x, tf.RaggedTensor):
        return dataset.ragged_batch(batch_size or 32)
    return dataset.batch(batch_size or 32)


def from_dataset(dataset, batch_size=None):
    """A user's dataset, in batches."""
    spec = dataset.element_spec
    documents = spec[0] if isinstance(spec, tuple) else spec
    if isinstance(documents, dict):
        return dataset
    if documents.shape.rank == (0 if documents.dtype == tf.string else 2):
        # Ragged only where sizes differ: ids, and lists of labels.
        return dataset.ragged_batch(batch_size or 32)
    return dataset


def prepare(dataset, vectorize, encode):
    """Strings to ids and labels to numbers, ahead of the training step."""

    def convert(*element):
        x, *rest = element
        if not isinstance(x, dict) and x.dtype == tf.string and vectorize is not None:
            x = vectorize(x)
        if rest:
            rest = encode(*rest)
        return (as_plain(x), *rest)

    return dataset.map(convert, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def plain(dataset):
    """The dataset with its ragged ids as plain tensors, which several devices can share."""
    return dataset.map(lambda x, *rest: (as_plain(x), *rest))


def as_plain(x):
    """Ragged ids of two levels as a token batch, of one level padded; all else as it is."""
    if not isinstance(x, tf.RaggedTensor) or x.dtype == tf.string or x.ragged_rank > 2:
        return x
    return from_ragged(x) if x.ragged_rank == 2 else x.to_tensor()


def random_seed():
    """A seed that follows `keras.utils.set_random_seed`, so that a shuffle can be repeated."""
    return int(np.random.randint(2**31))


class FollowEpochs(keras.callbacks.Callback):
    """Takes the batches of each epoch in that epoch's order."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_begin(self, logs=None):
        self.batches.start_at(0)

    def on_epoch_begin(self, epoch, logs=None):
        # An epoch that is resumed has been set already.
        if self.batches.epoch != epoch:
            self.batches.start_at(epoch)

    def on_epoch_end(self, epoch, logs=None):
        self.batches.start_at(epoch + 1)
