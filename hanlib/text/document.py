"""Splits raw documents into sentences and words."""

from hanlib.text.normalization import normalize
from hanlib.text.rows import continue_rows
from hanlib.text.sentences import split_sentences
from hanlib.text.shapes import as_strings
from hanlib.text.words import split_words


def split_document(text, max_sentence_words=None):
    """Splits raw documents into sentences and words.

    Args:
        text: `<string>[docs]`.
        max_sentence_words: longer sentences continue in the next row; `None` for no limit.

    Returns:
        Ragged `<string>[docs, (sentences), (words)]`. A blank document has no sentences.

    Raises:
        TypeError: if `text` does not hold strings.
        ValueError: if `text` is a scalar, or `max_sentence_words` is not positive.

    >>> from hanlib.text import split_document
    >>> split_document(["Loved it!<br /><br />Don't miss it.", ""]).to_list()
    [[[b'Loved', b'it', b'!'], [b"Don't", b'miss', b'it', b'.']], []]
    """
    text = as_strings(text)
    if text.shape.rank == 0:
        raise ValueError("`text` must have a dimension, [docs]. Received: a single string")
    words = split_words(split_sentences(normalize(text)))
    return words if max_sentence_words is None else continue_rows(words, max_sentence_words)
