"""Splits text into sentences, with regular expressions that insert separators.

RE2 has no lookahead, so a rule that depends on the next character includes it in the replacement
(`\\1<break>\\2`), and a full stop that does not end a sentence is marked first. Break and mark are
control characters, which `normalize` has removed from the text.
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
# `held as of March\n16.` is not a list.
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
    """Splits normalized text into sentences, without changing their words.

    A sentence ends
    - at one or more full stops, question or exclamation marks, with closing quotes and brackets,
      if white space follows; at 。！？ also without white space;
    - not after titles, initials and abbreviations (`Mr.`, `J. R. R.`, `vs.`). After abbreviations
      that can end a sentence (`U.S.`, `a.m.`, `Inc.`, `etc.`) it ends if the next word is a common
      first word of a sentence (`The`, `He`, `In`);
    - not at an ellipsis, or at a mark inside quotes or brackets, if the text continues in lower
      case (`wait... what`, `"No!" he said`).

    A sentence ends at a newline if
    - the line ends with `. ! ? … : ;` (but not with an abbreviation) or is blank, or the next line
      is indented by two spaces or a tab or begins with a bullet or a number (`- `, `2. `, `(a) `);
    - the next line begins with a common first word of a sentence, or with a Chinese or Japanese
      character;
    - the next line begins with a capital letter, and this line has at most 40 characters (a title,
      list or verse) or at least 90 (one paragraph per line);
    - it is the first line and is written in capitals (a headline).
    All other newlines are treated as line wrapping, and become spaces.

    Args:
        text: `<string>` of any shape, including ragged, as returned by `normalize`.

    Returns:
        Ragged `<string>[..., (sentences)]`, without blank sentences; blank text has no sentences.

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
    # A tab marks a newline that is a break only after final punctuation.
    text = replace(text, _LONG_LINE, "\\1\t")
    return replace(text, _SHORT_LINE, rf"{_BREAK}\1")
