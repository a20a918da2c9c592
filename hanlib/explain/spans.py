"""Where words stand in the text they came from, whatever normalisation did to it.

Words come in order, so each is looked for right behind the one before. Most stand there as they
are. The others are compared unit by unit with what the text becomes: an entity is its character,
a tag that ends a line is white space, invisible characters are nothing.
"""

import html
import re
import unicodedata

_TAGS = "br|hr|p|div|li|ul|ol|tr|table|blockquote|h[1-6]"
_UNIT = re.compile(
    r"(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,7});)"
    r'|(?P<quote>\\"|"")'
    rf"|(?P<blank>(?i:</?(?:{_TAGS})(?:\s[^<>]*)?/?>)|\\r\\n|\\n|[\s\x00-\x1f\x7f\u200b])"
    r"|(?P<nothing>[\xad\u061c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff])"
)
# How far behind the last word that was found one is looked for, in characters.
_REACH = 200


def word_spans(text, words):
    """The place of each word in the text that it came from.

    Args:
        text: The original text, `str`.
        words: Its words in order, as surface forms (`DocumentVectorizer.surface`).

    Returns:
        A list of `(start, end)`, half-open and rising; `(None, None)` for a word that is not
        found, as a normalisation of one's own may rewrite any.

    >>> word_spans("Fish &amp;<br>caf&eacute;!", ["Fish", "&", "café", "!"])
    [(0, 4), (5, 10), (14, 25), (25, 26)]
    """
    starts_with, spans, at, lost = text.startswith, [], 0, 0
    for place, word in enumerate(words):
        start = at + 1 if starts_with(" ", at) else at
        # These two may be written longer than they are: `&amp;`, `""`.
        if starts_with(word, start) and word and "&" not in word and '"' not in word:
            span = start, start + len(word)
        else:
            following = words[place + 1] if place + 1 < len(words) else None
            span = _matched(text, word, at) or _found(text, word, following, at, lost)
        spans.append(span or (None, None))
        lost = 0 if span else lost + len(word)
        at = span[1] if span else at
    return spans


def sentence_span(spans):
    """From the first to the last of the words' spans that are known, `(None, None)` without any.

    >>> sentence_span([(None, None), (3, 5), (6, 9)])
    (3, 9)
    """
    known = [span for span in spans if span[0] is not None]
    return (known[0][0], known[-1][1]) if known else (None, None)


def _matched(text, word, at):
    """The span of `word` if it is what comes next behind white space, or None."""
    start = at = _behind_blanks(text, at)
    left = _folded(word) or word
    while left:
        if at >= len(text):
            return None
        piece, at = _unit(text, at)
        piece = _folded(piece)
        if not left.startswith(piece):
            return None
        left = left[len(piece) :]
    while at < len(text) and unicodedata.combining(text[at]):
        at += 1
    return (start, at) if at > start else None


def _found(text, word, following, at, lost):
    """The span of the next `word` that is followed by the word that should follow, or None."""
    end = at + _REACH + 4 * lost
    start = text.find(word, at, end) if word else -1
    while start >= 0:
        stop = start + len(word)
        if following is None or _matched(text, following, stop):
            return start, stop
        start = text.find(word, start + 1, end)
    return None


def _behind_blanks(text, at):
    while at < len(text):
        piece, end = _unit(text, at)
        if piece.strip():
            return at
        at = end
    return at


def _unit(text, at):
    """What the text has become at a place, and where the next unit begins."""
    found = _UNIT.match(text, at)
    if found is None:
        return _character(text[at]), at + 1
    piece = {"quote": '"', "blank": " ", "nothing": ""}.get(found.lastgroup)
    return html.unescape(found.group()) if piece is None else piece, found.end()


def _character(character):
    if "\x80" <= character <= "\x9f":
        # Windows-1252 in disguise.
        return bytes([ord(character)]).decode("cp1252", "replace")
    return "?" if "\ud800" <= character <= "\udfff" else character


def _folded(text):
    """`text` without regard to case, accents and compatibility forms."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))
