"""JSON as TensorFlow Serving writes it, to the blank: RapidJSON's `PrettyWriter`.

Text is built as `str` whose characters are bytes (latin-1), because TensorFlow Serving passes on
the bytes of a string as they are.
"""

import contextlib
import math
import re

import numpy as np

# An error repeats the value it is about; deep nesting indents it without end.
MAX_ERROR_TEXT = 100_000

_SPECIAL = re.compile(r'["\\\x00-\x1f]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text):
    """A JSON string of bytes written as latin-1.

    >>> quoted('a "b"')
    '"a \\\\"b\\\\""'
    """
    if _SPECIAL.search(text):
        text = _SPECIAL.sub(_escape, text)
    return f'"{text}"'


def _escape(match):
    letter = match[0]
    return _SHORT.get(letter) or f"\\u{ord(letter):04X}"


def as_bytes(text):
    """The `str` of a request as latin-1 characters of its bytes."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def decimals(values):
    """The texts of a float array: six digits where they are exact, else all that count.

    >>> decimals(np.array([0.1, 1, 1 / 3, np.inf], "float32"))
    ['0.1', '1.0', '0.333333343', 'Infinity']
    """
    values = values.ravel()
    with np.errstate(over="ignore"):
        texts = [f"{value:.6g}" for value in values.tolist()]
        exact = np.array([float(text) for text in texts]).astype(values.dtype) == values
    digits = 9 if values.dtype == np.float32 else 17
    for index in np.flatnonzero(~exact):
        texts[index] = _rounded(float(values[index]), digits)
    return [_decimal(text) for text in texts]


def _rounded(value, digits):
    return "nan" if math.isnan(value) else f"{value:.{digits}g}"


def _decimal(text):
    if "." in text or "e" in text:
        return text
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text) or text + ".0"


def error_body(message):
    """The body of an error, as bytes.

    >>> error_body("No").decode()
    '{\\n    "error": "No"\\n}'
    """
    return f'{{\n    "error": {quoted(as_bytes(message))}\n}}'.encode("latin-1")


class _Full(Exception):
    pass


def value_text(value):
    """A value of a request as an error repeats it, cut at `MAX_ERROR_TEXT`.

    >>> value_text({"a": [1, "b"]})
    '{\\n    "a": [\\n        1,\\n        "b"\\n    ]\\n}'
    """
    if isinstance(value, float):
        largest = float(np.finfo(np.float32).max)
        single = -largest <= value <= largest
        return decimals(np.array([value], "float32" if single else "float64"))[0]
    parts = _Parts()
    with contextlib.suppress(_Full, RecursionError):
        _write(value, 1, parts)
    return "".join(parts).encode("latin-1").decode("utf-8", "surrogateescape")


class _Parts(list):
    length = 0

    def append(self, text):
        room = MAX_ERROR_TEXT - self.length
        super().append(text[:room])
        self.length += len(text)
        if len(text) > room:
            raise _Full


def _write(value, depth, parts):
    if isinstance(value, dict):
        pairs = getattr(value, "pairs", value.items())
        entries = [(quoted(as_bytes(name)) + ": ", inner) for name, inner in pairs]
        _write_entries("{}", entries, depth, parts)
    elif isinstance(value, list):
        _write_entries("[]", [("", inner) for inner in value], depth, parts)
    else:
        parts.append(_scalar(value))


def _write_entries(brackets, entries, depth, parts):
    parts.append(brackets[0])
    for index, (name, inner) in enumerate(entries):
        parts.append(("," if index else "") + "\n" + "    " * depth + name)
        _write(inner, depth + 1, parts)
    if entries:
        parts.append("\n" + "    " * (depth - 1))
    parts.append(brackets[1])


def _scalar(value):
    if isinstance(value, str):
        return quoted(as_bytes(value))
    if isinstance(value, float):
        if not math.isfinite(value):  # RapidJSON stops here.
            raise _Full
        return _shortest(value)
    return {None: "null", True: "true", False: "false"}[value] if _is_name(value) else str(value)


def _is_name(value):
    return value is None or isinstance(value, bool)


def _shortest(value):
    """A double as RapidJSON's Grisu prints it: no exponent below 1e21."""
    text = repr(value)
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    if 0 < int(exponent) < 21:
        return f"{int(value)}.0"
    return f"{mantissa}e{int(exponent)}"
