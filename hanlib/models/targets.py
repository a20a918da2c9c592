"""The form of targets that losses and metrics need, and class weights."""

import keras
import numpy as np
import tensorflow as tf

# Losses and metrics of Keras that compare targets and predictions column by column.
_COLUMNS = {
    *(
        "CategoricalCrossentropy",
        "CategoricalAccuracy",
        "CategoricalHinge",
        "TopKCategoricalAccuracy",
    ),
    *("CategoricalFocalCrossentropy", "BinaryCrossentropy", "BinaryAccuracy", "KLDivergence"),
    *("AUC", "Precision", "Recall", "PrecisionAtRecall", "RecallAtPrecision", "F1Score"),
    *("SensitivityAtSpecificity", "SpecificityAtSensitivity", "FBetaScore", "R2Score"),
    *("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives", "MeanSquaredError"),
    *("OneHotMeanIoU", "OneHotIoU", "CosineSimilarity", "Poisson", "MeanAbsoluteError"),
}


def form_of_targets(losses, metrics):
    """The form of targets that losses and metrics of a single-label classifier need.

    Returns:
        "indexes" for class indices, "columns" for one column per class, or None for either.

    Raises:
        ValueError: If both forms are needed.
    """
    found = {}
    for item, get in [
        *((i, keras.losses.get) for i in losses),
        *((i, keras.metrics.get) for i in metrics),
    ]:
        name = _class_name(item, get)
        if name.startswith("Sparse"):
            found["indexes"] = name
        elif name in _COLUMNS:
            found["columns"] = name
    if len(found) > 1:
        raise ValueError(
            "`loss` and `metrics` must all take class indices, or all one column per class. "
            f"Received: {found['indexes']} and {found['columns']}"
        )
    return next(iter(found), None)


def _class_name(item, get):
    if isinstance(item, str):
        if item in ("accuracy", "acc", "crossentropy", "ce"):
            return ""  # Keras chooses the variant by the shape of the targets.
        item = get(item)
    name = getattr(item, "__name__", type(item).__name__)
    return "".join(part.capitalize() for part in name.split("_")) if name.islower() else name


def in_form(targets, form, classes):
    """Converts encoded labels, tensors or arrays, to a form of `form_of_targets`.

    Raises:
        ValueError: If soft targets would have to be converted to class indices.
    """
    rank = len(targets.shape)
    if form == "columns" and rank == 1:
        if isinstance(targets, np.ndarray):
            return np.eye(classes, dtype="float32")[targets]
        return tf.one_hot(targets, classes)
    if form == "indexes" and rank == 2:
        if isinstance(targets, np.ndarray) and not np.isin(targets, (0, 1)).all():
            raise ValueError(
                "`y` holds soft targets, but the loss or a metric takes only class indices; "
                "compile without `loss`, or with a categorical one"
            )
        return (
            targets.argmax(-1).astype("int32")
            if isinstance(targets, np.ndarray)
            else (tf.argmax(targets, axis=-1, output_type=tf.int32))
        )
    return targets


def class_weights(given, labels, targets=None, counts=None):
    """The weight of each class, `<float32>[classes]`.

    Args:
        given: A dict from class name or index to weight (1 for other classes), or "balanced". With
            one label per document, balanced weights are documents / (classes · documents of the
            class); with several, documents without the label / documents with it. A class that
            does not occur has weight 1.
        labels: A `Labels`.
        targets: Encoded labels, for "balanced".
        counts: Instead of `targets`: the number of documents with each class, `[classes]`, and of
            all documents.

    Raises:
        ValueError: If `given` is of another type, or contains an unknown class.
    """
    if given == "balanced":
        return _balanced(labels, *(counts or _counts(labels, targets)))
    if not isinstance(given, dict):
        raise ValueError(
            '`class_weight` must be "balanced" or a dict of weights by class name or index. '
            f"Received: {given!r}"
        )
    weights = np.ones(len(labels), "float32")
    for name, weight in given.items():
        weights[labels.index(name)] = weight
    return weights


def _counts(labels, targets):
    if targets is None:
        raise ValueError('`class_weight="balanced"` needs labels in memory, not a tf.data.Dataset')
    if targets.ndim == 1:
        return np.bincount(targets, minlength=len(labels)).astype("float64"), len(targets)
    return targets.sum(axis=0, dtype="float64"), len(targets)


def _balanced(labels, counts, documents):
    rest = (
        documents - counts if labels.multi_label else np.full(len(labels), documents / len(labels))
    )
    ratios = np.divide(rest, counts, out=np.ones_like(counts), where=(counts > 0) & (rest > 0))
    return ratios.astype("float32")


def document_weights(weights, targets, sample_weight, multi_label):
    """The weights of the loss, `<float32>[docs]`, or with `multi_label` `[docs, classes]`.

    Args:
        weights: `<float32>[classes]` of `class_weights`, or None. With one label per document, the
            weight of a document is that of its class. With `multi_label`, the loss terms of the
            labels that a document has are multiplied by the weights of these labels.
        targets: Encoded labels, `[docs]` or `[docs, classes]`.
        sample_weight: `[docs]`, which is multiplied by the weights of the classes, or None.
        multi_label: Whether a document may have any number of labels.
    """
    if weights is None:
        return None if sample_weight is None else tf.cast(sample_weight, tf.float32)
    if len(targets.shape) == 1:
        found = tf.gather(weights, targets)
    elif multi_label:
        found = 1 + (weights - 1) * tf.cast(targets, tf.float32)
    else:
        found = tf.linalg.matvec(tf.cast(targets, tf.float32), weights)
    if sample_weight is None:
        return found
    sample_weight = tf.cast(sample_weight, tf.float32)
    return found * (sample_weight[:, None] if multi_label else sample_weight)
