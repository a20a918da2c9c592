"""Counterfactuals against all subsets of the units of small documents."""

import functools
import itertools

import numpy as np
import pytest
import tensorflow as tf
from random_ngrams import random_ngrams

from hanlib.explain import counterfactuals
from hanlib.layers import DocumentVectorizer
from hanlib.models import HAN, DocumentClassifier

DRAW = np.random.default_rng(0)
IDS = [
    [DRAW.integers(2, 15, size).tolist() for size in DRAW.integers(1, 4, sentences)]
    for sentences in DRAW.integers(1, 5, 14)
] + [[]]


@functools.cache
def classifier_of(multi_label=False, ngrams=False):
    if ngrams:
        ngrams = random_ngrams(ids_of(IDS), 3, 15)
    encoder = HAN(15, embedding_dim=4, units=3, attention_units=4, bidirectional=False)
    classifier = DocumentClassifier(
        None, encoder, ["a", "b", "c"], multi_label, thresholds=0.4, ngrams=ngrams or None
    )
    classifier.build()
    draw = np.random.default_rng(4)
    for weight in classifier.trainable_weights:
        weight.assign(draw.normal(0, 0.9, weight.shape))
    if multi_label:
        # Half of the documents have their most probable label.
        most = classifier.predict(ids_of(IDS), verbose=0).max(axis=1)
        classifier.thresholds = [float(np.median(most))] * 3
    return classifier


def ids_of(documents):
    return tf.ragged.constant(documents, dtype=tf.int32, ragged_rank=2)


@pytest.fixture(
    scope="module",
    params=["one_label", "multi_label", pytest.param("ngrams", marks=pytest.mark.long)],
)
def classifier(request):
    return classifier_of(request.param == "multi_label", request.param == "ngrams")


def flat(document):
    return [(row, word) for row, words in enumerate(document) for word in words]


def without(document, level, removed):
    if level == "sentence":
        return [row for index, row in enumerate(document) if index not in removed]
    kept = [pair for index, pair in enumerate(flat(document)) if index not in removed]
    return [[word for row, word in kept if row == n] for n in sorted({row for row, _ in kept})]


def flipped(classifier, document, level, removals):
    """Whether the label changes without each set of units, by the classifier itself."""
    documents = [document, *(without(document, level, removed) for removed in removals)]
    p = classifier.predict(ids_of(documents), batch_size=4096, verbose=0)
    best = p[0].argmax()
    if classifier.multi_label:
        has = p[:, best] >= np.float32(classifier.thresholds[best])
        return has[1:] != has[0]
    return p[1:].argmax(axis=1) != best


@pytest.mark.parametrize("level", ["sentence", "word"])
def test_sets_flip_the_label_and_none_of_their_units_is_needless(classifier, level):
    found = counterfactuals(classifier, IDS, level)
    sizes = []
    for document, result in zip(IDS, found, strict=True):
        units = len(document) if level == "sentence" else len(flat(document))
        subsets = [
            set(chosen)
            for size in range(1, units)
            for chosen in itertools.combinations(range(units), size)
        ]
        flips = flipped(classifier, document, level, subsets) if subsets else []
        fewest = min((len(s) for s, f in zip(subsets, flips, strict=True) if f), default=None)
        if not result.found:
            assert result.units == ()
            assert result.probability_without is None
            assert fewest is None, "the search missed a set of a small document"
            continue
        assert fewest is not None
        sizes.append((len(result.units), fewest))
        assert len(result.units) <= result.tried < units
    assert sizes, "no label could be changed: the test tests nothing"
    assert all(own >= least for own, least in sizes)
    assert np.mean([own == least for own, least in sizes]) > 0.9


def test_a_set_is_minimal_and_probabilities_are_those_of_predict():
    vectorizer = DocumentVectorizer(vocabulary=list("abcdefghijklm"), max_sentence_words=3)
    encoder = HAN(15, embedding_dim=4, units=3, attention_units=4, bidirectional=False)
    classifier = DocumentClassifier(vectorizer, encoder, ["x", "y"])
    classifier.build()
    draw = np.random.default_rng(6)
    for weight in classifier.trainable_weights:
        weight.assign(draw.normal(0, 2.0, weight.shape))
    texts = [" ".join(draw.choice(list("abcdefghijklm"), 9)) for _ in range(12)]
    results = [r for r in counterfactuals(classifier, texts) if r.found]
    assert results
    for result in results:
        left = list(result.text)
        for word in result.units:
            assert result.text[word.start : word.end] == word.text
            left[word.start : word.end] = " " * len(word.text)
        assert result.calls > len(result.units)
        assert f"without {len(result.units)} word" in str(result)


def test_replaced_words_are_unknown_and_the_others_stay():
    classifier = classifier_of()
    found = counterfactuals(classifier, IDS, "word", change="replace")
    results = [(d, r) for d, r in zip(IDS, found, strict=True) if r.found]
    assert results
    for document, result in results:
        assert result.change == "replace"
        variants = ids_of(list(replaced(document, len(result.units))))
        assert result.other in classifier.predict_label(variants)
        assert "with the unknown word for" in str(result)


def replaced(document, count):
    """The document with each set of `count` words replaced by the unknown word, id 1."""
    places = flat(document)
    for chosen in itertools.combinations(range(len(places)), count):
        words = [(row, 1 if n in chosen else word) for n, (row, word) in enumerate(places)]
        yield [[word for row, word in words if row == r] for r in range(len(document))]


def test_the_label_to_reach_may_be_chosen():
    classifier = classifier_of()
    labels = classifier.predict_label(ids_of(IDS))
    results = {to: counterfactuals(classifier, IDS, "word", to=to) for to in "abc"}
    assert sum(any(result.found for result in found) for found in results.values()) > 1
    for to, found in results.items():
        for label, result in zip(labels, found, strict=True):
            assert result.other in (to, None)
            assert not (label == to and result.found)


def test_cannot_be_changed_is_an_answer():
    classifier = classifier_of()
    before = classifier.head.bias.numpy()
    classifier.head.bias.assign([100.0, 0.0, 0.0])
    answers = [
        counterfactuals(classifier, IDS[:3], level, most=2) for level in ("word", "sentence")
    ]
    classifier.head.bias.assign(before)
    for found in answers:
        assert not any(result.found for result in found)
        assert all(result.tried <= 2 for result in found)
        assert "cannot be changed by removing up to" in str(found[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": "letter"}, "`level` must be one of sentence, word. Received: level='letter'"),
        ({"most": 0}, "`most` must be a positive integer"),
        ({"change": "add"}, "`change` must be one of remove, replace. Received: change='add'"),
        ({"to": "x"}, "`to` must be one of the classes a, b, c. Received: 'x'"),
        ({"documents": "one"}, "`documents` must be a list of documents"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        counterfactuals(classifier_of(), **{"documents": IDS, **arguments})
