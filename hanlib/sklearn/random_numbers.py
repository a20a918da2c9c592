"""Random numbers that follow from `random_state` and leave the global generators as they were."""

import contextlib
import random

import numpy as np
from sklearn.utils import check_random_state


@contextlib.contextmanager
def drawn_from(random_state):
    """Lets Keras draw its random numbers from `random_state` within a `with` block.

    Keras draws the seeds of initial weights and dropout from Python's generator, and
    `DocumentClassifier.fit` draws the seed of its batches from NumPy's. Both are set, and get
    their former states back.

    Args:
        random_state: An integer or a `numpy.random.RandomState`; None: the global generators as
            they are, so that `keras.utils.set_random_seed` decides.

    >>> with drawn_from(3):
    ...     first = random.random()
    >>> with drawn_from(3):
    ...     print(random.random() == first)
    True
    """
    if random_state is None:
        yield
        return
    seed = check_random_state(random_state).randint(2**31)
    states = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
