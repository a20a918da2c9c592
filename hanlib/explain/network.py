"""Graph functions over the parts of a classifier, each traced once for all shapes."""

import weakref

import numpy as np
import tensorflow as tf

from hanlib.explain.attention_evidence import attention_evidence
from hanlib.explain.margins import chosen_targets, margins
from hanlib.explain.scaled_gradients import scaled_gradients
from hanlib.layers.attention_scores import pool_beside
from hanlib.layers.document_encoder import pool_states
from hanlib.ops.hierarchy import merge_levels
from hanlib.ops.model_graph import model_graph
from hanlib.ops.softmax import segment_weighted_sum

_INTS = tf.TensorSpec([None], tf.int32)
_TARGETS = tf.TensorSpec([None, 2], tf.int32)
# Four nodes are enough for the upper level: eight give the same comprehensiveness on IMDB.
_UPPER_NODES = 4
_NETWORKS = weakref.WeakKeyDictionary()


def gauss_legendre(nodes):
    """The points and weights of the Gauss-Legendre rule on [0, 1].

    >>> points, weights = gauss_legendre(2)
    >>> points.round(3).tolist(), weights.tolist()
    ([0.211, 0.789], [0.5, 0.5])
    """
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return (points + 1) / 2, weights / 2


def network_of(classifier):
    """The `Network` of a classifier; cached, so that its functions are traced once.

    Raises:
        ValueError: the classifier's encoder has more than two levels.
    """
    if classifier not in _NETWORKS:
        _NETWORKS[classifier] = Network(classifier)
    return _NETWORKS[classifier]


