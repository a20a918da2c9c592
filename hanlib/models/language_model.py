"""A language model that pretrains an encoder on texts without labels."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.models.text_model import TextModel
from hanlib.ops import log_uniform
from hanlib.ops.hierarchy import merge_levels
from hanlib.ops.token_batch import to_ragged

# Words that make up a larger share of the texts are predicted less often.
FREQUENT = 2e-4


class LanguageModel(TextModel):
    """Predicts the words of each item of a document from the items before it, and after it.

        p(w | items 1 .. i-1) = softmax(O P h_{i-1} + b)_w      h: forward states
        p(w | items i+1 .. n) = softmax(O Q g_{i+1} + b)_w      g: backward states

    for each word w of item i. At the first level of the encoder, the items are the words of a
    sentence (as in Dai and Le 2015, arXiv 1511.01432, and Peters et al. 2018, arXiv 1802.05365);
    at the second level they are the sentences of a document. All levels and directions share O and
    b, and each has its own projection. After `fit`, the encoder is a better start for a classifier
    than random weights.

    The softmax is taken over the word and some random words (sampled softmax, Jean et al.
    2015, arXiv 1412.2007). A word whose share f of all words is above t = 0.0002 is predicted with
    probability √(t / f) only (Mikolov et al. 2013, arXiv 1310.4546).

    Args:
        encoder: A built `DocumentEncoder` with attention whose directions are separate (see
            `DocumentEncoder.direction_widths`), such as `HAN` or `FlatRecurrent`. It is trained in
            place.
        counts: `<int>[vocabulary_size]`, how often each word occurs in the texts. Ids must be in
            the order of falling frequency.
        unpredicted: Number of ids, from 0, that are never predicted: padding and unknown words.
        samples: Number of draws of random words, in each direction at each level.
        seed: Seed of the choice of words.

    Call arguments:
        inputs: A token batch (see `hanlib.ops.token_batch`).
        training: Whether dropout is applied.

    Returns:
        `<float32>[docs]`: for each document the mean loss of a predicted word of the batch.

    Raises:
        ValueError: If the encoder lacks attention or its directions are not separate, or there is
            not one count per word.

    >>> from hanlib.models import HAN
    >>> from hanlib.ops.token_batch import from_ragged
    >>> encoder = HAN(9, embedding_dim=4, units=3)
    >>> encoder.build((None, None, None))
    >>> model = LanguageModel(encoder, counts=range(9, 0, -1), samples=4)
    >>> model(from_ragged(tf.ragged.constant([[[2, 3, 4], [5]], [[6]]], dtype=tf.int32))).shape
    TensorShape([2])
    """

    vectorizer = None
    multi_label = False

    def __init__(self, encoder, counts, unpredicted=2, samples=256, seed=0, **kwargs):
        super().__init__(**kwargs)
        encoder.require_attention("LanguageModel")
        counts = np.asarray(counts, np.float64)
        if counts.shape != (encoder.vocabulary_size,):
            raise ValueError(
                f"`counts` must have one number per word, {encoder.vocabulary_size} in all. "
                f"Received: counts of shape {counts.shape}"
            )
        self.encoder, self.samples = encoder, check_integer("samples", samples)
        self.widths = [encoder.direction_widths(level) for level in range(encoder.num_levels)]
        self.seeds = keras.random.SeedGenerator(seed)
        kept = np.sqrt(FREQUENT / np.maximum(counts / max(counts.sum(), 1.0), FREQUENT))
        kept[:unpredicted] = 0.0
        self._kept = kept.astype("float32")
        width = max(map(sum, self.widths))
        self.projections = [
            [keras.layers.Dense(width, use_bias=False) if units else None for units in of_level]
            for of_level in self.widths
        ]
        self.word_vectors = self.add_weight(
            shape=(len(counts), width), initializer="glorot_uniform", name="word_vectors"
        )
        self.word_biases = self.add_weight(shape=(len(counts), 1), initializer="zeros", name="bias")

    def build(self, input_shape=None):
        for of_level, widths in zip(self.projections, self.widths, strict=True):
            for projection, units in zip(of_level, widths, strict=True):
                if projection is not None:
                    projection.build((None, units))
        self.built = True

    @property
    def trainable_variables(self):
        """Those that the loss depends on: nothing is predicted from the vectors of documents."""
        return self._without_top_pooling(super().trainable_variables)

    @property
    def trainable_weights(self):
        """See `trainable_variables`."""
        return self._without_top_pooling(super().trainable_weights)

    def _without_top_pooling(self, variables):
        unused = {id(v) for v in self.encoder.levels[-1].pooling.variables}
        return [v for v in variables if id(v) not in unused]

    def compile(self, optimizer):
        """Sets the optimizer; the loss is that of the class."""
        keras.Model.compile(self, optimizer=optimizer, jit_compile=False)

    def build_metrics(self, labels):
        """There are no metrics but the loss."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return tf.reduce_mean(y_pred)

    def call(self, inputs, training=None):
        encoder = self.encoder
        found = encoder.hierarchy(to_ragged(inputs))
        values, index = encoder.embed(found.words, training)
        lengths = merge_levels(found.lengths, encoder.num_levels)
        levels = encoder.states(values, lengths, index, training=training)
        words = encoder.word_ids(found.words)
        chosen = self._choose(words)
        words, items = tf.gather(words, chosen), tf.cast(chosen, tf.int32)
        total, number = 0.0, 0.0
        for level, (states, rows, _) in enumerate(levels):
            parts = tf.split(states, [units for units in self.widths[level] if units], axis=-1)
            for offset, projection, part in zip(
                (-1, 1), self.projections[level], parts, strict=False
            ):
                context, predicted = _neighbors(items, rows, offset)
                predictions = projection(tf.gather(part, context))
                total += self._loss(predictions, tf.boolean_mask(words, predicted))
                number += tf.cast(tf.size(context), tf.float32)
            items = tf.gather(rows, items)  # The rows of a level are the items of the next.
        return tf.fill([tf.shape(inputs["ids"])[0]], total / tf.maximum(number, 1.0))

    def _choose(self, words):
        """The indices of the words to predict, `<int64>[chosen]`."""
        uniform = tf.random.stateless_uniform([tf.size(words)], self._seed())
        return tf.where(uniform < tf.gather(self._kept, words))[:, 0]

    def _loss(self, predictions, words):
        """The sum of the sampled softmax loss over words."""
        size = len(self._kept)
        drawn = log_uniform.draw(self.samples, size, self._seed())
        words = tf.cast(words, tf.int64)[:, None]
        losses = tf.nn.sampled_softmax_loss(
            self.word_vectors.value,
            self.word_biases.value[:, 0],
            words,
            predictions,
            num_sampled=tf.size(drawn),
            num_classes=size,
            sampled_values=(
                drawn,
                log_uniform.probability(words, self.samples, size),
                log_uniform.probability(drawn, self.samples, size),
            ),
        )
        return tf.reduce_sum(losses)

    def _seed(self):
        return tf.cast(self.seeds.next(), tf.int32)


def _neighbors(items, rows, offset):
    """The neighbors of items in their rows.

    Args:
        items: `<int32>[n]`, indices of items.
        rows: `<int32>[all items]`, the row of each.
        offset: -1 for the item before, 1 for the one after.

    Returns:
        `<int32>[m]`, the indices of the neighbors, and `<bool>[n]`, which items have one.
    """
    neighbors = items + offset
    inside = (neighbors >= 0) & (neighbors < tf.size(rows))
    nearest = tf.clip_by_value(neighbors, 0, tf.maximum(tf.size(rows) - 1, 0))
    has_one = inside & (tf.gather(rows, nearest) == tf.gather(rows, items))
    return tf.boolean_mask(neighbors, has_one), has_one
