"""What the workers of a training run have in common: the state of the chief, and errors."""

import contextlib
import hashlib
import json

import numpy as np
import tensorflow as tf

from hanlib.training.checkpoint import Checkpoint
from hanlib.training.errors import TrainingError

_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)
# A message must be smaller than 2 GB.
_WORDS_AT_ONCE = 2**24


class Workers:
    """The workers of a `tf.distribute.Strategy`, of which one is the chief.

    With one process, which may have several devices, it is the chief, and nothing is exchanged.

    Args:
        strategy: A `tf.distribute.Strategy`.

    Attributes:
        chief: Whether this worker is the one that writes.
        several: Whether there are several workers.

    >>> workers = Workers(tf.distribute.get_strategy())
    >>> workers.chief, workers.several, workers.from_chief(b"state")
    (True, False, b'state')
    """

    def __init__(self, strategy):
        self.strategy = strategy
        resolver = strategy.cluster_resolver
        jobs = resolver.cluster_spec().as_dict() if resolver else {}
        self.several = sum(len(jobs.get(name, ())) for name in ("chief", "worker")) > 1
        first = "chief" if "chief" in jobs else "worker"
        self.chief = not self.several or (resolver.task_type, resolver.task_id) == (first, 0)

    def from_chief(self, content):
        """The bytes, or None, that the chief passes to this function; all workers must call it."""
        if not self.several:
            return content
        size = -1 if content is None else len(content)
        size = int(self._sum(np.array([size], np.int64))[0])
        if size < 0:
            return None
        # Collective operations add integers, but no bytes.
        words = np.zeros(-(-size // 4), np.int32)
        if self.chief:
            words.view(np.uint8)[:size] = np.frombuffer(content, np.uint8)
        for start in range(0, len(words), _WORDS_AT_ONCE):
            part = slice(start, start + _WORDS_AT_ONCE)
            words[part] = self._sum(words[part])
        return words.tobytes()[:size]

    def _sum(self, array):
        """The array of the chief: the sum of the arrays, where those of the others are zeros."""

        def total():
            context = tf.distribute.get_replica_context()
            mine = self.chief and context.replica_id_in_sync_group == 0
            return context.all_reduce("sum", tf.constant(array if mine else np.zeros_like(array)))

        return self.strategy.experimental_local_results(self.strategy.run(total))[0].numpy()

    def check_same(self, what, value):
        """Checks that all workers have the same JSON value.

        Raises:
            TrainingError: This worker has another value than the chief.
        """
        digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
        if self.from_chief(digest) != digest:
            raise TrainingError(f"this worker has another {what} than worker 0")

    def copy_from_chief(self, variables):
        """Gives variables the values that they have on the chief."""
        if self.several:
            for variable in variables:
                content = variable.numpy().tobytes()
                values = np.frombuffer(self.from_chief(content), variable.dtype)
                variable.assign(values.reshape(variable.shape))

    @contextlib.contextmanager
    def lost_as_errors(self):
        """Reports a lost worker by a `TrainingError`."""
        try:
            yield
        except _LOST as error:
            if not self.several:
                raise
            raise TrainingError(
                "another worker ended, or can no longer be reached, so this one ended too. Start "
                "all workers again with `resume` to go on from the last checkpoint "
                f"({str(error.message).splitlines()[-1][:200]})"
            ) from error


class SharedCheckpoint(Checkpoint):
    """The checkpoint of a run on several workers, which only the chief writes.

    All workers call the methods at the same steps. What is read comes from the chief, so the other
    workers do not need access to its folder; their own folder holds temporary files.
    """

    def __init__(self, output, workers):
        super().__init__(output)
        self.workers = workers

    @property
    def cache(self):
        # The output folder of the others is a temporary one.
        return super().cache if self.workers.chief else self.directory / "cache"

    def _write(self, name, arrays):
        if self.workers.chief:
            super()._write(name, arrays)

    def _content(self, name):
        found = super()._content(name) if self.workers.chief else None
        return self.workers.from_chief(found)
