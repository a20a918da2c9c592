"""Directions in which documents differ, found without labels: latent semantic analysis."""

import numpy as np
from scipy.sparse import csr_matrix

from hanlib.blas_threads import one_blas_thread
from hanlib.embeddings import truncated_svd

WIDTH = 200
# Of more occurrences of n-grams a random sample of the documents is enough: half of IMDB gave
# directions that were as good as those of the whole.
MOST_OCCURRENCES = 10_000_000


def latent_directions(present, width=WIDTH, *, seed=0, progress=None):
    """Directions of n-grams that tend to occur in the same documents.

        X[d, g] = i_g / |X_d|  for the n-grams g of document d;   i_g = 1 + log docs / (1 + docs_g)
        X ≈ U Σ Vᵀ,   D = i ⊙ V Σ'

    X is TF-IDF of presence, each document with length 1, and V is latent semantic analysis
    (Deerwester et al., JASIS 41(6), 1990). Σ' is Σ, except that the first direction, in which all
    documents are alike, counts as the second. Less important directions count less, so their
    number matters little. A linear model of the coordinates `present @ D` is a linear model of the
    n-grams, but with few parameters: n-grams that occur in the same documents get similar weights,
    also those that no labeled document contains.

    Args:
        present: `<float32>[docs, n-grams]`, sparse, of ones; documents with and without labels.
        width: Maximum number of directions.
        seed: Decides the start of the SVD and the sample.
        progress: Function that is called with the number of products with X so far.

    Returns:
        D `<float32>[n-grams, directions]`, scaled so that the squared length of a document's
        coordinates is 1 on average.

    >>> import scipy.sparse
    >>> documents = [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 0]]
    >>> present = scipy.sparse.csr_matrix(np.array(documents, np.float32))
    >>> coordinates = present @ latent_directions(present, width=2)
    >>> np.abs(coordinates).argmax(axis=1).tolist()  # two topics
    [1, 1, 0, 0]
    """
    present = _sample(present, seed)
    documents, frequency = present.shape[0], np.asarray(present.sum(axis=0)).ravel()
    inverse = (1 + np.log(documents / (1 + frequency))).astype(np.float32)
    norms = np.sqrt(np.maximum(present @ np.square(inverse), 1e-12))
    weights = inverse[present.indices] / np.repeat(norms, np.diff(present.indptr))
    # The indices are shared with the other matrix, and its transpose is not copied.
    weighted = csr_matrix((weights, present.indices, present.indptr), present.shape)
    with one_blas_thread():
        vectors, singular = truncated_svd(weighted.T, width, seed, progress)
    # The smallest of a matrix of lower rank are rounding errors.
    kept = singular > 1e-5 * singular.max(initial=0)
    vectors, singular = vectors[:, kept], singular[kept]
    singular[:1] = singular[1:2].max(initial=0) or singular[:1]
    directions = inverse[:, None] * vectors * singular
    lengths = np.square(present @ directions.astype(np.float32)).sum(axis=1)
    return (directions / np.sqrt(max(lengths.mean(), 1e-12))).astype(np.float32)


def _sample(present, seed):
    """Random documents with at most `MOST_OCCURRENCES` occurrences; all, if they have fewer."""
    if present.nnz <= MOST_OCCURRENCES:
        return present
    order = np.random.default_rng(seed).permutation(present.shape[0])
    kept = np.cumsum(np.diff(present.indptr)[order]) <= MOST_OCCURRENCES
    return present[np.sort(order[kept])]
