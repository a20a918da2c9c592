"""Attention and gradient x attention of all levels, in one pass."""

from typing import NamedTuple

import tensorflow as tf

from hanlib.explain.margins import chosen_targets, margins
from hanlib.layers.attention_scores import pool_beside
from hanlib.ops.hierarchy import merge_levels


class AttentionEvidence(NamedTuple):
    """Attention and gradient x attention of the words and sentences of a batch.

    Lists have one entry for each level of the encoder, words first, each in the form of the ids.
    Several hops are averaged in `attention` and summed in `gradient_x_attention`.

    Attributes:
        probabilities: `<float32>[docs, classes]`.
        targets: `<int32>[docs]`, the class that the gradients refer to, or `<int32>[docs, 2]`, the
            class and the one that it is compared with or -1.
        attention: `<float>[docs, (sentences), (words)]`, then `<float>[docs, (sentences)]`. With
            one context per label, it is the attention of the target's context.
        gradient_x_attention: the same shapes; positive values support the target.
        rationale: the same shapes, the probability that a person would mark the item as evidence;
            empty for a classifier without a rationale head.

    >>> AttentionEvidence(None, tf.constant([1]), [], []).targets.numpy()
    array([1], dtype=int32)
    """

    probabilities: tf.Tensor
    targets: tf.Tensor
    attention: list
    gradient_x_attention: list
    rationale: list = ()


def attention_evidence(classifier, ids, targets=None):
    """Attention and gradient x attention (Serrano and Smith 2019) at each level of a classifier.

        g_i = α_i ∂m/∂α_i + n_i = α_i (∂m/∂v · h_i) + n_i

    m is the log-odds of the target, `log p - log(1 - p)`, or the contrast of two classes (see
    `hanlib.explain.margins`); unlike p, it does not saturate when the classifier is certain. Only
    ∂m/∂v, the gradient at the pooled vectors of a level, is needed, so the backward pass stops at
    the pooled vectors of the first level, and the cost is little more than that of a prediction.
    The function works in graphs, and so in an exported model.

    n_i is the part of the n-grams: for a word ∂m/∂γ_i, where γ_i = 1 is its gate in the logits of
    the n-grams (see `NGramLinear.logits`), and for a sentence the sum over its words. It is zero
    for a classifier without n-grams.

    With the pooling "max", the weight of a word is the share of the features that it contributes,
    and g_i is the sum of h_i ∂m/∂v over those features.

    With `beside`, a word reaches v through several parts: the vector of each context, with its
    weight; the mean, with 1/n; and the maximum of each feature, with 1 where the word has it (or
    the same share for each word that does). α_i ∂m/∂α_i is then the sum over all parts, that is
    the derivative by one factor on all of these weights. Whatever the pooling, it sums to ∂m/∂v · v
    over the items of a row. `attention` shows the weights of the contexts alone.

    Args:
        classifier: a built `DocumentClassifier` whose encoder has attention.
        ids: `<int>[docs, (sentences), (words)]`, ragged, or dense with 0 as padding.
        targets: `<int>[docs]`, the class of each document, -1 for the most probable one, or
            `<int>[docs, 2]` as in `hanlib.explain.margins`. None selects the most probable class
            for all documents.

    Returns:
        An `AttentionEvidence`.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> encoder = HAN.from_preset("han_small", vocabulary_size=9)
    >>> classifier = DocumentClassifier(None, encoder, classes=2)
    >>> classifier.build()
    >>> ids = tf.ragged.constant([[[2, 3], [4]]], dtype=tf.int32)
    >>> evidence = attention_evidence(classifier, ids)
    >>> [scores.shape.rank for scores in evidence.gradient_x_attention]
    [3, 2]
    """
    encoder = classifier.encoder
    encoder.require_attention("attention evidence")
    found = encoder.hierarchy(ids)
    values, index = encoder.embed(found.words)
    lengths = merge_levels(found.lengths, encoder.num_levels)
    gates = tf.ones([tf.shape(found.words)[0]])
    levels = []
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(gates)

        def pool(pooling, states, rows, count, training=None):
            vectors, scores = pooling.pool(states, rows, count, training=training)
            # The tape watches nothing earlier, so the backward pass stops at these vectors.
            tape.watch(vectors)
            levels.append((pooling, states, rows, vectors, scores))
            return vectors

        vectors = encoder.encode(values, lengths, index, pool=pool)
        ngrams = classifier.ngram_logits(found.words, *found.rows(), gates)
        logits = classifier.logits(vectors, ngrams)
        targets = chosen_targets(logits, targets)
        margin = margins(logits, targets, classifier.multi_label)
    sources = [*(pooled for _, _, _, pooled, _ in levels), gates]
    *gradients, at_gates = tape.gradient(
        margin, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    of_ngrams = tf.convert_to_tensor(at_gates)
    attention, contributions = [], []
    for k, (pooling, states, rows, _, scores) in enumerate(levels):
        weights, contribution = _of_items(pooling, states, rows, scores, gradients[k], targets)
        contribution += tf.cast(of_ngrams, contribution.dtype)
        attention.append(found.in_form_of_input(k, weights))
        contributions.append(found.in_form_of_input(k, contribution))
        # The rows of this level are the items of the next.
        of_ngrams = tf.math.unsorted_segment_sum(of_ngrams, rows, tf.size(lengths[k]))
    rationale = []
    if classifier.rationale is not None:
        scores = classifier.rationale.scores([(states, rows) for _, states, rows, _, _ in levels])
        rationale = [found.in_form_of_input(k, tf.sigmoid(r)) for k, r in enumerate(scores)]
    probabilities = classifier.classify(vectors, ngrams)
    return AttentionEvidence(probabilities, targets, attention, contributions, rationale)


def _of_items(pooling, states, rows, scores, d_vectors, targets):
    """Weight and contribution of each item of a level, `<float>[items]`."""
    states = tf.cast(states, scores.dtype)
    d_vectors = tf.cast(d_vectors, scores.dtype)
    if pooling.score == "max":
        return scores, _through(("max",), states, rows, d_vectors)
    contribution = 0.0
    if pooling.beside:
        width = pooling.hops * states.shape[-1]
        contribution = _through(pooling.beside, states, rows, d_vectors[:, width:])
        d_vectors = d_vectors[:, :width]
    if scores.shape.rank == 1:
        at_rows = tf.gather(d_vectors, rows)
        return scores, contribution + scores * tf.reduce_sum(at_rows * states, axis=-1)
    heads = tf.reshape(d_vectors, [-1, scores.shape[-1], states.shape[-1]])
    for head in range(scores.shape[-1]):
        at_rows = tf.gather(heads[:, head], rows)
        contribution += scores[:, head] * tf.reduce_sum(at_rows * states, axis=-1)
    if pooling.labels is None:
        return tf.reduce_mean(scores, axis=-1), contribution
    classes = targets[:, 0] if targets.shape.rank == 2 else targets
    own = tf.gather(classes, rows)
    return tf.gather(scores, own, batch_dims=1), contribution


def _through(names, states, rows, d_vectors):
    """The contribution of each item through the means and maxima `names`, `<float>[items]`.

    Both are homogeneous, so that the products of states and gradients sum to the whole.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(states)
        vectors = pool_beside(names, states, rows, tf.shape(d_vectors)[0])
    gradient = tape.gradient(vectors, states, output_gradients=d_vectors)
    return tf.reduce_sum(gradient * states, axis=-1)
