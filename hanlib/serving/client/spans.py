"""Where the words that a server returned stand in the text that was sent."""

import re

# What lies between two words: white space, tags that end a line, characters without width.
_GAP = re.compile(
    r"(?:[\s\x00-\x1f\x7f\u200b\ufeff\xad\u061c\u200e\u200f\u202a-\u202e\u2060-\u2069]"
    r"|\\r|\\n"
    r"|</?(?:br|hr|p|div|li|ul|ol|tr|table|blockquote|h[1-6])(?:\s[^<>]*)?/?>)*",
    re.IGNORECASE,
)
# The longest way to write one character is an entity such as `&eacute;`.
_LONGEST_CHARACTER = 10


def word_spans(text, sentences):
    """Half-open spans of characters in `text`, or None where a word is not found verbatim.

    The search goes forward. A word must follow the one before it, but for white space and tags;
    behind words that were not found (`&eacute;` came back as `é`) it may stand a little further on,
    and a whole sentence may stand anywhere ahead.

    Args:
        text: The document as it was sent.
        sentences: List of `(surface form, list of words)`.

    Returns:
        For each sentence, the list of `(start, end)` or None of each word.

    >>> word_spans("Fish &amp; chips.<br />Good.", [
    ...     ("Fish & chips.", ["Fish", "&", "chips", "."]), ("Good.", ["Good", "."])])
    [[(0, 4), (5, 6), (11, 16), (16, 17)], [(23, 27), (27, 28)]]
    """
    cursor, missed, spans = 0, 0, []
    for sentence, words in sentences:
        start = text.find(sentence, cursor) if sentence else -1
        if start >= 0 and (len(words) > 2 or _GAP.fullmatch(text, cursor, start)):
            cursor, missed = start, 0
        found = []
        for word in words:
            span = _find(text, word, cursor, missed)
            found.append(span)
            cursor, missed = (span[1], 0) if span else (cursor, missed + len(word))
        spans.append(found)
    return spans


def _find(text, word, cursor, missed):
    """The span of `word`, behind `missed` characters of words that were not found."""
    start = _GAP.match(text, cursor).end()
    if not word:
        return None
    if text.startswith(word, start):
        return start, start + len(word)
    # A word in Latin letters does not begin inside another.
    apart = r"(?<!\w)" if word.isascii() and word[0].isalnum() else ""
    end = start + _LONGEST_CHARACTER * (missed + 1) + len(word)
    match = re.compile(apart + re.escape(word)).search(text, start, end)
    return match.span() if match else None


def sentence_span(words):
    """The span from a sentence's first word to its last; None where either was not found.

    >>> sentence_span([(0, 2), (3, 5), (7, 11), (11, 12)])
    (0, 12)
    """
    if not words or words[0] is None or words[-1] is None:
        return None
    return words[0][0], words[-1][1]
