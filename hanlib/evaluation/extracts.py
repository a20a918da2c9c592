"""Extracts of documents for the summary of a report."""

import re

from hanlib.evidence.characters import on_one_line

_LINE_BREAKS = re.compile(r"(?i)(\s*<br\s*/?>\s*)+")


def extract(text, length, around=""):
    """A part of a text on one line, without line breaks of HTML.

    Args:
        text: The text.
        length: Maximum number of characters. A longer text is cut at a space.
        around: A part of the text, in lower case, that the extract contains.

    >>> extract("Fine.<br /><br />So  so.", 20), extract("a b c d e f g h", 5, around="f")
    ('Fine. So so.', '…f g h')
    """
    text = on_one_line(_LINE_BREAKS.sub(" ", text))
    if len(text) <= length:
        return text
    start = max(0, min(text.casefold().find(around) - length // 2, len(text) - length))
    start = text.find(" ", start) + 1 if start else 0
    end = start + length
    if end >= len(text):
        return f"…{text[start:]}"
    cut = text.rfind(" ", start, end + 1)
    found = text[start : cut if cut > start else end].rstrip()
    return f"{'…' if start else ''}{found}…"
