"""The hierarchical attention network, and its presets."""

import keras

from hanlib.checks import check_choice, check_integer
from hanlib.layers import (
    AttentionPooling,
    HierarchicalEncoder,
    LevelEncoder,
    RecurrentEncoder,
    RegionEmbedding,
    SelfAttention,
)
from hanlib.presets import PRESETS


@keras.saving.register_keras_serializable("hanlib")
class HAN(HierarchicalEncoder):
    """Hierarchical attention network (Yang, Yang, Dyer, He, Smola, Hovy, NAACL 2016, N16-1174).

    Each level is a bidirectional recurrent network followed by attention pooling:

        h_it = BiGRU(x_i1 .. x_iT)_t        s_i = Σ_t softmax(u_wᵀ tanh(W_w h_it + b_w))_t h_it
        h_i  = BiGRU(s_1 .. s_L)_i          v   = Σ_i softmax(u_sᵀ tanh(W_s h_i + b_s))_i h_i

    With `beside=("mean", "max")` the vector of each level is three times as wide: the weighted sum
    of the states, their mean and their maximum (concat pooling, Howard and Ruder 2018).

    Args:
        vocabulary_size: Number of word ids, including padding (`vectorizer.vocabulary_size`).
        embedding_dim: Width of the word vectors.
        units: Width of the recurrent state of each direction.
        attention_units: Width of the hidden layer of the attention; None: the width of the states.
        cell: A cell or its name (see `RecurrentEncoder`).
        levels: Number of levels; 2 is words -> sentences -> documents.
        depth: Number of stacked recurrent layers at each level.
        bidirectional: Whether the recurrence runs in both directions.
        score: Attention score (see `AttentionPooling`); "mean" and "max" are HN-AVE and HN-MAX.
        normalizer: "softmax" or "sparsemax".
        hops: Number of contexts of each attention (Lin et al. 2017).
        labels: Number of labels with one context each at the top level (Mullenbach et al. 2018).
            The output is then `[docs, labels, features]`.
        self_attention_heads: Number of heads of a scaled dot-product self-attention before each
            recurrence; 0 for none.
        input_dropout, embedding_dropout: See `DocumentEncoder`.
        weight_dropout: Dropout rate of the recurrent weights.
        dropout: Dropout rate of the vectors of each level and of the inputs of stacked recurrent
            layers.
        region_dim: Width of the region embeddings that are read beside the vector of each word (see
            `RegionEmbedding`); 0 for none. They are zeros until `set_regions`.
        region_radius: Greatest distance of the words of a region.
        beside: What follows the attention in the vector of each level: a tuple of "mean" and "max",
            or of one of them (see `AttentionPooling`). It needs a score with weights, and cannot be
            combined with `labels`.
        **kwargs: `feature_sizes` and `feature_dim`; see `DocumentEncoder`.

    Call arguments and returns: See `hanlib.layers.DocumentEncoder`.

    Raises:
        ValueError: If an argument is out of range.

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
        region_dim=0,
        region_radius=2,
        beside=(),
        **kwargs,
    ):
        arguments = {k: v for k, v in locals().items() if k not in ("self", "kwargs", "__class__")}
        levels = check_integer("levels", levels)
        dtype = kwargs.get("dtype")
        super().__init__(
            [_level(arguments, dtype, level) for level in range(levels)],
            vocabulary_size,
            embedding_dim,
            input_dropout=input_dropout,
            embedding_dropout=embedding_dropout,
            region_dim=region_dim,
            **kwargs,
        )
        self.arguments = {**arguments, "beside": list(beside)}

    @classmethod
    def from_preset(cls, preset, vocabulary_size, **kwargs):
        """Creates the encoder of a preset; other arguments override those of the preset.

        Raises:
            ValueError: If there is no such preset.
        """
        check_choice("preset", preset, PRESETS)
        return cls(vocabulary_size, **{**PRESETS[preset], **kwargs})

    def set_regions(self, regions):
        """Sets the region embeddings, before training.

        Args:
            regions: `hanlib.embeddings.RegionVectors` of the words of the vocabulary.
        """
        self.region_table.embeddings.assign(regions.vectors)
        self.levels[0].regions.bias.assign(regions.bias)

    def get_config(self):
        cell = self.arguments["cell"]
        if not isinstance(cell, (str, dict)):
            cell = keras.saving.serialize_keras_object(cell)
        config = keras.layers.Layer.get_config(self)
        return {**config, **self.arguments, **self.feature_config(), "cell": cell}


def _level(arguments, dtype, level):
    """The `LevelEncoder` of a level, 0 for words, that the arguments of a `HAN` describe."""
    top = level == arguments["levels"] - 1
    recurrent = RecurrentEncoder(
        arguments["cell"],
        units=arguments["units"] if isinstance(arguments["cell"], str) else None,
        bidirectional=arguments["bidirectional"],
        depth=arguments["depth"],
        dropout=arguments["dropout"] if arguments["depth"] > 1 else 0.0,
        weight_dropout=arguments["weight_dropout"],
        dtype=dtype,
    )
    hidden = arguments["score"] not in ("mean", "max", "dot")
    pooling = AttentionPooling(
        arguments["score"],
        units=arguments["attention_units"] if hidden else None,
        hops=arguments["hops"],
        labels=arguments["labels"] if top else None,
        normalizer=arguments["normalizer"],
        beside=arguments["beside"],
        dtype=dtype,
    )
    heads = arguments["self_attention_heads"]
    attention = SelfAttention(heads, dtype=dtype) if heads else None
    regions = None
    if arguments["region_dim"] and level == 0:
        regions = RegionEmbedding(
            *(arguments["region_dim"], arguments["region_radius"], arguments["input_dropout"]),
            dtype=dtype,
        )
    return LevelEncoder(recurrent, pooling, attention, arguments["dropout"], regions, dtype=dtype)
