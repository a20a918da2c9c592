"""How many threads TensorFlow gives to one operation."""

import os


def share_cores():
    """Lets the two directions of an encoder run side by side, each on its share of the cores.

    By default TensorFlow gives every operation all cores. The operations of a recurrence are too
    small for that, and those of the two directions then wait for each other. A setting of the
    user's own, `TF_NUM_INTRAOP_THREADS`, stands. To be called before TensorFlow is imported.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, (cores or 1) // 2)))
