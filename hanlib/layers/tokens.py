"""The result of tokenizing a batch of texts."""

import functools
from typing import NamedTuple

import tensorflow as tf

from hanlib.text import split_lengths


class Tokens(NamedTuple):
    """The concatenated words of a batch of documents, and their rows, sentences and documents.

    A row is a sequence of the encoder's lowest level: a sentence, or a part of a sentence that is
    longer than `max_sentence_words`. Rows and sentences are never empty; documents may be. All
    attributes are tensors, so a `tf.function` and `tf.data.Dataset.map` can return a `Tokens`.

    Attributes:
        words: `<string>[words]`, as they are written in the normalized text.
        ids: `<int32>[words]`.
        row_lengths: `<int32>[rows]`, words per row.
        sentence_rows: `<int32>[sentences]`, rows per sentence.
        document_sentences: `<int32>[docs]`, sentences per document.
        sentences: `<string>[sentences]`, the text of each sentence.

    >>> from hanlib.layers import DocumentVectorizer
    >>> vectorizer = DocumentVectorizer(vocabulary=["good", "film"], max_sentence_words=3)
    >>> tokens = vectorizer.tokenize(["A good film. Go!", ""])
    >>> tokens.ids.numpy().tolist(), tokens.row_lengths.numpy().tolist()
    ([1, 2, 3, 1, 1, 1], [3, 1, 2])
    >>> tokens.sentence_rows.numpy().tolist(), tokens.document_rows.numpy().tolist()
    ([2, 1], [3, 0])
    >>> tokens.ragged(tokens.ids).to_list()
    [[[1, 2, 3], [1], [1, 1]], []]
    """

    words: tf.Tensor
    ids: tf.Tensor
    row_lengths: tf.Tensor
    sentence_rows: tf.Tensor
    document_sentences: tf.Tensor
    sentences: tf.Tensor

    @property
    def document_rows(self):
        """`<int32>[docs]`, rows per document."""
        return sums(self.sentence_rows, self.document_sentences)

    def ragged(self, values):
        """Values `[words, ...]` as a ragged tensor `[docs, (rows), (words), ...]`."""
        rows = tf.RaggedTensor.from_row_lengths(
            values, tf.cast(self.row_lengths, tf.int64), validate=False
        )
        return tf.RaggedTensor.from_row_lengths(
            rows, tf.cast(self.document_rows, tf.int64), validate=False
        )


def tokens_of(sentences, words, max_sentence_words=None):
    """`Tokens` without ids.

    Args:
        sentences: ragged `<string>[docs, (sentences)]`.
        words: ragged `<string>[docs, (sentences), (words)]`. Sentences without words are dropped.
        max_sentence_words: the maximum number of words in a row, or `None`.

    >>> sentences = tf.ragged.constant([["Go on!", "?"]])
    >>> words = tf.ragged.constant([[["Go", "on"], []]])
    >>> tokens = tokens_of(sentences, words)
    >>> tokens.sentences.numpy().tolist(), tokens.row_lengths.numpy().tolist()
    ([b'Go on!'], [2])
    """
    sentences, words = (ragged.with_row_splits_dtype(tf.int64) for ragged in (sentences, words))
    return _graph(max_sentence_words)(sentences, words)


@functools.cache
def _graph(max_sentence_words):
    """`tokens_of` as a graph: all models of a process call it, so it is traced once."""
    specs = [tf.RaggedTensorSpec([None] * rank, tf.string, rank - 1, tf.int64) for rank in (2, 3)]
    function = functools.partial(_tokens_of, max_sentence_words=max_sentence_words)
    return tf.function(function, input_signature=specs, autograph=False)


def _tokens_of(sentences, words, max_sentence_words):
    lengths = tf.cast(words.values.row_lengths(), tf.int32)
    # Only a user's own functions produce sentences without words.
    kept = lengths > 0
    document_sentences = sums(tf.cast(kept, tf.int32), tf.cast(words.row_lengths(), tf.int32))
    sentence_rows, row_lengths = split_lengths(tf.boolean_mask(lengths, kept), max_sentence_words)
    sentences = tf.boolean_mask(sentences.values, kept)
    return Tokens(
        words.flat_values, None, row_lengths, sentence_rows, document_sentences, sentences
    )


def sums(values, lengths):
    """Sums of consecutive runs of `values`; the sum of an empty run is 0.

    >>> sums([1, 2, 3], [2, 0, 1]).numpy().tolist()
    [3, 0, 3]
    """
    totals = tf.concat([[0], tf.cumsum(values)], axis=0)
    ends = tf.cumsum(lengths)
    return tf.gather(totals, ends) - tf.gather(totals, ends - lengths)
