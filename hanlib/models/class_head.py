"""The head of a classifier: from document vectors to the probabilities of classes."""

import math

import keras
import tensorflow as tf


class ClassHead:
    """The methods of `DocumentClassifier` that map document vectors to probabilities.

    The weights are those of a dense layer, `head`. If the encoder gives one vector per class, each
    class has weights of its own for its vector, `kernel` and `bias`, and `head` is None.
    """

    head = None

    def build_head(self, vectors):
        """Creates the weights.

        Args:
            vectors: The output shape of the encoder.
        """
        if len(vectors) == 2:
            self.head = keras.layers.Dense(
                len(self._labels),
                bias_initializer=self._first_bias(),
                dtype=self.dtype_policy,
                name="head",
            )
            self.head.build(vectors)
            return
        if vectors[1] != len(self._labels):
            raise ValueError(
                f"`encoder` must give one vector for each of the {len(self._labels)} classes. "
                f"Received: an encoder with output shape {vectors}"
            )
        self.kernel = self.add_weight(
            name="kernel", shape=vectors[1:], initializer="glorot_uniform"
        )
        self.bias = self.add_weight(name="bias", shape=vectors[1:2], initializer=self._first_bias())

    def _first_bias(self):
        """Many classes of which a document has few: start from one label a document.

        From one half each, the encoder would first learn to push all of them down, and forget
        what the documents differ in (the prior of Lin et al. 2017, arXiv 1708.02002, section 3.3).
        """
        if not self.multi_label or len(self._labels) < 3:
            return "zeros"
        return keras.initializers.Constant(-math.log(len(self._labels) - 1))

    def logits(self, vectors, ngrams=None, training=None):
        """W v + b, plus the logits of the n-grams.

        Args:
            vectors: `<float>[docs, features]`, what the encoder returns.
            ngrams: `<float32>[docs, classes]`, what `self.ngrams` returns; None without it.
            training: Whether dropout is applied.

        Returns:
            `<float32>[docs, classes]`.
        """
        vectors = self.drop(vectors, training=training)
        if self.head is not None:
            logits = tf.cast(self.head(vectors), tf.float32)
        else:
            logits = tf.reduce_sum(vectors * tf.cast(self.kernel, vectors.dtype), axis=-1)
            logits = tf.cast(logits + tf.cast(self.bias, logits.dtype), tf.float32)
        return logits if ngrams is None else logits + ngrams

    def classify(self, vectors, ngrams=None, training=None):
        """Document vectors -> probabilities `<float32>[docs, classes]`; arguments as `logits`."""
        # In float32, and by Keras' own functions: its losses then find the logits.
        activation = keras.activations.sigmoid if self.multi_label else keras.activations.softmax
        return activation(self.logits(vectors, ngrams, training))

    def _scale_head(self, factor):
        for weight in self.head.weights if self.head is not None else (self.kernel, self.bias):
            weight.assign(weight * factor)
