"""Word vectors by a truncated SVD of positive pointwise mutual information."""

import numpy as np

from hanlib.embeddings.cooccurrence import Cooccurrences
from hanlib.embeddings.truncated_svd import truncated_svd
from hanlib.embeddings.word_vectors import WordVectors


def ppmi(counts, smoothing=0.75):
    """Positive pointwise mutual information (Levy, Goldberg and Dagan, TACL 2015, Q15-1016).

        PPMI(w, c) = max(0, log P(w, c) / (P(w) P_a(c))),   P_a(c) = #(c)^a / Σ_c' #(c')^a

    Args:
        counts: Pairs `[words, contexts]`, a SciPy sparse array.
        smoothing: a; below 1 it makes rare contexts less informative.

    Returns:
        A `scipy.sparse.csr_array` `<float32>[words, contexts]`.

    >>> import scipy.sparse
    >>> counts = scipy.sparse.csr_array([[0, 6], [6, 4]])
    >>> ppmi(counts, smoothing=1.0).toarray().round(3)  # log(6 · 16 / (6 · 10))
    array([[0.  , 0.47], [0.47, 0.  ]], dtype=float32)
    """
    import scipy.sparse

    found = scipy.sparse.csr_array(counts, dtype=np.float32, copy=True)
    words = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel()
    contexts = np.asarray(counts.sum(axis=0, dtype=np.float64)).ravel() ** smoothing
    contexts /= max(contexts.sum(), 1e-300)
    # P(w, c) / P(w) = #(w, c) / #(w). In place: the counts of a large corpus fill the memory.
    log_words, log_contexts = (
        np.log(np.maximum(sums, 1e-300)).astype(np.float32) for sums in (words, contexts)
    )
    np.log(found.data, out=found.data)
    found.data -= np.repeat(log_words, np.diff(found.indptr))
    found.data -= log_contexts[found.indices]
    np.maximum(found.data, 0, out=found.data)
    found.eliminate_zeros()
    return found


def ppmi_vectors(
    blocks, vocabulary_size, width, *, window=5, smoothing=0.75, power=0.5, seed=0, progress=None
):
    """Learns word vectors from text, in one pass over it.

        U Σ Vᵀ ≈ PPMI,   W = U Σ^p

    The settings are those that Levy, Goldberg and Dagan (2015, section 5) recommend. Equal text
    and seed give equal vectors.

    Args:
        blocks: Iterable of `(ids <int>[words], lengths <int>[documents])`: documents of word ids,
            laid end to end.
        vocabulary_size: Number of word ids, padding included.
        width: Size of a vector.
        window: Greatest distance of two words that count as neighbors.
        smoothing: Exponent of the contexts' distribution (see `ppmi`).
        power: p, the exponent of the singular values.
        seed: Decides the start of the SVD.
        progress: Function that is called with the number of documents counted.

    Returns:
        `WordVectors`; words that do not occur have none.

    >>> text = np.array([1, 2, 3, 1, 2, 3, 4, 5, 4, 5])
    >>> found = ppmi_vectors([(text, [6, 4])], vocabulary_size=7, width=2)
    >>> found.vectors.shape, found.known.tolist()
    ((7, 2), [False, True, True, True, True, True, False])
    """
    counts = Cooccurrences(vocabulary_size, window)
    documents = 0
    for ids, lengths in blocks:
        counts.add(ids, lengths)
        documents += len(lengths)
        if progress is not None:
            progress(documents)
    information = ppmi(counts.matrix(), smoothing)
    left, singular = truncated_svd(information, width, seed)
    vectors = np.zeros([vocabulary_size, width], np.float32)
    vectors[:, : len(singular)] = left * singular**power
    # The SVD leaves rounding errors in rows of zeros.
    vectors[np.diff(information.indptr) == 0] = 0
    return WordVectors.of(vectors)
