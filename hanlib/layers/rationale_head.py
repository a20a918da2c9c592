"""A head that learns which words and sentences people mark as evidence."""

import keras
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.ops.hierarchy import merge_levels

# About one word in ten is marked: the first scores are near this log-odds.
_PRIOR = -2.0


@keras.saving.register_keras_serializable("hanlib")
class RationaleHead(keras.layers.Layer):
    """Scores each word and sentence by how likely a person would mark it as evidence.

        r_s = u_s . tanh(W_s H_s + b_s) + c_s               the row (sentence) s
        r_i = u_w . tanh(W_w [h_i; H_s(i)] + b_w) + c_w     the word i of row s(i)

    h_i and H_s are the states that the encoder pools at words and at sentences, so a word is scored
    in its sentence and in its document. `sigmoid(r)` is a probability. With an encoder of one
    level, a word has no H_s, and a sentence has the score of its strongest word.

    The head is trained together with the classifier, on the documents that people have marked, by

        L = weight (L_words(r) + L_rows(r) / 2) + attention_weight (L_words(e) + L_rows(e) / 2)
            + sufficiency_weight L_label(marked words)

    where L_words and L_rows are mean binary cross-entropies: whether a word is marked, and whether
    a row holds a marked word. e are the attention scores before the softmax. L_label(marked words)
    is the loss of the classifier on documents that are reduced to their marked words: what people
    call evidence should be sufficient for the label (the sufficiency of DeYoung et al. 2020). It
    is a mean over the documents of a batch, in which a document without marked words counts 0.

    The scores say what people would mark, not why the classifier decided: measure their
    faithfulness as that of any other explanation.

    Args:
        units: Size of the hidden layers.
        weight: Weight of the loss on the scores of the head.
        attention_weight: Weight of the same loss on the attention scores before the softmax.
        sufficiency_weight: Weight of the loss of the label that is predicted from the marked words
            alone; `DocumentClassifier` computes it.

    Raises:
        ValueError: If an argument is out of range.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> head = RationaleHead(units=4)
    >>> classifier = DocumentClassifier(None, HAN(9), classes=2, rationale=head)
    >>> classifier.build()
    >>> [kernel.shape[-1] for kernel in head.kernels]
    [4, 4]
    """

    def __init__(
        self, units=64, weight=2.0, attention_weight=0.0, sufficiency_weight=0.0, **kwargs
    ):
        super().__init__(**kwargs)
        self.units = check_integer("units", units)
        self.weight = _not_negative("weight", weight)
        self.attention_weight = _not_negative("attention_weight", attention_weight)
        self.sufficiency_weight = _not_negative("sufficiency_weight", sufficiency_weight)
        self.kernels = self.biases = self.contexts = self.offsets = ()
        self.supports_jit = False

    def build(self, widths):
        """Creates the weights.

        Args:
            widths: The number of features of the states of each level, words first.
        """
        upper = [*widths[1:], 0]
        sizes = [width + above for width, above in zip(widths, upper, strict=True)]
        prior = keras.initializers.Constant(_PRIOR)
        self.kernels, self.biases, self.contexts, self.offsets = [], [], [], []
        for level, size in enumerate(sizes):
            named = {
                "kernel": ((size, self.units), "glorot_uniform", self.kernels),
                "bias": ((self.units,), "zeros", self.biases),
                "context": ((self.units, 1), "glorot_uniform", self.contexts),
                "offset": ((1,), prior, self.offsets),
            }
            for name, (shape, initializer, weights) in named.items():
                weights.append(self.add_weight(shape, initializer, name=f"{name}_{level}"))
        self.built = True

    def build_for(self, encoder):
        """Creates the weights for the states of a built encoder.

        Raises:
            ValueError: If the encoder has no attention, which is what reads the states.
        """
        encoder.require_attention("a rationale head")
        widths = []

        def pool(pooling, states, rows, count, training=None):
            widths.append(int(states.shape[-1]))
            return pooling.pool(states, rows, count, training=training)[0]

        one = tf.ones([1], tf.int32)
        values, index = encoder.embed(one)
        encoder.encode(values, [one] * encoder.num_levels, index, pool=pool)
        self.build(widths)

    def scores(self, levels):
        """The scores r of each level, before the sigmoid.

        Args:
            levels: `(states, rows)` of each level, words first: `<float>[items, features]` and
                `<int32>[items]`, the row of each item, which is an item of the next level.

        Returns:
            A list with `<float32>[items]` for each level.
        """
        found = []
        for level, (states, rows) in enumerate(levels):
            inputs = tf.cast(states, tf.float32)
            if level + 1 < len(levels):
                above = tf.cast(levels[level + 1][0], tf.float32)
                inputs = tf.concat([inputs, tf.gather(above, rows)], axis=-1)
            hidden = tf.tanh(tf.matmul(inputs, self.kernels[level]) + self.biases[level])
            found.append((tf.matmul(hidden, self.contexts[level]) + self.offsets[level])[:, 0])
        return found

    def encode(self, encoder, ids, marks, training=None):
        """The document vectors of an encoder; adds the loss of the marks.

        Args:
            encoder: The `DocumentEncoder` of the classifier.
            ids: `<int>[docs, (sentences), (words)]`.
            marks: `<int32>[words]`: 1 for marked words, 0 for others, -1 in documents that nobody
                marked; None if nobody marked any, and then the loss is 0.
            training: Whether dropout is applied.

        Returns:
            What `encoder(ids, training=training)` returns.
        """
        found = encoder.hierarchy(ids)
        values, index = encoder.embed(found.words, training)
        lengths = merge_levels(found.lengths, encoder.num_levels)
        marks = -tf.ones_like(found.words) if marks is None else marks
        levels, energies = [], []

        def pool(pooling, states, rows, count, training=None):
            levels.append((states, rows))
            if self.attention_weight:
                energies.append(pooling.energies(states))
            return pooling.pool(states, rows, count, training=training)[0]

        vectors = encoder.encode(values, lengths, index, training=training, pool=pool)
        loss = self.weight * evidence_loss(self.scores(levels), levels, marks)
        if self.attention_weight:
            loss += self.attention_weight * evidence_loss(energies, levels, marks)
        self.add_loss(tf.cast(loss, keras.config.floatx()))
        return vectors

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "weight": self.weight,
            "attention_weight": self.attention_weight,
            "sufficiency_weight": self.sufficiency_weight,
        }


