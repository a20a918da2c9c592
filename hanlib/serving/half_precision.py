"""Word vectors in float16, for smaller exports."""

import tensorflow as tf

from hanlib.serving.stored_table import StoredTable


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
    layer, names = copy.encoder, ["embedding", "region_table"]
    if copy.item == "word":
        layer, names = copy.embedding, ["words", "table"]
    return copy, _replace(copy, layer, names)


def with_half_precision_tables(classifier):
    """Copies a classifier without its vectorizer, with its word vectors in float16.

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
    copy = copy_to_export(classifier)
    return copy, _replace(copy, copy.encoder, ["embedding", "region_table"])


def copy_to_export(classifier):
    """Copies a classifier without its vectorizer, so that layers of the copy can be replaced.

    The n-grams and the rationale head are shared.

    Args:
        classifier: A built `DocumentClassifier`.

    Returns:
        A built `DocumentClassifier` without vectorizer.
    """
    copy = type(classifier)(
        None,
        type(classifier.encoder).from_config(classifier.encoder.get_config()),
        *(classifier.classes, classifier.multi_label, classifier.thresholds),
        ngrams=classifier.ngrams,
        rationale=classifier.rationale,
        dtype=classifier.dtype_policy,
    )
    copy.build()
    for new, old in zip(copy.weights, classifier.weights, strict=True):
        new.assign(old)
    return copy


def _replace(model, layer, names):
    """Replaces embeddings of a layer of a model, by name; returns the variables of the model."""
    kept = list(model.weights)
    for name in names:
        embedding = getattr(layer, name)
        if embedding is not None:
            table = StoredTable(embedding.embeddings, tf.float16, embedding.compute_dtype)
            setattr(layer, name, table)
            kept = [variable for variable in kept if variable is not embedding.embeddings]
            kept.append(table.embeddings)
    return kept
