"""The number of threads that TensorFlow uses for one operation."""

import os


def share_cores():
    """Lets the two directions of an encoder run in parallel, each on half of the cores.

    By default TensorFlow uses all cores for each operation. The operations of a recurrence are too
    small for that, and those of the two directions would wait for each other. An existing value of
    `TF_NUM_INTRAOP_THREADS` is not changed. Call this function before importing TensorFlow.
    """
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, cores() // 2)))


def cores():
    """The number of cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
