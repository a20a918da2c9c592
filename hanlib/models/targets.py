"""Whether losses and metrics want class indexes or one column a class, and class weights."""

import keras
import numpy as np
import tensorflow as tf

# Keras' losses and metrics that compare targets and predictions column by column.
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
    """ "indexes", "columns" or None: what losses and metrics of a single-label classifier need.

    Raises:
        ValueError: If one needs indexes and another columns.
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
            f"`loss` and `metrics` must all take class indexes, or all one column a class. "
            f"Received: {found['indexes']} and {found['columns']}"
        )
    return next(iter(found), None)


def _class_name(item, get):
    if isinstance(item, str):
        if item in ("accuracy", "acc", "crossentropy", "ce"):
            return ""  # Keras decides by the shape of the targets.
        item = get(item)
    name = getattr(item, "__name__", type(item).__name__)
    return "".join(part.capitalize() for part in name.split("_")) if name.islower() else name


def in_form(targets, form, classes):
    """Encoded labels in the given form, `[docs]` or `[docs, classes]`; tensors or arrays.

    Raises:
        ValueError: If soft targets would have to become class indexes.
    """
    rank = len(targets.shape)
    if form == "columns" and rank == 1:
        if isinstance(targets, np.ndarray):
            return np.eye(classes, dtype="float32")[targets]
        return tf.one_hot(targets, classes)
    if form == "indexes" and rank == 2:
        if isinstance(targets, np.ndarray) and not np.isin(targets, (0, 1)).all():
            raise ValueError(
                "`y` holds soft targets, and the loss or a metric takes class indexes only; "
                "compile without `loss`, or with a categorical one"
            )
        return (
            targets.argmax(-1).astype("int32")
            if isinstance(targets, np.ndarray)
            else (tf.argmax(targets, axis=-1, output_type=tf.int32))
        )
    return targets


def class_weights(given, labels, targets=None):
    """The weight of each class, `<float32>[classes]`.

    Args:
        given: A dict of weights by class name or index (others weigh 1), or "balanced": one label
            a document: documents / (classes · documents of the class); multi-label: documents
            without the label / documents with it. A class that does not occur weighs 1.
        labels: A `Labels`.
        targets: Encoded labels, for "balanced".

    Raises:
        ValueError: If `given` is something else, or holds an unknown class.
    """
    if given == "balanced":
        return _balanced(labels, targets)
    if not isinstance(given, dict):
        raise ValueError(
            '`class_weight` must be "balanced" or a dict of weights by class name or index. '
            f"Received: {given!r}"
        )
    weights = np.ones(len(labels), "float32")
    for name, weight in given.items():
        weights[labels.index(name)] = weight
    return weights


def _balanced(labels, targets):
    if targets is None:
        raise ValueError('`class_weight="balanced"` needs labels in memory, not a tf.data.Dataset')
    if targets.ndim == 1:
        counts = np.bincount(targets, minlength=len(labels)).astype("float64")
    else:
        counts = targets.sum(axis=0, dtype="float64")
    rest = (
        len(targets) - counts
        if labels.multi_label
        else np.full(len(labels), len(targets) / len(labels))
    )
    ratios = np.divide(rest, counts, out=np.ones_like(counts), where=(counts > 0) & (rest > 0))
    return ratios.astype("float32")


def document_weights(weights, targets, sample_weight, multi_label):
    """The weights of the loss, `<float32>[docs]`, or with `multi_label` `[docs, classes]`.

    Args:
        weights: `<float32>[classes]` of `class_weights`, or None. One label a document: the
            weight of the document is that of its class. Multi-label: the terms of the labels that
            a document has are multiplied by their weights; those of other labels are not.
        targets: Encoded labels, `[docs]` or `[docs, classes]`.
        sample_weight: `[docs]`, multiplied with the weights of the classes, or None.
        multi_label: Which of the two.
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
