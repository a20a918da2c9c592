"""Where the words that a server returned stand in the text that was sent."""

import html
import re

# What lies between two words: white space, tags that end a line, characters without width.
_GAP = re.compile(
    r"(?:[\s\x00-\x1f\x7f\u200b\ufeff\xad\u061c\u200e\u200f\u202a-\u202e\u2060-\u2069]"
    r"|\\r|\\n"
    r"|</?(?:br|hr|p|div|li|ul|ol|tr|table|blockquote|h[1-6])(?:\s[^<>]*)?/?>)*",
    re.IGNORECASE,
)
# What an export reads as another character: entities, doubled quotes, Windows-1252 in disguise.
_WRITTEN_OUT = re.compile(r"&#?[0-9a-zA-Z]{1,8};|\\\"|\"\"|[\x80-\x9f]")
# How far behind its place a word is looked for, per character that was not found.
_AHEAD = 8


def word_spans(text, sentences):
    """Half-open spans of characters in `text`, or None where a word is not found.

    The search goes forward. A word must follow the one before it, but for white space and tags;
    behind words that were not found it may stand a little further on, and a whole sentence may
    stand anywhere ahead. The span of a word that was written with an entity covers the entity.

    Args:
        text: The document as it was sent.
        sentences: List of `(surface form, list of words)`.

    Returns:
        For each sentence, the list of `(start, end)` or None of each word.

    >>> word_spans("Caf&eacute;<br />Good.", [("Café", ["Café"]), ("Good.", ["Good", "."])])
    [[(0, 11)], [(17, 21), (21, 22)]]
    """
    read, places = _as_read(text)
    cursor, missed, spans = 0, 0, []
    for sentence, words in sentences:
        start = read.find(sentence, cursor) if sentence else -1
        if start >= 0 and (len(words) > 2 or _GAP.fullmatch(read, cursor, start)):
            cursor, missed = start, 0
        found = []
        for word in words:
            span = _find(read, word, cursor, missed)
            found.append((places[span[0]], places[span[1]]) if span else None)
            cursor, missed = (span[1], 0) if span else (cursor, missed + len(word))
        spans.append(found)
    return spans


def _as_read(text):
    """`text` with entities decoded, and for each of its characters the place in `text`."""
    if not _WRITTEN_OUT.search(text):
        return text, range(len(text) + 1)
    read, places, end = [], [], 0
    for match in _WRITTEN_OUT.finditer(text):
        written = match.group()
        one = _meant(written)
        read += text[end : match.start()], one
        places += range(end, match.start())
        places += (
            range(match.start(), match.end()) if one == written else [match.start()] * len(one)
        )
        end = match.end()
    return "".join([*read, text[end:]]), [*places, *range(end, len(text) + 1)]


def _meant(written):
    if written[-1] == '"':
        return '"'
    return html.unescape(written if written[0] == "&" else f"&#{ord(written)};")


def _find(text, word, cursor, missed):
    """The span of `word`, behind `missed` characters of words that were not found."""
    start = _GAP.match(text, cursor).end()
    if not word:
        return None
    if text.startswith(word, start):
        return start, start + len(word)
    # A word in Latin letters does not begin inside another.
    apart = r"(?<!\w)" if word.isascii() and word[0].isalnum() else ""
    end = start + _AHEAD * (missed + 1) + len(word)
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
