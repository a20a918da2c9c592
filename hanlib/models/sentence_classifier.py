"""A classifier of sentences in the context of their document."""

import keras
import tensorflow as tf

from hanlib.models.item_classifier import ItemClassifier
from hanlib.models.item_model import rows_of


@keras.saving.register_keras_serializable("hanlib")
class SentenceClassifier(ItemClassifier):
    """A label for each sentence, in the context of its document.

        p_i = softmax(W [s_i; h_i; v] + b)

    s_i is the vector of sentence i, h_i its state in the document and v the document vector, all
    computed by the encoder. With `crf`, a `LinearChainCRF` scores the labels of a document
    together, as in Jin and Szolovits (EMNLP 2018, D18-1349).

    `fit`, `evaluate` and `predict` take a list of texts, or a list of documents that are lists of
    sentences; `y` is one list of labels per document.

    Args:
        vectorizer: A `DocumentVectorizer` with `max_sentence_words=None`.
        encoder: A `DocumentEncoder` with two levels and attention, such as `HAN`.
        classes: The labels, strings or integers.
        crf: Whether the labels of a document are scored together.
        dropout: Dropout rate of the features of a sentence.

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

    def __init__(self, vectorizer, encoder, classes, crf=False, dropout=0.0, **kwargs):
        super().__init__(vectorizer, encoder, classes, crf, dropout, **kwargs)
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

    def features(self, batch, training=None):
        """[s_i; h_i; v] of all sentences, and sentences per document."""
        ids = rows_of(batch)
        lengths = ids.values.row_lengths(), ids.row_lengths()
        lengths = [tf.cast(level, tf.int32) for level in lengths]
        values, index = self.encoder.embed(ids.flat_values, training)
        words, sentences = self.encoder.states(values, lengths, index, training=training)
        documents = tf.gather(sentences.vectors, sentences.rows)
        return tf.concat([words.vectors, sentences.states, documents], axis=-1), lengths[1]
