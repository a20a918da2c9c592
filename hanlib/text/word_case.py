"""The case of words, and whether they hold digits, as one of a few kinds."""

import tensorflow as tf

CASES = (
    *("other", "lower", "capitalized", "upper", "mixed"),
    *("number", "letters and digits", "symbols"),
)


def word_case(words):
    """The kind of each word, an index of `CASES`.

    - `lower`, `upper`, `capitalized` (one capital letter, at the beginning of several letters) and
      `mixed` words have no digits;
    - `number`: digits without letters; `letters and digits`: both;
    - `symbols`: neither letters nor digits;
    - `other`: letters without case, as in Chinese.

    Args:
        words: `<string>[words]`, UTF-8.

    Returns:
        `<int32>[words]`.

    >>> words = ["rain", "York", "NASA", "McCoy", "1,000", "B2B", "...", "雨"]
    >>> [CASES[kind] for kind in word_case(tf.constant(words)).numpy()]
    ['lower', 'capitalized', 'upper', 'mixed', 'number', 'letters and digits', 'symbols', 'other']
    """
    distinct, index = tf.unique(words)  # Most words occur more than once.
    capital, small, digit = (_holds(distinct, rf"\p{{{kind}}}") for kind in ("Lu", "Ll", "Nd"))
    letter = _holds(distinct, r"\p{L}")
    first_only = tf.strings.regex_full_match(distinct, r"(?s)\P{L}*\p{Lu}\P{Lu}*")
    kinds = {
        "symbols": ~letter & ~digit,
        "number": digit & ~letter,
        "letters and digits": digit & letter,
        "capitalized": first_only & small,
        "upper": capital & ~small,
        "mixed": capital,
        "lower": small,
    }
    found = tf.zeros(tf.shape(distinct), tf.int32)
    for kind, holds in reversed(kinds.items()):  # The first that holds is written last.
        found = tf.where(holds, CASES.index(kind), found)
    return tf.gather(found, index)


def _holds(words, pattern):
    return tf.strings.regex_full_match(words, rf"(?s).*{pattern}.*")
