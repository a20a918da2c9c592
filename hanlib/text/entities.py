"""Decodes HTML entities, and Windows-1252 characters in text that was decoded as Latin-1."""

import html.entities

import numpy as np
import tensorflow as tf

_REPLACEMENT = 0xFFFD
_WINDOWS_1252 = [
    ord(bytes([byte]).decode("cp1252", errors="replace")) for byte in range(0x80, 0xA0)
]
_NAMED = {
    **html.entities.name2codepoint,
    "apos": ord("'"),
    **{chr(0x80 + offset): code for offset, code in enumerate(_WINDOWS_1252)},
}
_NAMES = np.array([name.encode() for name in _NAMED], dtype=object)
_CODES = np.array(list(_NAMED.values()), dtype=np.int32)

_ENTITY = r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,7});|([\x{80}-\x{9f}])"
_HOLDS_ENTITY = r"(?s).*(?:&#?[a-zA-Z0-9]{2,8};|[\x{80}-\x{9f}]).*"
# Separators that do not occur in the text, since control characters have been replaced.
_CUT, _MARK = "\x1f", "\x1e"


def decode_entities(text):
    """Replaces HTML entities, `<string>[n]` -> `<string>[n]`; unknown ones are not changed."""
    found = tf.strings.regex_full_match(text, _HOLDS_ENTITY)

    def decode():
        where = tf.where(found)
        decoded = _decode(tf.gather_nd(text, where))
        return tf.tensor_scatter_nd_update(text, where, decoded)

    # Most texts have no entities, and are only searched.
    return tf.cond(tf.reduce_any(found), decode, lambda: tf.identity(text))


def _decode(text):
    marked = tf.strings.regex_replace(text, _ENTITY, f"{_CUT}{_MARK}\\1\\2{_CUT}")
    pieces = tf.strings.split(marked, sep=_CUT)
    where = tf.where(tf.equal(tf.strings.substr(pieces.values, 0, 1), _MARK))
    names = tf.strings.substr(tf.gather_nd(pieces.values, where), 1, 16)
    values = tf.tensor_scatter_nd_update(pieces.values, where, _characters(names))
    return tf.strings.unsorted_segment_join(values, pieces.value_rowids(), pieces.nrows())


def _characters(names):
    """The characters of entities such as `#233`, `#xE9` and `eacute`; `&name;` if unknown."""
    same = tf.equal(names[:, tf.newaxis], tf.constant(_NAMES))
    named = tf.reduce_any(same, axis=1)
    numbered = tf.strings.regex_full_match(names, "#.*")
    code = tf.gather(tf.constant(_CODES), tf.argmax(tf.cast(same, tf.int8), axis=1))
    code = tf.where(numbered, _number(names), code)
    character = tf.strings.unicode_encode(code[:, tf.newaxis], "UTF-8")
    unknown = tf.strings.join(["&", names, ";"])
    return tf.where(named | numbered, character, unknown)


def _number(names):
    """The code points of entities such as `#233` and `#xE9`, corrected as in browsers."""
    hexadecimal = tf.strings.regex_full_match(names, "#[xX].*")
    digits = tf.strings.regex_replace(names, "[^0-9a-fA-F]", "")
    digits = tf.strings.substr(tf.strings.join(["0000000", digits]), -7, 7)
    values = tf.cast(tf.io.decode_raw(digits, tf.uint8, fixed_length=7), tf.int32)
    values = tf.where(values <= ord("9"), values - ord("0"), (values | 32) - ord("a") + 10)
    powers = np.arange(6, -1, -1)
    base = tf.where(hexadecimal[:, tf.newaxis], 16**powers, 10**powers)
    code = tf.reduce_sum(values * tf.cast(base, tf.int32), axis=1)
    window = tf.gather(tf.constant(_WINDOWS_1252), tf.clip_by_value(code - 0x80, 0, 31))
    code = tf.where((code >= 0x80) & (code < 0xA0), window, code)
    surrogate = (code >= 0xD800) & (code < 0xE000)
    return tf.where((code < 1) | (code > 0x10FFFF) | surrogate, _REPLACEMENT, code)
