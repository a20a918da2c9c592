"""A table of an export, in a data type of its own."""

import tensorflow as tf


class StoredTable:
    """A table, whose looked-up rows are cast to the compute dtype; in place of an embedding.

    float16 has 11 significant bits, so an element changes by at most 1 part in 2,048 (below 6e-5,
    by at most 3e-8). Its maximum, 65,504, is far above the values of word vectors.

    Args:
        values: `<float>[rows, features]`.
        dtype: The dtype in which the values are stored.
        compute_dtype: The dtype of the looked-up rows.

    >>> table = StoredTable(tf.ones([5, 2]), tf.float16, tf.float32)
    >>> table.embeddings.dtype.name, table(tf.constant([0, 3])).dtype.name
    ('float16', 'float32')
    """

    def __init__(self, values, dtype, compute_dtype):
        self.embeddings = tf.Variable(tf.cast(values, dtype), trainable=False)
        self.compute_dtype = compute_dtype

    def __call__(self, ids):
        return tf.cast(tf.gather(self.embeddings, ids), self.compute_dtype)
