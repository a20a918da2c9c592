"""Region embeddings: what a word and its neighbors say together."""

import keras
import tensorflow as tf

from hanlib.checks import check_integer


@keras.saving.register_keras_serializable("hanlib")
class RegionEmbedding(keras.layers.Layer):
    """Replaces the last features of each word by the embedding of the region around it.

        [x_t; r_t]  ->  [x_t; ReLU(Σ_{|j| <= radius} r_{t+j} + b)]

    The sum runs over words of the same row. r is a fixed vector of each word and b a fixed bias,
    both learned without labels by `hanlib.embeddings.region_vectors` (Johnson and Zhang, NIPS 2015,
    arXiv 1504.01255).

    Args:
        width: Size of r.
        radius: Greatest distance of the words of a region.
        dropout: Dropout rate of the embedding's features.

    Call arguments:
        values: `<float>[words, features]`, the words of all rows laid end to end.
        lengths: `<int32>[rows]`, words per row.
        training: Whether dropout is applied.

    Returns:
        `<float>[words, features]`.

    Raises:
        ValueError: If `width` or `radius` is not a positive integer, or the words have fewer
            features than `width`.

    >>> layer = RegionEmbedding(width=1, radius=1)
    >>> layer(tf.constant([[9.0, 1.0], [8.0, 2.0], [7.0, 4.0]]), tf.constant([2, 1])).numpy()
    array([[9., 3.],
           [8., 3.],
           [7., 4.]], dtype=float32)
    """

    def __init__(self, width, radius=2, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.width, self.radius = check_integer("width", width), check_integer("radius", radius)
        self.dropout = dropout
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)

    def build(self, values_shape, lengths_shape=None):
        if values_shape[-1] is not None and values_shape[-1] < self.width:
            raise ValueError(
                f"`width` must be at most the number of features, {values_shape[-1]}. "
                f"Received: width={self.width}"
            )
        self.bias = self.add_weight(
            shape=(self.width,), initializer="zeros", trainable=False, name="bias"
        )
        self.built = True

    def call(self, values, lengths, training=None):
        words, regions = self.separate(values, lengths, training=training)
        return tf.concat([words, regions], axis=-1)

    def separate(self, values, lengths, index=None, training=None):
        """The features of the words before the regions, and the regions' embeddings.

        In training no gradient reaches r, which is fixed.

        Args:
            values: `<float>[words, features]`; with `index`, `[distinct, features]`.
            lengths: `<int32>[rows]`, words per row.
            index: `<int32>[words]`, the row of `values` that each word uses.
            training: Whether dropout is applied.

        Returns:
            `<float>[words, features - width]`, with `index` `[distinct, features - width]`; and
            `<float>[words, width]`.
        """
        words, of_words = values[:, : -self.width], values[:, -self.width :]
        if training:
            of_words = tf.stop_gradient(of_words)
        if index is not None:
            of_words = tf.gather(of_words, index)
        regions = window_sums(of_words, lengths, self.radius)
        regions = tf.nn.relu(regions + tf.cast(self.bias, regions.dtype))
        return words, self.drop(regions, training=training)

    def compute_output_shape(self, values_shape, lengths_shape=None):
        return values_shape

    def get_config(self):
        own = {"width": self.width, "radius": self.radius, "dropout": self.dropout}
        return {**super().get_config(), **own}


def window_sums(values, lengths, radius):
    """The sum of the values that are at most `radius` away in the same row.

    Args:
        values: `<float>[words, features]`, row-major.
        lengths: `<int32>[rows]`, words per row.
        radius: Greatest distance.

    Returns:
        `<float>[words, features]`.
    """
    rows = tf.repeat(tf.range(tf.size(lengths)), lengths)
    sums = values
    for distance in range(1, radius + 1):
        together = tf.cast(rows[distance:] == rows[:-distance], values.dtype)[:, None]
        # A text shorter than the distance has no pair.
        missing = tf.shape(values)[0] - tf.shape(together)[0]
        after = tf.pad(values[distance:] * together, [[0, missing], [0, 0]])
        before = tf.pad(values[:-distance] * together, [[missing, 0], [0, 0]])
        sums += after + before
    return sums
