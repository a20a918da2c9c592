"""A classifier of sentences in the context of their document."""

import keras
import tensorflow as tf

from hanlib.models.item_classifier import ItemClassifier
from hanlib.models.item_model import rows_of
from hanlib.models.text_model import restored

# Positions further from the beginning, or the end, count as the last of these.
_MOST_POSITIONS = 12
# Parts of a document.
_SHARES = 10


@keras.saving.register_keras_serializable("hanlib")
class SentenceClassifier(ItemClassifier):
    """A label for each sentence, in the context of its document.

        p_i = softmax(W [s_i; h_i; v; q_i] + b + n_i)

    s_i is the vector of sentence i, h_i its state in the document and v the document vector, all
    computed by the encoder. q_i are indicators of its position: counted from the beginning, from
    the end, and as a share of the document. n_i are the logits of its n-grams, of a linear model
    that is fitted by itself (see `with_ngrams`). With `crf`, a `LinearChainCRF` scores the labels
    of a document together, as in Jin and Szolovits (EMNLP 2018, D18-1349).

    `fit`, `evaluate` and `predict` take a list of texts, or a list of documents that are lists of
    sentences; `y` is one list of labels per document.

    Args:
        vectorizer: A `DocumentVectorizer` with `max_sentence_words=None`.
        encoder: A `DocumentEncoder` with two levels and attention, such as `HAN`.
        classes: The labels, strings or integers.
        crf: Whether the labels of a document are scored together.
        dropout: Dropout rate of the features of a sentence.
        positions: Whether the position is read.
        ngrams: A `hanlib.layers.NGramLinear` of these classes and word ids, or None.

    Call arguments:
        inputs: `<string>[docs]`, texts.
        training: Whether dropout is applied.

    Returns:
        Ragged `<float32>[docs, (sentences), classes]`, the logits.

    Raises:
        ValueError: If an argument is out of range.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN
    >>> documents = [["We ask why.", "We measure it."], ["Why not?"]]
    >>> vectorizer = DocumentVectorizer(max_sentence_words=None)
    >>> vectorizer.adapt([" ".join(sentences) for sentences in documents])
    >>> encoder = HAN.from_preset("han_small", vectorizer.vocabulary_size)
    >>> model = SentenceClassifier(vectorizer, encoder, ["aim", "method"])
    >>> model.compile()
    >>> history = model.fit(documents, [["aim", "method"], ["aim"]], verbose=0)
    >>> [len(labels) for labels in model.predict_label(["We ask. We measure.", "Why?"])]
    [2, 1]
    """

    item = "sentence"

    def __init__(
        self,
        vectorizer,
        encoder,
        classes,
        crf=False,
        dropout=0.0,
        positions=True,
        ngrams=None,
        **kwargs,
    ):
        super().__init__(vectorizer, encoder, classes, crf, dropout, **kwargs)
        self.positions = bool(positions)
        self.ngrams = restored(ngrams)
        if self.encoder.num_levels != 2:
            raise ValueError(
                "`encoder` must have two levels, words and sentences. "
                f"Received: {type(self.encoder).__name__} with num_levels={self.encoder.num_levels}"
            )
        vectors = self.encoder.compute_output_shape((None, None, None))
        if len(vectors) != 2:
            raise ValueError(
                "`encoder` must give one vector per document. "
                f"Received: an encoder with output shape {vectors}"
            )

    def build(self, input_shape=None):
        if not self.encoder.built:
            self.encoder.build((None, None, None))
        self.build_head()

    def word_vectors(self, batch, training=None):
        return self.encoder.embed(rows_of(batch).flat_values, training)

    def features(self, values, index, batch, training=None):
        """[s_i; h_i; v; q_i] of all sentences, and sentences per document."""
        ids = rows_of(batch)
        lengths = ids.values.row_lengths(), ids.row_lengths()
        lengths = [tf.cast(level, tf.int32) for level in lengths]
        words, sentences = self.encoder.states(values, lengths, index, training=training)
        documents = tf.gather(sentences.vectors, sentences.rows)
        parts = [words.vectors, sentences.states, documents]
        if self.positions:
            parts.append(tf.cast(_positions(lengths[1]), documents.dtype))
        return tf.concat(parts, axis=-1), lengths[1]

    def logits_of_vectors(self, values, index, batch, training=None, gates=None):
        logits, lengths = super().logits_of_vectors(values, index, batch, training)
        if self.ngrams is not None:
            logits += sentence_ngram_logits(self.ngrams, batch, gates)
        return logits, lengths

    def with_ngrams(self, ngrams, network=1.0):
        """A copy of this model that adds the logits of n-grams to its own.

        Args:
            ngrams: A fitted `hanlib.layers.NGramLinear`; it becomes a part of the copy.
            network: Factor on the logits of this model.

        Returns:
            A built `SentenceClassifier` that is not compiled. The weights are copies.
        """
        copy = type(self).from_config({**self.get_config(), "ngrams": ngrams})
        copy.build()
        for new, given in zip(copy._network_weights(), self._network_weights(), strict=True):
            new.assign(given)
        for weight in copy.head.weights:
            weight.assign(weight * network)
        return copy

    def _network_weights(self):
        """The weights without those of the n-grams."""
        left_out = [] if self.ngrams is None else [id(weight) for weight in self.ngrams.weights]
        return [weight for weight in self.weights if id(weight) not in left_out]

    def get_config(self):
        return {
            **super().get_config(),
            "positions": self.positions,
            "ngrams": keras.saving.serialize_keras_object(self.ngrams),
        }


def sentence_ngram_logits(ngrams, batch, gates=None):
    """The logits of the n-grams of each sentence of a token batch, `<float32>[sentences, classes]`.

    Args:
        ngrams: A `hanlib.layers.NGramLinear`, for which each sentence is a document of one row.
        batch: A token batch.
        gates: `<float32>[words]`, as in `NGramLinear.logits`.
    """
    words = rows_of(batch).values
    row_lengths = tf.cast(words.row_lengths(), tf.int32)
    return ngrams.logits(words.flat_values, row_lengths, tf.ones_like(row_lengths), gates)


def _positions(lengths):
    """Indicators of where each sentence is in its document.

    Args:
        lengths: `<int32>[docs]`, sentences per document.

    Returns:
        `<float32>[sentences, 34]`: one of 12 for its index from the beginning, one of 12 for that
        from the end, and one of 10 for its share of the document.
    """
    first = tf.repeat(tf.cumsum(lengths, exclusive=True), lengths)
    index, length = tf.range(tf.size(first)) - first, tf.repeat(lengths, lengths)
    last = _MOST_POSITIONS - 1
    from_end = tf.minimum(length - 1 - index, last)
    shares = tf.one_hot(_SHARES * index // length, _SHARES)
    counted = [tf.one_hot(part, _MOST_POSITIONS) for part in (tf.minimum(index, last), from_end)]
    return tf.concat([*counted, shares], axis=1)
