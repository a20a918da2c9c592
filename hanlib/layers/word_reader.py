"""The vectors of words from their ids: the first thing that an encoder of documents computes."""

import itertools

import keras
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.layers.token_embedding import feature_vectors
from hanlib.ops import packed_ids


class WordReader(keras.layers.Layer):
    """Base class of `DocumentEncoder`: the vectors of the words of a batch.

        x_i = [E[id_i]; F[f_i1]; ..; F[f_im]; R[id_i]]

    F are the vectors of the features that ids carry, R the fixed vectors of regions. A subclass
    calls `build_embedding` in its `build`.

    Args:
        See `DocumentEncoder`.

    Raises:
        ValueError: If the arguments do not fit together.

    >>> reader = WordReader(vocabulary_size=9, embedding_dim=4)
    >>> reader.build_embedding()
    >>> vectors, index = reader.embed(tf.constant([3, 2, 3]))
    >>> vectors.shape, index.numpy().tolist()
    (TensorShape([2, 4]), [0, 1, 0])
    """

    reads_regions = False

    def __init__(
        self,
        vocabulary_size=None,
        embedding_dim=None,
        input_dropout=0.0,
        embedding_dropout=0.0,
        embeddings_initializer="uniform",
        feature_sizes=(),
        feature_dim=8,
        region_dim=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if (vocabulary_size is None) != (embedding_dim is None):
            raise ValueError(
                "`vocabulary_size` and `embedding_dim` must be given together. Received: "
                f"vocabulary_size={vocabulary_size}, embedding_dim={embedding_dim}"
            )
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.input_dropout = input_dropout
        self.embedding_dropout = embedding_dropout
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        self.feature_sizes = tuple(check_integer("feature_sizes", n) for n in feature_sizes)
        self.feature_dim = check_integer("feature_dim", feature_dim)
        self.region_dim = check_integer("region_dim", region_dim, 0)
        for name, given, none in (
            ("feature_sizes", feature_sizes, "empty"),
            ("region_dim", region_dim, "0"),
        ):
            if given and vocabulary_size is None:
                raise ValueError(
                    f"`{name}` must be {none} for an encoder of word vectors. Received: {given}"
                )
        if self.region_dim and not self.reads_regions:
            raise ValueError(
                f"`region_dim` must be 0 for {type(self).__name__}, which has no RegionEmbedding. "
                f"Received: {region_dim}"
            )
        if self.feature_sizes:
            packed_ids.check_range(vocabulary_size, self.feature_sizes)
        # Made by `build_embedding`.
        self.embedding = self.feature_table = self.region_table = None
        self.drop_words = keras.layers.Dropout(
            embedding_dropout, noise_shape=(None, 1), dtype=self.dtype_policy
        )
        self.drop_features = keras.layers.Dropout(input_dropout, dtype=self.dtype_policy)
        self.supports_masking = True
        self.supports_jit = False  # The number of words is known only when the graph runs.

    def build_embedding(self):
        """Creates the word vectors; for `build` of subclasses.

        They are created after the layers of `__init__`, so that the order of the weights, and hence
        the optimizer state in files of hanlib 0.1, does not change.
        """
        if self.takes_ids and self.embedding is None:
            self.embedding = keras.layers.Embedding(
                self.vocabulary_size,
                self.embedding_dim,
                embeddings_initializer=self.embeddings_initializer,
                dtype=self.dtype_policy,
                name="embedding",
            )
            self.embedding.build((None,))
        if self.feature_sizes and self.feature_table is None:
            self.feature_table = keras.layers.Embedding(
                sum(self.feature_sizes), self.feature_dim, dtype=self.dtype_policy, name="features"
            )
            self.feature_table.build((None,))
        if self.region_dim and self.region_table is None:
            self.region_table = keras.layers.Embedding(
                self.vocabulary_size,
                self.region_dim,
                embeddings_initializer="zeros",
                dtype=self.dtype_policy,
                trainable=False,
                name="regions",
            )
            self.region_table.build((None,))

    @property
    def takes_ids(self):
        """Whether the inputs are word ids, or word vectors."""
        return self.vocabulary_size is not None

    def input_width(self, input_shape):
        """Width of the word vectors, for inputs of the given shape."""
        if not self.takes_ids:
            return input_shape[-1]
        features = len(self.feature_sizes) * self.feature_dim
        return self.embedding_dim + features + self.region_dim

    def word_ids(self, words):
        """The ids of words without the features that they carry, `<int>[words]`."""
        if not self.feature_sizes:
            return words
        return packed_ids.word_ids(words, self.vocabulary_size)

    def embed(self, words, training=None):
        """The vectors of words.

        Args:
            words: `<int>[words]`; without an embedding, `<float>[words, features]`.
            training: Whether dropout is applied.

        Returns:
            `<float>[distinct, features]`, the vectors of the distinct words, and `<int32>[words]`,
            the row of the vector of each word; without an embedding the words themselves and None.
        """
        if not self.takes_ids:
            return self.drop_features(words, training=training), None
        distinct, index = tf.unique(words)
        vectors = self.drop_words(self.embedding(self.word_ids(distinct)), training=training)
        if self.feature_sizes:
            found = packed_ids.feature_indices(distinct, self.vocabulary_size, self.feature_sizes)
            rows = found + list(itertools.accumulate(self.feature_sizes[:-1], initial=0))
            vectors = tf.concat([vectors, feature_vectors(self.feature_table, rows)], axis=-1)
        vectors = self.drop_features(vectors, training=training)
        if self.region_dim:
            regions = self.region_table(self.word_ids(distinct))
            vectors = tf.concat([vectors, regions], axis=-1)
        return vectors, index

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "input_dropout": self.input_dropout,
            "embedding_dropout": self.embedding_dropout,
            "embeddings_initializer": keras.initializers.serialize(self.embeddings_initializer),
            **self.feature_config(),
        }

    def feature_config(self):
        """The arguments that describe what is read beside a word's vector, for `get_config`."""
        return {
            "feature_sizes": list(self.feature_sizes),
            "feature_dim": self.feature_dim,
            "region_dim": self.region_dim,
        }
