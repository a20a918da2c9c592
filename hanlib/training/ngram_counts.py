"""The n-grams of tokenized documents: in how many documents each occurs, and which occur where."""

import numpy as np
import scipy.sparse

from hanlib.layers.ngram_keys import ngram_keys

# Words that are read at once.
CHUNK_WORDS = 1_000_000
# With more different n-grams than this the rarest so far are forgotten: 12 bytes each, and twice
# that while others are added.
MAX_COUNTED = 20_000_000


def frequent_ngrams(
    sources,
    vocabulary_size,
    max_ngram=3,
    unknown_words=1,
    min_documents=2,
    most=300_000,
    progress=None,
):
    """The n-grams that occur in the most documents, shorter ones first among equals.

    Beyond `MAX_COUNTED` different n-grams the counts of rare ones are lower bounds.

    Args:
        sources: `hanlib.data.TokenCache`s.
        vocabulary_size, unknown_words: see `hanlib.layers.NGramLinear`.
        max_ngram: words of the longest n-gram.
        min_documents: n-grams of fewer documents are left out.
        most: maximum number of n-grams.
        progress: called with the number of documents read so far.

    Returns:
        `<int64>[n-grams]`, the keys in increasing order; at least one, which may be 0, the key of
        no n-gram.

    >>> from hanlib.data import TokenCache
    >>> documents = [([2, 3, 2], [3], [1]), ([2, 3], [2], [1])]
    >>> cache = TokenCache.build(
    ...     enumerate(documents), lambda texts: documents[texts[0]], batch_size=1,
    ...     encode_label=lambda label: 0)
    >>> frequent_ngrams([cache], vocabulary_size=10).tolist()  # 2, 3 and (2, 3)
    [2, 3, 32]
    """
    counts, waiting, size = (np.zeros(0, np.int64), np.zeros(0, np.int32)), [], 0
    read = 0
    for words, row_lengths, document_rows in _chunks_of(sources):
        documents = np.repeat(np.repeat(np.arange(len(document_rows)), document_rows), row_lengths)
        for length in range(1, max_ngram + 1):
            keys, first = ngram_keys(words, row_lengths, length, vocabulary_size, unknown_words)
            waiting.append(_document_counts(keys.numpy(), documents[first.numpy()]))
            size += len(waiting[-1][0])
        # Adding to all others copies those: wait until it is worth it.
        if size > 4 * CHUNK_WORDS:
            counts, waiting, size = _pruned(_merged(counts, _added(waiting))), [], 0
        read += len(document_rows)
        if progress is not None:
            progress(read)
    keys, documents = _merged(counts, _added(waiting)) if waiting else counts
    frequent = documents >= min_documents
    keys, documents = keys[frequent], documents[frequent]
    # Keys of shorter n-grams are smaller, and the sort is stable.
    kept = np.sort(keys[np.argsort(-documents, kind="stable")[:most]])
    return kept if len(kept) else np.zeros(1, np.int64)


def presence_matrix(sources, layer, progress=None):
    """Which n-grams of a layer occur in which documents.

    Args:
        sources: `hanlib.data.TokenCache`s, whose documents come one after the other.
        layer: an `NGramLinear`.
        progress: called with the number of documents read so far.

    Returns:
        A `scipy.sparse.csr_matrix` `<float32>[docs, n-grams]` of ones.
    """
    columns, lengths, read = [], [], 0
    for words, row_lengths, document_rows in _chunks_of(sources):
        present = layer.present(words, row_lengths, document_rows)
        documents, rows = (tensor.numpy() for tensor in present)
        columns.append(rows[np.lexsort((rows, documents))].astype(np.int32))
        lengths.append(np.bincount(documents, minlength=len(document_rows)))
        read += len(document_rows)
        if progress is not None:
            progress(read)
    columns = np.concatenate(columns)
    starts = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
    ones = np.ones(len(columns), np.float32)
    return scipy.sparse.csr_matrix((ones, columns, starts), [len(starts) - 1, layer.ngrams])


def _chunks_of(sources):
    """The words, row lengths and rows per document of all sources, some documents at a time."""
    for tokens in sources:
        for indexes in chunks(tokens):
            yield tokens.flat(indexes)


def chunks(tokens):
    """The documents in order, as arrays of indexes with about `CHUNK_WORDS` words each."""
    chunk = np.cumsum(tokens.lengths) // CHUNK_WORDS
    ends = np.flatnonzero(np.diff(chunk)) + 1
    return np.split(np.arange(tokens.documents), ends)


def _document_counts(keys, documents):
    """Distinct keys, and the number of documents of each; `documents` do not decrease."""
    order = np.argsort(keys, kind="stable")
    keys, documents = keys[order], documents[order]
    first = np.ones(len(keys), bool)
    first[1:] = (keys[1:] != keys[:-1]) | (documents[1:] != documents[:-1])
    keys = keys[first]
    starts = _starts(keys)
    return keys[starts], np.diff(starts, append=len(keys)).astype(np.int32)


def _added(counts):
    """The sum of several counts, each a pair of distinct keys and numbers; the keys are sorted."""
    keys, numbers = (np.concatenate(parts) for parts in zip(*counts, strict=True))
    order = np.argsort(keys, kind="stable")
    keys, numbers = keys[order], numbers[order]
    starts = _starts(keys)
    return keys[starts], np.add.reduceat(numbers, starts) if len(starts) else numbers


def _merged(counts, others):
    """The sum of two counts with sorted keys; the first may be much longer, and is used up."""
    (keys, numbers), (other_keys, other_numbers) = counts, others
    at = np.searchsorted(keys, other_keys)
    known = at < len(keys)
    known[known] = keys[at[known]] == other_keys[known]
    numbers[at[known]] += other_numbers[known]
    at, new = at[~known], ~known
    keys = np.insert(keys, at, other_keys[new])
    return keys, np.insert(numbers, at, other_numbers[new])


def _starts(keys):
    """Where each run of equal keys starts."""
    return np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]][: len(keys)])


def _pruned(counts):
    keys, numbers = counts
    floor = 0
    while len(keys) > MAX_COUNTED:
        floor += 1
        keys, numbers = keys[numbers > floor], numbers[numbers > floor]
    return keys, numbers
