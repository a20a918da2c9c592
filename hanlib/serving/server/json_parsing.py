"""JSON as TensorFlow Serving reads it: RapidJSON's grammar, its messages and its offsets.

Python's parser reads what both read alike, at its speed. What it refuses, or would read in
another way (NaN, huge numbers, surrogates, bytes that are not UTF-8), goes to `RapidJSON`.

Bytes of a string that are not UTF-8 stand in the `str` as surrogates (`surrogateescape`).
"""

import json
import re

from hanlib.serving.server.status import invalid

# What TensorFlow's tensors can hold is far below; the bound keeps the recursion off the stack.
MAX_DEPTH = 200

# Escaped surrogates, exponents of three digits, integers near 64 bits.
_UNUSUAL = re.compile(rb"\\u[dD][89a-fA-F]|[0-9][eE]\+?[0-9]{3}|[0-9]{18}")
_SPACE = re.compile(rb"[ \t\n\r]*")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_DIGITS = re.compile(rb"[0-9]*")
_INTEGER = re.compile(rb"0|[1-9][0-9]*")
_TOO_BIG = 17976931348623157 * 10**292
_ESCAPES = {
    **{letter: bytes([letter]) for letter in b'"/\\'},
    **dict(zip(b"bfnrt", (b"\b", b"\f", b"\n", b"\r", b"\t"), strict=True)),
}


class RepeatedKeys(dict):
    """An object that has a key twice: the first counts, `pairs` holds all."""

    def __init__(self, pairs):
        super().__init__(reversed(pairs))
        self.pairs = pairs


