r"""Finds the spans of words in the original text.

The text is normalized in Python as `hanlib.text.normalize` does it in the graph, but with the
original span of each character. The words are then searched in the result, in order.

With the default text functions, each word follows the previous one immediately. For a custom
`normalize`, case, accents and compatibility forms may differ, and words that are not found are
skipped.
"""

import html.entities
import re
import unicodedata

# The same as in hanlib/text/normalization.py, where `\s` means `[\t\n\f\r ]`.
_SPACE_RANGES = [(0x00, 0x08), (0x0E, 0x1F), (0x7F, 0x7F), (0xA0, 0xA0), (0x1680, 0x1680)]
_SPACE_RANGES += [(0x2000, 0x200B), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)]
_SPACES = {code: " " for first, last in _SPACE_RANGES for code in range(first, last + 1)}
_BEFORE = {**_SPACES, **dict.fromkeys(range(0xD800, 0xE000), "?")}
_ENTITY = re.compile("&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,7});|([\x80-\x9f])")
_LINE_BREAK = re.compile(
    r"(?i:</?(?:br|hr|p|div|li|ul|ol|tr|table|blockquote|h[1-6])(?:[\t\n\f\r ][^<>]*)?/?>)"
    r"|\r\n?|\\r\\n|\\n|[\v\f\u2028\u2029]"
)
_QUOTE = re.compile(r'\\"|""')
_INVISIBLE = re.compile("[\xad\u061c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_BLANKS = re.compile(r"\s*")
# Number of characters that are searched for a word that does not follow the previous one.
_REACH = 200


def word_spans(text, words):
    """Finds the span of each word in the original text.

    Args:
        text: The original text, `str`.
        words: Its words in order, as returned by `DocumentVectorizer.tokenize` or an export.

    Returns:
        A list of half-open, ascending spans `(start, end)`; `(None, None)` for a word that is not
        found, which only happens if custom text functions rewrite words.

    >>> word_spans("Fish &amp;<br>caf&eacute;!", ["Fish", "&", "café", "!"])
    [(0, 4), (5, 10), (14, 25), (25, 26)]
    """
    text, starts, ends = _normalized(text)
    spans, at, lost = [], 0, 0
    for index, word in enumerate(words):
        start = _BLANKS.match(text, at).end()
        if word and text.startswith(word, start):
            at = start + len(word)
        else:
            following = words[index + 1] if index + 1 < len(words) else None
            span = _matched(text, word, start) or _found(text, word, following, at, lost)
            if span is None:
                lost += len(word)
                spans.append((None, None))
                continue
            start, at = span
        lost = 0
        spans.append((starts[start], ends[at - 1]))
    return spans


def sentence_span(spans):
    """The span from the first to the last known span; `(None, None)` if none is known.

    >>> sentence_span([(None, None), (3, 5), (6, 9)])
    (3, 9)
    """
    known = [span for span in spans if span[0] is not None]
    return (known[0][0], known[-1][1]) if known else (None, None)


def _normalized(text):
    """The normalized text, and the start and end in `text` of each of its characters."""
    aligned = text.translate(_BEFORE), range(len(text)), range(1, len(text) + 1)
    aligned = _replaced(_ENTITY, _character, *aligned)
    aligned = _replaced(_LINE_BREAK, lambda match: "\n", *aligned)
    text, starts, ends = _replaced(_QUOTE, lambda match: '"', *aligned)
    return _replaced(_INVISIBLE, lambda match: "", text.translate(_SPACES), starts, ends)


def _replaced(pattern, replacement, text, starts, ends):
    if not pattern.search(text):
        return text, starts, ends
    pieces, new_starts, new_ends, at = [], [], [], 0
    for match in pattern.finditer(text):
        first, stop = match.span()
        piece = replacement(match)
        pieces += text[at:first], piece
        # Unchanged text keeps its alignment, character by character.
        kept = piece == match.group()
        new_starts += starts[at : stop if kept else first]
        new_ends += ends[at : stop if kept else first]
        if not kept:
            new_starts += [starts[first]] * len(piece)
            new_ends += [ends[stop - 1]] * len(piece)
        at = stop
    pieces.append(text[at:])
    return "".join(pieces), [*new_starts, *starts[at:]], [*new_ends, *ends[at:]]


def _character(match):
    """The character of an entity or of a control code read as Windows-1252."""
    entity, control = match.groups()
    if control:
        code = ord(control)
    elif entity[0] == "#":
        code = int(entity[2:], 16) if entity[1] in "xX" else int(entity[1:])
    else:
        code = html.entities.name2codepoint.get(entity, ord("'") if entity == "apos" else None)
        if code is None:
            return match.group()
    if 0x80 <= code < 0xA0:
        return bytes([code]).decode("cp1252", "replace")
    return "\ufffd" if not 0 < code < 0x110000 or 0xD800 <= code < 0xE000 else chr(code)


def _matched(text, word, start):
    """The span of `word` if it is at `start` in any case and form, else None.

    White space inside the word is skipped, since line breaks within sentences are dropped.
    """
    at, left = start, _folded(word) or word
    while left:
        piece = _folded(text[at : at + 1])
        if at >= len(text) or not left.startswith(piece.strip()):
            return None
        left = left[len(piece.strip()) :]
        at += 1
    while at < len(text) and unicodedata.combining(text[at]):
        at += 1
    return (start, at) if at > start else None


def _found(text, word, following, at, lost):
    """The span of the next occurrence of `word` that `following` follows, or None."""
    end = at + _REACH + 4 * lost
    start = text.find(word, at, end) if word else -1
    while start >= 0:
        stop = start + len(word)
        if following is None or _matched(text, following, _BLANKS.match(text, stop).end()):
            return start, stop
        start = text.find(word, start + 1, end)
    return None


def _folded(text):
    """`text` regardless of case, accents and compatibility forms."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))
