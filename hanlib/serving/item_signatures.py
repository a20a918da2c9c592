"""What an exported model of sentences or words answers, in TensorFlow's standard ops."""

import functools

import tensorflow as tf

from hanlib.layers.tokens import sums
from hanlib.serving.document_inputs import TEXT, column_indices, split_inputs
from hanlib.serving.signatures import class_names, limited, valid_utf8


class ItemSignatures:
    """The signatures of a model that labels items, each from strings to a dict.

    Every output has the documents first and is padded to the batch.

    Args:
        model: A built `SentenceClassifier` or `TokenClassifier`.
        vocabulary: What looks up distinct words, such as a `VocabularyFile`.
        tables: A lookup table per given column of the words.
        max_words: Limit on the words of a document; a longer one is an error.
    """

    def __init__(self, model, vocabulary, tables=(), max_words=200_000):
        self.model, self.vocabulary, self.tables = model, vocabulary, list(tables)
        self.max_words = max_words
        self._names = class_names(model)

    def all(self):
        """The signatures by name, as functions without arguments that trace them.

        - `serving_default`: `text <string>[docs]`. A model with columns reads no texts; its
          `serving_default` is the next one.
        - `split`: `items <string>[docs, most]`, sentences or words, padded with "" at the end, and
          for each given column of words `column_1`, ... of the same shape.
        """
        inputs = split_inputs("items", [None, None], self.tables)
        split = functools.partial(_traced, self.split, **inputs)
        if self.tables:
            return {"serving_default": split}
        return {"serving_default": functools.partial(_traced, self.text, TEXT), "split": split}

    def text(self, text):
        """The labels of texts.

        Returns:
            `items`: `<string>[docs, most]`, the sentences or words as they are written.
            `labels`: `<string>[docs, most]`.
            `probabilities`: `<float32>[docs, most, classes]`.
            `counts`: `<int32>[docs]`, the items of each document.
            `classes`: `<string>[docs, classes]`.
            `sentence_lengths`: only of a model of words, `<int32>[docs, most sentences]`, the words
                of each sentence.
        """
        return self._answer(self.model.vectorizer.tokenize(text, self.vocabulary))

    def split(self, items, **columns):
        """The labels of documents that are split into sentences or words; see `text`."""
        places = tf.range(1, tf.shape(items)[1] + 1)
        counts = tf.reduce_max(tf.where(items != "", places, 0), axis=1)
        counts = tf.maximum(counts, 0)  # Without columns the maximum is the least integer.
        ragged = tf.RaggedTensor.from_tensor(items, lengths=counts)
        if self.model.item == "sentence":
            return self._answer(self.model.vectorizer.tokenize_sentences(ragged, self.vocabulary))
        tokens = self.model.vectorizer.tokenize_words(ragged, self.vocabulary)
        if not self.tables:
            return self._answer(tokens)
        real = tf.sequence_mask(counts, tf.shape(items)[1])
        return self._answer(tokens, column_indices(self.tables, columns, real))

    def _answer(self, tokens, columns=None):
        words = sums(tokens.row_lengths, tokens.document_rows)
        tokens = limited(tokens, "words", words, self.max_words)
        given = [] if columns is None else [columns]
        labels, probabilities = self.model.answers(self.model.token_batch(tokens, *given))
        sentences = self.model.item == "sentence"
        counts = tokens.document_sentences if sentences else words

        def dense(values, padding):
            ragged = tf.RaggedTensor.from_row_lengths(values, tf.cast(counts, tf.int64))
            return ragged.to_tensor(padding)

        more = {}
        if not sentences:
            by_sentence = tf.RaggedTensor.from_row_lengths(
                tokens.row_lengths, tf.cast(tokens.document_rows, tf.int64)
            )
            more["sentence_lengths"] = by_sentence.to_tensor()
        surfaces = tokens.sentences if sentences else tokens.words
        classes = tf.tile(self._names[tf.newaxis], [tf.size(counts), 1])
        return {
            "items": dense(valid_utf8(surfaces), ""),
            "labels": dense(tf.gather(self._names, labels), ""),
            "probabilities": dense(probabilities, 0.0),
            "counts": counts,
            "classes": classes,
            **more,
        }


def _traced(function, *specs, **inputs):
    return tf.function(function, autograph=False).get_concrete_function(*specs, **inputs)
