"""The singular vectors of a sparse matrix that belong to its greatest singular values."""

import numpy as np


def truncated_svd(matrix, width, seed, progress=None):
    """The first left singular vectors of a matrix.

        matrix ≈ U Σ Vᵀ

    Equal matrices and seeds give equal vectors on one machine.

    Args:
        matrix: A SciPy sparse array `<float>[rows, columns]`.
        width: Number of singular vectors; fewer if the matrix is smaller.
        seed: Decides the start of the iteration.
        progress: Function that is called with the number of products with the matrix so far. How
            many there will be is not known.

    Returns:
        U `<float>[rows, width]` and Σ `<float>[width]`, greatest first. The sum of a column of U
        is not negative.

    >>> import scipy.sparse
    >>> left, singular = truncated_svd(scipy.sparse.csr_array(np.diag([1.0, 3.0])), 1, seed=0)
    >>> left.round(3).tolist(), singular.round(3).tolist()
    ([[0.0], [1.0]], [3.0])
    """
    if 2 * width >= min(matrix.shape):
        left, singular, _ = np.linalg.svd(matrix.toarray(), full_matrices=False)
        left, singular = left[:, :width], singular[:width]
    else:
        left, singular = _by_arpack(matrix, width, seed, progress)
    # A pair of singular vectors has no sign of its own.
    signs = np.where(left.sum(axis=0) < 0, -1, 1).astype(left.dtype)
    return left * signs, singular


def _by_arpack(matrix, width, seed, progress):
    """Subspace iteration took twice as long as ARPACK on the words of IMDB."""
    from scipy.sparse.linalg import LinearOperator, svds

    products = 0

    def product(of):
        def counted(vector):
            nonlocal products
            products += 1
            if progress is not None:
                progress(products)
            return of @ vector

        return counted

    operator = LinearOperator(
        matrix.shape,
        matvec=product(matrix),
        rmatvec=product(matrix.T),
        matmat=product(matrix),
        rmatmat=product(matrix.T),
        dtype=matrix.dtype,
    )
    start = np.random.default_rng(seed).standard_normal(min(matrix.shape)).astype(matrix.dtype)
    left, singular, _ = svds(operator, k=width, v0=start, tol=1e-2, return_singular_vectors="u")
    order = np.argsort(-singular)
    return left[:, order], singular[order]
