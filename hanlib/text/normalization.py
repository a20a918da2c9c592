"""Normalizes text: valid UTF-8, without markup, escapes and invisible characters."""

import tensorflow as tf

from hanlib.text.entities import decode_entities
from hanlib.text.shapes import as_strings, map_strings

# Replacements contain real newline characters: if RE2 does not know an escape in a replacement, it
# leaves the whole text unchanged and only writes a log message.
_VALID = r"[\x{0}-\x{d7ff}\x{e000}-\x{10ffff}]*"
_BLOCK_TAGS = "br|hr|p|div|li|ul|ol|tr|table|blockquote|h[1-6]"
_LINE_BREAK = (
    rf"(?i:</?(?:{_BLOCK_TAGS})(?:\s[^<>]*)?/?>)"
    r"|\r\n?|\\r\\n|\\n|[\v\f\x{2028}\x{2029}]"
)
_ESCAPED_QUOTE = r'\\"|""'
_SPACE = r"[\x00-\x08\x0e-\x1f\x7f\x{a0}\x{1680}\x{2000}-\x{200b}\x{202f}\x{205f}\x{3000}]"
# Soft hyphen, direction marks, word joiner and similar characters, byte order mark. The joiners
# U+200C and U+200D are kept, since they are meaningful in Persian, in Indic scripts and in emoji.
_INVISIBLE = r"[\x{ad}\x{61c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}]"


def normalize(text):
    r"""Cleans raw text without changing its meaning; case is preserved.

    - Invalid UTF-8 becomes U+FFFD; NUL and other control characters become spaces.
    - HTML: `<br>`, `<p>` and other tags that end a line become a newline. Entities (`&amp;`,
      `&eacute;`, `&#8217;`, `&#x2019;`) are decoded once: `&amp;lt;` becomes `&lt;`. The control
      codes U+0080 to U+009F are decoded as Windows-1252.
    - The escapes of Yelp's and other CSV exports: a literal `\n` becomes a newline, `""` and `\"`
      become `"`.
    - CRLF and other line ends become a newline, and other spaces a space. Invisible characters
      (soft hyphen, direction marks, byte order mark) are removed.

    Args:
        text: `<string>` of any shape, including ragged.

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
    # Spaces are replaced before entities are decoded, which uses two control characters as
    # separators, and again afterwards, for spaces and control codes written as entities.
    text = tf.strings.regex_replace(text, _SPACE, " ")
    text = decode_entities(text)
    text = tf.strings.regex_replace(text, _LINE_BREAK, "\n")
    text = tf.strings.regex_replace(text, _ESCAPED_QUOTE, '"')
    text = tf.strings.regex_replace(text, _SPACE, " ")
    return tf.strings.regex_replace(text, _INVISIBLE, "")


def _valid(text):
    """Replaces invalid bytes; checking all texts is ten times faster than transcoding them."""
    valid = tf.strings.regex_full_match(text, _VALID)

    def transcode():
        where = tf.where(~valid)
        replaced = tf.strings.unicode_transcode(tf.gather_nd(text, where), "UTF-8", "UTF-8")
        return tf.tensor_scatter_nd_update(text, where, replaced)

    return tf.cond(tf.reduce_all(valid), lambda: tf.identity(text), transcode)
