"""The inputs of a signature for documents: texts, or words with columns."""

import tensorflow as tf

from hanlib.layers.token_features import looked_up

TEXT = tf.TensorSpec([None], tf.string, name="text")


def split_inputs(name, shape, tables):
    """The inputs of documents that are split: padded strings, and `column_1`, ... for each table.

    >>> list(split_inputs("words", [None, None, None], tables=[None, None]))
    ['words', 'column_1', 'column_2']
    """
    names = (name, *(f"column_{n + 1}" for n in range(len(tables))))
    return {name: tf.TensorSpec(shape, tf.string, name) for name in names}


def column_indices(tables, columns, real):
    """The indices of the values of columns, `<int32>[words, columns]`, where `real` is true."""
    values = [tf.boolean_mask(columns[f"column_{n + 1}"], real) for n in range(len(tables))]
    return looked_up(tables, values)
