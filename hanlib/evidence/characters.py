"""Characters that cannot be displayed, replaced one for one so that spans stay valid."""

import re
import unicodedata

_NOT_PRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text):
    """`text` with control characters and lone surrogates replaced, of the same length.

    A NUL ends strings in other programs, an escape sequence controls a terminal, and a lone
    surrogate cannot be encoded in UTF-8. U+0080 to U+009F are read as Windows-1252, as
    `hanlib.text` does.

    >>> printable("a\\x00b\\x1b[31m \\ud800.")
    'a␀b␛[31m �.'
    >>> printable("next\\x85line")
    'next…line'
    """
    return _NOT_PRINTABLE.sub(_replacement, str(text))


def _replacement(match):
    code = ord(match.group())
    if 0x80 <= code < 0xA0:
        # Read as Windows-1252, as `hanlib.text` does.
        return bytes([code]).decode("cp1252", "replace")
    # Control pictures (U+2400 ...) show which control character it was.
    return chr(0x2400 + code) if code < 32 else "\u2421" if code == 0x7F else "\ufffd"


def on_one_line(text):
    """`text` as `printable`, with each run of white space as one space.

    >>> on_one_line(" two\\r\\n\\nlines ")
    'two lines'
    """
    return " ".join(printable(text).split())


def columns(text):
    """Columns that a text takes in a terminal: two for a wide character, none for a combining one.

    >>> columns("abc"), columns("很好"), columns("e\\u0301")
    (3, 4, 1)
    """
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def truncated(text, width):
    """`text` on one line, cut to `width` columns.

    >>> truncated("an endless sentence", 11), truncated("很好的电影", 7)
    ('an endless…', '很好的…')
    """
    text = on_one_line(text)
    if columns(text) <= width:
        return text
    while text and columns(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"
