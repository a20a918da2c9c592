"""Documents of the models that label items: raw texts, lists of sentences, or lists of words."""

import numpy as np
import tensorflow as tf

from hanlib.evidence.labeled_text import joined
from hanlib.evidence.spans import word_spans
from hanlib.explain.inputs import Surface
from hanlib.layers.text_functions import sentences_and_words
from hanlib.layers.texts import as_strings


def as_split_documents(x, item):
    """The documents as a list, and whether they are split into items.

    Args:
        x: A list of strings, or a list of lists of strings.
        item: The name of an item, for messages: "sentence" or "word".

    Returns:
        A list of `str`, or a list of lists of `str`; a `bool`.

    Raises:
        ValueError: If `x` is neither, or mixes both.

    >>> as_split_documents(["A text."], "sentence"), as_split_documents([["A", "text"]], "word")
    ((['A text.'], False), ([['A', 'text']], True))
    """
    expected = f"`x` must be a list of texts, or a list of documents that are lists of {item}s"
    if isinstance(x, (str, bytes)) or not hasattr(x, "__iter__") or hasattr(x, "element_spec"):
        raise ValueError(f"{expected}. Received: {x!r:.80}")
    documents = x.tolist() if isinstance(x, np.ndarray) or hasattr(x, "iloc") else list(x)
    split = {not isinstance(document, (str, bytes)) for document in documents}
    if len(split) > 1:
        raise ValueError(f"{expected}, not both. Received: a list with texts and lists")
    split = split == {True}
    if not split:
        return [_text(document) for document in documents], False
    found = []
    for document in documents:
        if not hasattr(document, "__iter__") or isinstance(document, dict):
            raise ValueError(f"{expected}. Received: a document {document!r:.80}")
        wrong = [part for part in document if not isinstance(part, (str, bytes))]
        if wrong:
            raise ValueError(f"{expected} as strings. Received: a {item} {wrong[0]!r:.80}")
        found.append([_text(part) for part in document])
    return found, True


def tokens_of_split(vectorizer, documents, split, item):
    """The `Tokens` of a list of documents.

    Args:
        vectorizer: A `DocumentVectorizer`.
        documents, split: What `as_split_documents` returns.
        item: "sentence" or "word".
    """
    if not split:
        return vectorizer.tokenize(tf.constant(_encoded(documents), tf.string))
    parts = [part for document in documents for part in document]
    flat = as_strings(parts) if parts else tf.zeros([0], tf.string)
    lengths = tf.constant([len(document) for document in documents], tf.int64)
    ragged = tf.RaggedTensor.from_row_lengths(flat, lengths)
    if item == "word":
        return vectorizer.tokenize_words(ragged)
    return vectorizer.tokenize_sentences(ragged)


class _GivenWords(Surface):
    """A document that was given as words: its text is the words, joined by spaces."""

    def word_spans(self):
        return joined(self.words)[1]


class _GivenSentences(Surface):
    """A document that was given as sentences: its text is the sentences, joined by spaces."""

    def sentence_spans(self, spans):
        return joined(self.sentences)[1]


def surface_of_split(vectorizer, document, split, item):
    """The `hanlib.explain.inputs.Surface` of one document.

    Args:
        vectorizer, split, item: As in `tokens_of_split`.
        document: A text, or a list of items.
    """
    tokens = tokens_of_split(vectorizer, [document], split, item)
    lengths = tokens.row_lengths.numpy().tolist()
    if split and item == "word":
        text = joined(document)[0]
        return _GivenWords(text, document, [text] * len(lengths), lengths)
    words = [_text(word) for word in tokens.words.numpy()]
    if split:
        return _GivenSentences(joined(document)[0], words, document, lengths)
    sentences = [_text(sentence) for sentence in tokens.sentences.numpy()]
    return Surface(document, words, sentences, lengths)


def words_with_spans(text):
    """The words of a text, split as models split it by default.

    Returns:
        A list of sentences, each a list of `(word, start, end)` with the half-open span of
        characters of the word in the text.

    >>> words_with_spans("Go on. Why?")
    [[('Go', 0, 2), ('on', 3, 5), ('.', 5, 6)], [('Why', 7, 10), ('?', 10, 11)]]
    """
    _, words = sentences_and_words(tf.constant(_encoded([text])))
    sentences = [[_text(word) for word in sentence] for sentence in words[0].to_list()]
    spans = iter(word_spans(text, [word for sentence in sentences for word in sentence]))
    return [[(word, *next(spans)) for word in sentence] for sentence in sentences]


def _text(part):
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)


def _encoded(texts):
    # Lone surrogates cannot be encoded in UTF-8.
    return [text.encode("utf-8", "replace") for text in texts]
