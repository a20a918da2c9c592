"""Text as it was meant: valid UTF-8, without mark-up, escapes and invisible characters."""

import tensorflow as tf

from hanlib.text.entities import decode_entities
from hanlib.text.shapes import as_strings, map_strings

# Real newline characters in every rewrite: an escape that RE2 does not know in a *rewrite*
# leaves the whole text unchanged, with no more than a line in the log.
_VALID = r"[\x{0}-\x{d7ff}\x{e000}-\x{10ffff}]*"
_BLOCK_TAGS = "br|hr|p|div|li|ul|ol|tr|table|blockquote|h[1-6]"
_LINE_BREAK = (
    rf"(?i:</?(?:{_BLOCK_TAGS})(?:\s[^<>]*)?/?>)"
    r"|\r\n?|\\r\\n|\\n|[\v\f\x{2028}\x{2029}]"
)
_ESCAPED_QUOTE = r'\\"|""'
_SPACE = r"[\x00-\x08\x0e-\x1f\x7f\x{a0}\x{1680}\x{2000}-\x{200b}\x{202f}\x{205f}\x{3000}]"
# Soft hyphen, direction marks, word joiner and its kin, byte order mark. The joiners U+200C and
# U+200D stay: they carry meaning in Persian, in Indic scripts and in emoji.
_INVISIBLE = r"[\x{ad}\x{61c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}]"


def normalize(text):
    r"""Cleans raw text and keeps everything that carries meaning, case included.

    - Invalid UTF-8 becomes U+FFFD; NUL and other control characters become spaces.
    - HTML: `<br>`, `<p>` and other tags that end a line become a newline. Entities (`&amp;`,
      `&eacute;`, `&#8217;`, `&#x2019;`) become their characters, once: `&amp;lt;` is `&lt;`. The
      control codes U+0080 to U+009F, which are Windows-1252 text in disguise, become that text.
    - The escapes of Yelp's and other CSV exports: a literal `\n` becomes a newline, `""` and `\"`
      become `"`.
    - CRLF and the rarer line ends become a newline, the rarer spaces a space; characters without
      any width (soft hyphen, direction marks, byte order mark) go.

    Args:
        text: `<string>` of any shape, ragged too.

    Returns:
        `<string>` of the same shape, valid UTF-8.

    Raises:
        TypeError: if `text` does not hold strings.

    >>> from hanlib.text import normalize
    >>> print(normalize("Fish &amp; chips<br />Caf&eacute;").numpy().decode())
    Fish & chips
    Café
    """
    return map_strings(_normalize, as_strings(text))


def _normalize(text):
    text = _valid(text)
    # Once before the entities, whose decoding needs two control characters of its own, and once
    # after, for the spaces and control codes that were written as entities.
    text = tf.strings.regex_replace(text, _SPACE, " ")
    text = decode_entities(text)
    text = tf.strings.regex_replace(text, _LINE_BREAK, "\n")
    text = tf.strings.regex_replace(text, _ESCAPED_QUOTE, '"')
    text = tf.strings.regex_replace(text, _SPACE, " ")
    return tf.strings.regex_replace(text, _INVISIBLE, "")


def _valid(text):
    """Replaces invalid bytes; the look is ten times cheaper than to transcode every text."""
    valid = tf.strings.regex_full_match(text, _VALID)

    def transcode():
        where = tf.where(~valid)
        replaced = tf.strings.unicode_transcode(tf.gather_nd(text, where), "UTF-8", "UTF-8")
        return tf.tensor_scatter_nd_update(text, where, replaced)

    return tf.cond(tf.reduce_all(valid), lambda: tf.identity(text), transcode)
