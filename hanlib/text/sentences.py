"""Sentences, by separators that regular expressions put into the text.

RE2 knows no lookahead, so a rule that needs the next character rewrites it along with the break
(`\\1<break>\\2`), and a full stop that must not break gets a mark behind it first. Both are control
characters, which `normalize` has removed from the text.
"""

import tensorflow as tf

from hanlib.text import abbreviations as abbr
from hanlib.text.shapes import as_strings, split_strings

_BREAK, _MARK = "\x1e", "\x1d"
_STOP = r"[.!?…؟۔।॥]"
_CLOSE = r"""["'”’»›)\]}*]"""
_ASIAN = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_STARTER = rf"(?:{abbr.STARTERS})(?:[\s,'’]|$)"

# A blank line, or a line that is indented.
_PARAGRAPH = r"\s*\n[ \t]*(?:\n[ \t]*)+|\n(?:  | ?\t)[ \t]*"
_BULLET = (
    r"[\n ]*([•▪◦‣●■]\s)"
    r"|\n ?((?:[-*+>–—·]|\d{1,2}[.)]|\([0-9a-zA-Z]{1,2}\)|[a-z]\))\s)"
)
# `held as of March\n16.` is no list.
_DATE = rf"\b((?:{abbr.MONTHS})\.?) ?\n(\d)"
_LINE_THAT_STARTS = rf"\n *({_STARTER}|{_ASIAN})"
_HEADLINE = r"\A([^\p{Ll}\n]*\p{Lu}[^\p{Ll}\n]*)\n"
_VERY_LONG_LINE = r"([^\n\x1e]{90} *)\n *(\p{Lu})"
_LONG_LINE = r"([^\n\x1e]{40} *)\n"
_SHORT_LINE = r" *\n *(\p{Lu})"

_SOFT = rf"{abbr.ACRONYM}|{abbr.COMPANIES}|{abbr.PERIODS}"
# `in the U.S. He`; `etc. Tom`; `great.The next`.
_SURE = (
    rf"(\b(?:{_SOFT}|\p{{Lu}})\.{_CLOSE}*)\s+({_STARTER})"
    rf"|(\betc\.{_CLOSE}*)\s+(\p{{Lu}})"
    rf"|(\p{{Ll}}\p{{Ll}}{_STOP}+{_CLOSE}*)(\p{{Lu}}\p{{Ll}}*['’]?\p{{Ll}}* )"
    rf"|([!?]+{_CLOSE}*)({_ASIAN})"
)
# `Mr.`, `J.`, `e.g.`; `2.` where a sentence begins.
_ABBREVIATION = (
    rf"(?:^|[^\p{{L}}\p{{M}}\p{{N}}])(?:{_SOFT}|{abbr.TITLES}|\p{{Lu}})\."
    r"|(?:^|[\x1e\n\t]|[.!?,;:]\s)\(?\d{1,2}\."
)
# `wait... what`, `"No!" he said`; `No. 5`; `「行く。」と`.
_CONTINUED = (
    rf"(\.\.+|…|\.(?: \.)+|{_STOP}(?:{_CLOSE}| [)\]])+)( +[\p{{Ll}},])"
    rf"|(\b(?i:{abbr.BEFORE_NUMBERS})\.)(\s*\d)"
    r"|([。！？][」』])([とってはのを])"
)
_FULL_STOP = (
    rf"{_STOP}+(?:\s{_STOP}+)*(?: ?{_CLOSE})*[ ]*[\n\t]\s*|[:;][ ]*[\n\t]\s*"
    rf"|{_STOP}+(?:\s{_STOP}+)*(?:{_CLOSE}| [)\]])*\s+"
    r"|[。！？｡]+[。！？｡!?」』”’）】》〉\"')]*\s*"
)
_UNDO = rf"\x1e?({_STOP}*(?:{_CLOSE}| [)\]])*)\x1d"


def split_sentences(text):
    """Splits normalised text into its sentences, as they stand in the text.

    A sentence ends
    - at a full stop, a question or exclamation mark, or a run of them, with the quotes and
      brackets that close behind it, where white space follows; at 。！？ without any;
    - not behind titles, initials and abbreviations (`Mr.`, `J. R. R.`, `vs.`). Behind those that
      can end a sentence (`U.S.`, `a.m.`, `Inc.`, `etc.`) it does where the next word is one that
      begins sentences (`The`, `He`, `In`);
    - not at an ellipsis, or at a mark inside quotes or brackets, that goes on in lower case
      (`wait... what`, `"No!" he said`).

    A newline ends it where
    - the line ends in `. ! ? … : ;` (and no abbreviation), or is blank, or the next one is
      indented by two spaces or a tab or begins with a bullet or a number (`- `, `2. `, `(a) `);
    - the next line begins with a word that begins sentences, or with a Chinese or Japanese
      character;
    - the next line begins with a capital, and this one is no longer than 40 characters (a title, a
      list, verse) or no shorter than 90 (a paragraph a line);
    - the text begins with a line in capitals, a headline.
    All other newlines are taken for hard-wrapped text, and become spaces.

    Args:
        text: `<string>` of any shape, ragged too; what `normalize` returns.

    Returns:
        Ragged `<string>[..., (sentences)]`; no sentence is blank, blank text has none.

    Raises:
        TypeError: if `text` does not hold strings.
        ValueError: if the number of dimensions of `text` is unknown.

    >>> from hanlib.text import split_sentences
    >>> split_sentences(["Dr. Who came at 3 p.m. He left... eventually! Why?"]).to_list()
    [[b'Dr. Who came at 3 p.m.', b'He left... eventually!', b'Why?']]
    """
    return split_strings(_split_sentences, as_strings(text))


def _split_sentences(text):
    text = _break_lines(text)
    replace = tf.strings.regex_replace
    text = replace(text, _SURE, rf"\1\3\5\7{_BREAK}\2\4\6\8")
    text = replace(text, _ABBREVIATION, rf"\0{_MARK}")
    text = replace(text, _CONTINUED, rf"\1\3\5{_MARK}\2\4\6")
    text = replace(text, _FULL_STOP, rf"\0{_BREAK}")
    text = replace(text, _UNDO, r"\1")
    text = replace(text, r"\s*[\n\t]\s*", " ")
    sentences = tf.strings.split(text, sep=_BREAK)
    sentences = sentences.with_values(tf.strings.strip(sentences.values))
    return tf.ragged.boolean_mask(sentences, sentences.with_values(sentences.values != ""))


def _break_lines(text):
    """Turns the newlines that end a sentence into breaks."""
    replace = tf.strings.regex_replace
    text = replace(text, _PARAGRAPH, _BREAK)
    text = replace(text, _DATE, r"\1 \2")
    text = replace(text, _BULLET, rf"{_BREAK}\1\2")
    text = replace(text, _LINE_THAT_STARTS, rf"{_BREAK}\1")
    text = replace(text, _HEADLINE, rf"\1{_BREAK}")
    text = replace(text, _VERY_LONG_LINE, rf"\1{_BREAK}\2")
    # From here on a tab is a newline that only final punctuation can make a break.
    text = replace(text, _LONG_LINE, "\\1\t")
    return replace(text, _SHORT_LINE, rf"{_BREAK}\1")
