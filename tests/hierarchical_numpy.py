"""Small hierarchical encoders, and the equations of a HAN in NumPy."""

import numpy as np
import numpy_cells as oracle
import tensorflow as tf

from hanlib.layers import AttentionPooling, HierarchicalEncoder, LevelEncoder, RecurrentEncoder

UNITS, WIDTH, WORDS = 3, 4, 12


CELLS = ["gru", "lstm", "mgu", "min_gru", "elman", "output_gate_gru", "two_state"]


POOLINGS = {
    "additive": {},
    "dot": {"score": "dot"},
    "general": {"score": "general"},
    "gated": {"score": "gated"},
    "mean": {"score": "mean"},
    "max": {"score": "max"},
    "hops": {"hops": 2, "penalty": 0.1},
    "sparsemax": {"normalizer": "sparsemax"},
}


# Documents with empty sentences and without any; then the same in other forms.
DOCUMENTS = [[[2, 3, 4], [5]], [], [[], [6, 2], []], [[7, 7, 2], [3], [8, 9]], [[]]]


WITH_PADDING = [[[2, 0, 3, 4, 0], [5]], [[0, 0]], [[], [6, 2], []]]
WITH_PADDING += [[[0, 7, 7, 2], [0], [3], [8, 9, 0]], [[0]]]


def ragged(documents, dtype=tf.int32):
    return tf.ragged.constant(documents, dtype=dtype, ragged_rank=2)


def dense(documents, sentences=4, words=5):
    ids = np.zeros([len(documents), sentences, words], "int32")
    for d, document in enumerate(documents):
        for s, sentence in enumerate(document):
            ids[d, s, : len(sentence)] = sentence
    return ids


def level(cell="gru", dtype=None, recurrent=None, **pooling):
    return LevelEncoder(
        RecurrentEncoder(cell, units=UNITS, dtype=dtype, **(recurrent or {})),
        AttentionPooling(**{"units": 4, **pooling}, dtype=dtype),
        dtype=dtype,
    )


def encoder_of(levels=2, dtype="float64", cell="gru", rng=None, top=None, **kwargs):
    """An encoder of ids whose weights are all drawn at random."""
    rows = [level(cell, dtype) for _ in range(levels)]
    if top is not None:
        rows[-1] = top
    encoder = HierarchicalEncoder(rows, WORDS, WIDTH, dtype=dtype, **kwargs)
    encoder.build((None,) * (levels + 1))
    if rng is not None:
        encoder.set_weights([rng.normal(0, 0.8, w.shape) for w in encoder.get_weights()])
    return encoder


def pool_row(layer, words):
    """One level on one row, in NumPy: `[words, features]` -> the row's vector and its scores."""
    states = []
    for cell, reverse in zip(layer.recurrent.cells, (False, True), strict=True):
        parts = oracle.split_weights(cell.get_weights(), "zrh", UNITS, two_biases=True)
        states.append(oracle.run(oracle.gru_reset_after, words, parts, UNITS, reverse=reverse))
    h = np.concatenate(states, axis=-1)
    kernel, bias, context = layer.pooling.get_weights()
    energy = np.tanh(h @ kernel + bias) @ context
    scores = np.exp(energy) / np.exp(energy).sum()
    return scores @ h, scores


def encode_in_numpy(encoder, item, levels):
    """Equations of Yang et al. 2016 for one item, by recursion over the levels."""
    if levels == 0:
        return encoder.embedding.get_weights()[0][item] if item else None
    parts = [encode_in_numpy(encoder, part, levels - 1) for part in item]
    parts = [part for part in parts if part is not None]
    return pool_row(encoder.levels[levels - 1], np.stack(parts))[0] if parts else None


def expected_vectors(encoder, documents, levels):
    vectors = [encode_in_numpy(encoder, document, levels) for document in documents]
    return [np.zeros(2 * UNITS) if vector is None else vector for vector in vectors]


def assert_close(given, expected, atol=1e-10):
    np.testing.assert_allclose(given, expected, rtol=0, atol=atol)


def vectors_in_place_of_ids(encoder, documents):
    table = encoder.embedding.get_weights()[0].copy()
    table[0] = 0
    return table[dense(documents)]
