"""The base class and interface of document encoders."""

import itertools

import keras
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.layers.level_states import LevelStates
from hanlib.layers.token_embedding import feature_vectors
from hanlib.ops import packed_ids
from hanlib.ops.hierarchy import hierarchy, merge_levels
from hanlib.ops.softmax import accumulation_dtype


def pool_states(pooling, states, rows, count, training=None):
    """Pools the states of each row with a layer: the default of `DocumentEncoder.encode`.

    Args:
        pooling: A built `AttentionPooling`.
        states: `<float>[items, features]`.
        rows: `<int32>[items]`, the row of each item.
        count: `<int32>[]`, the number of rows.
        training: Whether dropout is applied.

    Returns:
        `<float>[rows, ...]`, one vector per row.
    """
    return pooling.pool(states, rows, count, training=training)[0]


class DocumentEncoder(keras.layers.Layer):
    """Base class of encoders, which compute one vector per document from word ids.

    `DocumentClassifier`, training, explanations, export and the command line use an encoder
    through this class only. A subclass defines:

    - `num_levels`: 1 if it reads a document as one sequence of words, 2 if it reads sentences and
      then the document.
    - `has_attention`: Whether each level pools its states with an `AttentionPooling`.
    - `reads_regions`: Whether level 0 reads the word vectors through a `RegionEmbedding`; otherwise
      `region_dim` must be 0.
    - `build(input_shape)`, which calls `build_embedding()`.
    - `encode_level(level, values, lengths, index=None, training=None, pool=pool_states)`: the
      vectors of the rows of a level. Level 0 reads word vectors; level 1 the vectors that level 0
      returned. With `index`, item i of the level is `values[index[i]]`. Items of all rows are
      concatenated without padding. Where a level pools with an `AttentionPooling`, it does so
      by `pool(pooling, states, rows, count, training=training)`, so that explanations can observe
      and replace the pooling.
    - `compute_output_shape(input_shape)` and `get_config()`.

    `docs/extend.md` writes one step by step.

    Args:
        vocabulary_size: Number of word ids, the padding id 0 included. None: the inputs are word
            vectors instead of ids.
        embedding_dim: Width of the word vectors; given together with `vocabulary_size`.
        input_dropout: Share of the word vectors' features set to zero in training.
        embedding_dropout: Share of the distinct words of a batch whose whole vector is set to zero
            in training (Gal and Ghahramani 2016, arXiv 1512.05287).
        embeddings_initializer: Initializer of the word vectors.
        feature_sizes: The number of values of each feature that the ids carry (see
            `hanlib.ops.packed_ids`): `feature_sizes` of the `DocumentVectorizer`. The vector of a
            word is then [E[id]; F[f_1]; ..; F[f_m]].
        feature_dim: Width of the vector of a feature.
        region_dim: Width of a further, fixed vector of each word, which a `RegionEmbedding` reads;
            0 for none. It comes last in the vector of a word.

    Call arguments:
        inputs: Ids `<int>[docs, (sentences), (words)]`, ragged, or dense with 0 as padding. An
            encoder with one level also takes `[docs, (words)]`, and reads the sentences of a
            document as one sequence. Without `vocabulary_size` a last axis of features follows,
            and a vector of zeros is padding.
        mask: `<bool>` of the shape of dense ids, false at words to leave out besides the padding.
        return_attention_scores: Whether the attention of all levels is returned too.
        training: Whether dropout is applied.

    Returns:
        `<float>[docs, features]`, zeros for a document without words. With
        `return_attention_scores` also a list with the scores of each level, words first, in the
        form of the input; zeros on padding and empty rows.

    Raises:
        ValueError: If the arguments or the axes of the input do not fit together.

    >>> class FirstWord(DocumentEncoder):
    ...     def build(self, input_shape):
    ...         self.build_embedding()
    ...
    ...     def encode_level(self, level, values, lengths, index=None, **kwargs):
    ...         first = tf.cumsum(lengths, exclusive=True)
    ...         return tf.gather(values, tf.gather(index, first))
    ...
    ...     def compute_output_shape(self, input_shape):
    ...         return (input_shape[0], self.embedding_dim)
    >>> encoder = FirstWord(vocabulary_size=9, embedding_dim=4)
    >>> encoder(tf.constant([[[2, 3], [4, 0]]])).shape
    TensorShape([1, 4])
    """

    num_levels = 1
    has_attention = False
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

    def call(self, inputs, mask=None, return_attention_scores=False, training=None):
        if return_attention_scores:
            self.require_attention("return_attention_scores=True")
        found = self.hierarchy(inputs, mask)
        values, index = self.embed(found.words, training)
        lengths = merge_levels(found.lengths, self.num_levels)
        scores = []

        def pool(pooling, states, rows, count, training=None):
            vectors, of_items = pooling.pool(states, rows, count, training=training)
            scores.append(of_items)
            return vectors

        vectors = self.encode(values, lengths, index, training=training, pool=pool)
        if not return_attention_scores:
            return vectors
        return vectors, [found.in_form_of_input(level, of) for level, of in enumerate(scores)]

    def encode(self, values, lengths, index=None, training=None, pool=pool_states):
        """The document vectors of concatenated word vectors.

        Args:
            values: `<float>[words, features]`; with `index`, `[distinct, features]`.
            lengths: The number of items in each row, `<int32>[rows]` for each level, words first.
            index: `<int32>[words]`, the row of `values` that each word uses.
            training: Whether dropout is applied.
            pool: Function with the signature of `pool_states`, called once per level.

        Returns:
            `<float>[docs, features]`.
        """
        for level in range(self.num_levels):
            values = self.encode_level(
                level, values, lengths[level], index, training=training, pool=pool
            )
            index = None
        return values

    def states(self, values, lengths, index=None, training=None):
        """The states of the items of each level: words, then sentences in their document.

        Args:
            values, lengths, index, training: As in `encode`.

        Returns:
            A list with the `LevelStates` of each level, words first.

        Raises:
            ValueError: If the encoder has no attention, because what it pools is then not known.
        """
        self.require_attention("`states`")
        found = []

        def pool(pooling, states, rows, count, training=None):
            vectors = pool_states(pooling, states, rows, count, training=training)
            found.append(LevelStates(states, rows, vectors))
            return vectors

        self.encode(values, lengths, index, training=training, pool=pool)
        return found

    def direction_widths(self, level):
        """The widths of the two parts of the states of a level, for a language model.

        The first part of a state depends on the items up to its own only, the second on the items
        from its own on. A width of 0 means that there is no such part.

        Args:
            level: 0 for words, 1 for sentences.

        Returns:
            Two integers.

        Raises:
            ValueError: If the states do not have such parts.
        """
        raise ValueError(
            "a language model needs an encoder that reads forwards and backwards separately. "
            f"Received: {type(self).__name__}"
        )

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

    def hierarchy(self, inputs, mask=None):
        """The words, sentences and documents of inputs without their padding.

        Args:
            inputs, mask: As in `call`.

        Returns:
            A `hanlib.ops.hierarchy.Hierarchy`.
        """
        levels = self._levels_of(inputs)
        flat = inputs.flat_values if isinstance(inputs, tf.RaggedTensor) else inputs
        if not self.takes_ids:
            real = tf.reduce_any(tf.reshape(flat, [-1, inputs.shape[-1]]) != 0, axis=-1)
        else:
            real = tf.reshape(flat, [-1]) != 0
        if mask is not None:
            mask = mask.flat_values if isinstance(mask, tf.RaggedTensor) else tf.reshape(mask, [-1])
            real &= tf.cast(mask, tf.bool)
        return hierarchy(inputs, real, levels)

    def _levels_of(self, inputs):
        """The number of levels of the inputs: axes between the documents and the features."""
        features = int(not self.takes_ids)
        levels = inputs.shape.rank - 1 - features
        if levels < 1 or self.num_levels not in (1, levels):
            raise ValueError(
                f"`inputs` must have {self.num_levels + 1 + features} axes for {self.num_levels} "
                f"levels of word {'vectors' if features else 'ids'}. "
                f"Received: inputs of shape {inputs.shape}"
            )
        return levels

    def require_attention(self, what):
        """Raises a `ValueError` that names `what` if the encoder has no attention."""
        if not self.has_attention:
            raise ValueError(
                f"{what} needs an encoder with attention. Received: {type(self).__name__}, "
                "which has none"
            )

    def compute_mask(self, inputs, previous_mask=None):
        return None  # The words are pooled.

    def compute_output_spec(self, inputs, mask=None, return_attention_scores=False, training=None):
        vectors = keras.KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
        if not return_attention_scores:
            return vectors
        self.require_attention("return_attention_scores=True")
        features = int(not self.takes_ids)
        words = inputs.shape[: len(inputs.shape) - features]
        levels = range(self.num_levels)
        return vectors, [
            keras.KerasTensor(
                (*words[: len(words) - k], *self.attention_heads(k)),
                accumulation_dtype(self.compute_dtype).name,
            )
            for k in levels
        ]

    def attention_heads(self, level):
        """The axes that the scores of a level have after those of its items, such as hops."""
        return ()

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
