"""Why A and not B: every method against what it computes for one class, or done by hand."""

import functools
import json

import numpy as np
import pytest
import tensorflow as tf

from hanlib.evidence import Explanation
from hanlib.explain import explain
from hanlib.explain.attention_evidence import attention_evidence
from hanlib.explain.documents import Documents, parts, sums
from hanlib.explain.faithfulness import Perturbations
from hanlib.explain.margins import RUNNER_UP, margins
from hanlib.explain.methods import METHODS
from hanlib.explain.network import network_of
from hanlib.models import HAN, DocumentClassifier

WORDS, CLASSES = 15, 4
NESTED = [
    [[[2, 3, 4]], [[5]], [[6, 7, 8, 9], [10, 11]]],
    [],
    [[[12, 2]]],
    [[[3, 3, 4], [5, 6, 14]], [[13]], [[2, 9, 2, 4, 7]]],
]
PAIRS = np.array([[1, 0], [0, 3], [-1, 2], [3, RUNNER_UP]], np.int32)
ADDITIVE = ("gradient_x_input", "gradient_x_attention", "gradients_by_level")


@functools.cache
def classifier_of(multi_label=False):
    encoder = HAN(WORDS, embedding_dim=4, units=3, attention_units=4, bidirectional=False)
    made = DocumentClassifier(None, encoder, list("abcd"), multi_label)
    made.build()
    draw = np.random.default_rng(8)
    for weight in made.trainable_weights:
        weight.assign(draw.normal(0, 0.7, weight.shape))
    return made


# Pairs of several labels by default: the gradients below.
@pytest.fixture(
    params=[False, pytest.param(True, marks=pytest.mark.long)], ids=["one_label", "multi_label"]
)
def classifier(request):
    return classifier_of(request.param)


def ids_of(nested):
    rows = [[row for sentence in document for row in sentence] for document in nested]
    return tf.ragged.constant(rows, dtype=tf.int32, ragged_rank=2)


def by_hand(classifier, nested, pairs):
    """The contrast from the probabilities that `predict` gives; log-odds where there is no B."""
    p = classifier.predict(ids_of(nested), verbose=0).astype(np.float64)
    quantity = np.log(p) - np.log1p(-p) if classifier.multi_label else np.log(p)
    rows = np.arange(len(nested))
    own, other = (quantity[rows, pairs[:, column]] for column in (0, 1))
    alone = (np.log(p) - np.log1p(-p))[rows, pairs[:, 0]]
    return np.where(pairs[:, 1] < 0, alone, own - other)


def test_the_contrast_is_the_difference_that_probabilities_give(classifier):
    network, documents = network_of(classifier), Documents.of(NESTED)
    logits = network.logits(*documents.flat)
    pairs = network.targets(logits, PAIRS).numpy()
    found = network.margins(logits, pairs).numpy()
    np.testing.assert_allclose(found, by_hand(classifier, NESTED, pairs), atol=1e-5)
    p = classifier.predict(ids_of(NESTED), verbose=0)
    assert pairs[2, 0] == p[2].argmax()
    assert pairs[3, 1] == np.argmax(np.where(np.arange(CLASSES) == 3, -1, p[3]))


def test_integrated_gradients_of_a_pair_sum_to_the_difference(classifier):
    network, documents = network_of(classifier), Documents.of(NESTED)
    scores = METHODS["integrated_gradients"](network, documents, PAIRS)
    ends = [
        network.margins(
            network.gradient(*documents.flat, scores.targets, np.full(4, scale, np.float32))[0],
            scores.targets,
        ).numpy()
        for scale in (1, 0)
    ]
    whole = sums(scores.words, documents.document_words)
    np.testing.assert_allclose(whole, ends[0] - ends[1], atol=0.02)
    np.testing.assert_allclose(ends[0], by_hand(classifier, NESTED, scores.targets), atol=1e-5)
    assert np.abs(whole).max() > 0.1
    assert scores.diagnostics["completeness_error"].max() < 0.02


@pytest.mark.parametrize("method", ADDITIVE)
def test_gradients_of_a_pair_are_differences_of_those_of_two_labels(method):
    """With several labels m is the logit itself, so each linear method is linear in the pair."""
    classifier = classifier_of(True)
    network, documents = network_of(classifier), Documents.of(NESTED)
    own, *of_classes = (
        METHODS[method](network, documents, np.array([pair] * 4, np.int32))
        for pair in ([1, 0], [1, -1], [0, -1])
    )
    for name in ("words", "sentences"):
        first, second = (getattr(scores, name) for scores in of_classes)
        np.testing.assert_allclose(getattr(own, name), first - second, atol=1e-5)
    assert np.abs(own.words).max() > 0.01


