"""Comprehensiveness and sufficiency against removal by hand, and the statistics of chance."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from random_ngrams import random_ngrams

from hanlib.explain import faithfulness_table
from hanlib.explain.documents import Documents
from hanlib.explain.faithfulness import Perturbations, interval_of_one, student_t, top_sizes
from hanlib.explain.faithfulness_table import mean_with_interval
from hanlib.explain.methods import METHODS
from hanlib.explain.network import network_of
from hanlib.layers import RationaleHead
from hanlib.models import HAN, DocumentClassifier

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
TARGETS = np.array([[0, -1], [1, -1], [2, -1], [-1, -1]], np.int32)
NESTED = [
    [[[2, 3, 4]], [[5]], [[6, 7, 8, 9], [10, 11]], [[5, 5]]],
    [],
    [[[12, 2]]],
    [[[3, 3, 4], [5, 6, 14]], [[13]], [[2, 9, 2, 4, 7]]],
]
with_and_without_ngrams = pytest.mark.parametrize(
    "ngrams", [True, pytest.param(False, marks=pytest.mark.long)]
)


@functools.cache
def classifier_of(ngrams):
    ngrams = random_ngrams(ids_of(NESTED), 3, 15) if ngrams else None
    encoder = HAN(15, embedding_dim=4, units=3, attention_units=4, bidirectional=False)
    made = DocumentClassifier(None, encoder, 3, ngrams=ngrams, rationale=RationaleHead(4))
    made.build()
    draw = np.random.default_rng(3)
    for weight in made.trainable_weights:
        weight.assign(draw.normal(0, 0.6, weight.shape))
    return made


@functools.cache
def measured_of(ngrams):
    network, documents = network_of(classifier_of(ngrams)), Documents.of(NESTED)
    scores = METHODS["leave_one_out"](network, documents, TARGETS)
    perturbations = Perturbations(network, documents, scores, rankings=6, seed=4)
    return scores, perturbations


@pytest.fixture
def classifier():
    return classifier_of(ngrams=True)


@pytest.fixture
def measured():
    return measured_of(ngrams=True)


def ids_of(nested):
    rows = [[row for sentence in document for row in sentence] for document in nested]
    return tf.ragged.constant(rows, dtype=tf.int32, ragged_rank=2)


def keep_words(document, kept):
    """The document with the words at the places of `kept` only."""
    place, found = 0, []
    for sentence in document:
        rows = []
        for row in sentence:
            rows.append([word for step, word in enumerate(row, place) if step in kept])
            place += len(row)
        found.append([row for row in rows if row])
    return found


def by_hand(classifier, document, target, order, keep):
    """AOPC of a ranking; `keep` makes the document of some units."""
    tops = [set(order[: max(round(share * len(order)), 1)]) for share in SHARES]
    without = [keep(document, set(order) - top) for top in tops]
    alone = [keep(document, top) for top in tops]
    whole, *rest = classifier(ids_of([document, *without, *alone])).numpy()[:, target]
    losses = whole - np.array(rest)
    return losses[: len(tops)].mean(), losses[len(tops) :].mean()


def keep_sentences(document, kept):
    return [sentence for place, sentence in enumerate(document) if place in kept]


@with_and_without_ngrams
@pytest.mark.parametrize(("level", "keep"), [("word", keep_words), ("sentence", keep_sentences)])
def test_figures_are_those_of_removal_by_hand(ngrams, level, keep):
    classifier, (scores, perturbations) = classifier_of(ngrams), measured_of(ngrams)
    found = perturbations.measure(level, scores)
    values = scores.words if level == "word" else scores.sentences
    at = 0
    for place, document in enumerate(NESTED):
        units = len(document)
        if level == "word":
            units = sum(len(row) for sentence in document for row in sentence)
        order = np.argsort(-values[at : at + units], kind="stable").tolist()
        at += units
        if not units:
            assert np.isnan(found.comprehensiveness[place, 0])
            continue
        expected = by_hand(classifier, document, scores.targets[place, 0], order, keep)
        own = found.comprehensiveness[place, 0], found.sufficiency[place, 0]
        np.testing.assert_allclose(own, expected, atol=1e-5)


def test_records_say_chance_and_cost(measured):
    scores, perturbations = measured
    records = perturbations.faithfulness(scores)
    assert records[1] == {}
    for record in (records[0], records[2], records[3]):
        assert set(record) == {"word", "sentence"}
        for level, figures in record.items():
            assert figures.level == level
            low, high = figures.comprehensiveness_interval
            assert low <= figures.random_comprehensiveness <= high
    # 12 words: the top 1, 5, 10, 20, 50 % are 1, 1, 1, 2 and 6 words; with and without, 7 rankings.
    assert records[0]["word"].passes == 3 * 2 * 7
    assert records[0]["sentence"].passes == 2 * 2 * 7


@with_and_without_ngrams
def test_small_pieces_change_nothing(ngrams, monkeypatch):
    scores, perturbations = measured_of(ngrams)
    network, documents = network_of(classifier_of(ngrams)), Documents.of(NESTED)
    monkeypatch.setattr("hanlib.explain.removal.MOST_ITEMS", 5)
    pieces = Perturbations(network, documents, scores, rankings=6, seed=4)
    for level in ("word", "sentence"):
        for own, other in zip(
            perturbations.measure(level, scores), pieces.measure(level, scores), strict=True
        ):
            np.testing.assert_allclose(own, other, atol=1e-5)
        np.testing.assert_allclose(
            perturbations.by_chance[level].sufficiency,
            pieces.by_chance[level].sufficiency,
            atol=1e-5,
        )


def test_random_rankings_do_not_depend_on_company(classifier, measured):
    scores, perturbations = measured
    network, documents = network_of(classifier), Documents.of(NESTED).take([3])
    alone = METHODS["leave_one_out"](network, documents, scores.targets[[3]])
    figures = Perturbations(network, documents, alone, rankings=6, seed=4).by_chance["word"]
    together = perturbations.by_chance["word"]
    np.testing.assert_allclose(
        figures.comprehensiveness[0], together.comprehensiveness[3], atol=1e-5
    )


def test_the_table_has_every_method_and_level(classifier):
    ids = [[[2, 3, 4], [5]], [], [[6, 7, 8, 9], [10, 11]]]
    rows = faithfulness_table(classifier, ids, rankings=5)
    assert [(row["method"], row["level"]) for row in rows] == [
        (method, level) for method in METHODS for level in ("word", "sentence")
    ]
    for row in rows:
        assert row["documents"] == 2
        mean, low, high = row["comprehensiveness"]
        assert low <= mean <= high
        gain = row["comprehensiveness"][0] - row["random_comprehensiveness"][0]
        assert row["better_than_chance"][0] == pytest.approx(gain)
    # All methods are compared with the same rankings.
    for level in ("word", "sentence"):
        chance = {row["random_sufficiency"] for row in rows if row["level"] == level}
        assert len(chance) == 1


def test_nothing_to_measure_gives_an_empty_row(classifier):
    row = faithfulness_table(classifier, [[], []], ["attention"])[0]
    assert row["documents"] == row["passes"] == 0
    assert np.isnan(row["comprehensiveness"]).all()


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(4, 2.7764), (5, 2.5706), (9, 2.2622), (19, 2.0930), (99, 1.9842)]
)
def test_students_t(freedom, quantile):
    assert student_t(freedom) == pytest.approx(quantile, abs=0.01)


def test_the_interval_holds_95_percent_of_further_rankings():
    draw = np.random.default_rng(0)
    inside = 0
    for _ in range(2000):
        *seen, further = draw.normal(size=11)
        low, high = interval_of_one(np.array(seen))
        inside += low <= further <= high
    assert 0.935 < inside / 2000 < 0.965


def test_top_sizes_are_at_least_one_unit():
    assert top_sizes(1).tolist() == [1] * 5
    assert top_sizes(200).tolist() == [2, 10, 20, 40, 100]


def test_the_bootstrap_interval_narrows_with_the_documents():
    draw = np.random.default_rng(0)
    widths = []
    for count in (25, 400):
        _, low, high = mean_with_interval(draw.normal(size=count))
        widths.append(high - low)
    assert widths[0] == pytest.approx(2 * 1.96 / 5, rel=0.3)
    assert widths[1] == pytest.approx(2 * 1.96 / 20, rel=0.3)