class Network:
    """Graph functions over `Documents.flat`: words, words per row, rows per document.

    Targets are `<int32>[docs, 2]`: see `hanlib.explain.margins`.

    Args:
        classifier: a `DocumentClassifier` whose encoder has one level (words) or two (words and
            sentences).

    >>> from hanlib.explain.documents import Documents
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classifier = DocumentClassifier(None, HAN(9), classes=2)
    >>> documents = Documents.of([[[[2, 3], [4]]], []])
    >>> network_of(classifier).logits(*documents.flat).shape
    TensorShape([2, 2])
    """

    def __init__(self, classifier):
        encoder = classifier.encoder
        if encoder.num_levels > 2:
            raise ValueError(
                "`classifier` must have an encoder with one level, words, or two, words and "
                f"sentences. Received: {encoder.num_levels} levels"
            )
        if not classifier.built:
            classifier.build()
        # A strong reference would keep the classifier alive in the cache.
        self._classifier = weakref.ref(classifier)
        self.has_attention, self.has_sentences = encoder.has_attention, encoder.num_levels == 2
        self.has_ngrams = classifier.ngrams is not None
        self.has_rationale = classifier.rationale is not None
        flat = [_INTS] * 3
        vectors = tf.TensorSpec([None, None], encoder.compute_dtype)
        scales = tf.TensorSpec([None], tf.float32)
        self.logits = model_graph(self._logits, *flat)
        self.evidence = model_graph(self._evidence, *flat, _TARGETS)
        self.gradient = model_graph(self._gradient, *flat, _TARGETS, scales)
        self.uniform = model_graph(self._uniform, *flat)
        # For encoders with two levels only.
        self.by_level = model_graph(self._by_level, *flat, _TARGETS)
        self.row_vectors = model_graph(self._row_vectors, *flat[:2])
        self.upper = model_graph(self._upper, vectors, _INTS, *flat)

    @property
    def classifier(self):
        """The classifier."""
        return self._classifier()

    def probabilities(self, logits):
        """`<float32>[docs, classes]` from logits."""
        activation = tf.sigmoid if self.classifier.multi_label else tf.nn.softmax
        return activation(logits)

    def targets(self, logits, targets):
        """The targets with all classes known: `chosen_targets`."""
        return chosen_targets(logits, targets)

    def margins(self, logits, targets):
        """The log-odds, or the contrasts, of the targets, `<float32>[docs]`."""
        return margins(logits, targets, self.classifier.multi_label)

    def require(self, method, attention=False, sentences=False, rationale=False):
        """Checks that the classifier has what a method needs.

        Raises:
            ValueError: the classifier lacks it.
        """
        encoder = self.classifier.encoder
        if attention:
            encoder.require_attention(f"`method={method!r}`")
        if rationale and not self.has_rationale:
            raise ValueError(
                f"`method={method!r}` needs a classifier with a rationale head, which is trained "
                "on documents with `evidence`. Received: a classifier without one"
            )
        if sentences and not self.has_sentences:
            raise ValueError(
                f"`method={method!r}` needs an encoder with two levels, words and sentences. "
                f"Received: {type(encoder).__name__}, which has {encoder.num_levels}"
            )

    def _encode(self, values, row_lengths, document_rows, index=None, pool=pool_states):
        encoder = self.classifier.encoder
        lengths = merge_levels([row_lengths, document_rows], encoder.num_levels)
        return encoder.encode(values, lengths, index, pool=pool)

    def _logits(self, words, row_lengths, document_rows, pool=pool_states):
        values, index = self.classifier.encoder.embed(words)
        vectors = self._encode(values, row_lengths, document_rows, index, pool)
        ngrams = self.classifier.ngram_logits(words, row_lengths, document_rows)
        return self.classifier.logits(vectors, ngrams)

    def _row_vectors(self, words, row_lengths):
        """Lower level: `<float>[rows, features]`."""
        encoder = self.classifier.encoder
        values, index = encoder.embed(words)
        return encoder.encode_level(0, values, row_lengths, index)

    def _upper(self, vectors, rows, words, row_lengths, document_rows):
        """Upper level: logits of documents whose rows are rows of `vectors`.

        Only n-grams need the words and the words per row.
        """
        encoded = self.classifier.encoder.encode_level(1, vectors, document_rows, rows)
        ngrams = self.classifier.ngram_logits(words, row_lengths, document_rows)
        return self.classifier.logits(encoded, ngrams)

    def _evidence(self, words, row_lengths, document_rows, targets):
        """Probabilities, targets, and attention, gradient x attention and, with a rationale head,
        its scores, as lists by level."""
        ids = tf.RaggedTensor.from_nested_row_lengths(
            words, [document_rows, row_lengths], validate=False
        )
        found = attention_evidence(self.classifier, ids, targets)
        by_level = (
            [scores.flat_values for scores in levels]
            for levels in (found.attention, found.gradient_x_attention, found.rationale)
        )
        return found.probabilities, found.targets, *by_level

    def _gradient(self, words, row_lengths, document_rows, targets, scales):
        """Logits and targets with the word vectors and gates of each document at its scale, and
        `x . dm/dx + dm/dg` of each word: x is its original vector, g its gate in the n-grams (1 in
        the document itself), and the gradient is taken at the scaled values."""
        vectors, index = self.classifier.encoder.embed(words)
        vectors = tf.gather(vectors, index)
        gates = tf.repeat(tf.repeat(scales, document_rows), row_lengths)

        def logits_of(vectors, gates):
            encoded = self._encode(vectors, row_lengths, document_rows)
            ngrams = self.classifier.ngram_logits(words, row_lengths, document_rows, gates)
            return self.classifier.logits(encoded, ngrams)

        return scaled_gradients(vectors, gates, logits_of, targets, self.classifier.multi_label)

    def _by_level(self, words, row_lengths, document_rows, targets):
        """Logits, targets, scores of the words and of the rows; see `gradients_by_level`."""
        vectors, index = self.classifier.encoder.embed(words)
        vectors = tf.gather(vectors, index)
        encode = self.classifier.encoder.encode_level
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(vectors)
            rows = encode(0, vectors, row_lengths)
        every = tf.range(tf.size(row_lengths))
        flat = words, row_lengths, document_rows
        logits = self._upper(rows, every, *flat)
        targets = chosen_targets(logits, targets)
        at_rows, at_gates = self._upper_gradients(rows, flat, targets)
        at_vectors = tape.gradient(rows, vectors, output_gradients=at_rows)
        of_words, of_rows = (
            tf.reduce_sum(tf.cast(values * gradients, tf.float32), axis=-1)
            for values, gradients in ((vectors, at_vectors), (rows, at_rows))
        )
        row_of_word = tf.repeat(every, row_lengths)
        ngrams = tf.math.unsorted_segment_sum(at_gates, row_of_word, tf.size(row_lengths))
        return logits, targets, of_words + at_gates, of_rows + ngrams

    def _upper_gradients(self, rows, flat, targets):
        """The mean gradients of the log-odds at the rows and at the gates, as both grow from 0."""
        points, weights = (
            tf.constant(values, tf.float32) for values in gauss_legendre(_UPPER_NODES)
        )
        # The points of the path are documents of one batch.
        flat = [tf.tile(values, [_UPPER_NODES]) for values in flat]
        scaled = tf.cast(points, rows.dtype)[:, None, None] * rows
        gates = tf.repeat(points, tf.size(flat[0]) // _UPPER_NODES)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([scaled, gates])
            vectors = tf.reshape(scaled, [-1, tf.shape(rows)[-1]])
            encoded = self.classifier.encoder.encode_level(1, vectors, flat[2])
            ngrams = self.classifier.ngram_logits(*flat, gates)
            logits = self.classifier.logits(encoded, ngrams)
            margins = self.margins(logits, tf.tile(targets, [_UPPER_NODES, 1]))
        at_rows, at_gates = tape.gradient(
            margins, [scaled, gates], unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        at_gates = tf.reshape(tf.convert_to_tensor(at_gates), [_UPPER_NODES, -1])
        at_rows = tf.tensordot(tf.cast(weights, rows.dtype), at_rows, axes=1)
        return at_rows, tf.tensordot(weights, at_gates, axes=1)

    def _uniform(self, words, row_lengths, document_rows):
        """Logits with the same weight for all words, and for all sentences, of a row.

        What a pooling has beside its attention stays: the mean has equal weights already, and the
        maximum is not an attention.
        """

        def pool(pooling, states, rows, count, training=None):
            wide = tf.cast(states, tf.float32)
            lengths = tf.math.bincount(rows, minlength=count, maxlength=count)
            weights = tf.cast(1 / tf.gather(lengths, rows), tf.float32)
            mean = segment_weighted_sum(weights, wide, rows, count)
            vectors = _for_each_context(pooling, mean)
            if pooling.beside:
                further = pool_beside(pooling.beside, wide, rows, count)
                vectors = tf.concat([vectors, further], axis=-1)
            return tf.cast(vectors, states.dtype)

        return self._logits(words, row_lengths, document_rows, pool)


def _for_each_context(pooling, mean):
    """The vectors of all contexts of a pooling if that of each were the mean."""
    if pooling.labels is not None:
        return tf.repeat(mean[:, None], pooling.labels, axis=1)
    return tf.tile(mean, [1, pooling.hops])
