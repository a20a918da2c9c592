"""Word vectors in float16, for smaller exports."""

import tensorflow as tf


class HalfPrecisionTable:
    """An embedding stored in float16, whose looked-up rows are cast to the compute dtype.

    float16 has 11 significant bits, so a weight changes by at most 1 part in 2,048 (below 6e-5, by
    at most 3e-8). Its maximum, 65,504, is far above the values of word vectors.

    Args:
        embedding: A built `keras.layers.Embedding`.

    >>> import keras
    >>> embedding = keras.layers.Embedding(5, 2)
    >>> embedding.build(None)
    >>> table = HalfPrecisionTable(embedding)
    >>> table.embeddings.dtype.name, table(tf.constant([0, 3])).dtype.name
    ('float16', 'float32')
    """

    def __init__(self, embedding):
        self.embeddings = tf.Variable(tf.cast(embedding.embeddings, tf.float16), trainable=False)
        self.compute_dtype = embedding.compute_dtype

    def __call__(self, ids):
        return tf.cast(tf.gather(self.embeddings, ids), self.compute_dtype)


def item_model_with_half_precision(model):
    """Copies a model of sentences or words, with its vectors of words and features in float16.

    Args:
        model: A built `SentenceClassifier` or `TokenClassifier`.

    Returns:
        The copy, and the list of its variables.
    """
    copy = type(model).from_config(model.get_config())
    copy.build()
    copy.set_weights(model.get_weights())
    layer, names = copy.encoder, ["embedding"]
    if copy.item == "word":
        layer, names = copy.embedding, ["words", "table"]
    return copy, _replace(copy, layer, names)


def with_half_precision_tables(classifier):
    """Copies a classifier without its vectorizer, with its word vectors in float16.

    The layer of n-grams is shared, in float32: the words are most of the weights.

    Args:
        classifier: A built `DocumentClassifier`.

    Returns:
        A `DocumentClassifier` without vectorizer, and the list of its variables.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classifier = DocumentClassifier(None, HAN.from_preset("han_small", 9), 2)
    >>> classifier.build()
    >>> copy, variables = with_half_precision_tables(classifier)
    >>> sorted({variable.dtype if isinstance(variable.dtype, str) else variable.dtype.name
    ...     for variable in variables})
    ['float16', 'float32']
    """
    copy = type(classifier)(
        None,
        type(classifier.encoder).from_config(classifier.encoder.get_config()),
        *(classifier.classes, classifier.multi_label, classifier.thresholds),
        ngrams=classifier.ngrams,
        dtype=classifier.dtype_policy,
    )
    copy.build()
    for new, old in zip(copy.weights, classifier.weights, strict=True):
        new.assign(old)
    return copy, _replace(copy, copy.encoder, ["embedding"])


def _replace(model, layer, names):
    """Replaces embeddings of a layer of a model, by name; returns the variables of the model."""
    kept = list(model.weights)
    for name in names:
        embedding = getattr(layer, name)
        if embedding is not None:
            setattr(layer, name, HalfPrecisionTable(embedding))
            kept = [variable for variable in kept if variable is not embedding.embeddings]
            kept.append(getattr(layer, name).embeddings)
    return kept