def test_leave_one_out_of_a_pair_is_the_change_of_the_contrast():
    classifier = classifier_of()
    network, documents = network_of(classifier), Documents.of(NESTED)
    scores = METHODS["leave_one_out"](network, documents, PAIRS)
    whole = by_hand(classifier, NESTED, scores.targets)
    for place, of_sentences in enumerate(parts(scores.sentences, documents.document_sentences)):
        left = [NESTED[place][:s] + NESTED[place][s + 1 :] for s in range(len(NESTED[place]))]
        if left:
            pairs = np.repeat(scores.targets[[place]], len(left), axis=0)
            change = whole[place] - by_hand(classifier, left, pairs)
            np.testing.assert_allclose(of_sentences, change, atol=1e-5)


def test_two_classes_need_no_contrast():
    logits = tf.constant(np.random.default_rng(0).normal(size=[5, 2]).astype("float32"))
    alone, pair = (margins(logits, tf.constant([t] * 5), False).numpy() for t in ([1, -1], [1, 0]))
    np.testing.assert_allclose(alone, pair, atol=1e-6)


def test_faithfulness_of_a_pair_is_that_of_its_probability():
    classifier = classifier_of()
    network, documents = network_of(classifier), Documents.of(NESTED)
    scores = METHODS["leave_one_out"](network, documents, PAIRS)
    found = Perturbations(network, documents, scores, rankings=5).measure("sentence", scores)
    order = np.argsort(-scores.sentences[:3], kind="stable")
    pairs = scores.targets[[0]]
    sizes = [1, 1, 1, 1, 2]  # 1, 5, 10, 20 and 50 % of 3 sentences.
    whole = 1 / (1 + np.exp(-by_hand(classifier, NESTED[:1], pairs)))
    drops = []
    for size in sizes:
        kept = [s for index, s in enumerate(NESTED[0]) if index not in order[:size]]
        drops.append(whole - 1 / (1 + np.exp(-by_hand(classifier, [kept], pairs))))
    np.testing.assert_allclose(found.comprehensiveness[0, 0], np.mean(drops), atol=1e-5)


def test_evidence_takes_pairs_or_classes():
    classifier, ids = classifier_of(), ids_of(NESTED)
    pairs = attention_evidence(classifier, ids, [[2, -1]] * 4)
    alone = attention_evidence(classifier, ids, [2] * 4)
    for pair, single in zip(pairs.gradient_x_attention, alone.gradient_x_attention, strict=True):
        np.testing.assert_allclose(pair.flat_values, single.flat_values, atol=1e-6)


def test_records_say_what_is_compared():
    classifier, ids = classifier_of(), ids_of(NESTED)
    found = explain(classifier, ids, target="b", against="c", faithfulness=True, rankings=5)
    assert [(e.target, e.against) for e in found] == [("b", "c")] * 4
    again = Explanation.from_dict(json.loads(found[0].to_json()))
    assert again.against == "c"
    shown = found[0].to_text(width=200)
    assert "for class b rather than c" in shown
    assert "what speaks against the class speaks for c" in shown
    assert "if only b and c count" in shown
    assert "b rather than c" in found[0].to_html()
    nearest = explain(classifier, ids, against="runner-up")
    assert all(e.against not in (None, e.target) for e in nearest)
    every = explain(classifier, ids[:1], target="all", against="a")
    assert [(e.target, e.against) for e in every] == [("a", None), *((t, "a") for t in "bcd")]


def test_a_predicted_class_is_not_compared_with_itself():
    classifier = classifier_of()
    for explanation in explain(classifier, ids_of(NESTED), against="b"):
        assert explanation.against == (None if explanation.label == "b" else "b")


@pytest.mark.parametrize(
    ("against", "message"),
    [
        ("x", "`against` must be one of the classes a, b, c, d. Received: 'x'"),
        ("a", "`against` must be another class than `target`.*target='a', against='a'"),
    ],
)
def test_wrong_classes_are_named(against, message):
    with pytest.raises(ValueError, match=message):
        explain(classifier_of(), ids_of(NESTED), target="a", against=against)
