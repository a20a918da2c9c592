"""A classifier of words in the context of their sentence."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.layers import TokenEmbedding, TokenFeatures
from hanlib.layers.word_columns import checked_word
from hanlib.models.item_classifier import ItemClassifier
from hanlib.models.item_model import rows_of


@keras.saving.register_keras_serializable("hanlib")
class TokenClassifier(ItemClassifier):
    """A label for each word, in the context of its sentence: chunks, names, parts of speech.

        x_t = [E[id_t]; features of the spelling; features of given columns]
        h_1 .. h_T = encoder(x_1 .. x_T)      p_t = softmax(W h_t + b), or a CRF of W h_t + b

    Huang, Xu, Yu 2015 (arXiv 1508.01991) describe the network with a CRF. The states h_t are those
    that the encoder's first level pools.

    `fit`, `evaluate` and `predict` take a list of sentences that are lists of words; `y` is one
    list of labels per sentence. `predict` also takes a list of texts, which are split into
    sentences and words. With `columns`, a word is a tuple of the word and its values, such as
    `("Confidence", "NN")`, and texts are not accepted.

    Args:
        vectorizer: A `DocumentVectorizer` with `max_sentence_words=None`.
        encoder: A `DocumentEncoder` that reads vectors (`vocabulary_size=None`) and has attention
            or another `AttentionPooling`, such as "mean", which has no weights.
        classes: The labels, such as "B-NP", "I-NP" and "O".
        crf: Whether the labels of a sentence are scored together.
        columns: A list of the known values of each given column of the words (see
            `hanlib.layers.column_values`).
        shape_buckets: Hash buckets per kind of spelling (see `hanlib.text.word_shapes`); 0: the
            spelling is not read.
        embedding_dim, feature_dim, word_dropout: See `hanlib.layers.TokenEmbedding`.
        input_dropout: Dropout rate of the vectors of words.
        dropout: Dropout rate of the states.

    Call arguments:
        inputs: `<string>[docs]`, texts.
        training: Whether dropout is applied.

    Returns:
        Ragged `<float32>[docs, (words), classes]`, the logits.

    Raises:
        ValueError: If an argument is out of range.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import FlatRecurrent
    >>> sentences, labels = [["Rain", "falls"], ["It", "rains"]], [["B-NP", "B-VP"]] * 2
    >>> vectorizer = DocumentVectorizer(max_sentence_words=None)
    >>> vectorizer.adapt_words(sentences)
    >>> encoder = FlatRecurrent(None, None, units=4, pooling="mean")
    >>> model = TokenClassifier(vectorizer, encoder, ["B-NP", "B-VP"], shape_buckets=50)
    >>> model.compile()
    >>> history = model.fit(sentences, labels, verbose=0)
    >>> [len(labels) for labels in model.predict_label(["It falls. Rain.", ""])]
    [5, 0]
    """

    item = "word"

    def __init__(
        self,
        vectorizer,
        encoder,
        classes,
        crf=True,
        columns=(),
        shape_buckets=8192,
        embedding_dim=100,
        feature_dim=16,
        word_dropout=0.0,
        input_dropout=0.0,
        dropout=0.0,
        **kwargs,
    ):
        super().__init__(vectorizer, encoder, classes, crf, dropout, **kwargs)
        if self.encoder.takes_ids:
            raise ValueError(
                "`encoder` must read word vectors: vocabulary_size=None, embedding_dim=None. "
                f"Received: vocabulary_size={self.encoder.vocabulary_size}"
            )
        columns = tuple(tuple(values) for values in columns)
        self.token_features = TokenFeatures(shape_buckets, columns)
        self.embedding = TokenEmbedding(
            self.vectorizer.vocabulary_size,
            self.token_features.rows,
            self.token_features.count,
            embedding_dim,
            feature_dim,
            dropout=input_dropout,
            word_dropout=word_dropout,
            dtype=self.dtype_policy,
            name="embedding",
        )

    @property
    def columns(self):
        """The known values of each given column."""
        return [list(values) for values in self.token_features.columns]

    def build(self, input_shape=None):
        if not self.embedding.built:
            self.embedding.build()
        if not self.encoder.built:
            axes = self.encoder.num_levels
            self.encoder.build((*[None] * (axes + 1), self.embedding.width))
        self.build_head()

    def word_vectors(self, batch, training=None):
        ids = rows_of(batch).flat_values
        return self.embedding(ids, self._features_of(batch), training=training), None

    def features(self, values, index, batch, training=None):
        """The state of each word in its sentence, and words per sentence."""
        ids = rows_of(batch)
        lengths = [tf.cast(ids.values.row_lengths(), tf.int32)]
        if self.encoder.num_levels > 1:
            lengths.append(tf.cast(ids.row_lengths(), tf.int32))
        words = self.encoder.states(values, lengths, index, training=training)[0]
        return words.states, lengths[0]

    def _features_of(self, batch):
        """`<int32>[words, features]` of a token batch."""
        columns = batch.get("columns")
        if columns is None or "ragged" in batch:
            return columns
        words = tf.reduce_sum(batch["row_lengths"], axis=1)
        return tf.boolean_mask(columns, tf.sequence_mask(words, tf.shape(columns)[1]))

    def token_batch(self, tokens, columns=None):
        """The token batch of a `Tokens`.

        Args:
            tokens: A `Tokens`.
            columns: `<int32>[words, columns]`, the indices of the values of given columns (see
                `TokenFeatures`), or None if the model has none.
        """
        if columns is None and self.token_features.columns:
            raise ValueError(
                f"`x` must hold words with values of {len(self.columns)} columns: this model does "
                "not read texts. Received: texts"
            )
        features = self.token_features.of_words(tokens.words)
        if columns is not None:
            features = tf.concat([features, self._rows(columns)], axis=1)
        return {"ragged": tokens.ragged(tokens.ids), "columns": features}

    def _rows(self, indices):
        """The rows of the table for the indices of given columns."""
        return indices + np.array(self.token_features.first_rows()[:-1], "int32")

    def token_batch_of_one_word(self):
        features = tf.zeros([1, 1, self.token_features.count], tf.int32)
        return {**super().token_batch_of_one_word(), "columns": features}

    def _documents(self, x):
        number = len(self.token_features.columns)
        if not number:
            return super()._documents(x)
        for sentence in x:
            if isinstance(sentence, (str, bytes)):
                raise ValueError(
                    f"`x` must hold sentences of tuples of a word and its {number} values: this "
                    f"model does not read texts. Received: {sentence!r:.80}"
                )
        return [[checked_word(word, number) for word in sentence] for sentence in x], True

    def _words(self, documents):
        if not self.token_features.columns:
            return documents
        return [[word for word, *_ in sentence] for sentence in documents]

    def _flat(self, tokens, documents):
        features = self.token_features.of_words(tokens.words).numpy()
        if self.token_features.columns:
            values = [values for sentence in documents for _, *values in sentence]
            values = list(zip(*values, strict=True)) or [()] * len(self.columns)
            columns = self._rows(self.token_features.indices(values))
            features = np.concatenate([features, columns], axis=1)
        return [*super()._flat(tokens, documents), features]

    def get_config(self):
        return {
            **super().get_config(),
            "columns": self.columns,
            "shape_buckets": self.token_features.shape_buckets,
            "embedding_dim": self.embedding.embedding_dim,
            "feature_dim": self.embedding.feature_dim,
            "word_dropout": self.embedding.word_dropout,
            "input_dropout": self.embedding.dropout,
        }