def evidence_loss(scores, levels, marks):
    """Mean binary cross-entropy of the words, plus half of that of the rows.

    Args:
        scores: Scores before a sigmoid for each level, words first: `<float>[items]`, or
            `<float>[items, heads]`, of which the mean counts.
        levels: As in `RationaleHead.scores`.
        marks: `<int32>[words]`, 1, 0, or -1 for unknown. A row is marked if one of its words is.

    Returns:
        `<float32>[]`; zero if all marks are unknown.

    >>> levels = [(None, tf.constant([0, 0])), (None, tf.constant([0]))]
    >>> scores = [tf.constant([0.0, 0.0]), tf.constant([0.0])]
    >>> round(float(evidence_loss(scores, levels, tf.constant([1, 0]))) / 1.5, 4)  # log 2
    0.6931
    """
    total, factor = 0.0, 1.0
    for of_level, (_, rows) in zip(scores, levels, strict=True):
        if of_level.shape.rank > 1:
            of_level = tf.reduce_mean(of_level, axis=-1)
        known = tf.cast(marks >= 0, tf.float32)
        truth = tf.cast(marks > 0, tf.float32)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(truth, tf.cast(of_level, tf.float32))
        mean = tf.math.divide_no_nan(tf.reduce_sum(known * losses), tf.reduce_sum(known))
        total, factor = total + factor * mean, factor / 2
        marks = tf.math.segment_max(marks, rows)
    return total


def _not_negative(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e6:
        raise ValueError(f"`{name}` must be a number of at least 0. Received: {name}={value!r}")
    return float(value)
