"""A classifier of sentences in the context of their document."""

import keras
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.layers.token_embedding import feature_vectors
from hanlib.models.item_classifier import ItemClassifier, restored
from hanlib.models.item_model import rows_of

# Positions further from the beginning, or the end, count as the last of these.
_MOST_POSITIONS = 12
# Parts of a document.
_SHARES = 10


@keras.saving.register_keras_serializable("hanlib")
class SentenceClassifier(ItemClassifier):
    """A label for each sentence, in the context of its document.

        p_i = softmax(W [s_i; h_i; v; q_i] + b + n_i)

    s_i is the vector of sentence i, h_i its state in the document and v the document vector, all
    computed by the encoder. q_i are vectors of its position: counted from the beginning, from the
    end, and as a share of the document. n_i are the logits of its n-grams, of a linear model that
    is fitted by itself (`with_ngrams`). With `crf`, a `LinearChainCRF` scores the labels of a document
    together, as in Jin and Szolovits (EMNLP 2018, D18-1349).

    `fit`, `evaluate` and `predict` take a list of texts, or a list of documents that are lists of
    sentences; `y` is one list of labels per document.

    Args:
        vectorizer: A `DocumentVectorizer` with `max_sentence_words=None`.
        encoder: A `DocumentEncoder` with two levels and attention, such as `HAN`.
        classes: The labels, strings or integers.
        crf: Whether the labels of a document are scored together.
        dropout: Dropout rate of the features of a sentence.
        position_dim: Width of each of the three vectors of the position; 0: none.
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
        position_dim=8,
        ngrams=None,
        **kwargs,
    ):
        super().__init__(vectorizer, encoder, classes, crf, dropout, **kwargs)
        self.position_dim = check_integer("position_dim", position_dim, 0)
        self.positions = None
        if position_dim:
            rows = 2 * _MOST_POSITIONS + _SHARES
            self.positions = keras.layers.Embedding(rows, position_dim, name="positions")
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
        if self.positions is not None and not self.positions.built:
            self.positions.build((None,))
        self.build_head()

    def features(self, batch, training=None):
        """[s_i; h_i; v; q_i] of all sentences, and sentences per document."""
        ids = rows_of(batch)
        lengths = ids.values.row_lengths(), ids.row_lengths()
        lengths = [tf.cast(level, tf.int32) for level in lengths]
        values, index = self.encoder.embed(ids.flat_values, training)
        words, sentences = self.encoder.states(values, lengths, index, training=training)
        documents = tf.gather(sentences.vectors, sentences.rows)
        parts = [words.vectors, sentences.states, documents]
        if self.positions is not None:
            found = feature_vectors(self.positions, _positions(lengths[1]))
            parts.append(tf.cast(found, documents.dtype))
        return tf.concat(parts, axis=-1), lengths[1]

    def logits(self, batch, training=None):
        logits, lengths = super().logits(batch, training)
        if self.ngrams is not None:
            logits += sentence_ngram_logits(self.ngrams, batch)
        return logits, lengths

    def with_ngrams(self, ngrams):
        """A copy of this model that adds the logits of n-grams to its own.

        Args:
            ngrams: A fitted `hanlib.layers.NGramLinear`; it becomes a part of the copy.

        Returns:
            A built `SentenceClassifier` that is not compiled. The weights are copies.
        """
        copy = type(self).from_config({**self.get_config(), "ngrams": None})
        copy.build()
        left_out = [] if self.ngrams is None else [id(weight) for weight in self.ngrams.weights]
        kept = [weight for weight in self.weights if id(weight) not in left_out]
        for new, given in zip(copy.weights, kept, strict=True):
            new.assign(given)
        copy.ngrams = ngrams
        return copy

    def get_config(self):
        return {
            **super().get_config(),
            "position_dim": self.position_dim,
            "ngrams": keras.saving.serialize_keras_object(self.ngrams),
        }


def sentence_ngram_logits(ngrams, batch):
    """The logits of the n-grams of each sentence of a token batch, `<float32>[sentences, classes]`.

    Args:
        ngrams: A `hanlib.layers.NGramLinear`, for which each sentence is a document of one row.
        batch: A token batch.
    """
    words = rows_of(batch).values
    row_lengths = tf.cast(words.row_lengths(), tf.int32)
    return ngrams.logits(words.flat_values, row_lengths, tf.ones_like(row_lengths))


def _positions(lengths):
    """Where each sentence is in its document, as rows of an embedding.

    Args:
        lengths: `<int32>[docs]`, sentences per document.

    Returns:
        `<int32>[sentences, 3]`: its index from the beginning, its index from the end, and its share
        of the document.
    """
    first = tf.repeat(tf.cumsum(lengths, exclusive=True), lengths)
    index, length = tf.range(tf.size(first)) - first, tf.repeat(lengths, lengths)
    share = _SHARES * index // length
    most = _MOST_POSITIONS - 1
    left = tf.minimum(length - 1 - index, most)
    rows = [tf.minimum(index, most), left + _MOST_POSITIONS, share + 2 * _MOST_POSITIONS]
    return tf.stack(rows, axis=1)
