"""Records the epochs of a run, and restores the weights of the best one."""

import time

import keras

from hanlib.metrics import BestThresholdF1
from hanlib.training.averaged_weights import assign, averaged_weights, values_of


class BestEpoch(keras.callbacks.Callback):
    """Records each epoch, and restores the weights of the best one at the end of training.

    The best epoch has the highest `monitor` on validation data, or the lowest loss if several are
    equal. Without validation data it is the last epoch. If the optimizer keeps averaged weights
    (`use_ema`), these are stored. With the metric `BestThresholdF1`, a `DocumentClassifier` also
    gets the threshold of the best epoch.

    Args:
        monitor: Name of a metric; higher must be better.
        patience: Number of epochs without improvement after which training stops; None for never.
        store: Storage of the weights, an object with `write_best(epoch, arrays)` and
            `read_best(epoch)`; None for memory.

    Attributes:
        history: A list with one dict of JSON values per epoch: `epoch` (from 1), the metrics (with
            the prefix `validation_` on validation data), `steps`, `learning_rate`, `seconds`.

    >>> import numpy as np
    >>> model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse", metrics=["accuracy"])
    >>> x, best = np.ones([4, 1]), BestEpoch()
    >>> fitted = model.fit(x, x, epochs=2, validation_data=(x, x), callbacks=[best], verbose=0)
    >>> [entry["epoch"] for entry in best.history]
    [1, 2]
    """

    def __init__(self, monitor="accuracy", patience=None, store=None):
        super().__init__()
        self.monitor, self.patience = monitor, patience
        self.store = store or _Memory()
        self.history = []
        self._start = self._seconds = None

    def best_epoch(self):
        """The number of the best epoch so far, from 1; None before the end of the first."""
        name = f"validation_{self.monitor}"
        if not self.history or name not in self.history[-1]:
            return len(self.history) or None
        best = max(self.history, key=lambda entry: (entry[name], -entry["validation_loss"]))
        return best["epoch"]

    def finished(self):
        """Whether the last `patience` epochs brought no improvement."""
        best = self.best_epoch()
        return bool(best and self.patience and len(self.history) - best >= self.patience)

    def on_epoch_begin(self, epoch, logs=None):
        self._start, self._seconds = time.monotonic(), None

    def on_test_begin(self, logs=None):
        self._stop_clock()

    def on_epoch_end(self, epoch, logs=None):
        self._stop_clock()
        self.history.append({"epoch": len(self.history) + 1, **self._entry(logs)})
        if self.best_epoch() == len(self.history):
            self.store.write_best(len(self.history), averaged_weights(self.model))
        if self.finished():
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        best = self.best_epoch()
        if best is None:
            return
        assign(self.model.weights, self.store.read_best(best))
        if "threshold" in self.history[best - 1]:
            threshold = self.history[best - 1]["threshold"]
            self.model.thresholds = [threshold] * len(self.model.classes)

    def _stop_clock(self):
        if self._seconds is None and self._start is not None:
            self._seconds = time.monotonic() - self._start

    def _entry(self, logs):
        optimizer = self.model.optimizer
        steps, learning_rate = values_of([optimizer.iterations, optimizer.learning_rate])
        entry = {
            **{name: value for name, value in logs.items() if not name.startswith("val_")},
            "steps": int(steps),
            "learning_rate": float(learning_rate),
            **{
                f"validation_{name.removeprefix('val_')}": value
                for name, value in logs.items()
                if name.startswith("val_")
            },
        }
        validated = any(name.startswith("val_") for name in logs)
        for metric in _leaves(self.model):
            if validated and isinstance(metric, BestThresholdF1):
                # The metric has the counts of validation until the next epoch begins.
                entry["threshold"] = metric.best_threshold()
        return {**entry, "seconds": round(self._seconds, 2)}


class _Memory:
    """Stores the weights of one epoch in memory."""

    def write_best(self, epoch, arrays):
        self.arrays = arrays

    def read_best(self, epoch):
        return self.arrays


def _leaves(model):
    """The metrics that a model was compiled with."""
    for metric in model.metrics:
        yield from getattr(metric, "metrics", [metric])
