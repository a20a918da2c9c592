"""Adam that touches only the word vectors of the batch."""

import keras
import tensorflow as tf


class LazyAdam(keras.optimizers.Adam):
    """Adam (Kingma and Ba 2015), lazy in the rows of an embedding.

        m <- β1 m + (1 - β1) g;  v <- β2 v + (1 - β2) g²
        w <- w - η sqrt(1 - β2^t) / (1 - β1^t) · m / (sqrt(v) + ε)

    A batch holds some thousand different words of a vocabulary of tens of thousands. The rows of
    the others keep their weights and moments, where plain Adam would move on all of them along
    their old moments; at usual sizes plain Adam takes longer than the gradients. The rows of a
    gradient must be distinct, as those of `HierarchicalEncoder` are.

    Args: as `keras.optimizers.Adam`.

    >>> weight = keras.Variable([[1.0], [1.0]])
    >>> optimizer = LazyAdam(learning_rate=0.1)
    >>> gradient = tf.IndexedSlices(tf.constant([[5.0]]), tf.constant([1]), tf.constant([2, 1]))
    >>> optimizer.apply([gradient], [weight])
    >>> [f"{value:.2f}" for (value,) in weight.numpy()]
    ['1.00', '0.90']
    """

    def update_step(self, gradient, variable, learning_rate):
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        place = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, tf.float32)
        correction = tf.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        rows, values = gradient.indices, gradient.values
        first = self._moved(self._momentums[place], rows, values, self.beta_1)
        second = self._moved(self._velocities[place], rows, tf.square(values), self.beta_2)
        change = learning_rate * correction * first / (tf.sqrt(second) + self.epsilon)
        storage = storage_of(variable)
        moved = tf.gather(storage, rows) - change
        storage.scatter_update(tf.IndexedSlices(moved, rows))

    def _moved(self, moment, rows, values, beta):
        moment = storage_of(moment)
        moved = beta * tf.gather(moment, rows) + (1 - beta) * values
        moment.scatter_update(tf.IndexedSlices(moved, rows))
        return moved


def storage_of(variable):
    """The `tf.Variable` that can be changed in single rows."""
    return variable.value if isinstance(variable, keras.Variable) else variable
