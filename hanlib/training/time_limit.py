"""Ends training after a number of minutes."""

import time

import keras


class TimeLimit(keras.callbacks.Callback):
    """Ends `fit` when training has taken a number of minutes, also within an epoch.

    Only training counts, not validation. A resumed run continues the count from its last complete
    epoch. Where training ends depends on the speed of the machine, so two runs with the same seed
    need not give the same weights.

    Args:
        minutes: Minutes of training.
        best_epoch: The `BestEpoch` of the same `fit`, whose records say how long each epoch took.
            It must precede this callback.

    Raises:
        ValueError: If `minutes` is not greater than 0.

    >>> from hanlib.training import BestEpoch
    >>> TimeLimit(0.5, BestEpoch()).seconds_left()
    30.0
    """

    def __init__(self, minutes, best_epoch):
        super().__init__()
        if not minutes > 0:
            raise ValueError(f"`minutes` must be greater than 0. Received: minutes={minutes!r}")
        self.minutes, self.best_epoch = minutes, best_epoch
        self._start = None

    def seconds_left(self):
        """The seconds of training that are left; 0 or less at the end."""
        spent = sum(entry["seconds"] for entry in self.best_epoch.history)
        running = 0.0 if self._start is None else time.monotonic() - self._start
        return 60 * self.minutes - spent - running

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.monotonic()

    def on_train_batch_begin(self, batch, logs=None):
        # Not after a step: Keras would then wait for the metrics of every step.
        self._stop_at_end()

    def on_epoch_end(self, epoch, logs=None):
        self._start = None
        self._stop_at_end()

    def _stop_at_end(self):
        if self.seconds_left() <= 0:
            self.model.stop_training = True
