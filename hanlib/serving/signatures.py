"""What an exported model answers: functions from text, in TensorFlow's standard ops."""

import tensorflow as tf

from hanlib.models.attention_evidence import attention_evidence
from hanlib.serving.returned_rows import ReturnedRows, texts_of_rows

TEXT = tf.TensorSpec([None], tf.string, name="text")


class Signatures:
    """The signatures of a classifier, each a function from `<string>[docs]` to a dict.

    Every output has the documents first, is padded to the batch, and is valid UTF-8 where it is
    text, so that any of them can be asked in rows, in columns, and in batches that a server makes.

    Args:
        classifier: A built `DocumentClassifier` over a `HAN`.
        vectorizer: Its `DocumentVectorizer`.
        vocabulary: What looks up distinct words, such as a `VocabularyFile`.
        most_sentences, most_words: Bounds on what `explain` returns of a document; the model reads
            all of it.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> vectorizer = DocumentVectorizer(vocabulary=["good", "bad"])
    >>> encoder = HAN.from_preset("han_small", vectorizer.vocabulary_size)
    >>> classifier = DocumentClassifier(vectorizer, encoder, ["neg", "pos"])
    >>> classifier.build()
    >>> answer = Signatures(classifier, vectorizer).explain(tf.constant(["Good. Not bad!", ""]))
    >>> answer["sentences"].numpy().tolist()
    [[b'Good.', b'Not bad!'], [b'', b'']]
    >>> answer["word_counts"].numpy().tolist()
    [[2, 3], [0, 0]]
    """

    def __init__(
        self, classifier, vectorizer, vocabulary=None, most_sentences=512, most_words=4096
    ):
        self.classifier, self.vectorizer, self.vocabulary = classifier, vectorizer, vocabulary
        self.most_sentences, self.most_words = most_sentences, most_words
        # Beyond Unicode a class name has no UTF-8.
        names = [str(name).encode("utf-8", "replace") for name in classifier.classes]
        self._names = tf.constant(names, tf.string)
        self._thresholds = tf.constant(classifier.thresholds, tf.float64)

    def all(self):
        """The signatures by name, as `tf.function`s of one argument `text`."""
        functions = {
            "serving_default": self.predict, "explain": self.explain, "embed": self.embed
        }  # fmt: skip
        return {
            name: tf.function(function, input_signature=[TEXT], autograph=False)
            for name, function in functions.items()
        }

    def predict(self, text):
        """Label and probabilities.

        Returns:
            `probabilities`: `<float32>[docs, classes]`.
            `classes`: `<string>[docs, classes]`, the names of the classes.
            `label`: `<string>[docs]`, the name of the most probable class.
            `labels`: only with `multi_label`, `<string>[docs, most]`, the names of the classes that
                reach their threshold.
        """
        ids = self._ids(self.vectorizer.surface(text))
        return self._decision(self.classifier(ids, training=False))

    def explain(self, text):
        """What `predict` returns, and the evidence for it.

        Returns:
            `target`: `<string>[docs]`, the class that the gradients speak for: the most probable.
            `sentences`: `<string>[docs, S]`, surface forms.
            `sentence_attention`: `<float32>[docs, S]`; over all of a document's sentences they sum
                to 1.
            `sentence_gradient_x_attention`: `<float32>[docs, S]`, over 0 speaks for the target.
            `words`: `<string>[docs, W]`, surface forms of the document's words, end to end.
            `word_attention`: `<float32>[docs, W]`; over a sentence's words they sum to 1.
            `word_gradient_x_attention`: `<float32>[docs, W]`.
            `word_counts`: `<int32>[docs, S]`, the words of each sentence.
            `sentence_counts`: `<int32>[docs]`, the sentences returned.
            `omitted_sentences`, `omitted_words`: `<int32>[docs]`, read but not returned.
        """
        sentences, rows_a_sentence, words = self.vectorizer.sentences_and_rows(text)
        evidence = attention_evidence(self.classifier, self._ids(words))
        returned = ReturnedRows(words, self.most_sentences, self.most_words)
        of_words, of_sentences = (
            {
                "attention": _float32(evidence.attention[level].flat_values),
                "gradient_x_attention": _float32(evidence.gradient_x_attention[level].flat_values),
            }
            for level in (0, 1)
        )
        texts = self._texts(sentences.flat_values, rows_a_sentence, words.values)
        return {
            **self._decision(evidence.probabilities),
            "target": tf.gather(self._names, evidence.targets),
            "sentences": _valid(returned.rows(texts, "")),
            "words": _valid(returned.words(words.flat_values, "")),
            **{f"sentence_{k}": returned.rows(v, 0.0) for k, v in of_sentences.items()},
            **{f"word_{k}": returned.words(v, 0.0) for k, v in of_words.items()},
            "word_counts": returned.word_counts,
            "sentence_counts": returned.row_counts,
            "omitted_sentences": returned.omitted_rows,
            "omitted_words": returned.omitted_words,
        }

    def embed(self, text):
        """The document vectors, before the head.

        Returns:
            `vectors`: `<float32>[docs, features]`. Where each label has a vector of its own they
                stand end to end.
        """
        ids = self._ids(self.vectorizer.surface(text))
        vectors = _float32(self.classifier.encoder(ids, training=False))
        size = 1
        for width in vectors.shape[1:]:
            size *= width
        return {"vectors": tf.reshape(vectors, [tf.shape(text)[0], size])}

    def _ids(self, words):
        return self.vectorizer.lookup(words, self.vocabulary)

    def _decision(self, probabilities):
        probabilities = _float32(probabilities)
        documents = tf.shape(probabilities)[0]
        answer = {
            "probabilities": probabilities,
            "classes": tf.tile(self._names[None], [documents, 1]),
            "label": tf.gather(self._names, tf.argmax(probabilities, axis=-1)),
        }
        if self.classifier.multi_label:
            # In float64, as `DocumentClassifier.labels_of` compares them.
            reached = tf.cast(probabilities, tf.float64) >= self._thresholds
            answer["labels"] = tf.ragged.boolean_mask(answer["classes"], reached).to_tensor("")
        return answer

    def _texts(self, sentences, rows_a_sentence, rows):
        if self.vectorizer.split_words == "default":
            return texts_of_rows(sentences, rows_a_sentence, rows)
        # A user's own words need not make up the sentence.
        joined = tf.strings.reduce_join(rows, axis=-1, separator=" ")
        whole = tf.repeat(rows_a_sentence == 1, rows_a_sentence)
        sentence = tf.repeat(tf.range(1, tf.size(sentences) + 1), rows_a_sentence)
        texts = tf.gather(tf.concat([[""], sentences], axis=0), tf.where(whole, sentence, 0))
        return tf.where(whole, texts, joined)


def _float32(values):
    return tf.cast(values, tf.float32)


def _valid(strings):
    """Valid UTF-8, whatever a user's own `normalize` or `split_words` made of it."""
    return tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8", errors="replace")
