"""What an exported model answers: functions from text, in TensorFlow's standard ops."""

import functools

import tensorflow as tf

from hanlib.explain.attention_evidence import attention_evidence
from hanlib.explain.margins import NONE, PREDICTED
from hanlib.layers.tokens import sums
from hanlib.ops.model_graph import model_graph
from hanlib.serving.class_pairs import class_pairs
from hanlib.serving.document_inputs import TEXT, column_indices, split_inputs
from hanlib.serving.evidence_scores import row_scores, score_names, word_scores
from hanlib.serving.returned_rows import ReturnedRows, texts_of_rows
from hanlib.serving.signature_inputs import further_inputs


class Signatures:
    """The signatures of a classifier, each a function from strings to a dict.

    A classifier whose vectorizer has columns reads words in place of texts: `words <string>[docs,
    sentences, words]`, padded with "" at the end, and `column_1`, ... of the same shape.

    Every output has the documents first, is padded to the batch, and is valid UTF-8 where it is
    text, so that any of them can be asked in rows, in columns, and in batches that a server makes.

    Args:
        classifier: A built `DocumentClassifier`.
        vectorizer: Its `DocumentVectorizer`.
        vocabulary: What looks up distinct words, such as a `VocabularyFile`.
        tables: A lookup table per given column of the words (see `TokenFeatures.tables`).
        most_sentences, most_words: Bounds on what `explain` returns of a document; the model reads
            all of it.
        max_sentences, max_words: Limits on what the model reads of a document. A longer one is an
            error, since every sentence of the longest document is a step of the upper level.

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
        self,
        classifier,
        vectorizer,
        vocabulary=None,
        tables=(),
        *,
        most_sentences=512,
        most_words=4096,
        max_sentences=5_000,
        max_words=200_000,
    ):
        self.classifier, self.vectorizer, self.vocabulary = classifier, vectorizer, vocabulary
        self.tables = list(tables)
        self.most_sentences, self.most_words = most_sentences, most_words
        self.max_sentences, self.max_words = max_sentences, max_words
        self._names = class_names(classifier)
        self._thresholds = tf.constant(classifier.thresholds, tf.float64)
        self._documents = {"text": TEXT}
        if self.tables:
            self._documents = split_inputs("words", [None] * 3, self.tables)
        # `explain` and `contrast` share one graph.
        self._evidence = model_graph(
            self._evidence_for, self._documents, tf.TensorSpec([None, 2], tf.int32)
        )

    def all(self):
        """The signatures by name, as functions without arguments that trace them."""
        functions = {
            "serving_default": self.predict, "explain": self.explain, "contrast": self.contrast,
            "embed": self.embed,
        }  # fmt: skip

        def traced(name):
            further = [tf.TensorSpec([None], tf.string, key) for key in further_inputs(name)]
            # The first argument is called text, or words.
            first, *others = [*self._documents.values(), *further]
            function = functions[name]
            run = tf.function(lambda given, **more: function(given, **more), autograph=False)
            return run.get_concrete_function(first, **{spec.name: spec for spec in others})

        return {name: functools.partial(traced, name) for name in signature_names(self.classifier)}

    def predict(self, text, **columns):
        """Label and probabilities.

        Returns:
            `probabilities`: `<float32>[docs, classes]`.
            `classes`: `<string>[docs, classes]`, the names of the classes.
            `label`: `<string>[docs]`, the name of the most probable class.
            `labels`: only with `multi_label`, `<string>[docs, most]`, the names of the classes that
                reach their threshold.
        """
        return self._decision(self.classifier(self._ids(text, columns), training=False))

    def explain(self, text, **columns):
        """What `predict` returns, and the evidence for it.

        Returns:
            `target`: `<string>[docs]`, the class that the gradients speak for: the most probable.
            `sentences`: `<string>[docs, S]`, surface forms.
            `sentence_attention`: `<float32>[docs, S]`; over all of a document's sentences they sum
                to 1.
            `sentence_gradient_x_attention`: `<float32>[docs, S]`, over 0 speaks for the target. It
                contains what the n-grams contribute (see `attention_evidence`).
            `words`: `<string>[docs, W]`, surface forms of the document's words, end to end.
            `word_attention`: `<float32>[docs, W]`; over a sentence's words they sum to 1.
            `word_gradient_x_attention`: `<float32>[docs, W]`.
            `sentence_rationale`, `word_rationale`: only with a rationale head, the probability that
                a person would mark the sentence or word as evidence.
            `word_counts`: `<int32>[docs, S]`, the words of each sentence.
            `sentence_counts`: `<int32>[docs]`, the sentences returned.
            `omitted_sentences`, `omitted_words`: `<int32>[docs]`, read but not returned.
        """
        documents = tf.shape(text)[0]
        pairs = tf.tile(tf.constant([[PREDICTED, NONE]], tf.int32), [documents, 1])
        outputs = self._evidence(self._given(text, columns), pairs)
        return {name: values for name, values in outputs.items() if name != "against"}

    def contrast(self, text, target, against, **columns):
        """What `explain` returns, for one class and not another: gradients of z_A - z_B.

        Args:
            text, columns: The documents.
            target: `<string>[docs]`, the name of the class A of each document; "" for the most
                probable one.
            against: `<string>[docs]`, the class B; "" for the most probable class other than A.

        Returns:
            The outputs of `explain`, and `against <string>[docs]`, the class B. It is "" for a
            document whose most probable class is itself the given B: such a document is explained
            without a contrast.

        Raises:
            tf.errors.InvalidArgumentError: See `hanlib.serving.class_pairs.class_pairs`.
        """
        pairs = class_pairs(class_bytes(self.classifier), target, against, tf.shape(text)[0])
        return self._evidence(self._given(text, columns), pairs)

    def embed(self, text, **columns):
        """The document vectors, before the head.

        Returns:
            `vectors`: `<float32>[docs, features]`. Where each label has a vector of its own they
                stand end to end.
        """
        vectors = _float32(self.classifier.encoder(self._ids(text, columns), training=False))
        size = 1
        for width in vectors.shape[1:]:
            size *= width
        return {"vectors": tf.reshape(vectors, [tf.shape(text)[0], size])}

    def _evidence_for(self, documents, pairs):
        """The outputs of `contrast` for the targets `<int32>[docs, 2]` (see `margins`)."""
        columns = dict(documents)
        tokens = self._tokens(columns.pop(next(iter(self._documents))), columns)
        words = tokens.ragged(tokens.words)
        evidence = attention_evidence(self.classifier, tokens.ragged(tokens.ids), pairs)
        returned = ReturnedRows(words, self.most_sentences, self.most_words)
        of_words, of_sentences = (
            {name: level(evidence, name) for name in score_names(self.classifier)}
            for level in (word_scores, row_scores)
        )
        texts = self._texts(tokens.sentences, tokens.sentence_rows, words.values)
        target, against = tf.unstack(evidence.targets, axis=1)
        return {
            **self._decision(evidence.probabilities),
            "target": tf.gather(self._names, target),
            # The name of no class, -1, is "".
            "against": tf.gather(tf.concat([[""], self._names], axis=0), against + 1),
            "sentences": valid_utf8(returned.rows(texts, "")),
            "words": valid_utf8(returned.words(words.flat_values, "")),
            **{f"sentence_{k}": returned.rows(v, 0.0) for k, v in of_sentences.items()},
            **{f"word_{k}": returned.words(v, 0.0) for k, v in of_words.items()},
            "word_counts": returned.word_counts,
            "sentence_counts": returned.row_counts,
            "omitted_sentences": returned.omitted_rows,
            "omitted_words": returned.omitted_words,
        }

    def _given(self, text, columns):
        """The documents by the names of their inputs."""
        return {next(iter(self._documents)): text, **columns}

    def _ids(self, text, columns):
        tokens = self._tokens(text, columns)
        return tokens.ragged(tokens.ids)

    def _tokens(self, text, columns):
        """The `Tokens` of documents, none of which is over the limits."""
        if columns:
            tokens = self._split_tokens(text, columns)
        else:
            tokens = self.vectorizer.tokenize(text, self.vocabulary)
        words = sums(tokens.row_lengths, tokens.document_rows)
        tokens = limited(tokens, "sentences", tokens.document_rows, self.max_sentences)
        return limited(tokens, "words", words, self.max_words)

    def _split_tokens(self, words, columns):
        """The `Tokens` of padded words and their columns."""
        real = words != ""
        # A word is real if it, or one behind it, is not empty; a sentence if it has words.
        inside = tf.reverse(tf.cumsum(tf.reverse(tf.cast(real, tf.int32), [2]), axis=2), [2]) > 0
        lengths = tf.reduce_sum(tf.cast(inside, tf.int64), axis=2)
        sentences = tf.reduce_sum(tf.cast(lengths > 0, tf.int64), axis=1)
        lengths = tf.boolean_mask(lengths, lengths > 0)
        ragged = tf.RaggedTensor.from_nested_row_lengths(
            tf.boolean_mask(words, inside), [sentences, lengths]
        )
        indices = column_indices(self.tables, columns, inside)
        return self.vectorizer.tokenize_words(ragged, self.vocabulary, indices)

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


def signature_names(classifier):
    """The signatures that the export of a classifier has.

    `explain` needs an encoder with attention at words, or at words and sentences; `contrast` also
    needs two classes.

    >>> from hanlib.models import BagOfWords, DocumentClassifier
    >>> signature_names(DocumentClassifier(None, BagOfWords(9), classes=2))
    ('serving_default', 'embed')
    """
    encoder = classifier.encoder
    explained = encoder.has_attention and encoder.num_levels <= 2
    compared = explained and len(classifier.classes) > 1
    evidence = ("explain",) * explained + ("contrast",) * compared
    return ("serving_default", *evidence, "embed")


def class_bytes(model):
    """The names of the classes as `bytes`, in UTF-8 even where they hold surrogates."""
    return [str(name).encode("utf-8", "replace") for name in model.classes]


def class_names(model):
    """The names of the classes, `<string>[classes]`."""
    return tf.constant(class_bytes(model), tf.string)


def limited(tokens, what, counts, limit):
    """The tokens, unless a document has more `what` than the limit: nothing is computed for it."""
    message = (
        f"a document has more than {limit:,} {what}, the limit of this model: divide it, or export "
        f"the model with a higher max_{what}"
    )
    check = tf.debugging.Assert(tf.reduce_all(counts <= limit), [message], summarize=1)
    with tf.control_dependencies([check]):
        return tf.nest.map_structure(tf.identity, tokens)


def valid_utf8(strings):
    """Valid UTF-8, whatever a user's own `normalize` or `split_words` made of it."""
    return tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8", errors="replace")


def _float32(values):
    return tf.cast(values, tf.float32)
