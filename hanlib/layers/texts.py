"""Texts of any Python type as string tensors, in batches."""

import itertools

import numpy as np
import tensorflow as tf

_BATCH = 512


def as_strings(text):
    """Text of any type as a string tensor.

    Raises:
        TypeError: if an item is not text; the message contains it.
        ValueError: if `text` is a DataFrame of several columns.
    """
    text = one_column(text)
    if tf.is_tensor(text):
        if text.dtype != tf.string:
            raise TypeError(f"`text` must hold strings. Received: dtype={text.dtype.name}")
        return text
    array = np.asarray(text, dtype=object)
    for item in array.flat:
        if not isinstance(item, (str, bytes)):
            raise TypeError(f"`text` must hold strings. Received: {item!r} ({type(item).__name__})")
    return tf.constant([encode(item) for item in array.flat], tf.string, shape=array.shape)


def one_column(texts, name="text"):
    """The only column of a DataFrame; other arguments are returned unchanged.

    Raises:
        ValueError: if a DataFrame has several columns.
    """
    columns = getattr(texts, "columns", None)
    if columns is None or not hasattr(texts, "to_numpy"):
        return texts
    if len(columns) != 1:
        raise ValueError(
            f'`{name}` must be one column of texts, such as `frame["{columns[0]}"]`. '
            f"Received: a DataFrame with the columns {list(columns)}"
        )
    return texts.to_numpy()[:, 0]


def one_dimension(text):
    """`<string>[docs]` or `[docs, 1]` -> `<string>[docs]`; any other shape is an error."""
    shape = text.shape
    if shape.rank == 2 and shape[1] == 1:
        return tf.reshape(text, [-1])
    if isinstance(text, tf.RaggedTensor) or shape.rank not in (1, None):
        hint = "; put a single text in a list, a dataset in batches" if shape.rank == 0 else ""
        raise ValueError(f"`text` must have the shape [docs]{hint}. Received: shape={shape}")
    return tf.ensure_shape(text, [None])


def batches(texts):
    """Batches `<string>[n]` of the texts that `adapt` accepts."""
    texts = one_column(texts, "texts")
    if isinstance(texts, (str, bytes)):
        raise TypeError(f"`texts` must be a list or dataset of texts. Received: {texts[:50]!r}")
    if isinstance(texts, tf.data.Dataset):
        yield from _dataset_batches(texts)
        return
    iterator = iter(texts)
    while batch := list(itertools.islice(iterator, _BATCH)):
        yield one_dimension(as_strings(batch))


def _dataset_batches(dataset):
    spec = dataset.element_spec
    if isinstance(spec, tuple):
        dataset = dataset.map(lambda text, *others: text)
        spec = spec[0]
    if getattr(spec, "dtype", None) != tf.string:
        raise TypeError(
            f"`texts` must be a dataset of strings or of (text, ...) tuples. Received: {spec}"
        )
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "`texts` must have an end: `dataset.take(n)` is the first n elements. "
            "Received: a dataset that repeats without an end"
        )
    if spec.shape.rank == 0:
        dataset = dataset.batch(_BATCH)
    for batch in dataset:
        yield tf.reshape(batch, [-1])


def encode(word):
    """Encodes a word as UTF-8, with `surrogateescape` for invalid bytes."""
    return word.encode("utf-8", "surrogateescape") if isinstance(word, str) else bytes(word)


def decode(word):
    """The inverse of `encode`."""
    return word.decode("utf-8", "surrogateescape")
