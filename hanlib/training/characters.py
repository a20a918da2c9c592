"""Tells whether words are single characters, as in Chinese."""

import itertools
import re

# Han and hiragana: `hanlib.text.split_words` makes each of them a word.
_CHARACTERS = (
    "\u3005-\u3007\u3041-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"([{_CHARACTERS}])|[^\W{_CHARACTERS}]+")
# The texts that are looked at, and characters of each.
_TEXTS, _LENGTH = 1_000, 1_000


def words_are_characters(texts):
    """Whether most words of the first texts are single Han or hiragana characters.

    Args:
        texts: Iterable of strings, of which 1,000 are looked at. Words are texts too.

    >>> words_are_characters(["酒店的房间很大。"]), words_are_characters(["A good film."])
    (True, False)
    """
    first = (text[:_LENGTH] for text in itertools.islice(texts, _TEXTS))
    single = [bool(word[1]) for text in first for word in _WORD.finditer(text)]
    return 2 * sum(single) > len(single)
