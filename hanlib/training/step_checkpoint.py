"""Checkpoints from which `fit` resumes at the same step, bit for bit."""

import keras

from hanlib.training.averaged_weights import assign, values_of
from hanlib.training.checkpoint import Checkpoint
from hanlib.training.errors import TrainingError


class StepCheckpoint(keras.callbacks.Callback):
    """Saves the complete state of `fit` periodically, and resumes from it.

    The state contains the weights, the optimizer, the metrics, the states of random generators, the
    order of the batches and the records of a `BestEpoch`. If the directory contains a state, `fit`
    with the same model, data and arguments continues from it, also within an epoch. The final
    weights are then identical, as far as the operations of TensorFlow are deterministic.

    It is for a `DocumentClassifier` with documents in memory, or with `TokenBatches`. A completed
    run does not delete its checkpoint; use `Checkpoint.remove`.

    Args:
        checkpoint: A `Checkpoint`, or the directory to create one in.
        steps: Number of steps between checkpoints, which are also written after each epoch.
        best_epoch: The `BestEpoch` of the same `fit`, or None. It must precede this callback.
        fingerprint: Identifies the data; resuming with other data is an error.
        note: Function that is called with a line of text when a run is resumed.

    Raises:
        TrainingError: At the beginning of `fit`, if the state belongs to other data or another
            model.

    >>> import tempfile
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> import tensorflow as tf
    >>> classifier = DocumentClassifier(None, HAN(9, 3, 2, 2), 2)
    >>> classifier.compile()
    >>> ids = tf.ragged.constant([[[2, 3]], [[4]]], dtype=tf.int32)
    >>> callback = StepCheckpoint(tempfile.mkdtemp(), steps=1)
    >>> history = classifier.fit(ids, [0, 1], callbacks=[callback], verbose=0)
    """

    def __init__(self, checkpoint, steps=200, best_epoch=None, fingerprint=None, note=None):
        super().__init__()
        if not isinstance(checkpoint, Checkpoint):
            checkpoint = Checkpoint(checkpoint)
            if checkpoint.run() is None:
                checkpoint.start({})
        self.checkpoint, self.steps = checkpoint, steps
        self.best_epoch, self.fingerprint = best_epoch, fingerprint
        self.note = note or (lambda text: None)
        self._batches = self._metrics = None
        self._start = self._iterations = 0

    def on_train_begin(self, logs=None):
        self._batches = self.model.training_batches
        if self._batches is None:
            raise TrainingError("StepCheckpoint needs documents in memory, or TokenBatches")
        self.model.build_metrics(self._batches.some_labels)
        state = self.checkpoint.read_state()
        if state is not None:
            self._restore(*state)

    def on_epoch_begin(self, epoch, logs=None):
        self._start = self._batches.start
        self._iterations = int(values_of([self.model.optimizer.iterations])[0])
        if self._metrics is not None:
            # Keras has reset them at the beginning of the epoch.
            assign(_metric_variables(self.model), self._metrics)
            self._metrics = None

    def on_train_batch_begin(self, batch, logs=None):
        # Not after a step: Keras would then wait for the metrics of every step.
        done = batch - self._start
        if done > 0 and (self._iterations + done) % self.steps == 0:
            self._save(self._batches.epoch, batch)

    def on_epoch_end(self, epoch, logs=None):
        self._save(epoch + 1, 0)

    def on_train_end(self, logs=None):
        self.model._initial_epoch = None

    def _save(self, epoch, step):
        best = self.best_epoch
        header = {
            "fingerprint": self.fingerprint,
            "seed": self._batches.seed,
            "epoch": epoch,
            "step": step,
            "history": best.history if best else [],
            "best_epoch": best.best_epoch() if best else None,
        }
        variables = [*_variables(self.model), *_metric_variables(self.model)]
        self.checkpoint.write_state(header, values_of(variables))

    def _restore(self, header, arrays):
        for name, given in (("fingerprint", self.fingerprint), ("seed", self._batches.seed)):
            if header[name] != given:
                raise TrainingError(_OTHER[name])
        variables = _variables(self.model)
        if len(arrays) != len(variables) + len(_metric_variables(self.model)):
            raise TrainingError(_OTHER["model"])
        assign(variables, arrays[: len(variables)])
        epoch, step = header["epoch"], header["step"]
        if step:
            self._metrics = arrays[len(variables) :]
        finished = False
        if self.best_epoch is not None:
            self.best_epoch.history[:] = header["history"]
            finished = self.best_epoch.finished()
        self._batches.start_at(epoch, step)
        self.model.skipped_steps = step
        self.model._initial_epoch = self.params["epochs"] if finished else epoch
        self.note(f"resumed in epoch {epoch + 1} at step {step}")


_OTHER = {
    "fingerprint": "`resume` needs the data of the checkpoint, but texts or labels were changed. "
    "Omit `resume` to start a new run",
    "seed": "the checkpoint was written with another random seed: call "
    "`keras.utils.set_random_seed` with the seed of that run before `fit`",
    "model": "the checkpoint belongs to another model",
}


def _variables(model):
    """All variables that a step reads and changes, including the seeds of dropout."""
    variables = [*model.variables, *model.optimizer.variables]
    return list({id(variable): variable for variable in variables}.values())


def _metric_variables(model):
    variables = [variable for metric in model.metrics for variable in metric.variables]
    return list({id(variable): variable for variable in variables}.values())
