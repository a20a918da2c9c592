"""The workers of a training run: their addresses, and how they find each other."""

import contextlib
import json
import os
import socket
import time
from typing import NamedTuple

from hanlib.training.errors import TrainingError

_PAUSE = 0.2


class Cluster(NamedTuple):
    """The addresses of all workers, and which of them this process is.

    Worker 0 is the chief, which writes the model.

    >>> cluster = Cluster.parse("localhost:4000,localhost:4001", 1)
    >>> cluster.addresses[cluster.index]
    'localhost:4001'
    """

    addresses: tuple
    index: int

    @classmethod
    def parse(cls, workers, index):
        """The cluster of the options `--workers` and `--worker-index`.

        Args:
            workers: Addresses `host:port`, separated by commas, in the same order on all workers.
            index: The index of this worker, from 0.

        Raises:
            TrainingError: An address or the index is invalid.
        """
        addresses = tuple(part.strip() for part in workers.split(","))
        return cls(addresses, index)._checked("`workers`", "`worker_index`")

    @classmethod
    def from_environment(cls):
        """The cluster of the environment variable TF_CONFIG; None without it, or for one worker.

        Raises:
            TrainingError: The variable does not describe a cluster of workers.
        """
        text = os.environ.get("TF_CONFIG")
        if not text:
            return None
        try:
            config = json.loads(text)
            jobs, task = dict(config["cluster"]), dict(config["task"])
            # A chief, where there is one, comes before the workers.
            addresses = (*jobs.pop("chief", ()), *jobs.pop("worker", ()))
            before = len(config["cluster"].get("chief", ())) if task["type"] == "worker" else 0
            index = before + int(task["index"])
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(
                'TF_CONFIG must be JSON such as {"cluster": {"worker": ["host:port"]}, "task": '
                f'{{"type": "worker", "index": 0}}}}. Received: {text!r}'
            ) from error
        if jobs or task["type"] not in ("chief", "worker"):
            raise TrainingError(
                "TF_CONFIG must have the jobs chief and worker only, and this task must be one of "
                f"them. Received: {text!r}"
            )
        return cls(addresses, index)._checked(
            "the addresses in TF_CONFIG", "the index in TF_CONFIG"
        )

    def strategy(self, seconds=300):
        """Waits for all workers, and gives the `tf.distribute.MultiWorkerMirroredStrategy`.

        It must be called before TensorFlow runs anything.

        Args:
            seconds: How long to wait for the other workers.

        Raises:
            TrainingError: Not all workers came in time, or the port of this one is in use.
        """
        self.wait(seconds)
        import tensorflow as tf

        config = {
            "cluster": {"worker": self.addresses},
            "task": {"type": "worker", "index": self.index},
        }
        os.environ["TF_CONFIG"] = json.dumps(config)
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except (tf.errors.OpError, RuntimeError) as error:
            raise TrainingError(f"the workers cannot be connected: {error}") from error

    def wait(self, seconds):
        """Waits until every other worker listens on its address.

        TensorFlow itself would wait for an hour, and could not be interrupted. Each worker listens
        on its port until all others do; then the server of TensorFlow takes the port over.

        Raises:
            TrainingError: Not all workers came in time, or the port of this one is in use.
        """
        until = time.monotonic() + seconds
        with self._listening():
            for index, address in enumerate(self.addresses):
                while index != self.index and not _answers(address):
                    if time.monotonic() > until:
                        raise TrainingError(
                            f"worker {index} ({address}) did not come within {seconds:g} seconds"
                        )
                    time.sleep(_PAUSE)

    def _listening(self):
        address = self.addresses[self.index]
        try:
            return socket.create_server(_split(address))
        except OSError as error:
            raise TrainingError(
                f"worker {self.index} cannot listen on {address}: {error.strerror or error}"
            ) from error

    def _checked(self, addresses, index):
        for address in self.addresses:
            if _split(address) is None:
                raise TrainingError(
                    f"{addresses} must be host:port, each with a port from 1 to 65535. "
                    f"Received: {address!r}"
                )
        if len(set(self.addresses)) < max(len(self.addresses), 2):
            listed = ", ".join(self.addresses)
            raise TrainingError(f"{addresses} must be two or more, and differ. Received: {listed}")
        if self.index is None or not 0 <= self.index < len(self.addresses):
            raise TrainingError(
                f"{index} must be from 0 to {len(self.addresses) - 1}, for {len(self.addresses)} "
                f"workers. Received: {self.index}"
            )
        return self


def _split(address):
    """Host and port, or None."""
    host, _, port = address.rpartition(":")
    valid = host and port.isascii() and port.isdigit() and 0 < int(port) < 65536
    return (host.strip("[]"), int(port)) if valid else None


def _answers(address):
    with contextlib.suppress(OSError), socket.create_connection(_split(address), timeout=2):
        return True
    return False
