"""Counting words in bounded memory."""


def add_counts(counts, words, occurrences, most):
    """Adds how often words occur to `counts`, a `dict` from word to count, in place.

    Args:
        counts: the counts so far.
        words: `<string>[n]`; a word may be repeated.
        occurrences: `<int>[n]`.
        most: with more different words than this, the rarest are dropped.

    >>> import tensorflow as tf
    >>> counts = {b"good": 1}
    >>> add_counts(counts, tf.constant(["bad", "good"]), tf.constant([2, 3]), most=9)
    >>> counts
    {b'good': 4, b'bad': 2}
    """
    for word, number in zip(words.numpy(), occurrences.numpy().tolist(), strict=True):
        counts[word] = counts.get(word, 0) + number
    floor = 0
    while len(counts) > most:
        floor += 1
        for word in [word for word, number in counts.items() if number <= floor]:
            del counts[word]
