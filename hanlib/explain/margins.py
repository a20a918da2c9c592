"""The quantity that scores explain, and the choice of its classes.

    log-odds    m = log p_A - log(1 - p_A)          why A
    contrast    m = log p_A - log p_B               why A and not B, softmax
                m = logit(p_A) - logit(p_B)         the same for labels of a multi-label classifier

Let z be the logits of the classifier. The logit of a label is z itself, so a contrast is z_A - z_B
for both kinds of classifiers. σ(m) is a probability: p_A for the log-odds; for a contrast, that of
A if it is known that one of the two classes is right (of two labels: exactly one).

Targets are `<int>[docs]`, the class A of each document, or `<int>[docs, 2]`, A and B. A is
`PREDICTED` for the most probable class. B is `NONE` for the log-odds and `RUNNER_UP` for the most
probable class other than A.
"""

import tensorflow as tf

PREDICTED = -1
NONE = -1
RUNNER_UP = -2


def margins(logits, targets, multi_label):
    """m of each document, `<float32>[docs]`.

    Args:
        logits: `<float32>[docs, classes]`.
        targets: `<int>[docs]` or `<int>[docs, 2]`, without `PREDICTED` and `RUNNER_UP`.
        multi_label: whether p is the sigmoid of the logit; otherwise it is the softmax.

    >>> logits = tf.constant([[0.0, 2.0, 3.0]] * 2)
    >>> margins(logits, tf.constant([[1, NONE], [1, 2]]), multi_label=True).numpy()
    array([ 2., -1.], dtype=float32)
    """
    logits, targets = tf.convert_to_tensor(logits), tf.convert_to_tensor(targets)
    classes = targets[:, 0] if targets.shape.rank == 2 else targets
    own = tf.gather(logits, classes, batch_dims=1)
    rest = tf.zeros_like(own) if multi_label else _log_sum_of_others(logits, classes)
    if targets.shape.rank == 2:
        others = targets[:, 1]
        chosen = tf.gather(logits, tf.maximum(others, 0), batch_dims=1)
        rest = tf.where(others < 0, rest, chosen)
    return own - rest


def chosen_targets(logits, targets=None):
    """The targets with `PREDICTED` and `RUNNER_UP` replaced by classes, in the same form.

    A class is not contrasted with itself: B becomes `NONE`.

    Args:
        logits: `<float>[docs, classes]`.
        targets: `<int>[docs]` or `<int>[docs, 2]`; None for the most probable class of each.

    >>> logits = tf.constant([[0.0, 2.0, 1.0]] * 3)
    >>> chosen_targets(logits, [0, PREDICTED, 2]).numpy()
    array([0, 1, 2], dtype=int32)
    >>> chosen_targets(logits, [[PREDICTED, RUNNER_UP], [PREDICTED, 0], [1, 1]]).numpy().tolist()
    [[1, 2], [1, 0], [1, -1]]
    """
    best = tf.argmax(logits, axis=-1, output_type=tf.int32)
    if targets is None:
        return best
    targets = tf.cast(targets, tf.int32)
    if targets.shape.rank == 1:
        return tf.where(targets < 0, best, targets)
    classes = tf.where(targets[:, 0] < 0, best, targets[:, 0])
    second = tf.argmax(_without(logits, classes), axis=-1, output_type=tf.int32)
    others = tf.where(targets[:, 1] == RUNNER_UP, second, targets[:, 1])
    return tf.stack([classes, tf.where(others == classes, NONE, others)], axis=1)


def _log_sum_of_others(logits, classes):
    return tf.reduce_logsumexp(_without(logits, classes), axis=-1)


def _without(logits, classes):
    """The logits, with a very low one for the given class of each document."""
    return logits + tf.one_hot(
        classes, tf.shape(logits)[-1], on_value=logits.dtype.min, off_value=0.0
    )
