"""The base class of models that label each sentence or each word of a document."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.data.item_batches import NO_LABEL, ItemBatches
from hanlib.evidence.labeled_text import labeled_sentences, labeled_words
from hanlib.explain import ItemDocument, explain_item
from hanlib.layers import LinearChainCRF
from hanlib.losses import SingleLabelCrossentropy
from hanlib.metrics import ItemAccuracy
from hanlib.models.item_model import ItemModel, rows_of
from hanlib.models.labels import Labels
from hanlib.models.split_documents import surface_of_split
from hanlib.models.text_model import restored
from hanlib.models.word_features import check_features
from hanlib.ops.model_graph import model_graph
from hanlib.serving.item_export import export_item_model


class ItemClassifier(ItemModel):
    """Base class of `SentenceClassifier` and `TokenClassifier`.

    A subclass sets `item` ("sentence" or "word"), builds its layers in `build`, calls `build_head`
    there, and implements

    - `word_vectors(batch, training)`: from a token batch to `values <float>[distinct, features]`
      and `index <int32>[words]`, the row of each word; `index` is None if each word has its own.
    - `features(values, index, batch, training)`: the features of all items, `<float>[items,
      features]`, and the lengths of the rows of the CRF, `<int32>[rows]`.

    Args:
        vectorizer: A `DocumentVectorizer` with `max_sentence_words=None`, so that each row of ids
            is one sentence.
        encoder: A `DocumentEncoder` with attention.
        classes: The labels.
        crf: Whether a `LinearChainCRF` scores the labels of a row together.
        dropout: Dropout rate of the features.
    """

    export_served = export_item_model

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
        check_features(self.vectorizer, self.encoder)
        self._labels = Labels(classes)
        self.dropout = dropout
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.crf = LinearChainCRF(len(self._labels), name="crf") if crf else None
        self.head = None
        self.supports_jit = False

    def build_head(self):
        """Creates the head, for features of the width that `features` gives."""
        with tf.init_scope():
            batch = self.token_batch_of_one_word()
            width = self.features(*self.word_vectors(batch), batch)[0].shape[-1]
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
        logits, _ = self.logits(batch, training)
        return self._by_document(logits, batch)

    def answers(self, batch):
        """Labels and probabilities of a token batch.

        Returns:
            `<int32>[items]`, the most probable label of each item, or with a CRF those of the most
            probable labels of the row; `<float32>[items, classes]`, the probability of each label.
        """
        logits, lengths = self.logits(batch, training=False)
        if self.crf is not None:
            return self.crf.decode(logits, lengths), self.crf(logits, lengths)
        return tf.argmax(logits, axis=-1, output_type=tf.int32), tf.nn.softmax(logits)

    def logits(self, batch, training=None):
        """The logits of a token batch, `<float32>[items, classes]`, and the rows of the CRF."""
        values, index = self.word_vectors(batch, training)
        return self.logits_of_vectors(values, index, batch, training)

    def logits_of_vectors(self, values, index, batch, training=None, gates=None):
        """`logits` from the vectors of words.

        Args:
            values, index: What `word_vectors` returns.
            batch: A token batch.
            training: Whether dropout is applied.
            gates: `<float32>[words]`, the gates of the words in the logits of n-grams (see
                `NGramLinear.logits`); None for ones.
        """
        features, lengths = self.features(values, index, batch, training)
        logits = self.head(self.drop(features, training=training))
        return tf.cast(logits, tf.float32), lengths

    def class_index(self, label):
        """The index of a class, by its name or index (see `Labels`)."""
        return self._labels.index(label)

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

    def predict(self, x, batch_size=32, verbose=0):
        """The probabilities: a list of `<float32>[items, classes]` (NumPy), one per document.

        Args:
            x: See `fit`.
            batch_size: Documents that run at once.
            verbose: Accepted for the sake of code that is written for Keras; nothing is printed.
        """
        return self.label_indices(x, batch_size)[1]

    def predict_on_batch(self, x):
        """`predict` of one batch."""
        return self.label_indices(x, max(len(x), 1))[1]

    def predict_label(self, x, batch_size=32):
        """The labels: a list with one list of labels per document."""
        return [self._labels.names(labels) for labels in self.label_indices(x, batch_size)[0]]

    def label_indices(self, x, batch_size=32):
        """Label indices and probabilities: two lists with one array per document; see `predict`."""
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
            batch = self.token_batch_of_one_word()
            any_size = {
                name: tf.TensorSpec([None, None, *part.shape[2:]], part.dtype)
                for name, part in batch.items()
            }
            self._answered = model_graph(self.answers, any_size)
        return self._answered

    def annotate(self, x, batch_size=32):
        """The labels with the character spans of what they belong to.

        Args:
            x: See `fit`. The text of a document that is split is its items, joined by spaces.
            batch_size: Documents that run at once.

        Returns:
            A list of `hanlib.evidence.LabeledText`. The spans are the sentences; of a model of
            words the chunks if the labels are in the BIO scheme, otherwise the words.
        """
        documents, split = self._documents(x)
        answers = zip(self._words(documents), *self.label_indices(x, batch_size), strict=True)
        return [self._record(document, split, *answer) for document, *answer in answers]

    def _record(self, document, split, labels, probabilities):
        """The `LabeledText` of one document, from its label indices and probabilities."""
        surface = surface_of_split(self.vectorizer, document, split, self.item)
        names = self._labels.names(labels)
        sure = probabilities[np.arange(len(labels)), labels].tolist()
        spans = surface.word_spans()
        if self.item == "sentence":
            spans = surface.sentence_spans(spans)
            return labeled_sentences(surface.text, spans, names, sure, self.classes)
        lengths = surface.sentence_words
        return labeled_words(surface.text, spans, lengths, names, sure, self.classes)

    def explain(self, document, item, method=None, target=None, against=None):
        """Which words decided the label of one sentence or word: `hanlib.explain.explain_item`.

        Args:
            document: One element of what `predict` takes.
            item, method, target, against: See `hanlib.explain.explain_item`.
        """
        return explain_item(self, document, item, method, target, against)

    def read(self, document):
        """The `hanlib.explain.ItemDocument` of one document, for `explain`."""
        documents, split = self._documents([document])
        (ids, row_lengths, _), _, features = self.tokens_of_documents(documents)
        (words,) = self._words(documents)
        surface = surface_of_split(self.vectorizer, words, split, self.item)
        (labels,), (probabilities,) = self.label_indices(documents, 1)
        return ItemDocument(
            ids, row_lengths, features, surface, self._labels.names(labels), probabilities
        )

    def build_metrics(self, labels):
        """Makes the variables of the metrics, which Keras makes in the first step."""
        batch, y = self.token_batch_of_one_word(), tf.zeros([1, 1], tf.int32)
        logits = self._by_document(tf.zeros([1, len(self._labels)]), batch)
        run = tf.function(lambda: self.compute_metrics(batch, y, logits), autograph=False)
        run.get_concrete_function()

    def get_config(self):
        return {
            **super().get_config(),
            "crf": self.crf is not None,
        }


def _described(vectorizer):
    if vectorizer is None:
        return "None"
    return f"max_sentence_words={vectorizer.max_sentence_words}"
