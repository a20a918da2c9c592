"""The documents to explain: their ids, and the text of their words and sentences."""

import itertools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from hanlib.evidence.spans import sentence_span, word_spans
from hanlib.explain.documents import Documents
from hanlib.layers.documents import as_documents, is_text


class Surface(NamedTuple):
    """The text of the words and sentences of one document.

    Attributes:
        text: the document, or None if only ids were given.
        words: a list of `str`.
        sentences: a list of `str`.
        sentence_words: words per sentence.
    """

    text: object
    words: list
    sentences: list
    sentence_words: list

    def word_spans(self):
        """`(start, end)` of each word in the text; `(None, None)` if there is no text."""
        if self.text is None:
            return [(None, None)] * len(self.words)
        return word_spans(self.text, self.words)

    def sentence_spans(self, spans):
        """`(start, end)` of each sentence, from the spans of the words."""
        ends = itertools.accumulate(self.sentence_words)
        return [
            sentence_span(spans[end - length : end])
            for end, length in zip(ends, self.sentence_words, strict=True)
        ]


def check_not_single(documents):
    """Raises `ValueError` for a string in place of a list of documents."""
    if isinstance(documents, (str, bytes)):
        raise ValueError(
            "`documents` must be a list of documents, not a single string. "
            f"Received: {documents!r:.80}"
        )


def read_inputs(classifier, documents):
    """Tokenizes documents in any form that the classifier accepts.

    Args:
        classifier: a `DocumentClassifier`.
        documents: a list of strings, or ids as `DocumentClassifier.predict` takes them.

    Returns:
        `Documents`, and a list with the `Surface` of each.

    Raises:
        ValueError: if they are not documents, or they are strings and the classifier has no
            vectorizer.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> vectorizer = DocumentVectorizer(vocabulary=["good", "film"])
    >>> classifier = DocumentClassifier(vectorizer, HAN(vectorizer.vocabulary_size), classes=2)
    >>> documents, surfaces = read_inputs(classifier, ["A good film. Go!"])
    >>> documents.words.tolist(), surfaces[0].sentences
    ([1, 2, 3, 1, 1, 1], ['A good film.', 'Go!'])
    """
    check_not_single(documents)
    if not is_text(documents):
        return _of_ids(classifier, as_documents(documents))
    if classifier.vectorizer is None:
        raise ValueError(
            "`documents` must be ids: this classifier has no vectorizer. Received: strings"
        )
    tokens = classifier.vectorizer.tokenize(as_documents(documents))
    documents_read = Documents(
        *(part.numpy() for part in (tokens.ids, tokens.row_lengths, tokens.sentence_rows)),
        tokens.document_sentences.numpy(),
    )
    texts = [_as_text(document) for document in _listed(documents)]
    surfaces = _surfaces(documents_read, texts, _decoded(tokens.words), _decoded(tokens.sentences))
    return documents_read, list(surfaces)


def _surfaces(documents, texts, words, sentences):
    sentence_words = documents.sentence_words.tolist()
    word = sentence = 0
    for text, count, length in zip(
        texts,
        documents.document_sentences.tolist(),
        documents.document_words.tolist(),
        strict=True,
    ):
        inside = slice(sentence, sentence + count)
        yield Surface(text, words[word : word + length], sentences[inside], sentence_words[inside])
        word, sentence = word + length, sentence + count


def _of_ids(classifier, ids):
    found = classifier.encoder.hierarchy(ids)
    lengths = [of_level.numpy().astype(np.int32) for of_level in found.lengths]
    if len(lengths) == 1:  # Documents without sentences: each is one row.
        lengths = [lengths[0][lengths[0] > 0], (lengths[0] > 0).astype(np.int32)]
    row_lengths, document_rows = lengths
    documents = Documents(
        found.words.numpy().astype(np.int32),
        row_lengths,
        np.ones_like(row_lengths),
        document_rows,
    )
    words = _spelled(classifier.vectorizer, documents.words)
    sentences = [
        " ".join(words[end - length : end])
        for end, length in zip(np.cumsum(row_lengths), row_lengths, strict=True)
    ]
    texts = [None] * documents.count
    return documents, list(_surfaces(documents, texts, words, sentences))


def _spelled(vectorizer, ids):
    """Words of the vocabulary for ids, or the ids as text."""
    if vectorizer is None:
        return list(map(str, ids.tolist()))
    return vectorizer.words(ids)


def _listed(documents):
    return documents.numpy().tolist() if isinstance(documents, tf.Tensor) else documents


def _as_text(document):
    return document.decode("utf-8", "replace") if isinstance(document, bytes) else str(document)


def _decoded(strings):
    return [string.decode("utf-8", "replace") for string in strings.numpy().tolist()]
