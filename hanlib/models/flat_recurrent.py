"""A recurrent network over all words of a document, without sentences."""

import keras
import tensorflow as tf

from hanlib.layers import AttentionPooling, HierarchicalEncoder, LevelEncoder, RecurrentEncoder
from hanlib.layers.document_encoder import pool_states


@keras.saving.register_keras_serializable("hanlib")
class FlatRecurrent(HierarchicalEncoder):
    """A recurrent network that reads a document as one sequence of words.

        h_t = RNN(x_1 .. x_T)_t        v = pooling(h_1 .. h_T)

    A baseline without hierarchy. Since it has no sentences, the sentence scores of explanations are
    sums over words.

    Args:
        vocabulary_size: Number of word ids, including padding.
        embedding_dim: Width of the word vectors.
        units: Width of the recurrent state of each direction.
        cell: A cell or its name (see `RecurrentEncoder`).
        depth: Number of stacked recurrent layers.
        bidirectional: Whether the recurrence runs in both directions.
        pooling: A score of `AttentionPooling`, such as "additive", "mean" or "max"; or "last", the
            state after the last word (of the backward direction, after the first word).
        attention_units: Width of the hidden layer of the attention; None: the width of the states.
        dropout: Dropout rate of the document vector.
        weight_dropout: Dropout rate of the recurrent weights.
        **kwargs: See `DocumentEncoder`.

    Call arguments and returns: See `hanlib.layers.DocumentEncoder`.

    Raises:
        ValueError: If an argument is out of range.

    >>> encoder = FlatRecurrent(100, embedding_dim=8, units=4, pooling="last")
    >>> encoder(tf.ragged.constant([[[2, 3, 4], [5]], []], dtype=tf.int32)).shape
    TensorShape([2, 8])
    """

    def __init__(
        self,
        vocabulary_size,
        embedding_dim=200,
        units=50,
        cell="gru",
        depth=1,
        bidirectional=True,
        pooling="additive",
        attention_units=None,
        dropout=0.0,
        weight_dropout=0.0,
        **kwargs,
    ):
        dtype = kwargs.get("dtype")
        named = isinstance(cell, str)
        recurrent = RecurrentEncoder(
            cell,
            units=units if named else None,
            bidirectional=bidirectional,
            depth=depth,
            dropout=dropout if depth > 1 else 0.0,
            weight_dropout=weight_dropout,
            dtype=dtype,
        )
        self_pooled = pooling == "last"
        hidden = None if pooling in ("mean", "max", "dot", "last") else attention_units
        layer = AttentionPooling("mean" if self_pooled else pooling, units=hidden, dtype=dtype)
        level = LevelEncoder(recurrent, layer, dropout=dropout, dtype=dtype)
        super().__init__([level], vocabulary_size, embedding_dim, **kwargs)
        self.arguments = {
            "units": units,
            "cell": cell if named or isinstance(cell, dict) else recurrent.get_config()["cell"],
            "depth": depth,
            "bidirectional": bool(bidirectional),
            "pooling": pooling,
            "attention_units": attention_units,
            "dropout": dropout,
            "weight_dropout": weight_dropout,
        }

    @property
    def has_attention(self):
        return self.arguments["pooling"] != "last"

    def encode_level(self, level, values, lengths, index=None, training=None, pool=pool_states):
        """The document vectors; see `DocumentEncoder`."""
        if self.has_attention:
            return super().encode_level(level, values, lengths, index, training, pool)
        states, _ = self.levels[0].contextualize(values, lengths, index, training=training)
        return self.levels[0].drop(self._last_states(states, lengths), training=training)

    def _last_states(self, states, lengths):
        """The last state of each direction; zeros for an empty document."""
        ends = tf.cumsum(lengths)
        # Row 0, of zeros, is for documents without words.
        states = tf.pad(states, [[1, 0], [0, 0]])
        last = tf.gather(states, tf.where(lengths > 0, ends, 0))
        if not self.arguments["bidirectional"]:
            return last
        first = tf.gather(states, tf.where(lengths > 0, ends - lengths + 1, 0))
        units = states.shape[-1] // 2
        return tf.concat([last[:, :units], first[:, units:]], axis=-1)

    def get_config(self):
        config = super().get_config()
        del config["levels"]
        return {**config, **self.arguments}
