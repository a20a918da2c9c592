"""What Keras users pass as `x` and `y`, turned into batches of plain tensors."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.data.token_batches import TokenBatches
from hanlib.data.token_cache import TokenCache
from hanlib.ops.token_batch import from_ragged


def is_text(x):
    """Whether `x` holds documents as strings."""
    if isinstance(x, (tf.Tensor, tf.RaggedTensor)):
        return x.dtype == tf.string
    if isinstance(x, np.ndarray) and x.dtype.kind in "US":
        return True
    first = next(iter(x), "") if hasattr(x, "__len__") else None
    return isinstance(first, (str, bytes))


def as_documents(x):
    """`x` as one tensor: `<string>[docs]`, or ids `[docs, ...]`, ragged or dense.

    Raises:
        ValueError: If `x` is a single string, or not documents.
    """
    if isinstance(x, (str, bytes)):
        raise ValueError(
            "`x` must be a list of documents, not a single string; write [text]. "
            f"Received: {x!r:.80}"
        )
    if isinstance(x, (tf.Tensor, tf.RaggedTensor)):
        return x
    if hasattr(x, "columns") and hasattr(x, "iloc"):
        return as_documents(_only_column(x))
    if is_text(x):
        return _as_strings(x)
    if isinstance(x, np.ndarray) and x.dtype.kind in "iu":
        return tf.constant(x)
    if isinstance(x, (list, tuple)):
        return _as_ids(x)
    raise ValueError(
        "`x` must be a list of strings, a tensor of strings or ids, or a tf.data.Dataset. "
        f"Received: {type(x).__name__}"
    )


def _only_column(frame):
    """The one column of strings of a DataFrame: its names would pass for documents otherwise."""
    if len(frame.columns) != 1 or (len(frame) and not is_text(frame.iloc[:, 0])):
        raise ValueError(
            "`x` must be a DataFrame with one column of strings; select it with "
            f'frame["column"]. Received: columns {[str(name) for name in frame.columns]}'
        )
    return frame.iloc[:, 0]


def _as_strings(x):
    wrong = [item for item in x if not isinstance(item, (str, bytes))]
    if wrong:
        raise ValueError(f"`x` must hold only strings. Received: {wrong[0]!r}")
    # A lone surrogate, as `errors="surrogateescape"` leaves it, is replaced.
    return tf.constant(
        [item.encode("utf-8", "replace") if isinstance(item, str) else item for item in x],
        tf.string,
        shape=[len(x)],
    )


def _as_ids(x):
    try:
        ids = tf.ragged.constant(x, dtype=tf.int32)
    except (TypeError, ValueError):
        ids = None
    if not isinstance(ids, tf.RaggedTensor) and (ids is None or ids.shape.rank < 2):
        raise ValueError(
            "`x` must be a list of strings, or of nested lists of integers. "
            f"Received: a list that begins with {x[0]!r:.80}"
        )
    # Documents without any sentence do not show how deep they are.
    wordless = ids.shape.rank < 3 and not tf.size(ids)
    return tf.ragged.constant(x, dtype=tf.int32, ragged_rank=2) if wordless else ids


def length_of(x):
    """The number of documents."""
    return int(x.nrows()) if isinstance(x, tf.RaggedTensor) else int(x.shape[0])


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
