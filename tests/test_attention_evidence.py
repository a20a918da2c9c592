"""Attention and gradient x attention against multipliers on each weight, document by document."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from random_ngrams import random_ngrams

from hanlib.explain.attention_evidence import attention_evidence
from hanlib.explain.margins import margins
from hanlib.models import HAN, DocumentClassifier, FlatRecurrent

WORDS, CLASSES = 12, 3
DOCUMENTS = [[[2, 3, 4], [5]], [[6, 2]], [[7, 7, 2], [3], [8, 9, 10, 11]], [[4]]]
WITH_EMPTY = [[[2, 3, 4], [], [5]], [], [[6, 2], []], [[]]]
ONE = {"bidirectional": False}  # It takes less time.
POOLINGS = {
    "additive": {},
    "gated": {"score": "gated", **ONE},
    "sparsemax": {"normalizer": "sparsemax", **ONE},
    "mean": {"score": "mean", **ONE},
    "max": {"score": "max", **ONE},
    "hops": {"hops": 2, **ONE},
    "labels": {"labels": CLASSES, **ONE},
    "beside": {"beside": ("mean", "max"), **ONE},
    "beside, hops": {"beside": ("max",), "hops": 2, **ONE},
    "self_attention": {"self_attention_heads": 2},
}
SECOND = {"gated", "sparsemax", "mean", "max", "beside, hops"}
every_pooling = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.long if n in SECOND else ()) for n in POOLINGS]
)


@functools.cache
def classifier_of(multi_label=False, dtype=None, **kwargs):
    encoder = HAN(WORDS, embedding_dim=4, units=3, attention_units=4, dtype=dtype, **kwargs)
    classifier = DocumentClassifier(None, encoder, CLASSES, multi_label=multi_label)
    classifier.build()
    draw = np.random.default_rng(5)
    for weight in classifier.weights:
        weight.assign(draw.normal(0, 0.7, weight.shape))
    return classifier


def ragged(documents):
    return tf.ragged.constant(documents, dtype=tf.int32, ragged_rank=2)


def dense(documents):
    return ragged(documents).to_tensor(shape=[None, 4, 5])


def weigh(level, states, multipliers):
    """Vector of one row in which each weight is multiplied, `[1, features]` or with labels."""
    vectors, weights = level.pooling(states, return_attention_scores=True)
    states = tf.cast(states[0], tf.float32)
    weighted = multipliers[:, None] * states
    highest = tf.cast(states == tf.reduce_max(states, axis=0), tf.float32)
    maximum = tf.reduce_sum(highest * weighted, axis=0)[None]
    if level.pooling.score == "max":
        return maximum
    heads = tf.reshape(weights[0], [len(states), -1]) * multipliers[:, None]
    summed = tf.einsum("ih,if->hf", heads, states)
    if level.pooling.beside:
        further = {"mean": tf.reduce_mean(weighted, axis=0)[None], "max": maximum}
        parts = [tf.reshape(summed, [1, -1]), *(further[b] for b in level.pooling.beside)]
        return tf.concat(parts, axis=-1)
    return tf.reshape(summed, tf.shape(vectors))


def margin(classifier, document, of_words, of_sentences, target):
    """The log-odds of one document whose attention weights are multiplied."""
    encoder = classifier.encoder
    vectors, at = [], 0
    for sentence in document:
        states = contextualized(encoder.levels[0], encoder.embedding(tf.constant([sentence])))
        vectors.append(weigh(encoder.levels[0], states, of_words[at : at + len(sentence)]))
        at += len(sentence)
    states = contextualized(encoder.levels[1], tf.stack(vectors, axis=1))
    logits = classifier.logits(weigh(encoder.levels[1], states, of_sentences))[0]
    probability = tf.sigmoid(logits) if classifier.multi_label else tf.nn.softmax(logits)
    return tf.math.log(probability[target]) - tf.math.log(1 - probability[target])


def contextualized(level, vectors):
    if level.self_attention is not None:
        vectors = level.self_attention(vectors)
    return level.recurrent(vectors)


def expected(classifier, document, target):
    """d margin / d multiplier of each word and each sentence, where all of them are one."""
    of_words = tf.ones([sum(map(len, document))])
    of_sentences = tf.ones([len(document)])
    with tf.GradientTape() as tape:
        tape.watch([of_words, of_sentences])
        value = margin(classifier, document, of_words, of_sentences, target)
    return [g.numpy() for g in tape.gradient(value, [of_words, of_sentences])]


@pytest.mark.parametrize(
    "multi_label", [False, pytest.param(True, marks=pytest.mark.long)], ids=["one", "several"]
)
@every_pooling
def test_gradient_x_attention_is_the_gradient_of_multipliers(name, multi_label):
    classifier = classifier_of(multi_label, **POOLINGS[name])
    targets = [0, 2, 1, 2]
    found = attention_evidence(classifier, ragged(DOCUMENTS), targets)
    for place, document in enumerate(DOCUMENTS):
        words, sentences = expected(classifier, document, targets[place])
        by_word = found.gradient_x_attention[0][place].flat_values.numpy()
        np.testing.assert_allclose(by_word, words, atol=2e-5)
        by_sentence = found.gradient_x_attention[1][place].numpy()
        np.testing.assert_allclose(by_sentence, sentences, atol=2e-5)
    assert max(np.abs(found.gradient_x_attention[0].flat_values.numpy())) > 0.01


@every_pooling
def test_gradient_x_attention_sums_to_what_the_vectors_give(name):
    """Over the items of each row, to the gradient at the pooled vector times that vector."""
    classifier, targets = classifier_of(False, **POOLINGS[name]), [0, 2, 1, 2]
    ids, encoder = ragged(DOCUMENTS), classifier.encoder
    found = attention_evidence(classifier, ids, targets).gradient_x_attention
    lengths = [tf.cast(n, tf.int32) for n in (ids.values.row_lengths(), ids.row_lengths())]
    with tf.GradientTape() as tape:
        rows = encoder.encode_level(
            0, tf.gather(encoder.embedding.embeddings, ids.flat_values), lengths[0]
        )
        tape.watch(rows)
        documents = encoder.encode_level(1, rows, lengths[1])
        value = margins(classifier.logits(documents), targets, False)
    gradients = tape.gradient(value, [rows, documents])
    for scores, vectors, gradient in zip(found, (rows, documents), gradients, strict=True):
        products = np.asarray(vectors * gradient)
        expected = products.reshape(len(products), -1).sum(axis=1)
        flat = scores.values if scores.shape.rank == 3 else scores
        np.testing.assert_allclose(tf.reduce_sum(flat, axis=-1), expected, atol=2e-5)
        assert np.abs(expected).max() > 0.01


def test_the_multipliers_themselves_stand_finite_differences():
    classifier, document, step = classifier_of(False), DOCUMENTS[0], 1e-2
    words, _ = expected(classifier, document, 1)
    ones = np.ones(len(words), "float32")
    for place in range(len(words)):
        moved = [ones.copy() for _ in range(2)]
        moved[0][place] += step
        moved[1][place] -= step
        up, down = (
            margin(classifier, document, tf.constant(m), tf.ones([len(document)]), 1) for m in moved
        )
        np.testing.assert_allclose((up - down) / (2 * step), words[place], atol=1e-3)


@every_pooling
def test_attention_and_probabilities_are_those_of_the_classifier(name):
    classifier = classifier_of(False, **POOLINGS[name])
    probabilities, scores = classifier(ragged(DOCUMENTS), return_attention_scores=True)
    found = attention_evidence(classifier, ragged(DOCUMENTS))
    np.testing.assert_allclose(found.probabilities, probabilities, atol=1e-6)
    np.testing.assert_array_equal(found.targets, np.argmax(probabilities, axis=-1))
    for level, (own, of_classifier) in enumerate(zip(found.attention, scores, strict=True)):
        weights = of_classifier.flat_values.numpy()
        if "hops" in name:
            weights = weights.mean(axis=-1)
        if name == "labels" and level == 1:
            # Each document shows the context of its target.
            of_target = np.repeat(found.targets, [len(d) for d in DOCUMENTS])
            weights = np.take_along_axis(weights, of_target[:, None], axis=1)[:, 0]
        np.testing.assert_allclose(own.flat_values, weights, atol=1e-6)


@every_pooling
def test_alone_in_company_dense_and_ragged_agree(name):
    classifier = classifier_of(False, **POOLINGS[name])
    together = attention_evidence(classifier, ragged(WITH_EMPTY))
    padded = attention_evidence(classifier, dense(WITH_EMPTY))
    alone = [attention_evidence(classifier, ragged([document])) for document in WITH_EMPTY]
    for level in range(2):
        for kind in ("attention", "gradient_x_attention"):
            scores = getattr(together, kind)[level].to_list()
            for own, in_company in zip(alone, scores, strict=True):
                same(getattr(own, kind)[level].to_list()[0], in_company)
            in_box = getattr(padded, kind)[level].numpy()
            box = getattr(together, kind)[level].to_tensor(shape=in_box.shape).numpy()
            np.testing.assert_allclose(in_box, box, atol=1e-5)
    np.testing.assert_allclose(padded.probabilities, together.probabilities, atol=1e-6)


def same(first, second):
    flat = [np.concatenate([np.ravel(part) for part in (*x, [])]) for x in (first, second)]
    np.testing.assert_allclose(*flat, atol=1e-5)


def test_minus_one_stands_for_the_predicted_class():
    classifier = classifier_of(False)
    best = attention_evidence(classifier, ragged(DOCUMENTS))
    mixed = attention_evidence(classifier, ragged(DOCUMENTS), [-1, -1, 0, -1])
    assert mixed.targets.numpy()[[0, 1, 3]].tolist() == best.targets.numpy()[[0, 1, 3]].tolist()
    assert mixed.targets.numpy()[2] == 0


@pytest.mark.parametrize("dtype", ["mixed_float16"])
def test_half_precision_stays_near(dtype):
    precise, coarse = classifier_of(False), classifier_of(False, dtype=dtype)
    first, second = (attention_evidence(c, ragged(DOCUMENTS), [0] * 4) for c in (precise, coarse))
    for kind in ("attention", "gradient_x_attention"):
        for level in range(2):
            of_both = [getattr(found, kind)[level].flat_values for found in (first, second)]
            np.testing.assert_allclose(*of_both, atol=0.1)


def test_nothing_at_all_gives_no_scores():
    found = attention_evidence(classifier_of(False), ragged([]))
    assert found.probabilities.shape == (0, CLASSES)
    assert found.attention[0].flat_values.shape == (0,)


def test_log_odds_stay_finite_where_the_classifier_is_sure():
    logits = np.array([[500.0, -500.0, 0.0], [1.0, 2.0, 3.0]], "float32")
    expected_odds = [500, 2 - np.log(np.exp(1) + np.exp(3))]
    np.testing.assert_allclose(margins(logits, [0, 1], False), expected_odds, rtol=1e-5)
    np.testing.assert_allclose(margins(logits, [1, 2], True), [-500, 3])


@pytest.mark.parametrize("encoder", [HAN, FlatRecurrent])
def test_ngrams_add_what_they_contribute(encoder):
    """The log-odds of one of several labels are its logit, and the logits are added."""
    encoder = encoder(WORDS, embedding_dim=4, units=3, attention_units=4)
    plain = DocumentClassifier(None, encoder, CLASSES, multi_label=True)
    plain.build()
    ids, targets = ragged(WITH_EMPTY), [2, 0, 1, 1]
    layer = random_ngrams(ids, CLASSES, WORDS)
    before, after = (
        attention_evidence(classifier, ids, targets).gradient_x_attention
        for classifier in (plain, plain.with_ngrams(layer))
    )
    words = layer.contributions(ids.flat_values, [3, 1, 2], [2, 0, 1, 0], targets)
    rows = ids.with_flat_values(words)
    for level, expected in enumerate(
        [words, tf.reduce_sum(rows, axis=2).flat_values][: len(after)]
    ):
        added = after[level].flat_values - before[level].flat_values
        np.testing.assert_allclose(added, expected, atol=1e-5)
