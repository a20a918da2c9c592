"""Adam that updates only the embedding rows that occur in the batch."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("hanlib")
class LazyAdam(keras.optimizers.Adam):
    """Adam (Kingma and Ba 2015) with lazy updates of embedding rows.

        m <- β1 m + (1 - β1) g;  v <- β2 v + (1 - β2) g²
        w <- w - η sqrt(1 - β2^t) / (1 - β1^t) · m / (sqrt(v) + ε)

    A gradient that is a `tf.IndexedSlices` updates only the weights and moments of its rows.
    Standard Adam updates every row of the table at every step, which usually takes longer than
    computing the gradients. Rows that occur more than once in a gradient are summed first.

    Three options of the Keras optimizers work differently here:

    - `global_clipnorm` keeps the gradient of an embedding as rows, and under a
      `tf.distribute.Strategy` it clips the sum of the replicas' gradients.
    - `use_ema` averages with the momentum min(`ema_momentum`, t / (9 + t)) at step t, so that
      the initial weights have little influence on the average.
    - `amsgrad` is applied to the rows of the gradient as well.

    Args: As `keras.optimizers.Adam`, and

        row_rate: Factor of the learning rate for gradients that are `tf.IndexedSlices`; 0 freezes
            those weights.

    >>> weight = keras.Variable([[1.0], [1.0]])
    >>> optimizer = LazyAdam(learning_rate=0.1)
    >>> gradient = tf.IndexedSlices(tf.constant([[5.0]]), tf.constant([1]), tf.constant([2, 1]))
    >>> optimizer.apply([gradient], [weight])
    >>> [f"{value:.2f}" for (value,) in weight.numpy()]
    ['1.00', '0.90']
    """

    def __init__(self, *args, row_rate=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.row_rate = row_rate

    def update_step(self, gradient, variable, learning_rate):
        if not isinstance(gradient, tf.IndexedSlices):
            self._update_dense(gradient, variable, learning_rate)
            return
        dtype, index = variable.dtype, self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, dtype)
        # `tf.cast` would convert a Python number to float32 first.
        beta_1, beta_2 = (tf.constant(beta, dtype) for beta in (self.beta_1, self.beta_2))
        correction = tf.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        rows, values = gradient.indices, tf.cast(gradient.values, dtype)
        first = _decay(self._momentums[index], rows, values, self.beta_1)
        second = _decay(self._velocities[index], rows, tf.square(values), self.beta_2)
        if self.amsgrad:
            greatest = tf_variable(self._velocity_hats[index])
            second = tf.maximum(tf.gather(greatest, rows), second)
            greatest.scatter_update(tf.IndexedSlices(second, rows))
        factor = tf.cast(learning_rate, dtype) * self.row_rate * correction
        storage = tf_variable(variable)
        updated = tf.gather(storage, rows) - factor * first / (tf.sqrt(second) + self.epsilon)
        storage.scatter_update(tf.IndexedSlices(updated, rows))

    def _update_dense(self, gradient, variable, learning_rate):
        """One operation; Keras' update consists of many, which take longer to trace."""
        if self.amsgrad or self._distribution_strategy.num_replicas_in_sync > 1:
            super().update_step(gradient, variable, learning_rate)
            return
        dtype, index = variable.dtype, self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, dtype)
        beta_1, beta_2 = (tf.constant(beta, dtype) for beta in (self.beta_1, self.beta_2))
        tf.raw_ops.ResourceApplyAdam(
            var=tf_variable(variable).handle,
            m=tf_variable(self._momentums[index]).handle,
            v=tf_variable(self._velocities[index]).handle,
            beta1_power=beta_1**step,
            beta2_power=beta_2**step,
            lr=tf.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.constant(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )

    def get_config(self):
        return {**super().get_config(), "row_rate": self.row_rate}

    def _clip_gradients(self, grads):
        # Global clipping is done after the gradients of all replicas are summed.
        return grads if self.global_clipnorm else super()._clip_gradients(grads)

    def _all_reduce_sum_gradients(self, grads_and_vars):
        pairs = list(super()._all_reduce_sum_gradients(grads_and_vars))
        gradients = [distinct_rows(gradient) for gradient, _ in pairs]
        if self.global_clipnorm:
            gradients, _ = tf.clip_by_global_norm(gradients, self.global_clipnorm)
        return [(gradient, pair[1]) for gradient, pair in zip(gradients, pairs, strict=True)]

    def _update_model_variables_moving_average(self, trainable_variables):
        def update(distribution, pairs):
            step = tf.cast(self.iterations + 1, tf.float32)
            rest = 1 - tf.minimum(self.ema_momentum, step / (9 + step))
            for average, variable in pairs:
                distribution.extended.update(
                    average, self._move_average, args=(variable, rest), group=False
                )

        pairs = zip(trainable_variables, self._model_variables_moving_average, strict=True)
        pairs = [(tf_variable(a), tf_variable(v)) for v, a in pairs if a is not None]
        tf.__internal__.distribute.interim.maybe_merge_call(
            update, self._distribution_strategy, pairs
        )

    @staticmethod
    def _move_average(average, variable, rest):
        average.assign_add(tf.cast(rest, average.dtype) * (variable - average))


def distinct_rows(gradient):
    """Sums the repeated rows of a sparse gradient; a dense gradient is returned unchanged.

    >>> gradient = tf.IndexedSlices(tf.constant([1.0, 2.0, 3.0]), tf.constant([5, 4, 5]))
    >>> found = distinct_rows(gradient)
    >>> found.indices.numpy(), found.values.numpy()
    (array([5, 4], dtype=int32), array([4., 2.], dtype=float32))
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, index = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, index, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


def tf_variable(variable):
    """The `tf.Variable` of a Keras variable, of which single rows can be updated."""
    return variable.value if isinstance(variable, keras.Variable) else variable


def _decay(moment, rows, values, beta):
    moment = tf_variable(moment)
    updated = beta * tf.gather(moment, rows) + (1 - beta) * values
    moment.scatter_update(tf.IndexedSlices(updated, rows))
    return updated
