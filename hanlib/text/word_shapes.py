"""Features of the spelling of words: prefixes, suffixes, and the pattern of letters and digits."""

import tensorflow as tf

KINDS = ("word", "prefix 2", "prefix 3", "suffix 2", "suffix 3", "suffix 4", "pattern")


def word_shapes(words):
    """Features of the spelling of words, for words that the vocabulary does not know.

    - `word`: the word in lower case, with 0 for each digit;
    - `prefix n`, `suffix n`: its first or last n characters in lower case;
    - `pattern`: `X` for a run of capital letters, `x` of other letters, `0` of digits; other
      characters stay.

    Args:
        words: `<string>[words]`, UTF-8.

    Returns:
        `<string>[words, 7]`, in the order of `KINDS`.

    >>> word_shapes(tf.constant(["McIntosh-97"])).numpy().tolist()[0]
    [b'mcintosh-00', b'mc', b'mci', b'00', b'-00', b'h-00', b'XxXx-0']
    """
    lower = tf.strings.lower(words, encoding="utf-8")
    lower = tf.strings.regex_replace(lower, r"\p{Nd}", "0")
    prefixes = [_replaced(lower, rf"(?s)^(.{{{size}}}).*$") for size in (2, 3)]
    suffixes = [_replaced(lower, rf"(?s)^.*(.{{{size}}})$") for size in (2, 3, 4)]
    pattern = tf.strings.regex_replace(words, r"\p{Lu}+", "X")
    pattern = tf.strings.regex_replace(pattern, r"[\p{Ll}\p{Lm}\p{Lo}\p{Lt}]+", "x")
    pattern = tf.strings.regex_replace(pattern, r"\p{Nd}+", "0")
    return tf.stack([lower, *prefixes, *suffixes, pattern], axis=1)


def hashed_word_shapes(words, buckets):
    """The features as rows of an embedding; kind k has `buckets` rows from k · buckets on.

    Args:
        words: `<string>[words]`.
        buckets: Number of rows per kind; a hash of the feature selects the row.

    Returns:
        `<int32>[words, 7]`.

    >>> hashed_word_shapes(tf.constant(["a", "b"]), 100).shape
    TensorShape([2, 7])
    """
    distinct, index = tf.unique(words)  # Most words occur more than once.
    hashed = tf.strings.to_hash_bucket_fast(word_shapes(distinct), buckets)
    rows = tf.cast(hashed, tf.int32) + buckets * tf.range(len(KINDS))
    return tf.gather(rows, index)


def _replaced(words, pattern):
    """The first group of a pattern; words that do not match, because they are short, stay."""
    return tf.strings.regex_replace(words, pattern, r"\1")
