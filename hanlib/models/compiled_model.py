"""How a model on documents is compiled, and what it does in a training step."""

import keras
import tensorflow as tf

from hanlib.losses import MultiLabelCrossentropy, SingleLabelCrossentropy
from hanlib.metrics import SingleLabelAccuracy
from hanlib.models import replicas
from hanlib.models.batched_model import BatchedModel
from hanlib.models.targets import form_of_targets
from hanlib.optimizers import LazyAdam, adversarial_gradients


class CompiledModel(BatchedModel):
    """Base class of `TextModel`: losses, metrics and the training step."""

    adversarial_norm = 0.0
    # Steps that `fit` passes over: those of an epoch that a resumed run did before.
    skipped_steps = 0

    def compile(self, optimizer=None, loss=None, metrics=None, adversarial_norm=None, **kwargs):
        """As in Keras, with defaults that fit the head.

        Args:
            optimizer: None: `LazyAdam(2e-3, global_clipnorm=5.0)`.
            loss: None: `SingleLabelCrossentropy`, or `MultiLabelCrossentropy` with `multi_label`
                (see `hanlib.losses`).
            metrics: None: accuracy, or micro-F1 at a threshold of 0.5 with `multi_label`.
            adversarial_norm: Length of the adversarial step on the word vectors of a batch (see
                `hanlib.optimizers.adversarial_gradients`), which takes twice the time; 0: none.
                None: 0.7 with the default optimizer on one device, else 0.
            **kwargs: See `keras.Model.compile`.

        Raises:
            ValueError: If a loss or metric takes class indexes and another one column per class,
                or `adversarial_norm` is given for several devices.
        """
        alone = self._alone()
        if adversarial_norm is None:
            # The recipe's rule, √(batch size / 64), for the 32 documents of a default `fit`.
            adversarial_norm = 0.7 if optimizer is None and alone else 0.0
        if adversarial_norm and not alone:
            raise ValueError(
                "`adversarial_norm` must be 0 for training on several devices. "
                f"Received: adversarial_norm={adversarial_norm}"
            )
        if optimizer is None:
            optimizer = LazyAdam(2e-3, global_clipnorm=5.0)
        if loss is None:
            loss = MultiLabelCrossentropy() if self.multi_label else SingleLabelCrossentropy()
        if metrics is None:
            metrics = [_micro_f1() if self.multi_label else SingleLabelAccuracy()]
        self._form = None
        if not self.multi_label:
            weighted = kwargs.get("weighted_metrics") or []
            self._form = form_of_targets([loss], [*_listed(metrics), *_listed(weighted)])
            metrics = _with_variables(metrics)
        self.adversarial_norm = float(adversarial_norm)
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def get_compile_config(self):
        config = super().get_compile_config()
        return {**config, "adversarial_norm": self.adversarial_norm} if config else config

    def compile_from_config(self, config):
        # Keras restores the state of a custom `compile` only where it is told how.
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def train_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        variables = self.trainable_variables
        documents = tf.shape(y)[0]
        weight = replicas.weight_of_share(x, documents)

        def gradients_of():
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
                scaled = self.optimizer.scale_loss(loss * weight)
            return tape.gradient(scaled, variables), (y_pred, loss)

        if self.adversarial_norm:
            gradients, (y_pred, loss) = adversarial_gradients(
                gradients_of, variables, self.adversarial_norm
            )
        else:
            gradients, (y_pred, loss) = gradients_of()
        self.optimizer.apply(gradients, variables)
        # Keras has divided the loss by the number of replicas.
        loss *= self.distribute_strategy.num_replicas_in_sync
        self._loss_tracker.update_state(loss, sample_weight=documents)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def make_train_function(self, force=False):
        if self.train_function is not None and not force:
            return
        if self._alone():
            super().make_train_function(force)
            step = self.train_function
        else:
            step = replicas.step_function(self, self.train_step)

        def step_or_skip(iterator):
            if self.skipped_steps:
                self.skipped_steps -= 1
                return {}
            return step(iterator)

        self.train_function = step_or_skip

    def make_test_function(self, force=False):
        if self._alone():
            super().make_test_function(force)
        elif self.test_function is None or force:
            self.test_function = replicas.step_function(self, self.test_step)

    def _prepare(self, method):
        """Builds the model, so that callbacks find its variables when `fit` begins."""
        self._assert_compile_called(method)
        with self.distribute_strategy.scope():
            if not self.built:
                self.build()
            if self.optimizer is not None and not self.optimizer.built:
                self.optimizer.build(self.trainable_variables)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Nothing is left to build once a step is run."""


def _micro_f1():
    return keras.metrics.F1Score(average="micro", threshold=0.5, name="micro_f1")


def _with_variables(metrics):
    """Metrics with "accuracy" as an object.

    Keras would create its variables in the first training step and trace that step again.
    """
    if not isinstance(metrics, (list, tuple)):
        return metrics
    return [SingleLabelAccuracy(name) if name in ("accuracy", "acc") else name for name in metrics]


def _listed(metrics):
    return metrics if isinstance(metrics, (list, tuple)) else [metrics]
