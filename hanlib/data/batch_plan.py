"""Assigns documents to batches of similar length, in random order, each exactly once."""

import numpy as np

from hanlib.checks import check_integer
from hanlib.data.corpus import DataError

# Documents are sorted by length within pools of this many batches. Larger pools give batches of
# more similar lengths, smaller ones mix the documents more from epoch to epoch.
POOL_BATCHES = 50


def plan_batches(lengths, batch_size, *, seed, epoch=0, max_batch_words=None, part=None):
    """Assigns documents to batches.

    Args:
        lengths: `<int>[documents]`, words per document.
        batch_size: maximum number of documents in a batch.
        seed: integer. None sorts the documents by length, shortest first, in every epoch.
        epoch: non-negative integer; each epoch has a different plan.
        max_batch_words: maximum number of words in a batch, or None. A longer document is a batch
            by itself.
        part: number of a part of the documents, which is planned by itself; None: all documents.

    Returns:
        A list of `<int64>[batch]` document indices; each document occurs exactly once.

    >>> plan_batches(np.array([3, 1, 2, 9]), 2, seed=None)
    [array([1, 2]), array([0, 3])]
    >>> [len(batch) for batch in plan_batches(np.array([3, 1, 2, 9]), 4, seed=0, max_batch_words=6)]
    [1, 3]
    """
    check_integer("batch_size", batch_size, error=DataError)
    check_integer("max_batch_words", max_batch_words, allow_none=True, error=DataError)
    lengths = np.asarray(lengths)
    if seed is None:
        order = np.argsort(lengths, kind="stable")
        return cut(order, lengths, batch_size, max_batch_words)
    of_part = [] if part is None else [1 + part]
    check_integer("seed", seed, 0, error=DataError)
    check_integer("epoch", epoch, 0, error=DataError)
    random = np.random.default_rng([seed, epoch, *of_part])
    order = random.permutation(len(lengths))
    pool = batch_size * POOL_BATCHES
    batches = []
    for start in range(0, len(order), pool):
        part = order[start : start + pool]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += cut(part, lengths, batch_size, max_batch_words)
    return [batches[index] for index in random.permutation(len(batches))]


def split_to(batches, count, lengths):
    """Halves the batches with the most words until there are `count` batches.

    This gives all epochs the same number of batches.

    >>> split_to([np.array([0, 1]), np.array([2])], 3, np.array([4, 2, 1]))
    [array([0]), array([1]), array([2])]
    """
    batches = list(batches)
    while len(batches) < count:
        words = [lengths[batch].sum() if len(batch) > 1 else -1 for batch in batches]
        longest = int(np.argmax(words))
        middle = len(batches[longest]) // 2
        halves = batches[longest][:middle], batches[longest][middle:]
        batches[longest : longest + 1] = halves
    return batches


def cut(order, lengths, batch_size, max_batch_words):
    """Splits `order` into consecutive batches, each as large as both limits allow.

    >>> cut(np.arange(4), np.array([5, 5, 20, 1]), batch_size=3, max_batch_words=10)
    [array([0, 1]), array([2]), array([3])]
    """
    if max_batch_words is None:
        return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    total = np.cumsum(lengths[order])
    batches, start, before = [], 0, 0
    while start < len(order):
        fits = int(np.searchsorted(total, before + max_batch_words, side="right"))
        stop = max(min(fits, start + batch_size), start + 1)
        batches.append(order[start:stop])
        start, before = stop, total[stop - 1]
    return batches
