"""Whatever Keras users pass as `x` and `y`, as a `tf.data` pipeline of word ids and labels."""

import numpy as np
import tensorflow as tf


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
            f"`x` must be a list of documents, not a single string. Received: {x!r:.80}"
        )
    if isinstance(x, (tf.Tensor, tf.RaggedTensor)):
        return x
    if is_text(x):
        wrong = [item for item in x if not isinstance(item, (str, bytes))]
        if wrong:
            raise ValueError(f"`x` must hold only strings. Received: {wrong[0]!r}")
        # A lone surrogate, as `errors="surrogateescape"` leaves it, is replaced.
        return tf.constant(
            [item.encode("utf-8", "replace") if isinstance(item, str) else item for item in x],
            tf.string,
            shape=[len(x)],
        )
    if isinstance(x, np.ndarray) and x.dtype.kind in "iu":
        return tf.constant(x)
    if isinstance(x, (list, tuple)):
        ids = tf.ragged.constant(x, dtype=tf.int32)
        # Documents without any sentence do not show how deep they are.
        wordless = ids.shape.rank < 3 and not tf.size(ids)
        return tf.ragged.constant(x, dtype=tf.int32, ragged_rank=2) if wordless else ids
    raise ValueError(
        "`x` must be a list of strings, a tensor of strings or ids, or a tf.data.Dataset. "
        f"Received: {type(x).__name__}"
    )


def from_arrays(x, y=None, sample_weight=None, batch_size=None, shuffle=False, vectorize=None):
    """Batches of the documents `x` with encoded labels `y` and weights, where they are given."""
    x = as_documents(x)
    parts = [x]
    for name, part in (("y", y), ("sample_weight", sample_weight)):
        if part is None:
            continue
        if len(part) != _length(x):
            raise ValueError(
                f"`{name}` must have one entry a document. "
                f"Received: {len(part)} entries for {_length(x)} documents"
            )
        parts.append(np.asarray(part))
    dataset = tf.data.Dataset.from_tensor_slices(tuple(parts))
    if shuffle:
        dataset = dataset.shuffle(max(_length(x), 1), seed=_seed())
    dataset = (
        dataset.ragged_batch(batch_size or 32) if _is_ragged(x) else dataset.batch(batch_size or 32)
    )
    return prepare(dataset, vectorize, None)


def from_dataset(dataset, batch_size=None, vectorize=None, encode=None):
    """A user's dataset, batched where it is not, with encoded labels."""
    spec = dataset.element_spec
    documents = spec[0] if isinstance(spec, tuple) else spec
    text = documents.dtype == tf.string
    if documents.shape.rank == (0 if text else 2):
        # Ragged only where sizes differ: ids, and lists of labels.
        dataset = dataset.ragged_batch(batch_size or 32)
    return prepare(dataset, vectorize, encode)


def prepare(dataset, vectorize, encode):
    """Strings to ids and labels to numbers, ahead of the training step."""

    def turn(*element):
        x, *rest = element
        if x.dtype == tf.string and vectorize is not None:
            x = vectorize(x)
        if rest and encode is not None:
            rest[0] = encode(rest[0])
        return (x, *rest) if len(element) > 1 or rest else (x,)

    return dataset.map(turn, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _is_ragged(x):
    return isinstance(x, tf.RaggedTensor)


def _length(x):
    return int(x.nrows()) if _is_ragged(x) else int(x.shape[0])


def _seed():
    """A seed that follows `keras.utils.set_random_seed`, so that a shuffle can be repeated."""
    return int(np.random.randint(2**31))
