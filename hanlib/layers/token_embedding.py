"""Word vectors with further features of each word beside them."""

import keras
import tensorflow as tf

from hanlib.checks import check_integer


@keras.saving.register_keras_serializable("hanlib")
class TokenEmbedding(keras.layers.Layer):
    """The vector of each word: its own, and those of its features, concatenated.

        x_i = [E[id_i]; F[f_i1]; ...; F[f_im]]

    Args:
        vocabulary_size: Number of word ids, padding included.
        feature_rows: Number of rows of F, all features together.
        features: m, the number of features of a word; 0 for none.
        embedding_dim: Width of a word vector.
        feature_dim: Width of the vector of a feature.
        dropout: Dropout rate of the concatenated vector's features.
        word_dropout: Share of the distinct words of a batch whose own vector is zero in training,
            so that the model learns to read features.

    Call arguments:
        ids: `<int32>[words]`.
        features: `<int32>[words, m]`, rows of F.
        training: Whether dropout is applied.

    Returns:
        `<float>[words, embedding_dim + m feature_dim]`.

    Raises:
        ValueError: If a size is not a positive integer.

    >>> embedding = TokenEmbedding(10, feature_rows=6, features=2, embedding_dim=4, feature_dim=3)
    >>> embedding(tf.constant([2, 3, 2]), tf.constant([[0, 4], [1, 5], [0, 5]])).shape
    TensorShape([3, 10])
    """

    def __init__(
        self,
        vocabulary_size,
        feature_rows=0,
        features=0,
        embedding_dim=100,
        feature_dim=16,
        dropout=0.0,
        word_dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = check_integer("vocabulary_size", vocabulary_size)
        self.feature_rows = check_integer("feature_rows", feature_rows, 0)
        self.features = check_integer("features", features, 0)
        self.embedding_dim = check_integer("embedding_dim", embedding_dim)
        self.feature_dim = check_integer("feature_dim", feature_dim)
        self.dropout, self.word_dropout = dropout, word_dropout
        policy = self.dtype_policy
        self.words = keras.layers.Embedding(vocabulary_size, embedding_dim, dtype=policy)
        self.table = None
        if features:
            self.table = keras.layers.Embedding(feature_rows, feature_dim, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.drop_words = keras.layers.Dropout(word_dropout, noise_shape=(None, 1), dtype=policy)

    @property
    def width(self):
        """Width of the result."""
        return self.embedding_dim + self.features * self.feature_dim

    def build(self, *input_shapes):
        self.words.build((None,))
        if self.table is not None:
            self.table.build((None, self.features))
        self.built = True

    def call(self, ids, features=None, training=None):
        distinct, index = tf.unique(ids)
        vectors = self.drop_words(self.words(distinct), training=training)
        vectors = tf.gather(vectors, index)
        if self.table is not None:
            features = tf.ensure_shape(features, [None, self.features])
            vectors = tf.concat([vectors, feature_vectors(self.table, features)], axis=-1)
        return self.drop(vectors, training=training)

    def compute_output_shape(self, ids_shape, features_shape=None):
        return (*ids_shape, self.width)

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "feature_rows": self.feature_rows,
            "features": self.features,
            "embedding_dim": self.embedding_dim,
            "feature_dim": self.feature_dim,
            "dropout": self.dropout,
            "word_dropout": self.word_dropout,
        }


def feature_vectors(table, rows):
    """The vectors of the features of each word, concatenated.

    Args:
        table: A `keras.layers.Embedding` of all features.
        rows: `<int32>[words, features]`, rows of the table.

    Returns:
        `<float>[words, features * width]`.
    """
    found = table(rows)
    return tf.reshape(found, [-1, rows.shape[1] * found.shape[-1]])
