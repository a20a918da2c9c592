"""Sets the global random generators from `random_state`, and restores them."""

import contextlib
import random

import numpy as np
from sklearn.utils import check_random_state


@contextlib.contextmanager
def drawn_from(random_state):
    """A context in which Keras draws its random numbers from `random_state`.

    Keras draws the seeds of initial weights and dropout from the generator of Python, and
    `DocumentClassifier.fit` draws the seed of the batches from that of NumPy. Both are set, and
    their states are restored at the end.

    Args:
        random_state: An integer or a `numpy.random.RandomState`. None to leave the generators
            unchanged, for use with `keras.utils.set_random_seed`.

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
