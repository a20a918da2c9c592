"""The number of threads that TensorFlow uses for one operation."""

import os


def share_cores():
    """Lets the two directions of an encoder run in parallel, each on half of the cores.

    By default TensorFlow uses all cores for each operation. The operations of a recurrence are too
    small for that, and those of the two directions would wait for each other. An existing value of
    `TF_NUM_INTRAOP_THREADS` is not changed. Call this function before importing TensorFlow.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, (cores or 1) // 2)))
