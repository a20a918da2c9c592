"""The n-gram part of a training run."""

import json

import keras
import numpy as np
import pytest
import tiny_run
from test_training import Notes, topics

from hanlib.cli.run_summary import _ngrams
from hanlib.data import Corpus
from hanlib.data.corpus import Split
from hanlib.layers import DocumentVectorizer
from hanlib.training import RecipeError, evaluate, train
from hanlib.training.ngram_part import longest_ngram
from hanlib.training.thresholds import best_threshold, label_thresholds, micro_f1

pytestmark = pytest.mark.usefixtures("eager_module")


@pytest.fixture(scope="module")
def joined(tmp_path_factory, eager_module):
    """Folder, record and messages of a run with n-grams."""
    output, notes = tmp_path_factory.mktemp("joined"), Notes()
    recipe = tiny_run.bag_recipe(ngrams=2, epochs=2, batch_size=16, calibrate=True)
    return output, train(tiny_run.corpus(), recipe, output, progress=notes), notes


def test_the_record_tells_what_each_part_reaches(joined):
    output, record, notes = joined
    found = record["ngrams"]
    assert found["number"] > 20
    assert found["longest"] == 2
    assert min(found["strengths"].values()) > 0
    assert set(found["weights"]) == set(found["validation"]) - {"both"} == {"network", "ngrams"}
    assert found["validation"]["both"] == record["validation"]["accuracy"]
    assert found["validation"]["both"] >= max(found["validation"].values())
    assert json.loads((output / "metrics.json").read_text()) == record
    assert {"counting n-grams", "mixing network and n-grams"} <= set(notes.phases)


def test_the_saved_model_holds_the_ngrams(joined):
    output, record, _ = joined
    classifier = keras.models.load_model(output / "model.keras")
    assert classifier.ngrams.ngrams == record["ngrams"]["number"]
    assert classifier.ngrams.max_ngram == 2
    again = evaluate(classifier, tiny_run.corpus().splits["validation"])
    assert again["accuracy"] == record["validation"]["accuracy"]
    assert again["loss"] == pytest.approx(record["validation"]["loss"], rel=1e-5)


def test_a_run_that_starts_from_a_model_with_ngrams_fits_its_own(joined, tmp_path):
    start = keras.models.load_model(joined[0] / "model.keras")
    small_steps = {"learning_rate": 1e-12, "weight_decay": 0.0, "weight_average": 0.0}
    recipe = tiny_run.bag_recipe(ngrams=1, epochs=1, batch_size=16, **small_steps)
    record = train(tiny_run.corpus(), recipe, tmp_path, start=start)
    found = keras.models.load_model(tmp_path / "model.keras")
    assert found.ngrams.max_ngram == 1
    factor = record["ngrams"]["weights"]["network"]
    np.testing.assert_allclose(found.head.kernel, factor * start.head.kernel, rtol=1e-4, atol=1e-6)


def test_without_validation_both_parts_have_the_shares_of_no_evidence(tmp_path):
    corpus = Corpus("tiny", tiny_run.CLASSES, False, {"train": tiny_run.corpus().splits["train"]})
    record = train(corpus, tiny_run.bag_recipe(ngrams=2, epochs=1), tmp_path)["ngrams"]
    assert "validation" not in record
    assert record["weights"]["network"] == 0.4
    # One word says the class: out of fold the fit is not sure enough of it.
    assert record["weights"]["ngrams"] > 0.5
    assert _ngrams(record) == f"{record['number']} of up to 2 words"


@pytest.mark.long
def test_several_labels(tmp_path):
    splits = {
        "train": Split(lambda: topics(48, 0), 48),
        "validation": Split(lambda: topics(16, 1), 16),
    }
    corpus = Corpus("topics", ("bad", "film", "good"), True, splits)
    options = {"class_weight": "balanced", "calibrate": True}
    recipe = tiny_run.bag_recipe(ngrams=1, epochs=1, **options)
    record = train(corpus, recipe, tmp_path)
    found = record["ngrams"]["validation"]
    assert record["validation"]["micro_f1"] == pytest.approx(found["both"])
    line = _ngrams(record["ngrams"])
    assert line.endswith(f"; validation: network {found['network']:.4f}, n-grams "
                         f"{found['ngrams']:.4f}, both {found['both']:.4f}")  # fmt: skip


def adapted(*texts, **options):
    vectorizer = DocumentVectorizer(**options)
    vectorizer.adapt(texts)
    return vectorizer


def test_where_words_are_characters_ngrams_are_longer():
    english, chinese = adapted("A good film. A good end."), adapted("酒店的房间很大，早餐不错。")
    assert longest_ngram(None, english) == 3
    assert longest_ngram(None, chinese) == 4
    assert [longest_ngram(given, chinese) for given in (0, 1, 5)] == [0, 1, 5]


def test_keys_that_do_not_fit_are_an_error_before_training(monkeypatch):
    english = adapted("A good film. A good end.")
    monkeypatch.setattr(DocumentVectorizer, "vocabulary_size", 3_000_000)
    assert longest_ngram(None, english) == 2
    with pytest.raises(RecipeError, match=r"`ngrams` is too large: .* max_ngram=3"):
        longest_ngram(3, english)


def test_frequent_labels_have_thresholds_of_their_own(rng):
    best = np.array([0.3, 0.7, 0.9, 0.5])
    probabilities = rng.random([4000, 4])
    labels = probabilities + rng.normal(scale=0.02, size=[4000, 4]) >= best
    labels[:, 2:] &= rng.random([4000, 1]) < 0.005
    labels[:, 3] = False
    common, score = best_threshold(labels, probabilities)
    found = label_thresholds(labels, probabilities)
    np.testing.assert_allclose(found[:2], best[:2], atol=0.03)
    # The third occurs twice, the fourth never.
    assert labels[:, 2].sum() < 10
    assert abs(found[2] - common) < 0.2
    assert found[3] == common
    assert micro_f1(labels, probabilities >= found) > score
