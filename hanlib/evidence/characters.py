"""Characters that no page and no terminal can take, replaced one for one so that spans stay."""

import re
import unicodedata

_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def shown(text):
    """`text` without control characters and lone surrogates, of the same length.

    A NUL ends strings elsewhere, an escape steers a terminal, a lone surrogate has no UTF-8.

    >>> shown("a\\x00b\\x1b[31m \\ud800.")
    'a␀b␛[31m �.'
    """
    return _UNSHOWN.sub(_stand_in, str(text))


def _stand_in(match):
    # Windows-1252, as `hanlib.text` reads it, and the symbols of control characters (U+2400 ...).
    code = ord(match.group())
    return chr(0x2400 + code) if code < 32 else "\u2421" if code == 0x7F else _windows_1252(code)


def _windows_1252(code):
    return bytes([code]).decode("cp1252", "replace") if code < 0xA0 else "\ufffd"


def on_one_line(text):
    """`text` as `shown`, with each run of white space as one space.

    >>> on_one_line(" two\\r\\n\\nlines ")
    'two lines'
    """
    return " ".join(shown(text).split())


def columns(text):
    """Columns that a text takes in a terminal: two for a wide character, none for a combining one.

    >>> columns("abc"), columns("很好"), columns("e\\u0301")
    (3, 4, 1)
    """
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def fitted(text, width):
    """`text` on one line, cut to `width` columns.

    >>> fitted("an endless sentence", 11), fitted("很好的电影", 7)
    ('an endless…', '很好的…')
    """
    text = on_one_line(text)
    if columns(text) <= width:
        return text
    while text and columns(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"
