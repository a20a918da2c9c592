"""Characters that no page and no terminal can take, replaced one for one so that spans stay."""

import re

_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def shown(text):
    """`text` without control characters and lone surrogates, of the same length.

    A NUL ends strings elsewhere, an escape steers a terminal, a lone surrogate has no UTF-8.

    >>> shown("a\\x00b\\x1b[31m \\ud800.")
    'a␀b␛[31m �.'
    """
    return _UNSHOWN.sub(_stand_in, str(text))


def _stand_in(match):
    # Control pictures (U+2400 ...) say which control character stood there.
    code = ord(match.group())
    return chr(0x2400 + code) if code < 32 else "\u2421" if code == 0x7F else "\ufffd"


def on_one_line(text):
    """`text` as `shown`, with each run of white space as one space.

    >>> on_one_line(" two\\r\\n\\nlines ")
    'two lines'
    """
    return " ".join(shown(text).split())
