"""Characters that no page and no terminal can take, replaced one for one so that spans stay."""

import re

# Control pictures (U+2400 ...) show which control character stood there.
_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"}
_PICTURES[0x7F] = 0x2421
_UNSHOWN = re.compile("[\x80-\x9f\ud800-\udfff\ufffe\uffff]")


def shown(text):
    """`text` without control characters and lone surrogates, of the same length.

    A NUL ends strings elsewhere, an escape steers a terminal, a lone surrogate has no UTF-8.

    >>> shown("a\\x00b\\x1b[31m \\ud800.")
    'a␀b␛[31m �.'
    """
    return _UNSHOWN.sub("\ufffd", str(text).translate(_PICTURES))


def on_one_line(text):
    """`text` as `shown`, with each run of white space as one space.

    >>> on_one_line(" two\\r\\n\\nlines ")
    'two lines'
    """
    return " ".join(shown(text).split())