def parse(body):
    """The object in the `bytes` of a request.

    Raises:
        StatusError: INVALID_ARGUMENT, with RapidJSON's message and offset.

    >>> parse(b'{"instances": ["a"]}')
    {'instances': ['a']}
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    return _fast(body) if not _UNUSUAL.search(body) else RapidJSON(body).document()


def _fast(body):
    try:
        return json.loads(body.decode(), object_pairs_hook=members, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return RapidJSON(body).document()


def _refuse_constant(name):
    raise ValueError(name)


def members(pairs):
    """An object of its `(key, value)` pairs."""
    made = dict(pairs)
    return made if len(made) == len(pairs) else RepeatedKeys(pairs)


class RapidJSON:
    """A parser of `bytes` that fails where RapidJSON 1.1.0 fails (with `kParseNanAndInfFlag`)."""

    def __init__(self, body):
        self.body = body
        self.at = 3 if body.startswith(b"\xef\xbb\xbf") else 0

    def document(self):
        """The value of the whole body."""
        self.skip_space()
        if self.peek() == 0:
            self.fail("The document is empty.")
        value = self.value(0)
        self.skip_space()
        if self.peek() != 0:  # After a NUL anything may follow.
            self.fail("The document root must not be followed by other values.")
        return value

    def value(self, depth):
        """The value that starts here."""
        first = self.peek()
        if first in b"{[":
            if depth == MAX_DEPTH:
                self.fail("Terminate parsing due to Handler error.")
            return self.object(depth + 1) if first == ord("{") else self.array(depth + 1)
        if first == ord('"'):
            return self.string()
        for word, meaning in ((b"null", None), (b"true", True), (b"false", False)):
            if first == word[0]:
                self.word(word)
                return meaning
        return self.number()

    def object(self, depth):
        self.at += 1
        pairs = []
        self.skip_space()
        if self.take(b"}"):
            return {}
        while True:
            if self.peek() != ord('"'):
                self.fail("Missing a name for object member.")
            name = self.string()
            self.skip_space()
            if not self.take(b":"):
                self.fail("Missing a colon after a name of object member.")
            self.skip_space()
            pairs.append((name, self.value(depth)))
            self.skip_space()
            if self.take(b"}"):
                return members(pairs)
            if not self.take(b","):
                self.fail("Missing a comma or '}' after an object member.")
            self.skip_space()

    def array(self, depth):
        self.at += 1
        values = []
        self.skip_space()
        if self.take(b"]"):
            return values
        while True:
            values.append(self.value(depth))
            self.skip_space()
            if self.take(b"]"):
                return values
            if not self.take(b","):
                self.fail("Missing a comma or ']' after an array element.")
            self.skip_space()

    def string(self):
        self.at += 1
        parts = []
        while True:
            plain = _PLAIN.match(self.body, self.at)
            parts.append(plain[0])
            self.at = plain.end()
            if self.take(b'"'):
                return b"".join(parts).decode("utf-8", "surrogateescape")
            if self.peek() == 0:
                self.fail("Missing a closing quotation mark in string.")
            if self.peek() != ord("\\"):
                self.fail("Invalid escape character in string.")
            parts.append(self.escape())

    def escape(self):
        start = self.at
        self.at += 1
        letter = self.peek()
        self.at += 1
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter != ord("u"):
            self.fail("Invalid escape character in string.", start)
        code = self.hexadecimal(start)
        if 0xD800 <= code <= 0xDBFF:
            low = self.hexadecimal(start) if self.take(b"\\") and self.take(b"u") else 0
            if not 0xDC00 <= low <= 0xDFFF:
                self.fail("The surrogate pair in string is invalid.", start)
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        return chr(code).encode("utf-8", "surrogatepass")

    def hexadecimal(self, start):
        digits = self.body[self.at : self.at + 4]
        if not re.fullmatch(rb"[0-9a-fA-F]{4}", digits):
            self.fail("Incorrect hex digit after \\u escape in string.", start)
        self.at += 4
        return int(digits, 16)

    def number(self):
        start = self.at
        minus = self.take(b"-")
        if self.peek() in b"NI":
            return self.constant(minus)
        whole = _INTEGER.match(self.body, self.at)
        if not whole:
            self.fail("Invalid value.")
        self.at = whole.end()
        if len(whole[0]) > 309 or int(whole[0]) >= _TOO_BIG:
            self.fail("Number too big to be stored in double.", start)
        integer = self.peek() not in b".eE"
        fraction = self.fraction()
        self.exponent(start, fraction)
        text = self.body[start : self.at]
        return _integer(int(text)) if integer else float(text)

    def fraction(self):
        if not self.take(b"."):
            return 0
        return self.digits("Miss fraction part in number.")

    def exponent(self, start, fraction):
        if not (self.take(b"e") or self.take(b"E")):
            return
        minus = self.take(b"-")
        if not minus:
            self.take(b"+")
        first = self.at
        count = self.digits("Miss exponent in number.")
        if not minus and count > 1 and int(self.body[first : self.at][-400:]) > 308 + fraction:
            self.fail("Number too big to be stored in double.", start)

    def digits(self, missing):
        found = _DIGITS.match(self.body, self.at)
        if not found[0]:
            self.fail(missing)
        self.at = found.end()
        return len(found[0])

    def constant(self, minus):
        if self.peek() == ord("N"):
            self.word(b"NaN")
            return float("nan")
        self.word(b"Inf")
        if self.peek() == ord("i"):
            self.word(b"inity")
        return float("-inf" if minus else "inf")

    def word(self, expected):
        for letter in expected:
            if self.peek() != letter:
                self.fail("Invalid value.")
            self.at += 1

    def skip_space(self):
        self.at = _SPACE.match(self.body, self.at).end()

    def peek(self):
        """The byte here; 0 at the end, as RapidJSON's streams have it."""
        return self.body[self.at] if self.at < len(self.body) else 0

    def take(self, letter):
        """Goes over `letter` where it stands here."""
        if self.body[self.at : self.at + 1] == letter:
            self.at += 1
            return True
        return False

    def fail(self, message, offset=None):
        offset = self.at if offset is None else offset
        raise invalid(f"JSON Parse error: {message} at offset: {offset}")


def _integer(value):
    """An integer that fits no 64 bits is a double."""
    return value if -(2**63) <= value < 2**64 else float(value)
