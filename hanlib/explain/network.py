"""The parts of a classifier that explanations run, each traced once for all shapes."""

import weakref

import tensorflow as tf

from hanlib.explain.inputs import encoder_of
from hanlib.models.attention_evidence import attention_evidence, chosen_targets, log_odds
from hanlib.ops.softmax import segment_weighted_sum

_INTS = tf.TensorSpec([None], tf.int32)
_NETWORKS = weakref.WeakKeyDictionary()


def network_of(classifier):
    """The `Network` of a classifier; the same one each time, so that it is traced once.

    Raises:
        ValueError: if the classifier's encoder has not two levels, words and sentences.
    """
    if classifier not in _NETWORKS:
        _NETWORKS[classifier] = Network(classifier)
    return _NETWORKS[classifier]


class Network:
    """Graph functions over `Documents.flat`: words, words a row, rows a document.

    Targets are `<int32>[docs]`, the class of each document; -1 is the most probable one.

    >>> from hanlib.explain.documents import Documents
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classifier = DocumentClassifier(None, HAN(9), classes=2)
    >>> documents = Documents.of([[[[2, 3], [4]]], []])
    >>> network_of(classifier).logits(*documents.flat).shape
    TensorShape([2, 2])
    """

    def __init__(self, classifier):
        levels = len(getattr(encoder_of(classifier), "levels", ()))
        if levels != 2:
            raise ValueError(
                "`classifier` must have an encoder with two levels, words and sentences. "
                f"Received: {levels} levels"
            )
        if not classifier.built:
            classifier.build()
        # The cache of networks must not keep a classifier alive.
        self._classifier = weakref.ref(classifier)
        flat = [_INTS] * 3
        vectors = tf.TensorSpec([None, None], encoder_of(classifier).levels[0].compute_dtype)
        scales = tf.TensorSpec([None], tf.float32)
        self.logits = tf.function(self._logits, input_signature=flat)
        self.evidence = tf.function(self._evidence, input_signature=[*flat, _INTS])
        self.gradient = tf.function(self._gradient, input_signature=[*flat, _INTS, scales])
        self.uniform = tf.function(self._uniform, input_signature=flat)
        self.row_vectors = tf.function(self._row_vectors, input_signature=flat[:2])
        self.upper = tf.function(self._upper, input_signature=[vectors, *flat[:2]])

    @property
    def classifier(self):
        """The classifier itself."""
        return self._classifier()

    def probabilities(self, logits):
        """`<float32>[docs, classes]` from logits."""
        activation = tf.sigmoid if self.classifier.multi_label else tf.nn.softmax
        return activation(logits)

    def targets(self, logits, targets):
        """The targets, with the most probable class in the place of -1."""
        return chosen_targets(logits, targets)

    def margins(self, logits, targets):
        """The log-odds of the targets, `<float32>[docs]`: what every score is a share of."""
        return log_odds(logits, targets, self.classifier.multi_label)

    def _logits(self, words, row_lengths, document_rows):
        vectors = self._row_vectors(words, row_lengths)
        return self._upper(vectors, tf.range(tf.size(row_lengths)), document_rows)

    def _row_vectors(self, words, row_lengths):
        """Lower level: `<float>[rows, features]`."""
        encoder = encoder_of(self.classifier)
        values, index = encoder.embed(words)
        return encoder.levels[0].encode(values, row_lengths, index)[0]

    def _upper(self, vectors, rows, document_rows):
        """Upper level: logits of documents whose rows are lines of `vectors`."""
        level = encoder_of(self.classifier).levels[1]
        return self.classifier.logits(level.encode(vectors, document_rows, rows)[0])

    def _evidence(self, words, row_lengths, document_rows, targets):
        """Probabilities, targets, attention and gradient x attention, each of words and of rows."""
        ids = tf.RaggedTensor.from_nested_row_lengths(
            words, [document_rows, row_lengths], validate=False
        )
        found = attention_evidence(self.classifier, ids, targets)
        scores = (*found.attention, *found.gradient_x_attention)
        return found.probabilities, found.targets, *(score.flat_values for score in scores)

    def _gradient(self, words, row_lengths, document_rows, targets, scales):
        """Logits and targets with each document's word vectors times its scale, and for each word
        `x . dm/dx`, x the whole vector of that occurrence and the gradient at the scaled one."""
        classifier, encoder = self.classifier, encoder_of(self.classifier)
        vectors, index = encoder.embed(words)
        vectors = tf.gather(vectors, index)
        scales = tf.repeat(tf.repeat(scales, document_rows), row_lengths)[:, None]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            scaled = vectors * tf.cast(scales, vectors.dtype)
            tape.watch(scaled)
            rows, _ = encoder.levels[0].encode(scaled, row_lengths)
            logits = classifier.logits(encoder.levels[1].encode(rows, document_rows)[0])
            targets = chosen_targets(logits, targets)
            margins = self.margins(logits, targets)
        products = tf.cast(vectors * tape.gradient(margins, scaled), tf.float32)
        return logits, targets, tf.reduce_sum(products, axis=-1)

    def _uniform(self, words, row_lengths, document_rows):
        """Logits where each word and each sentence of its row gets the same weight."""
        encoder = encoder_of(self.classifier)
        values, index = encoder.embed(words)
        for level, lengths in zip(encoder.levels, (row_lengths, document_rows), strict=True):
            states, rows = level.contextualize(values, lengths, index)
            weights = tf.cast(1 / tf.gather(lengths, rows), tf.float32)
            states = tf.cast(states, tf.float32)
            mean = segment_weighted_sum(weights, states, rows, tf.size(lengths))
            values = _for_each_context(level.pooling, tf.cast(mean, level.compute_dtype))
            index = None
        return self.classifier.logits(values)


def _for_each_context(pooling, mean):
    """What the pooling would give if all of its contexts saw the mean."""
    if pooling.labels is not None:
        return tf.repeat(mean[:, None], pooling.labels, axis=1)
    return tf.tile(mean, [1, pooling.hops])
