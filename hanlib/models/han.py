"""The hierarchical attention network, and its presets."""

import keras

from hanlib.layers import (
    AttentionPooling,
    HierarchicalEncoder,
    LevelEncoder,
    RecurrentEncoder,
    SelfAttention,
)
from hanlib.layers.saved_by_0_1 import rename_dropouts
from hanlib.presets import PRESETS


@keras.saving.register_keras_serializable("hanlib")
class HAN(keras.Model):
    """Hierarchical attention network (Yang, Yang, Dyer, He, Smola, Hovy, NAACL 2016, N16-1174).

    Each level is a bidirectional recurrent network followed by attention pooling:

        h_it = BiGRU(x_i1 .. x_iT)_t        s_i = Σ_t softmax(u_wᵀ tanh(W_w h_it + b_w))_t h_it
        h_i  = BiGRU(s_1 .. s_L)_i          v   = Σ_i softmax(u_sᵀ tanh(W_s h_i + b_s))_i h_i

    Args:
        vocabulary_size: Number of word ids, padding included (`vectorizer.vocabulary_size`).
        embedding_dim: Width of the word vectors.
        units: Width of a recurrent state, each way.
        attention_units: Width of the attention's hidden layer; None: as wide as the states.
        cell: A `GatedCell` or the name of one (see `RecurrentEncoder`).
        levels: Number of levels; 2 is words -> sentences -> documents.
        depth: Stacked recurrent layers at each level.
        bidirectional: Whether the recurrence runs both ways.
        score: The attention's score (see `AttentionPooling`); "mean" and "max" are HN-AVE, HN-MAX.
        normalizer: "softmax" or "sparsemax".
        hops: Contexts of each attention (Lin et al. 2017).
        labels: One context a label at the top level (Mullenbach et al. 2018); the output is then
            `[docs, labels, features]`.
        self_attention_heads: Heads of a scaled dot-product self-attention before each recurrence;
            0 leaves it out.
        input_dropout: Share of the word vectors' features dropped in training.
        embedding_dropout: Share of the distinct words of a batch dropped in training.
        weight_dropout: Share of the recurrent weights dropped in training.
        dropout: Share of the features of each level's row vectors dropped in training.

    Call arguments:
        inputs: `<int>[docs, (sentences), (words)]` ragged, or dense with 0 as padding.
        return_attention_scores: Whether the attention of each level comes too.
        training: Whether dropout is applied.

    Returns:
        `<float>[docs, features]`; with `return_attention_scores` also the scores of each level,
        words first (see `HierarchicalEncoder`).

    Raises:
        ValueError: If an argument is out of its range.

    >>> encoder = HAN.from_preset("han_small", vocabulary_size=100)
    >>> encoder(keras.ops.array([[[2, 3, 4], [5, 0, 0]]])).shape
    TensorShape([1, 64])
    """

    def __init__(
        self,
        vocabulary_size,
        embedding_dim=200,
        units=50,
        attention_units=100,
        cell="gru",
        levels=2,
        depth=1,
        bidirectional=True,
        score="additive",
        normalizer="softmax",
        hops=1,
        labels=None,
        self_attention_heads=0,
        input_dropout=0.0,
        embedding_dropout=0.0,
        weight_dropout=0.0,
        dropout=0.0,
        **kwargs,
    ):
        arguments = {k: v for k, v in locals().items() if k not in ("self", "kwargs", "__class__")}
        super().__init__(**kwargs)
        if not isinstance(levels, int) or levels < 1:
            raise ValueError(f"`levels` must be a positive integer. Received: levels={levels!r}")
        self.arguments = arguments
        self.encoder = HierarchicalEncoder(
            [self._level(top=level == levels - 1) for level in range(levels)],
            vocabulary_size=vocabulary_size,
            embedding_dim=embedding_dim,
            input_dropout=input_dropout,
            embedding_dropout=embedding_dropout,
            dtype=self.dtype_policy,
            name="encoder",
        )

    def _level(self, top):
        given, dtype = self.arguments, self.dtype_policy
        named = isinstance(given["cell"], str)
        recurrent = RecurrentEncoder(
            given["cell"],
            units=given["units"] if named else None,
            bidirectional=given["bidirectional"],
            depth=given["depth"],
            dropout=given["dropout"] if given["depth"] > 1 else 0.0,
            weight_dropout=given["weight_dropout"],
            dtype=dtype,
        )
        weightless = given["score"] in ("mean", "max")
        pooling = AttentionPooling(
            given["score"],
            units=None if weightless or given["score"] == "dot" else given["attention_units"],
            hops=given["hops"],
            labels=given["labels"] if top else None,
            normalizer=given["normalizer"],
            dtype=dtype,
        )
        heads = given["self_attention_heads"]
        attention = SelfAttention(heads, dtype=dtype) if heads else None
        return LevelEncoder(recurrent, pooling, attention, dropout=given["dropout"], dtype=dtype)

    @classmethod
    def from_preset(cls, preset, vocabulary_size, **kwargs):
        """The encoder of a named preset; further arguments replace those of the preset.

        Raises:
            ValueError: If the preset is not known.
        """
        if preset not in PRESETS:
            raise ValueError(f"`preset` must be one of {list(PRESETS)}. Received: {preset!r}")
        return cls(vocabulary_size, **{**PRESETS[preset], **kwargs})

    def build(self, input_shape):
        if not self.encoder.built:
            self.encoder.build(input_shape)

    def call(self, inputs, return_attention_scores=False, training=None):
        return self.encoder(
            inputs, return_attention_scores=return_attention_scores, training=training
        )

    def compute_output_shape(self, input_shape):
        return self.encoder.compute_output_shape(input_shape)

    @classmethod
    def from_config(cls, config):
        return cls(**rename_dropouts(config))

    def get_config(self):
        cell = self.arguments["cell"]
        if not isinstance(cell, (str, dict)):
            cell = keras.saving.serialize_keras_object(cell)
        return {**super().get_config(), **self.arguments, "cell": cell}
