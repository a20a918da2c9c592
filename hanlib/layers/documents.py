"""Converts documents of the types that Keras accepts to one tensor."""

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
    """The only column of a DataFrame; iterating over a DataFrame would yield column names."""
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
    # Lone surrogates, as left by `errors="surrogateescape"`, are replaced.
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
    # If no document has a sentence, the number of levels cannot be inferred.
    wordless = ids.shape.rank < 3 and not tf.size(ids)
    return tf.ragged.constant(x, dtype=tf.int32, ragged_rank=2) if wordless else ids


def length_of(x):
    """The number of documents."""
    return int(x.nrows()) if isinstance(x, tf.RaggedTensor) else int(x.shape[0])
