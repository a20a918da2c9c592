"""The mean of a document's word vectors."""

import keras
import tensorflow as tf

from hanlib.layers.document_encoder import DocumentEncoder, pool_states


@keras.saving.register_keras_serializable("hanlib")
class BagOfWords(DocumentEncoder):
    """The mean of the word vectors of a document (fastText, Joulin et al., EACL 2017, E17-2068).

        v = (x_1 + .. + x_T) / T

    With the head of a `DocumentClassifier` this is a linear model of low rank on word counts: a
    fast baseline. It has neither sentences nor attention.

    Args:
        vocabulary_size: Number of word ids, including padding.
        embedding_dim: Width of the word vectors.
        **kwargs: See `DocumentEncoder`.

    Call arguments and returns: See `hanlib.layers.DocumentEncoder`.

    >>> encoder = BagOfWords(100, embedding_dim=8)
    >>> encoder(tf.ragged.constant([[[2, 3, 4], [5]], []], dtype=tf.int32)).shape
    TensorShape([2, 8])
    """

    def __init__(self, vocabulary_size, embedding_dim=100, **kwargs):
        super().__init__(vocabulary_size, embedding_dim, **kwargs)

    def build(self, input_shape):
        self.build_embedding()
        self.built = True

    def encode_level(self, level, values, lengths, index=None, training=None, pool=pool_states):
        """The document vectors; see `DocumentEncoder`."""
        count = tf.size(lengths)
        words = values if index is None else tf.gather(values, index)
        rows = tf.repeat(tf.range(count), lengths)
        # 16 bits are not precise enough for sums of many words.
        wide = words if words.dtype == tf.float64 else tf.cast(words, tf.float32)
        total = tf.math.unsorted_segment_sum(wide, rows, count)
        divisor = tf.cast(tf.maximum(lengths, 1), total.dtype)[:, tf.newaxis]
        return tf.cast(total / divisor, words.dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.input_width(input_shape))
