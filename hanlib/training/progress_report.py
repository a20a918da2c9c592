"""Reports the progress of `fit`."""

import itertools
import time

import keras
import numpy as np


class ProgressReport(keras.callbacks.Callback):
    """Reports processed documents, loss and remaining time, and a summary line per epoch.

    Args:
        progress: Progress function, such as a `hanlib.training.ProgressLine`.
        best_epoch: The `BestEpoch` of the same `fit`, whose records are shown. It must precede this
            callback.
        validation: The `TokenBatches` of validation, or None.
        limit: The `TimeLimit` of the same `fit`, or None.

    >>> from hanlib.training import ProgressLine
    >>> report = ProgressReport(ProgressLine(), best_epoch=None)
    """

    def __init__(self, progress, best_epoch, validation=None, limit=None):
        super().__init__()
        self.progress, self.best_epoch, self.validation = progress, best_epoch, validation
        self.limit = limit
        self._speed = _Speed()
        self._validated = None if validation is None else np.cumsum([0, *validation.sizes(0)])

    def on_epoch_begin(self, epoch, logs=None):
        batches = self.model.training_batches
        self._epoch, self._first = epoch, batches.start
        self._sizes, self._total = batches.sizes(epoch), batches.documents
        self._done = sum(itertools.islice(self._sizes, self._first))

    def on_train_batch_begin(self, batch, logs=None):
        if batch <= self._first:
            return
        size = next(self._sizes)
        self._done += size
        self._speed.add(size)
        if self._speed.due():
            self._report(self._done)

    def _report(self, done):
        epochs = self.params["epochs"]
        ahead = self._total - done + (epochs - self._epoch - 1) * self._total
        shown = {"loss": _loss_here(self.model)}
        name = f"validation_{self.best_epoch.monitor}"
        if self.best_epoch.history and name in self.best_epoch.history[-1]:
            shown[name] = self.best_epoch.history[-1][name]
        phase, left = f"epoch {self._epoch + 1}/{epochs}", self._speed.seconds_for(ahead)
        if self.limit is not None and left is not None:
            left = min(left, max(self.limit.seconds_left(), 0))
        self.progress(phase, done, self._total, left=left, **shown)

    def on_test_batch_begin(self, batch, logs=None):
        if self._validated is not None:
            self.progress("validation", int(self._validated[batch]), self.validation.documents)

    def on_epoch_end(self, epoch, logs=None):
        self.progress.note(_summary(self.best_epoch.history[-1], self.params["epochs"]))


class _Speed:
    """Documents per second in this session, without the first steps, which trace graphs."""

    skipped = 3

    def __init__(self):
        self.steps, self.documents, self.start, self.shown = 0, 0, None, 0.0

    def add(self, documents):
        self.steps += 1
        if self.steps > self.skipped:
            self.documents += documents
        elif self.steps == self.skipped:
            self.start = time.monotonic()

    def due(self):
        """Whether to report again; reports are rare because reading the loss waits for a step."""
        now = time.monotonic()
        due = now - self.shown > 0.2
        self.shown = now if due else self.shown
        return due

    def seconds_for(self, documents):
        """The estimated seconds for a number of documents, or None if unknown."""
        if not self.documents:
            return None
        return documents * (time.monotonic() - self.start) / self.documents


def _loss_here(model):
    """The mean loss of this epoch on this worker: not all workers report at the same steps."""
    strategy = model.distribute_strategy
    found = strategy.run(model.metrics[0].result)
    return float(strategy.experimental_local_results(found)[0])


def _summary(entry, epochs):
    names = ("loss", "validation_loss", "validation_accuracy", "validation_micro_f1")
    names = (*names, "validation_chunk_f1")
    shown = [f"{name.replace('_', ' ')} {entry[name]:.4f}" for name in names if name in entry]
    return f"epoch {entry['epoch']}/{epochs}: {', '.join(shown)} ({entry['seconds']:.0f} s)"
