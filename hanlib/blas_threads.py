"""Products of NumPy and SciPy on one thread."""

import functools


def one_blas_thread():
    """A context in which NumPy and SciPy multiply on one thread.

    For short vectors the threads of BLAS take longer than the work, above all beside other
    programs. Results do not depend on the number of cores either.

    >>> import numpy as np
    >>> with one_blas_thread():
    ...     np.ones([2, 3]) @ np.ones(3)
    array([3., 3.])
    """
    return _controller().limit(limits=1, user_api="blas")


@functools.cache
def _controller():
    """Finding the libraries takes longer than many a fit, so it is done once."""
    # SciPy has a library of its own, which must be there to be found.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
