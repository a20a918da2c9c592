"""Splits sentences into words, with a regular expression that inserts spaces around them."""

import tensorflow as tf

from hanlib.text import abbreviations as abbr
from hanlib.text.shapes import as_strings, split_strings

# A letter, mark or digit of a script that separates words by spaces.
_CHARACTER = (
    r"(?:[^\p{P}\p{S}\p{Z}\p{C}\p{Han}\p{Hiragana}\p{Katakana}\x{30fc}\s]|[\x{200c}\x{200d}])"
)
_BEYOND_ASCII = _CHARACTER.replace("[^", r"[^\x00-\x7f")
_JOINER = r"(?:['’ʼ&_‐‑-]|\*+)"
_TAIL = r"[^\s<>\"“”「」『』（），。！？；：、]*[^\s<>\"“”「」『』（），。！？；：、.,:;!?'’)\]}…*]"
_DOMAINS = "com|org|net|edu|gov|mil|info|biz|tv|io|co|uk|ca|au|de|fr|es|nl|eu|ch|jp|cn|ru|br"
_EMOJI = (
    r"[\x{a9}\x{ae}\x{203c}\x{2049}\x{2122}\x{2139}\x{2190}-\x{21ff}\x{2300}-\x{23ff}"
    r"\x{24c2}\x{25a0}-\x{27bf}\x{2900}-\x{297f}\x{2b00}-\x{2bff}\x{3030}\x{303d}\x{3297}\x{3299}"
    r"\x{1f000}-\x{1faff}]"
)
_MODIFIER = r"[\x{fe0e}\x{fe0f}\x{20e3}\x{1f3fb}-\x{1f3ff}\x{e0020}-\x{e007f}]"

# Contractions that are already split, as in the Penn Treebank: `do n't`, `it 's`. Not a quotation
# such as `the 's' key` or `a 're-make'`.
_SPLIT_CONTRACTION = r"([\p{L}\p{N}]) +((?i:n['’ʼ]t|['’ʼ](?:s|m|d|re|ve|ll))(?:[\s.,:;!?)\]…]|$))"

# The first matching alternative is used; text that matches none is split at spaces only.
_WORD = "|".join(
    [
        r"[\x{1f1e6}-\x{1f1ff}]{2}|[0-9#*]\x{fe0f}?\x{20e3}",
        rf"(?:https?://|ftp://|www\.){_TAIL}",
        r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
        rf"(?:[a-zA-Z0-9][a-zA-Z0-9-]*\.)+(?:{_DOMAINS})\b(?:/{_TAIL})?",
        rf"[@#]{_CHARACTER}[_\p{{L}}\p{{M}}\p{{N}}]*",
        # Before abbreviations: `\b` is ASCII only, and would find `al.` in `général.`
        rf"[a-zA-Z0-9]*{_BEYOND_ASCII}{_CHARACTER}*(?:{_JOINER}{_CHARACTER}+)*",
        rf"\b(?:{abbr.ACRONYM}|{abbr.TITLES}|{abbr.COMPANIES}|etc)\.",
        # An initial inside a sentence; a final letter is separated from its full stop.
        r"\b\p{Lu}\. ",
        rf"{_CHARACTER}*\d(?:[.,:/-]?\d)*{_CHARACTER}*(?:['’-]{_CHARACTER}+)*",
        rf"{_CHARACTER}+(?:{_JOINER}{_CHARACTER}+)+",
        r"['’](?i:s|t|m|d|re|ve|ll|em|\d0s)\b",
        r"[:;]'?-?[()|/\\\]\[]|[:;]-?[DPp]\b|<3\b",
        rf"{_EMOJI}(?:{_MODIFIER}|\x{{200d}}{_EMOJI})*",
        r"\.{2,}|…+|[!?]{2,}|-{2,}|\*{2,}|={2,}|_{2,}|~{2,}|[。！？]{2,}|—{2,}",
        r"[\p{Katakana}\x{30fc}]+",
        r"[\p{Han}\p{Hiragana}]\p{M}*",
        r"[^\p{L}\p{M}\p{N}\s\x{200c}\x{200d}]\p{M}*",
    ]
)


def split_words(sentences):
    """Splits sentences into words, without changing their characters.

    - Each punctuation mark is a word; a run of marks (`...`, `?!!`, `--`) is one word.
    - Contractions are one word (`don't`, `it's`, `l'eau`, also with a curly apostrophe), to keep
      negation and verb together; so are `rock'n'roll`, `well-made`, `R&B`, `f**k` and
      `snake_case`. Contractions that are already split (`do n't`, `it 's`) are joined, so that
      tokenized text has the words of plain text.
    - Numbers keep their separators (`3.14`, `1,000.50`, `v2.0.1`, `8/10`, `10:30`, `1990's`);
      currency and percent signs are words (`$`, `50`, `%`).
    - URLs, e-mail addresses, `#hashtags`, `@mentions`, emoticons (`:-)`) and emoji (with skin
      tone, joined, flags) are one word each.
    - Abbreviations keep their full stop (`Mr.`, `U.S.`, `e.g.`), and initials inside a sentence.
    - A Han or hiragana character is one word, a run of katakana is one; Korean is split at spaces.
      Scripts without spaces between words, such as Thai, are not segmented.
    - Combining marks belong to their word: accents may be composed or decomposed.

    Args:
        sentences: `<string>` of any shape, including ragged, as returned by `split_sentences`.

    Returns:
        Ragged `<string>[..., (words)]`; joined, the words are the text without white space.

    Raises:
        TypeError: if `sentences` does not hold strings.
        ValueError: if the number of dimensions of `sentences` is unknown.

    >>> from hanlib.text import split_words
    >>> split_words(["Didn't cost $1,000.50..."]).to_list()
    [[b"Didn't", b'cost', b'$', b'1,000.50', b'...']]
    """
    return split_strings(_split_words, as_strings(sentences, "sentences"))


def _split_words(sentences):
    joined = tf.strings.regex_replace(sentences, _SPLIT_CONTRACTION, r"\1\2")
    return tf.strings.split(tf.strings.regex_replace(joined, _WORD, r" \0 "))
