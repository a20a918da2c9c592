"""Replaces characters that cannot be displayed, and measures text in terminal columns."""

import re
import unicodedata

_NOT_PRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text):
    """Replaces control characters and lone surrogates, one for one, so that spans stay valid.

    Other programs truncate strings at NUL, escape sequences control a terminal, and lone surrogates
    cannot be encoded in UTF-8. U+0080 to U+009F are decoded as Windows-1252, as in `hanlib.text`.

    >>> printable("a\\x00b\\x1b[31m \\ud800.")
    'a␀b␛[31m �.'
    >>> printable("next\\x85line")
    'next…line'
    """
    return _NOT_PRINTABLE.sub(_replacement, str(text))


def _replacement(match):
    code = ord(match.group())
    if 0x80 <= code < 0xA0:
        return bytes([code]).decode("cp1252", "replace")
    # U+2400 and following are pictures of the control characters.
    return chr(0x2400 + code) if code < 32 else "\u2421" if code == 0x7F else "\ufffd"


def on_one_line(text):
    """`printable(text)` with each run of white space replaced by one space.

    >>> on_one_line(" two\\r\\n\\nlines ")
    'two lines'
    """
    return " ".join(printable(text).split())


def columns(text):
    """The width of a text in a terminal: 2 for a wide character, 0 for a combining one, else 1.

    >>> columns("abc"), columns("很好"), columns("e\\u0301")
    (3, 4, 1)
    """
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def truncated(text, width):
    """`text` on one line, truncated to `width` columns.

    >>> truncated("an endless sentence", 11), truncated("很好的电影", 7)
    ('an endless…', '很好的…')
    """
    text = on_one_line(text)
    if columns(text) <= width:
        return text
    while text and columns(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"
