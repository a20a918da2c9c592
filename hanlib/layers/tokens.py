"""The one result of tokenising a batch of texts."""

from typing import NamedTuple

import tensorflow as tf


class Tokens(NamedTuple):
    """The words of a batch of documents, end to end, and how they form rows, sentences, documents.

    A row is what the encoder reads as one sequence: a sentence, or a part of a sentence that is
    longer than `max_sentence_words`. No row and no sentence is empty; a document may be. All
    attributes are tensors, so that a `Tokens` can be returned by a `tf.function` and by
    `tf.data.Dataset.map`.

    Attributes:
        words: `<string>[words]`, as they are written in the normalised text.
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


def sums(values, lengths):
    """Sums of consecutive runs of `values`; the sum of an empty run is 0.

    >>> sums([1, 2, 3], [2, 0, 1]).numpy().tolist()
    [3, 0, 3]
    """
    totals = tf.concat([[0], tf.cumsum(values)], axis=0)
    ends = tf.cumsum(lengths)
    return tf.gather(totals, ends) - tf.gather(totals, ends - lengths)
