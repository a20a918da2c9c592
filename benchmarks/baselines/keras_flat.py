"""A plain recurrent classifier in Keras on the truncated words of each document."""

import keras
import numpy as np
from keras import layers


class KerasFlat:
    """`Embedding(mask_zero=True)`, `Bidirectional(GRU)`, `Dense`, over the first words of a text.

    Args:
        sizes: a `Sizes`.
        jit_compile: whether XLA compiles the steps.
        seed: seed of the initial weights.
    """

    def __init__(self, sizes, jit_compile=False, seed=0):
        keras.utils.set_random_seed(seed)
        self.sizes = sizes
        self.note = f"cut to {sizes.flat_words} words"
        self.model = keras.Sequential(
            [
                keras.Input((sizes.flat_words,), dtype="int32"),
                layers.Embedding(sizes.vocabulary, sizes.dim, mask_zero=True),
                layers.Bidirectional(layers.GRU(sizes.units)),
                layers.Dense(sizes.classes, activation="softmax"),
            ]
        )
        self.model.compile("adam", "sparse_categorical_crossentropy", jit_compile=jit_compile)

    def prepare(self, documents):
        return documents.flat(self.sizes.flat_words), documents.labels

    def train(self, prepared):
        return float(self.model.train_on_batch(*prepared))

    def predict(self, prepared):
        return np.asarray(self.model.predict_on_batch(prepared[0]))
