"""Words to sentences to documents: a hierarchy of row encoders."""

import keras
import tensorflow as tf

from hanlib.layers.level_encoder import LevelEncoder, as_layer
from hanlib.layers.saved_by_0_1 import accept_paths_of_0_1, rename_dropouts
from hanlib.ops.hierarchy import hierarchy


@keras.saving.register_keras_serializable("hanlib")
class HierarchicalEncoder(keras.layers.Layer):
    """One vector a document, through any number of levels (Yang et al., NAACL 2016, N16-1174).

    Level 0 turns the words of each sentence into a sentence vector, level 1 the sentences of each
    document into a document vector, and so on: there are as many levels as the input has axes
    after the first. Padding and empty rows are dropped at every level before anything is
    computed, and each distinct word of the batch is embedded and projected once.

    Args:
        levels: The `LevelEncoder`s, innermost first.
        vocabulary_size: Number of word ids, the padding id 0 included. None: the input is not
            ids but word vectors.
        embedding_dim: Width of the word vectors; only with `vocabulary_size`.
        input_dropout: Share of the word vectors' features set to zero in training.
        embedding_dropout: Share of the distinct words of a batch whose whole vector is set to
            zero in training (Gal and Ghahramani 2016).
        embeddings_initializer: Of the word vectors.

    Call arguments:
        inputs: With two levels, `<int>[docs, (sentences), (words)]` ragged, or dense
            `<int>[docs, sentences, words]` in which 0 is padding. Without `vocabulary_size` a
            last axis of features follows, and a vector of zeros is padding.
        mask: `<bool>` of the shape of dense ids, false at words to leave out besides the padding.
        return_attention_scores: Whether the attention of all levels comes too.
        training: Whether dropout is applied.

    Returns:
        `<float>[docs, output]`; zeros for a document without words. With
        `return_attention_scores` also a list with the scores of each level, innermost first, in
        the form of the input: `[docs, sentences, words]`, then `[docs, sentences]`; zeros on
        padding and empty rows.

    Raises:
        ValueError: If `levels` is empty, or the input has not one axis a level.

    >>> from hanlib.layers.recurrent_encoder import RecurrentEncoder
    >>> encoder = HierarchicalEncoder(
    ...     [LevelEncoder(RecurrentEncoder("gru", units=4)) for level in range(2)],
    ...     vocabulary_size=10, embedding_dim=3)
    >>> encoder(tf.ragged.constant([[[2, 3], [4]], []], dtype=tf.int32)).shape
    TensorShape([2, 8])
    """

    def __init__(
        self,
        levels,
        vocabulary_size=None,
        embedding_dim=None,
        input_dropout=0.0,
        embedding_dropout=0.0,
        embeddings_initializer="uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.levels = [as_layer("levels", level, LevelEncoder) for level in levels]
        if not self.levels or None in self.levels:
            raise ValueError(
                f"`levels` must be a list of at least one LevelEncoder. Received: levels={levels!r}"
            )
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
        self.embedding = None
        if vocabulary_size is not None:
            self.embedding = keras.layers.Embedding(
                vocabulary_size,
                embedding_dim,
                embeddings_initializer=self.embeddings_initializer,
                dtype=self.dtype_policy,
                name="embedding",
            )
        self.drop_words = keras.layers.Dropout(
            embedding_dropout, noise_shape=(None, 1), dtype=self.dtype_policy
        )
        self.drop_features = keras.layers.Dropout(input_dropout, dtype=self.dtype_policy)
        self.supports_masking = True
        self.supports_jit = False

    def build(self, input_shape):
        if self.embedding is not None and not self.embedding.built:
            self.embedding.build((None,))
        shape = (None, None, input_shape[-1] if self.embedding is None else self.embedding_dim)
        for level in self.levels:
            if not level.built:
                level.build(shape)
            shape = (None, *level.compute_output_shape(shape))

    def call(self, inputs, mask=None, return_attention_scores=False, training=None):
        hierarchy = self.hierarchy(inputs, mask)
        values, index = self.embed(hierarchy.words, training)
        scores = []
        for level, lengths in zip(self.levels, hierarchy.lengths, strict=True):
            values, level_scores = level.encode(values, lengths, index, training=training)
            scores.append(level_scores)
            index = None
        if not return_attention_scores:
            return values
        return values, [hierarchy.in_form_of_input(k, of) for k, of in enumerate(scores)]

    def hierarchy(self, inputs, mask=None):
        """The real words, sentences and documents of `inputs`, a `hanlib.ops.hierarchy.Hierarchy`.

        Args:
            inputs, mask: As in `call`.
        """
        self._check(inputs)
        flat = inputs.flat_values if isinstance(inputs, tf.RaggedTensor) else inputs
        if self.embedding is None:
            real = tf.reduce_any(tf.reshape(flat, [-1, inputs.shape[-1]]) != 0, axis=-1)
        else:
            real = tf.reshape(flat, [-1]) != 0
        if mask is not None:
            mask = mask.flat_values if isinstance(mask, tf.RaggedTensor) else tf.reshape(mask, [-1])
            real &= tf.cast(mask, tf.bool)
        return hierarchy(inputs, real, len(self.levels))

    def _check(self, inputs):
        axes = len(self.levels) + 1 + (self.embedding is None)
        if inputs.shape.rank != axes:
            raise ValueError(
                f"`inputs` must have {axes} axes for {len(self.levels)} levels"
                f"{' of word vectors' if self.embedding is None else ' of word ids'}. "
                f"Received: inputs of shape {inputs.shape}"
            )

    def embed(self, words, training=None):
        """The vectors of the distinct words `<float>[distinct, features]`, and for each word the
        line of its vector, `<int32>[words]`; the words themselves and None without an embedding.
        """
        if self.embedding is None:
            return self.drop_features(words, training=training), None
        distinct, index = tf.unique(words)
        vectors = self.drop_words(self.embedding(distinct), training=training)
        return self.drop_features(vectors, training=training), index

    def compute_mask(self, inputs, previous_mask=None):
        return None  # The steps are gone.

    def compute_output_shape(self, input_shape):
        shape = (None, None, input_shape[-1] if self.embedding is None else self.embedding_dim)
        for level in self.levels:
            shape = (None, *level.compute_output_shape(shape))
        return (input_shape[0], *shape[2:])

    def load_own_variables(self, store):
        accept_paths_of_0_1(store)
        super().load_own_variables(store)

    @classmethod
    def from_config(cls, config):
        return cls(**rename_dropouts(config))

    def get_config(self):
        return {
            **super().get_config(),
            "levels": [keras.saving.serialize_keras_object(level) for level in self.levels],
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "input_dropout": self.input_dropout,
            "embedding_dropout": self.embedding_dropout,
            "embeddings_initializer": keras.initializers.serialize(self.embeddings_initializer),
        }
