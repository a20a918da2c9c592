"""Words to sentences to documents: a hierarchy of row encoders."""

import keras
import tensorflow as tf

from hanlib.layers.row_encoder import RowEncoder, as_layer


@keras.saving.register_keras_serializable("hanlib")
class HierarchicalEncoder(keras.layers.Layer):
    """One vector a document, through any number of levels (Yang et al., NAACL 2016, N16-1174).

    Level 0 turns the words of each sentence into a sentence vector, level 1 the sentences of each
    document into a document vector, and so on: there are as many levels as the input has axes
    after the first. Padding and empty rows are dropped at every level before anything is
    computed, and each distinct word of the batch is embedded and projected once.

    Args:
        levels: The `RowEncoder`s, innermost first.
        vocabulary_size: Number of word ids, the padding id 0 included. None: the input is not
            ids but word vectors.
        embedding_dim: Width of the word vectors; only with `vocabulary_size`.
        embedding_dropout: Share of the word vectors' features set to zero in training.
        word_dropout: Share of the distinct words of a batch whose whole vector is set to zero in
            training (embedding dropout, Gal and Ghahramani 2016).
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
    ...     [RowEncoder(RecurrentEncoder("gru", units=4)) for level in range(2)],
    ...     vocabulary_size=10, embedding_dim=3)
    >>> encoder(tf.ragged.constant([[[2, 3], [4]], []], dtype=tf.int32)).shape
    TensorShape([2, 8])
    """

    def __init__(
        self,
        levels,
        vocabulary_size=None,
        embedding_dim=None,
        embedding_dropout=0.0,
        word_dropout=0.0,
        embeddings_initializer="uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.levels = [as_layer("levels", level, RowEncoder) for level in levels]
        if not self.levels or None in self.levels:
            raise ValueError(
                f"`levels` must be a list of at least one RowEncoder. Received: levels={levels!r}"
            )
        if (vocabulary_size is None) != (embedding_dim is None):
            raise ValueError(
                "`vocabulary_size` and `embedding_dim` must be given together. Received: "
                f"vocabulary_size={vocabulary_size}, embedding_dim={embedding_dim}"
            )
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.embedding_dropout = embedding_dropout
        self.word_dropout = word_dropout
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
            word_dropout, noise_shape=(None, 1), dtype=self.dtype_policy
        )
        self.drop_features = keras.layers.Dropout(embedding_dropout, dtype=self.dtype_policy)
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
        self._check(inputs)
        flat, parents, counts = _rows(inputs, len(self.levels))
        places = self._real(flat, mask)
        values, index = self._embed(tf.gather(flat, places), training)
        scores = []
        for level, parent, count in zip(self.levels, parents, counts, strict=True):
            lengths = tf.math.bincount(tf.gather(parent, places), minlength=count, maxlength=count)
            vectors, level_scores = level.encode(values, lengths, index, training=training)
            if return_attention_scores:
                scores.append(_scatter(level_scores(), places, tf.size(parent)))
            # An empty row is not a row of the next level.
            places = tf.where(lengths > 0)[:, 0]
            values, index = tf.gather(vectors, places), None
        if not return_attention_scores:
            return vectors
        levels = len(self.levels)
        return vectors, [_in_form_of(inputs, s, levels - depth) for depth, s in enumerate(scores)]

    def _check(self, inputs):
        axes = len(self.levels) + 1 + (self.embedding is None)
        if inputs.shape.rank != axes:
            raise ValueError(
                f"`inputs` must have {axes} axes for {len(self.levels)} levels"
                f"{' of word vectors' if self.embedding is None else ' of word ids'}. "
                f"Received: inputs of shape {inputs.shape}"
            )

    def _real(self, flat, mask):
        """Places of the real words among all."""
        real = flat != 0 if self.embedding is not None else tf.reduce_any(flat != 0, axis=-1)
        if mask is not None:
            mask = mask.flat_values if isinstance(mask, tf.RaggedTensor) else tf.reshape(mask, [-1])
            real &= tf.cast(mask, tf.bool)
        return tf.where(real)[:, 0]

    def _embed(self, words, training):
        """The vectors of the distinct words, and which of them each word is."""
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

    def get_config(self):
        return {
            **super().get_config(),
            "levels": [keras.saving.serialize_keras_object(level) for level in self.levels],
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "embedding_dropout": self.embedding_dropout,
            "word_dropout": self.word_dropout,
            "embeddings_initializer": keras.initializers.serialize(self.embeddings_initializer),
        }


def _rows(inputs, levels):
    """The words end to end; for each level, innermost first, each item's row and the row count."""
    if isinstance(inputs, tf.RaggedTensor):
        if inputs.ragged_rank != levels:
            raise ValueError(
                f"`inputs` must be ragged in its {levels} axes after the first. "
                f"Received: inputs of shape {inputs.shape} and ragged rank {inputs.ragged_rank}"
            )
        parents = [tf.cast(rows, tf.int32) for rows in inputs.nested_value_rowids()]
        counts = [tf.size(splits) - 1 for splits in inputs.nested_row_splits]
        return inputs.flat_values, parents[::-1], counts[::-1]
    shape = tf.shape(inputs)
    parents, counts = [], []
    for axis in range(levels, 0, -1):
        count = tf.reduce_prod(shape[:axis])
        parents.append(tf.repeat(tf.range(count), shape[axis]))
        counts.append(count)
    rest = [inputs.shape[-1]] if inputs.shape.rank > levels + 1 else []
    return tf.reshape(inputs, [-1, *rest]), parents, counts


def _scatter(scores, places, count):
    """Scores of the real items at their places among all, zeros elsewhere."""
    shape = tf.concat([[count], tf.shape(scores)[1:]], axis=0)
    return tf.scatter_nd(places[:, None], scores, tf.cast(shape, tf.int64))


def _in_form_of(inputs, scores, axes):
    """Flat scores in the form of the first axis of the input and `axes` more."""
    if isinstance(inputs, tf.RaggedTensor):
        return tf.RaggedTensor.from_nested_row_splits(
            scores, inputs.nested_row_splits[:axes], validate=False
        )
    shape = tf.concat([tf.shape(inputs)[: axes + 1], tf.shape(scores)[1:]], axis=0)
    return tf.reshape(scores, shape)
