"""The words of a vocabulary: counted, chosen by frequency, checked, and named."""

from hanlib.layers.texts import encode


def special_tokens(oov_buckets):
    """The names of the padding id and of the ids of unknown words.

    >>> special_tokens(1), special_tokens(2)
    (['', '[UNK]'], ['', '[UNK_1]', '[UNK_2]'])
    """
    if oov_buckets == 1:
        return ["", "[UNK]"]
    return ["", *(f"[UNK_{bucket}]" for bucket in range(1, oov_buckets + 1))]


def add_counts(counts, found, most):
    """Adds numbers of occurrences to `counts`, a `dict` from word to count, in place.

    Args:
        counts: the counts so far.
        found: iterable of `(word, number)`; a word may be repeated.
        most: the maximum number of distinct words; beyond it the rarest are dropped.

    >>> counts = {b"good": 1}
    >>> add_counts(counts, [(b"bad", 2), (b"good", 3)], most=9)
    >>> counts
    {b'good': 4, b'bad': 2}
    """
    for word, number in found:
        counts[word] = counts.get(word, 0) + number
    floor = 0
    while len(counts) > most:
        floor += 1
        for word in [word for word, number in counts.items() if number <= floor]:
            del counts[word]


def most_frequent(counts, min_count, most=None):
    """The words with at least `min_count` occurrences, by falling count, then alphabetically.

    >>> most_frequent({b"bad": 2, b"new": 1, b"good": 2}, min_count=2)
    [b'bad', b'good']
    """
    kept = [(-number, word) for word, number in counts.items() if number >= min_count]
    return [word for _, word in sorted(kept)[:most]]


def checked_keys(words, keys_of):
    """The lookup keys of a vocabulary's words, which must be distinct.

    Args:
        words: a list of `str` or `bytes`.
        keys_of: function from a list of `bytes` to the form in which they are looked up.

    Raises:
        TypeError: if `words` is not a list of strings.
        ValueError: if there are none, or if a word is empty or repeated.

    >>> checked_keys(["Good", "bad"], lambda words: [word.lower() for word in words])
    [b'good', b'bad']
    """
    for word in words:
        if not isinstance(word, (str, bytes)):
            raise TypeError(f"`words` must hold strings. Received: {word!r}")
    if not words:
        raise ValueError("`words` must hold at least one word. Received: none")
    keys, first = keys_of([encode(word) for word in words]), {}
    for word, key in zip(words, keys, strict=True):
        if not key:
            raise ValueError("`words` must not hold an empty word. Received: ''")
        if key in first:
            case = ", regardless of case (lowercase=True)" if first[key] != word else ""
            raise ValueError(
                f"`words` must be different from each other{case}. "
                f"Received: {first[key]!r} and {word!r}"
            )
        first[key] = word
    return keys
