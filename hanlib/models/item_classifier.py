"""The base class of models that label each sentence or each word of a document."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.data.item_batches import NO_LABEL, ItemBatches
from hanlib.data.token_arrays import offsets_of
from hanlib.data.token_batches import TokenBatches
from hanlib.layers import LinearChainCRF
from hanlib.losses import SingleLabelCrossentropy
from hanlib.metrics import ItemAccuracy
from hanlib.models.labels import Labels
from hanlib.models.split_documents import as_split_documents, tokens_of_split
from hanlib.models.targets import class_weights
from hanlib.models.text_model import TextModel
from hanlib.ops.token_batch import to_ragged

# Documents that are tokenized at once.
_CHUNK = 1024


class ItemClassifier(TextModel):
    """Base class of `SentenceClassifier` and `TokenClassifier`.

    A subclass sets `item` ("sentence" or "word") and implements `features(batch, training)`: from a
    token batch to the features of all items, `<float>[items, features]`, and the lengths of the
    rows of the CRF, `<int32>[rows]`. It builds its layers in `build` and calls `build_head`.

    Args:
        vectorizer: A `DocumentVectorizer` with `max_sentence_words=None`, so that each row of ids
            is one sentence.
        encoder: A `DocumentEncoder` with attention.
        classes: The labels.
        crf: Whether a `LinearChainCRF` scores the labels of a row together.
        dropout: Dropout rate of the features.
    """

    item = None
    multi_label = False

    def __init__(self, vectorizer, encoder, classes, crf=False, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.vectorizer = restored(vectorizer)
        self.encoder = restored(encoder)
        if self.vectorizer is None or self.vectorizer.max_sentence_words is not None:
            raise ValueError(
                "`vectorizer` must be a DocumentVectorizer with max_sentence_words=None, so that "
                f"each sentence is one row. Received: {_described(self.vectorizer)}"
            )
        self.encoder.require_attention(f"{type(self).__name__}")
        self._labels = Labels(classes)
        self.dropout = dropout
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.crf = LinearChainCRF(len(self._labels), name="crf") if crf else None
        self.head = None
        self.supports_jit = False

    @property
    def classes(self):
        """The labels, in the order of the probabilities."""
        return list(self._labels.classes)

    def build_head(self):
        """Creates the head, for features of the width that `features` gives."""
        with tf.init_scope():
            width = self.features(self.token_batch_of_one_word())[0].shape[-1]
        self.head = keras.layers.Dense(len(self._labels), dtype=self.dtype_policy, name="head")
        self.head.build((None, width))
        if self.crf is not None:
            self.crf.build()
        self.built = True

    def call(self, inputs, training=None):
        """The logits of the labels.

        Args:
            inputs: `<string>[docs]`, or a token batch.
            training: Whether dropout is applied.

        Returns:
            Ragged `<float32>[docs, (items), classes]`.
        """
        batch = inputs if isinstance(inputs, dict) else self._token_batch(inputs)
        logits, _ = self._logits(batch, training)
        return self._by_document(logits, batch)

    def answers(self, batch):
        """Labels and probabilities of a token batch.

        Returns:
            `<int32>[items]`, the most probable label of each item, or with a CRF those of the most
            probable labels of the row; `<float32>[items, classes]`, the probability of each label.
        """
        logits, lengths = self._logits(batch, training=False)
        if self.crf is not None:
            return self.crf.decode(logits, lengths), self.crf(logits, lengths)
        return tf.argmax(logits, axis=-1, output_type=tf.int32), tf.nn.softmax(logits)

    def _logits(self, batch, training):
        features, lengths = self.features(batch, training)
        logits = self.head(self.drop(features, training=training))
        return tf.cast(logits, tf.float32), lengths

    def _token_batch(self, texts):
        """The token batch of `<string>[docs]`, in a graph or eagerly."""
        return self.token_batch(self.vectorizer.tokenize(texts))

    def token_batch(self, tokens):
        """The token batch of a `Tokens`; a model with columns adds them."""
        return {"ragged": tokens.ragged(tokens.ids)}

    def _by_document(self, values, batch):
        """Values `[items, ...]` as a ragged tensor `[docs, (items), ...]`."""
        counts = tf.cast(self.item_counts(rows_of(batch)), tf.int64)
        return tf.RaggedTensor.from_row_lengths(values, counts, validate=False)

    def token_batch_of_one_word(self):
        """The smallest token batch."""
        return {"ids": tf.constant([[1]]), "row_lengths": tf.constant([[1]])}

    def item_counts(self, ids):
        """The number of items of each document of ragged ids."""
        if self.item == "word":
            return tf.reduce_sum(ids.row_lengths(axis=2), axis=1)
        return ids.row_lengths()

    # Training.

    def compile(self, optimizer=None, loss=None, metrics=None, adversarial_norm=None, **kwargs):
        """As `DocumentClassifier.compile`, on items in place of documents.

        Args:
            optimizer, adversarial_norm, **kwargs: See `DocumentClassifier.compile`.
            loss: None: cross-entropy per item; with a CRF -log p(labels of the row), divided by
                the items. Another loss takes class indices `[items]` and probabilities.
            metrics: None: the share of items with the right label. A metric receives labels
                `<int32>[docs, most items]`, -1 on padding, for truth and answer.
        """
        # A compiled model that is loaded has the default loss, which a CRF does not use.
        if self.crf is not None and not isinstance(loss, (type(None), SingleLabelCrossentropy)):
            raise ValueError(f"`loss` must be None with a CRF. Received: loss={loss!r}")
        if metrics is None:
            metrics = [ItemAccuracy()]
        if kwargs.get("weighted_metrics"):
            raise ValueError("`weighted_metrics` must be None: metrics count items equally")
        super().compile(optimizer, loss, metrics, adversarial_norm, **kwargs)
        self._form = None

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The loss of a batch, from the logits; see `compile`."""
        real = y != NO_LABEL
        labels, logits = tf.boolean_mask(y, real), y_pred.values
        if self.crf is None:
            weights = None if sample_weight is None else tf.boolean_mask(sample_weight, real)
            return super().compute_loss(x, labels, tf.nn.softmax(logits), weights, training)
        if sample_weight is not None:
            raise ValueError("`class_weight` and `sample_weight` must be None with a CRF")
        total = self.crf.loss(labels, logits, self._crf_lengths(x))
        return total / tf.cast(tf.maximum(tf.size(labels), 1), total.dtype)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Metrics on the decoded labels, padded like `y`."""
        if self.crf is not None:
            labels = self.crf.decode(y_pred.values, self._crf_lengths(x))
        else:
            labels = tf.argmax(y_pred.values, axis=-1, output_type=tf.int32)
        given = y_pred.with_values(labels).to_tensor(NO_LABEL)
        return super().compute_metrics(x, y, given)

    def _crf_lengths(self, batch):
        ids = rows_of(batch)
        lengths = ids.values.row_lengths() if self.item == "word" else ids.row_lengths()
        return tf.cast(lengths, tf.int32)

    def _batches(
        self, x, y=None, sample_weight=None, batch_size=None, class_weight=None, **options
    ):
        options.pop("shuffle", None)
        check_integer("batch_size", batch_size, allow_none=True)
        if isinstance(x, TokenBatches):
            if y is not None or sample_weight is not None or class_weight is not None:
                raise ValueError(
                    "`y`, `sample_weight` and `class_weight` must be left out with ItemBatches."
                )
            return x
        if sample_weight is not None:
            raise ValueError("`sample_weight` must be None; `class_weight` weighs the labels")
        return self.batches(x, y, batch_size or 32, class_weight, **options)

    def batches(self, x, y, batch_size=32, class_weight=None, **options):
        """The `ItemBatches` of documents and their labels, for `fit`.

        Args:
            x: See `fit`.
            y: One list of labels per document.
            batch_size, **options: See `hanlib.data.TokenBatches`.
            class_weight: See `fit`.
        """
        documents, _ = self._documents(x)
        if y is None or len(y) != len(documents) or not documents:
            came = "none" if y is None else f"{len(y)} lists for {len(documents)} documents"
            raise ValueError(
                f"`y` must have one list of labels for each document. Received: {came}"
            )
        tokens, counts, columns = self.tokens_of_documents(x)
        given = [len(labels) for labels in y]
        for index, (count, labels) in enumerate(zip(counts, given, strict=True)):
            if count != labels:
                raise ValueError(
                    f"`y` must have one label per {self.item}. Received: {labels} labels for the "
                    f"{count} {self.item}s of document {index}"
                )
        labels = [label for row in y for label in row]
        flat = self._labels.encode(labels) if labels else np.zeros([0], "int32")
        weights = class_weight and class_weights(class_weight, self._labels, flat)
        return ItemBatches(
            *(tokens, flat, counts, batch_size),
            columns=columns,
            item_weights=None if weights is None else np.asarray(weights, "float32")[flat],
            **options,
        )

    def _documents(self, x):
        return as_split_documents(x, self.item)

    def _words(self, documents):
        """Documents without the values of columns."""
        return documents

    def tokens_of_documents(self, x):
        """The tokens of documents, in flat arrays.

        Returns:
            `(ids, words_per_sentence, sentences_per_document)`; `<int>[docs]`, items per document;
            the features of words `<int32>[words, features]`, or None.
        """
        documents, split = self._documents(x)
        parts = []
        for start in range(0, max(len(documents), 1), _CHUNK):
            chunk = documents[start : start + _CHUNK]
            tokens = tokens_of_split(self.vectorizer, self._words(chunk), split, self.item)
            parts.append(self._flat(tokens, chunk))
        ids, words, sentences, *columns = map(np.concatenate, zip(*parts, strict=True))
        counts = sentences
        if self.item == "word":
            counts = np.diff(offsets_of(words)[offsets_of(sentences)])
        return (ids, words, sentences), counts, columns[0] if columns else None

    def _flat(self, tokens, documents):
        """The flat arrays of a `Tokens`."""
        return [part.numpy() for part in (tokens.ids, tokens.row_lengths, tokens.document_rows)]

    # Prediction.

    def predict(self, x, batch_size=32, verbose=0):
        """The probabilities: a list of `<float32>[items, classes]` (NumPy), one per document."""
        return self._predict(x, batch_size)[1]

    def predict_label(self, x, batch_size=32):
        """The labels: a list with one list of labels per document."""
        return [self._labels.names(labels) for labels in self._predict(x, batch_size)[0]]

    def _predict(self, x, batch_size=32):
        """Label indices and probabilities, two lists with one array per document."""
        if not self.built:
            self.build()
        documents, _ = self._documents(x)
        if not documents:
            return [], []
        tokens, counts, columns = self.tokens_of_documents(x)
        blank = np.zeros(int(counts.sum()), "int32")
        batches = ItemBatches(tokens, blank, counts, batch_size, columns=columns)
        found = [None] * len(documents)
        for indices in batches.plan(0):
            batch = {name: tf.constant(part) for name, part in batches.batch(indices)[0].items()}
            answered = [part.numpy() for part in self._answer_graph()(batch)]
            ends = np.cumsum(counts[indices])[:-1]
            rows = zip(*(np.split(part, ends) for part in answered), strict=True)
            for index, row in zip(indices, rows, strict=True):
                found[index] = row
        labels, probabilities = zip(*found, strict=True)
        return list(labels), list(probabilities)

    def _answer_graph(self):
        """`answers` as one graph for batches of any size."""
        if not hasattr(self, "_answered"):
            graph = tf.function(self.answers, autograph=False, reduce_retracing=True)
            # Inside a plain function Keras does not take it for a part of the model.
            self._answered = lambda batch: graph(batch)
        return self._answered

    def get_config(self):
        return {
            **super().get_config(),
            "vectorizer": keras.saving.serialize_keras_object(self.vectorizer),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "classes": self.classes,
            "crf": self.crf is not None,
            "dropout": self.dropout,
        }


def rows_of(batch):
    """The ragged ids `<int32>[docs, (sentences), (words)]` of a token batch."""
    return batch["ragged"] if "ragged" in batch else to_ragged(batch)


def restored(part):
    """A layer that is given as a layer, as its configuration, or as None."""
    return keras.saving.deserialize_keras_object(part) if isinstance(part, dict) else part


def _described(vectorizer):
    if vectorizer is None:
        return "None"
    return f"max_sentence_words={vectorizer.max_sentence_words}"
