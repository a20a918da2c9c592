"""One level of a hierarchy: encodes each row of vectors as one vector."""

import keras
import tensorflow as tf

from hanlib.layers.attention_pooling import AttentionPooling
from hanlib.layers.document_encoder import pool_states
from hanlib.layers.recurrent_encoder import RecurrentEncoder
from hanlib.layers.region_embedding import RegionEmbedding
from hanlib.layers.self_attention import SelfAttention
from hanlib.ops.packing import pack
from hanlib.ops.rows import flatten, restore
from hanlib.ops.softmax import accumulation_dtype


@keras.saving.register_keras_serializable("hanlib")
class LevelEncoder(keras.layers.Layer):
    """One level of a HAN (Yang et al. 2016, section 2.2): recurrence over each row, then attention.

        x_t  = regions(x_1 .. x_T)_t                (if `regions` is given)
        x'_t = self-attention over the row          (if `self_attention` is given)
        h_t  = recurrent(x'_1 .. x'_T)_t            (if `recurrent` is given)
        v    = pooling(h_1 .. h_T)

    Args:
        recurrent: A `RecurrentEncoder`, or None to pool the inputs directly.
        pooling: An `AttentionPooling`; by default additive attention with a learned context.
        self_attention: A `SelfAttention` that is applied before the recurrence, or None.
        dropout: Dropout rate of the row vectors.
        regions: A `RegionEmbedding` that is applied first, or None.

    Call arguments:
        inputs: `<float>[rows, (steps), features]`, ragged, or dense with a mask.
        mask: `<bool>[rows, steps]`, true at real words, for dense input.
        return_attention_scores: Whether to return the scores of the pooling as well.
        training: Whether dropout is applied.

    Returns:
        `<float>[rows, output]`; with `return_attention_scores` also the scores,
        `<float>[rows, steps]` in the form of the input, zeros on padding. A row without words
        returns zeros.

    >>> level = LevelEncoder(RecurrentEncoder("gru", units=4))
    >>> vectors, scores = level(tf.ones([2, 3, 5]), return_attention_scores=True)
    >>> vectors.shape, scores.shape
    (TensorShape([2, 8]), TensorShape([2, 3]))
    """

    def __init__(
        self,
        recurrent=None,
        pooling=None,
        self_attention=None,
        dropout=0.0,
        regions=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.recurrent = as_layer("recurrent", recurrent, RecurrentEncoder)
        self.pooling = as_layer("pooling", pooling, AttentionPooling)
        if self.pooling is None:
            self.pooling = AttentionPooling(dtype=self.dtype_policy)
        self.self_attention = as_layer("self_attention", self_attention, SelfAttention)
        self.regions = as_layer("regions", regions, RegionEmbedding)
        self.dropout = dropout
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.supports_masking = True
        self.supports_jit = False

    def build(self, input_shape):
        shape = (None, None, input_shape[-1])
        if self.regions is not None and not self.regions.built:
            self.regions.build((None, input_shape[-1]))
        for layer in (self.self_attention, self.recurrent, self.pooling):
            # A layer that was loaded is already built.
            if layer is not None and not layer.built:
                layer.build(shape)
            if layer is not None:
                shape = layer.compute_output_shape(shape)

    def call(self, inputs, mask=None, return_attention_scores=False, training=None):
        values, lengths = flatten(inputs, mask)
        states, rows = self.contextualize(values, lengths, training=training)
        vectors, scores = self.pooling.pool(states, rows, tf.size(lengths), training=training)
        vectors = self.drop(vectors, training=training)
        return (vectors, restore(scores, inputs, mask)) if return_attention_scores else vectors

    def encode(self, values, lengths, index=None, training=None, pool=pool_states):
        """The vector of each row.

        Args:
            values: `<float>[words, features]`, row-major; with `index`, `[distinct, features]`.
            lengths: `<int32>[rows]`, words per row.
            index: `<int32>[words]`, the row of `values` that each word uses.
            training: Whether dropout is applied.
            pool: Function that pools the states; see `hanlib.layers.DocumentEncoder`.

        Returns:
            `<float>[rows, output]`.
        """
        states, rows = self.contextualize(values, lengths, index, training=training)
        vectors = pool(self.pooling, states, rows, tf.size(lengths), training=training)
        return self.drop(vectors, training=training)

    def contextualize(self, values, lengths, index=None, training=None):
        """The states that are pooled: one for each word, computed from its row.

        Args:
            values, lengths, index, training: As in `encode`.

        Returns:
            `<float>[words, features]`, row-major, and the row of each word, `<int32>[words]`.
        """
        rows = tf.repeat(tf.range(tf.size(lengths)), lengths)
        context = None
        if self.recurrent is None or self.self_attention is not None:
            if index is not None:
                values, index = tf.gather(values, index), None
            if self.regions is not None:
                values = self.regions(values, lengths, training=training)
            if self.self_attention is not None:
                values = self.self_attention.attend(values, lengths, training=training)
            if self.recurrent is None:
                return values, rows
        elif self.regions is not None:
            # The word vectors are projected once for each distinct word, the regions for each word.
            values, context = self.regions.separate(values, lengths, index, training=training)
            index = tf.range(tf.size(rows)) if index is None else index
        states = self.recurrent.encode(
            values, pack(lengths), index, training=training, context=context
        )
        return states, rows

    def compute_mask(self, inputs, previous_mask=None):
        return None  # The steps have been pooled.

    def compute_output_shape(self, input_shape):
        shape = (None, None, input_shape[-1])
        for layer in (self.self_attention, self.recurrent):
            if layer is not None:
                shape = layer.compute_output_shape(shape)
        return (input_shape[0], *self.pooling.compute_output_shape(shape)[1:])

    def compute_output_spec(self, inputs, mask=None, return_attention_scores=False, training=None):
        vectors = keras.KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
        if not return_attention_scores:
            return vectors
        dtype = accumulation_dtype(self.compute_dtype).name
        return vectors, keras.KerasTensor((*inputs.shape[:-1], *self.pooling.heads), dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "recurrent": keras.saving.serialize_keras_object(self.recurrent),
            "pooling": keras.saving.serialize_keras_object(self.pooling),
            "self_attention": keras.saving.serialize_keras_object(self.self_attention),
            "dropout": self.dropout,
            "regions": keras.saving.serialize_keras_object(self.regions),
        }


def as_layer(name, layer, kind):
    """Returns a layer that is given as a layer, as its configuration, or as None."""
    if isinstance(layer, dict):
        layer = keras.saving.deserialize_keras_object(layer)
    if layer is not None and not isinstance(layer, kind):
        raise ValueError(f"`{name}` must be a {kind.__name__}. Received: {name}={layer!r}")
    return layer
