"""A HAN as it is usually written in Keras: a dense box of sentences and words, with masks."""

import keras
import numpy as np
from keras import layers, ops


class KerasBox:
    """`TimeDistributed(Bidirectional(GRU))` and attention over `[documents, sentences, words]`.

    Args:
        sizes: a `Sizes`.
        jit_compile: whether XLA compiles the steps.
        fold: whether to fold the sentences into the batch instead of `TimeDistributed`, which runs
            the recurrences of the sentences sequentially.
        masked: whether the recurrences use masks. Without them it is a different network, whose
            backward states begin in the padding, but it is common.
        seed: seed of the initial weights.
    """

    def __init__(self, sizes, jit_compile=False, fold=False, masked=True, seed=0):
        keras.utils.set_random_seed(seed)
        self.sizes = sizes
        self.note = f"cut to {sizes.sentences} x {sizes.words}"
        self.model = _model(sizes, fold, masked)
        self.model.compile("adam", "sparse_categorical_crossentropy", jit_compile=jit_compile)

    def prepare(self, documents):
        return documents.box(self.sizes.sentences, self.sizes.words), documents.labels

    def train(self, prepared):
        return float(self.model.train_on_batch(*prepared))

    def predict(self, prepared):
        return np.asarray(self.model.predict_on_batch(prepared[0]))

    def set_weights(self, weights):
        named = {layer.name: layer for layer in _inner_layers(self.model)}
        named["embedding"].set_weights([weights.embeddings])
        for name, level in zip(("words", "sentences"), weights.levels, strict=True):
            named[name].set_weights([*level.forward, *level.backward])
            named[f"{name}_attention"].set_weights(level.attention)
        named["head"].set_weights(weights.head)


class Attention(layers.Layer):
    """Additive attention with a learned context (Yang et al. 2016, equations 5 to 7)."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.supports_masking = True

    def build(self, states_shape, real_shape=None):
        self.kernel = self.add_weight(shape=(states_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.context = self.add_weight(
            shape=(self.units,), initializer="random_normal", name="context"
        )

    def call(self, states, real):
        """`<float>[..., steps, features]` and `<bool>[..., steps]` -> `<float>[..., features]`."""
        scores = ops.matmul(ops.tanh(ops.matmul(states, self.kernel) + self.bias), self.context)
        weights = ops.softmax(ops.where(real, scores, -1e9), axis=-1)
        return ops.sum(weights[..., None] * states, axis=-2)

    def compute_mask(self, *arguments, **named):
        return None  # The output has no axis of steps.


def _model(sizes, fold, masked):
    ids = keras.Input((sizes.sentences, sizes.words), dtype="int32")
    real = layers.Lambda(lambda ids: ops.not_equal(ids, 0), name="real_words")(ids)
    sentence_is_real = layers.Lambda(lambda real: ops.any(real, axis=-1), name="real_sentences")(
        real
    )
    vectors = layers.Embedding(sizes.vocabulary, sizes.dim, name="embedding")(ids)
    words = layers.Bidirectional(layers.GRU(sizes.units, return_sequences=True), name="words")
    if fold:
        states = words(
            ops.reshape(vectors, (-1, sizes.words, sizes.dim)),
            mask=ops.reshape(real, (-1, sizes.words)) if masked else None,
        )
        states = ops.reshape(states, (-1, sizes.sentences, sizes.words, 2 * sizes.units))
    else:
        states = layers.TimeDistributed(words)(vectors, mask=real if masked else None)
    sentences = Attention(sizes.attention, name="words_attention")(states, real)
    recurrence = layers.Bidirectional(
        layers.GRU(sizes.units, return_sequences=True), name="sentences"
    )
    states = recurrence(sentences, mask=sentence_is_real if masked else None)
    document = Attention(sizes.attention, name="sentences_attention")(states, sentence_is_real)
    return keras.Model(
        ids, layers.Dense(sizes.classes, activation="softmax", name="head")(document)
    )


def _inner_layers(model):
    for layer in model.layers:
        yield layer.layer if isinstance(layer, layers.TimeDistributed) else layer
