"""A table of all public layers, with inputs for each of them."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from hanlib.layers import (
    AttentionPooling,
    ElmanCell,
    GRUCell,
    HierarchicalEncoder,
    LevelEncoder,
    LSTMCell,
    MGUCell,
    MinGRUCell,
    OutputGateGRUCell,
    RecurrentEncoder,
    RegionEmbedding,
    SelfAttention,
    TwoStateCell,
)
from hanlib.models import HAN, BagOfWords, FlatRecurrent, Transformer

UNITS, FEATURES, WORDS = 3, 4, 12
LENGTHS = [3, 1, 4, 2]
# Documents of word ids; some sentences and one document are empty.
DOCUMENTS = [[[2, 3, 4], [5]], [[6]], [[], [7, 7, 2, 9], [8, 3]], []]


@dataclass
class Case:
    """A layer of the table.

    Attributes:
        covers: the public class that is tested.
        make: from a dtype policy to a layer.
        ids: whether the layer takes word ids; otherwise it takes states with a mask.
        sequences: whether it gives one vector a word; otherwise it gives one a row.
    """

    covers: type
    make: callable
    ids: bool = False
    sequences: bool = False


def cell(kind, **arguments):
    """A cell in the layer that Keras has for cells."""
    return Case(
        kind, lambda dtype: keras.layers.RNN(kind(UNITS, dtype=dtype, **arguments), dtype=dtype)
    )


def pooling(**arguments):
    return Case(AttentionPooling, lambda dtype: AttentionPooling(**arguments, dtype=dtype))


def level_encoder(dtype, **arguments):
    recurrent = RecurrentEncoder("gru", units=UNITS, dtype=dtype)
    return LevelEncoder(recurrent, AttentionPooling(dtype=dtype), dtype=dtype, **arguments)


CASES = {
    "gru": cell(GRUCell),
    "gru_cho": cell(GRUCell, reset_after=False),
    "gru_no_bias": cell(GRUCell, use_bias=False),
    "output_gate_gru": cell(OutputGateGRUCell),
    "two_state": cell(TwoStateCell),
    "mgu": cell(MGUCell),
    "min_gru": cell(MinGRUCell),
    "elman": cell(ElmanCell),
    "lstm": cell(LSTMCell),
    "recurrent": Case(
        RecurrentEncoder,
        lambda dtype: RecurrentEncoder("gru", units=UNITS, depth=2, dtype=dtype),
        sequences=True,
    ),
    "recurrent_one_way": Case(
        RecurrentEncoder,
        lambda dtype: RecurrentEncoder("lstm", units=UNITS, bidirectional=False, dtype=dtype),
        sequences=True,
    ),
    "additive": pooling(),
    "dot": pooling(score="dot"),
    "general": pooling(score="general", units=3),
    "gated": pooling(score="gated", units=3),
    "hops": pooling(hops=3, penalty=0.1),
    "labels": pooling(labels=5),
    "sparsemax": pooling(normalizer="sparsemax"),
    "mean": pooling(score="mean"),
    "max": pooling(score="max"),
    "beside": pooling(beside=("mean", "max")),
    "self_attention": Case(
        SelfAttention, lambda dtype: SelfAttention(2, dtype=dtype), sequences=True
    ),
    "level_encoder": Case(LevelEncoder, level_encoder),
    "level_encoder_regions": Case(
        LevelEncoder,
        lambda dtype: level_encoder(dtype, regions=RegionEmbedding(2, 1, dtype=dtype)),
    ),
    "row_encoder_attentive": Case(
        LevelEncoder, lambda dtype: level_encoder(dtype, self_attention=SelfAttention(dtype=dtype))
    ),
    "hierarchical": Case(
        HierarchicalEncoder,
        lambda dtype: HierarchicalEncoder(
            [level_encoder(dtype), level_encoder(dtype)], WORDS, FEATURES, dtype=dtype
        ),
        ids=True,
    ),
    "han": Case(
        HAN,
        lambda dtype: HAN(WORDS, FEATURES, UNITS, 4, dtype=dtype),
        ids=True,
    ),
    "han_beside": Case(
        HAN,
        lambda dtype: HAN(WORDS, FEATURES, UNITS, 4, beside=("max", "mean"), dtype=dtype),
        ids=True,
    ),
    "flat_recurrent": Case(
        FlatRecurrent, lambda dtype: FlatRecurrent(WORDS, FEATURES, UNITS, dtype=dtype), ids=True
    ),
    "flat_recurrent_last": Case(
        FlatRecurrent,
        lambda dtype: FlatRecurrent(WORDS, FEATURES, UNITS, pooling="last", dtype=dtype),
        ids=True,
    ),
    "bag_of_words": Case(
        BagOfWords, lambda dtype: BagOfWords(WORDS, FEATURES, dtype=dtype), ids=True
    ),
    "transformer": Case(
        Transformer,
        lambda dtype: Transformer(WORDS, FEATURES, 2, 1, window=3, dropout=0.0, dtype=dtype),
        ids=True,
    ),
}


def rows_for(case, rng):
    """Rows without padding, as lists."""
    if case.ids:
        return DOCUMENTS
    return [rng.normal(size=[length, FEATURES]) for length in LENGTHS]


def padded(case, rows, more=0, filler=0.0):
    """The arguments of a call: the rows in dense form, padded to `more` than they need."""
    if case.ids:
        ids = np.zeros([len(rows), 3 + more, 4 + more], "int32")
        for d, document in enumerate(rows):
            for s, sentence in enumerate(document):
                ids[d, s, : len(sentence)] = sentence
        return (tf.constant(ids),)
    steps = max(len(row) for row in rows) + more
    states, mask = np.full([len(rows), steps, FEATURES], filler), np.zeros([len(rows), steps], bool)
    for place, row in enumerate(rows):
        states[place, : len(row)], mask[place, : len(row)] = row, True
    return tf.constant(states), tf.constant(mask)


def call(layer, inputs, *mask, **options):
    return layer(inputs, mask=mask[0], **options) if mask else layer(inputs, **options)


def by_row(case, output, rows):
    """What a layer gives for each row, without padding."""
    if case.sequences:
        return [row[: len(words)] for row, words in zip(output.numpy(), rows, strict=True)]
    return list(output.numpy())


def layer_for(name, rng, dtype="float64"):
    """The table's entry, a built layer with random weights, and rows for it."""
    case = CASES[name]
    layer, rows = case.make(dtype), rows_for(case, rng)
    call(layer, *padded(case, rows))
    layer.set_weights([rng.normal(0, 0.6, weight.shape) for weight in layer.get_weights()])
    return case, layer, rows
