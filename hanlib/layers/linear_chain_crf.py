"""A linear-chain conditional random field over rows of unequal length."""

import keras
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.ops import linear_chain
from hanlib.ops.packing import pack


@keras.saving.register_keras_serializable("hanlib")
class LinearChainCRF(keras.layers.Layer):
    """A linear-chain CRF (Lafferty, McCallum, Pereira, ICML 2001) on top of logits.

        score(y) = start[y_1] + Σ_t logits[t, y_t] + Σ_t A[y_(t-1), y_t] + end[y_T]
        p(y)     = exp score(y) / Σ_y' exp score(y')

    The layer holds A, start and end. All methods take the items of all rows concatenated, without
    padding, and compute in float32.

    Args:
        labels: Number of labels.

    Call arguments:
        logits: `<float>[items, labels]`.
        lengths: `<int32>[rows]`, items per row.

    Returns:
        `<float32>[items, labels]`, the marginal probabilities p(y_t = k).

    Raises:
        ValueError: If `labels` is not a positive integer.

    >>> crf = LinearChainCRF(2)
    >>> crf(tf.zeros([3, 2]), tf.constant([2, 1])).shape
    TensorShape([3, 2])
    >>> crf.decode(tf.constant([[0.0, 3.0], [2.0, 0.0]]), tf.constant([2])).numpy().tolist()
    [1, 0]
    """

    def __init__(self, labels, **kwargs):
        super().__init__(**kwargs)
        self.labels = check_integer("labels", labels)
        self.supports_jit = False

    def build(self, *input_shapes):
        self.transitions = self._weight("transitions", (self.labels, self.labels))
        self.start = self._weight("start", (self.labels,))
        self.end = self._weight("end", (self.labels,))
        self.built = True

    def _weight(self, name, shape):
        initializer = keras.initializers.RandomUniform(-0.05, 0.05)
        return self.add_weight(name=name, shape=shape, initializer=initializer, dtype="float32")

    def call(self, logits, lengths):
        return linear_chain.marginals(tf.cast(logits, tf.float32), pack(lengths), *self._scores())

    def loss(self, labels, logits, lengths):
        """-Σ log p(y) over the rows, `<float32>[]`.

        Args:
            labels: `<int32>[items]`.
            logits, lengths: As in `call`.
        """
        logits, scores = tf.cast(logits, tf.float32), self._scores()
        total = linear_chain.log_partition(logits, pack(lengths), *scores)
        return total - linear_chain.path_scores(labels, logits, lengths, *scores)

    def label_scores(self, items, logits, lengths):
        """log Σ exp score(y) over the y with each label at an item, `<float32>[n, labels]`.

        Their softmax is the marginal probability of each label of the item.

        Args:
            items: `<int32>[n]`, indices of items.
            logits, lengths: As in `call`.
        """
        return linear_chain.label_scores(
            items, tf.cast(logits, tf.float32), lengths, *self._scores()
        )

    def decode(self, logits, lengths):
        """The most probable labels of each row together, `<int32>[items]` (Viterbi).

        Args: As `call`.
        """
        return linear_chain.best_paths(tf.cast(logits, tf.float32), pack(lengths), *self._scores())

    def _scores(self):
        weights = (self.transitions, self.start, self.end)
        return [tf.convert_to_tensor(weight) for weight in weights]

    def compute_output_shape(self, logits_shape, lengths_shape=None):
        return logits_shape

    def get_config(self):
        return {**super().get_config(), "labels": self.labels}
