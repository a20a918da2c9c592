"""The scores of words and sentences that an export returns."""

import tensorflow as tf


def score_names(classifier):
    """The names of the scores that `explain` returns: fields of an `AttentionEvidence`.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> score_names(DocumentClassifier(None, HAN(9), classes=2))
    ('attention', 'gradient_x_attention')
    """
    scores = "attention", "gradient_x_attention"
    return scores if classifier.rationale is None else (*scores, "rationale")


def word_scores(evidence, name):
    """The scores of words, end to end, `<float32>[words]`.

    Args:
        evidence: An `AttentionEvidence`.
        name: One of `score_names`.
    """
    return tf.cast(getattr(evidence, name)[0].flat_values, tf.float32)


def row_scores(evidence, name):
    """The scores of the rows, end to end.

    For an encoder without sentences they are sums over the words, or the maximum for `rationale`.
    """
    by_level = getattr(evidence, name)
    if len(by_level) > 1:
        return tf.cast(by_level[1].flat_values, tf.float32)
    reduce = tf.reduce_max if name == "rationale" else tf.reduce_sum
    return reduce(tf.cast(by_level[0].values, tf.float32), axis=-1)
