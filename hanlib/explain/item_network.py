"""Graph functions over a model that labels sentences or words, seen from one item."""

import weakref

import numpy as np
import tensorflow as tf

from hanlib.explain.margins import chosen_targets, margins
from hanlib.explain.scaled_gradients import scaled_gradients
from hanlib.ops.model_graph import model_graph

_GRAPHS = weakref.WeakKeyDictionary()


class ItemNetwork:
    """The parts of `hanlib.explain.network.Network` that gradient methods use, for one item.

    The logits are those of the item with the index `item` of each document, so that their softmax
    is the probability of each of its labels: with a CRF its marginal probability (see
    `hanlib.ops.linear_chain.label_scores`).

    Args:
        model: a built `SentenceClassifier` or `TokenClassifier`.
        item: the index of a sentence or word in its document, not negative.
        features: `<int32>[words, features]`, the features of the words; None if the model has none.
            With features, all calls must be for this document.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, SentenceClassifier
    >>> vectorizer = DocumentVectorizer(vocabulary=["why"], max_sentence_words=None)
    >>> model = SentenceClassifier(vectorizer, HAN(3, 2, 2, 2), ["aim", "result"])
    >>> model.build()
    >>> ItemNetwork(model, item=1).logits([2, 1, 1], [1, 2], [2]).shape
    TensorShape([1, 2])
    """

    def __init__(self, model, item, features=None):
        if model not in _GRAPHS:
            _GRAPHS[model] = _Graphs(model)
        self._graphs = _GRAPHS[model]
        self._bound = _empty() if features is None else features, np.int32(item)

    def logits(self, words, row_lengths, document_rows):
        """`<float32>[docs, classes]`; a row may be empty."""
        return self._graphs.logits(words, row_lengths, document_rows, *self._bound)

    def gradient(self, words, row_lengths, document_rows, targets, scales):
        """As `Network.gradient`."""
        documents = words, row_lengths, document_rows
        return self._graphs.gradient(*documents, *self._bound, targets, scales)

    def probabilities(self, logits):
        """`<float32>[docs, classes]` from logits."""
        return tf.nn.softmax(logits)

    def targets(self, logits, targets):
        """The targets with all classes known: `chosen_targets`."""
        return chosen_targets(logits, targets)

    def margins(self, logits, targets):
        """The log-odds, or the contrasts, of the targets, `<float32>[docs]`."""
        return margins(logits, targets, multi_label=False)


class _Graphs:
    """The graph functions of a model, each traced once for all documents and items."""

    def __init__(self, model):
        # A strong reference would keep the model alive in the cache.
        self._model = weakref.ref(model)
        self._named = [name for name in model.token_batch_of_one_word() if name == "columns"]
        integers = tf.TensorSpec([None], tf.int32)
        documents = [integers] * 3
        documents += [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([], tf.int32)]
        of_targets = tf.TensorSpec([None, 2], tf.int32), tf.TensorSpec([None], tf.float32)
        self.logits = model_graph(self._logits, *documents)
        self.gradient = model_graph(self._gradient, *documents, *of_targets)

    def _logits(self, words, row_lengths, document_rows, features, item):
        batch = self._batch(words, row_lengths, document_rows, features)
        values, index = self._model().word_vectors(batch)
        return self._of_item(values, index, batch, item)

    def _gradient(self, words, row_lengths, document_rows, features, item, targets, scales):
        batch = self._batch(words, row_lengths, document_rows, features)
        values, index = self._model().word_vectors(batch)
        vectors = values if index is None else tf.gather(values, index)
        gates = tf.repeat(tf.repeat(scales, document_rows), row_lengths)

        def logits_of(vectors, gates):
            return self._of_item(vectors, None, batch, item, gates)

        return scaled_gradients(vectors, gates, logits_of, targets, multi_label=False)

    def _batch(self, words, row_lengths, document_rows, features):
        """The token batch of documents."""
        ids = tf.RaggedTensor.from_nested_row_lengths(
            words, [document_rows, row_lengths], validate=False
        )
        return {"ragged": ids, **dict.fromkeys(self._named, features)}

    def _of_item(self, values, index, batch, item, gates=None):
        """The logits of the item of each document."""
        model = self._model()
        logits, lengths = model.logits_of_vectors(values, index, batch, gates=gates)
        counts = tf.cast(model.item_counts(batch["ragged"]), tf.int32)
        items = tf.cumsum(counts, exclusive=True) + item
        if model.crf is None:
            return tf.gather(logits, items)
        return model.crf.label_scores(items, logits, lengths)


def _empty():
    return np.zeros([0, 0], np.int32)
