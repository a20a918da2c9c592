"""What comes in, as ids and as the words and sentences that people see."""

import itertools
import weakref
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from hanlib.explain.documents import Documents, sums
from hanlib.explain.spans import sentence_span, word_spans
from hanlib.models.batches import as_documents, is_text


class Surface(NamedTuple):
    """How one document reads.

    Attributes:
        text: the document, or None where only ids came.
        words: surface forms, a list of `str`.
        sentences: surface forms of the sentences.
        sentence_words: words a sentence.
    """

    text: object
    words: list
    sentences: list
    sentence_words: list

    def word_spans(self):
        """`(start, end)` of each word in the text; None where there is no text."""
        if self.text is None:
            return [(None, None)] * len(self.words)
        return word_spans(self.text, self.words)

    def sentence_spans(self, spans):
        """`(start, end)` of each sentence, from the spans of the words."""
        ends = list(itertools.accumulate(self.sentence_words))
        return [
            sentence_span(spans[end - length : end])
            for end, length in zip(ends, self.sentence_words, strict=True)
        ]


def read(classifier, documents):
    """Documents of any kind that the classifier takes.

    Args:
        classifier: a `DocumentClassifier`.
        documents: a list of strings, or ids as `DocumentClassifier.predict` takes them.

    Returns:
        `Documents`, and a list with the `Surface` of each.

    Raises:
        ValueError: if they are not documents, or texts and the classifier has no vectorizer.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> vectorizer = DocumentVectorizer(vocabulary=["good", "film"])
    >>> classifier = DocumentClassifier(vectorizer, HAN(vectorizer.vocabulary_size), classes=2)
    >>> documents, surfaces = read(classifier, ["A good film. Go!"])
    >>> documents.words.tolist(), surfaces[0].sentences
    ([1, 2, 3, 1, 1, 1], ['A good film.', 'Go!'])
    """
    if not is_text(documents):
        return _read_ids(classifier, as_documents(documents))
    if classifier.vectorizer is None:
        raise ValueError(
            "`documents` must be ids: this classifier has no vectorizer. Received: strings"
        )
    strings = as_documents(documents)
    texts = [_as_text(document) for document in _listed(documents)]
    return _read_texts(classifier.vectorizer, strings, texts)


def _read_texts(vectorizer, strings, texts):
    flat, sentences, row_lengths, document_rows = _splitter(vectorizer)(strings)
    ids = vectorizer.lookup(flat).numpy()
    flat, sentences = _decoded(flat), _decoded(sentences)
    row_lengths, document_rows = row_lengths.numpy(), document_rows.numpy()
    # Rows without words, which functions of one's own may make, are not read by the encoder.
    real = row_lengths > 0
    document_rows = sums(real.astype(np.int32), document_rows)
    row_lengths = row_lengths[real]
    sentences = list(itertools.compress(sentences, real))
    first = _first_rows(flat, row_lengths, document_rows, sentences, vectorizer.max_sentence_words)
    documents = Documents(
        ids.astype(np.int32),
        row_lengths,
        np.diff(np.append(np.flatnonzero(first), len(first))).astype(np.int32),
        sums(first.astype(np.int32), document_rows),
    )
    sentences = list(itertools.compress(sentences, first))
    return documents, list(_surfaces(documents, texts, flat, sentences))


def _first_rows(words, row_lengths, document_rows, sentences, most):
    """`<bool>[rows]`, whether each begins a sentence; the others continue one that is too long."""
    first = np.ones(len(row_lengths), bool)
    if most is None or not (row_lengths >= most).any():
        return first
    begins = np.zeros(len(row_lengths) + 1, bool)
    begins[np.cumsum(document_rows) - document_rows] = True
    seen, end = 0, 0
    for row, length in enumerate(row_lengths.tolist()):
        letters = sum(map(len, words[end : end + length]))
        end += length
        full = not begins[row] and row_lengths[row - 1] == most
        # The same sentence may come twice in a row: all its letters are seen when it ends.
        if full and sentences[row] == sentences[row - 1] and seen < _letters(sentences[row]):
            first[row] = False
            seen += letters
        else:
            seen = letters
    return first


def _letters(sentence):
    return len("".join(sentence.split()))


def _surfaces(documents, texts, words, sentences):
    sentence_words = documents.sentence_words.tolist()
    at_word = at_sentence = 0
    for text, count, length in zip(
        texts,
        documents.document_sentences.tolist(),
        documents.document_words.tolist(),
        strict=True,
    ):
        inside = slice(at_sentence, at_sentence + count)
        yield Surface(
            text, words[at_word : at_word + length], sentences[inside], sentence_words[inside]
        )
        at_word, at_sentence = at_word + length, at_sentence + count


def _read_ids(classifier, ids):
    found = classifier.encoder.hierarchy(ids)
    row_lengths, document_rows = (lengths.numpy().astype(np.int32) for lengths in found.lengths)
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
    vocabulary = vectorizer.get_vocabulary()
    return [vocabulary[number] for number in ids.tolist()]


_SPLITTERS = weakref.WeakKeyDictionary()


def _splitter(vectorizer):
    """The graph from texts to words, sentence of each row, words a row and rows a document."""
    if vectorizer not in _SPLITTERS:
        reference = weakref.ref(vectorizer)

        def split(texts):
            surface, sentences = reference().surface(texts), reference().sentences(texts)
            lengths = surface.values.row_lengths(), surface.row_lengths()
            row_lengths, document_rows = (tf.cast(part, tf.int32) for part in lengths)
            return surface.flat_values, sentences.values, row_lengths, document_rows

        signature = [tf.TensorSpec([None], tf.string)]
        _SPLITTERS[vectorizer] = tf.function(split, input_signature=signature)
    return _SPLITTERS[vectorizer]


def _listed(documents):
    return documents.numpy().tolist() if isinstance(documents, tf.Tensor) else documents


def _as_text(document):
    return document.decode("utf-8", "replace") if isinstance(document, bytes) else str(document)


def _decoded(strings):
    return [string.decode("utf-8", "replace") for string in strings.numpy().tolist()]
