"""Runs in which a teacher labels unlabelled texts."""

import json

import keras
import numpy as np
import pytest
import tiny_run
from test_training import Notes, topics

from hanlib.data import Corpus
from hanlib.data.corpus import Split
from hanlib.training import RecipeError, TrainingError, train

pytestmark = pytest.mark.usefixtures("eager_module")

TEXTS = tuple(text for text, _ in tiny_run.examples(20, 7)) + ("A zebra, good zebra.",) * 4


def corpus():
    return tiny_run.with_unlabelled(tiny_run.corpus(), TEXTS)


def recipe(**values):
    small = {"self_train": True, "vectors": "own", "ngrams": 1, "epochs": 2}
    small["batch_size"] = 36
    return tiny_run.bag_recipe(**{**small, **values})


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """Folder, record and messages of a run with one teacher."""
    output, notes = tmp_path_factory.mktemp("taught"), Notes()
    return output, train(corpus(), recipe(), output, progress=notes), notes


def test_the_student_learns_from_all_texts(taught):
    output, record, notes = taught
    assert record["documents"] == {"train": 48, "unlabelled": 24, "validation": 16}
    classifier = keras.models.load_model(output / "model.keras")
    assert "zebra" in classifier.vectorizer.get_vocabulary()
    assert classifier.ngrams is not None
    teacher = json.loads((output / "teacher" / "metrics.json").read_text())
    assert teacher["documents"]["train"] == 48
    assert "teachers" not in teacher
    [entry] = record["teachers"]
    assert entry["seed"] == 0
    assert entry["validation"]["accuracy"] == teacher["validation"]["accuracy"]
    assert {"teacher: epoch 1/2", "epoch 1/2", "labels of teacher"} <= set(notes.phases)
    assert not (output / "checkpoint").exists()


class Interrupted(Exception):
    pass


class StopsAt(Notes):
    """Progress that stops a run when a phase begins."""

    def __init__(self, phase):
        super().__init__()
        self.last = phase

    def __call__(self, phase, *state, **numbers):
        super().__call__(phase, *state, **numbers)
        if phase == self.last:
            raise Interrupted


@pytest.mark.parametrize(
    "phases",
    [
        ["labels of teacher"],
        pytest.param(
            ["teacher: epoch 2/2", "labels of teacher", "counting n-grams"], marks=pytest.mark.long
        ),
    ],
)
def test_an_interrupted_run_goes_on_where_it_was(taught, tmp_path, phases):
    output = tmp_path / "run"
    for phase in phases:
        with pytest.raises(Interrupted):
            train(corpus(), recipe(), output, resume=True, progress=StopsAt(phase))
    before = (output / "teacher" / "model.keras").read_bytes()
    record = train(corpus(), recipe(), output, resume=True)
    assert (output / "teacher" / "model.keras").read_bytes() == before
    for ours, theirs in zip(tiny_run.weights(output), tiny_run.weights(taught[0]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert record["ngrams"]["weights"] == taught[1]["ngrams"]["weights"]


@pytest.mark.long
def test_several_teachers_of_several_labels(tmp_path):
    split = Split(lambda: topics(48, 0), 48)
    corpus = Corpus("topics", ("bad", "film", "good"), True, {"train": split})
    corpus = tiny_run.with_unlabelled(corpus, TEXTS)
    several = recipe(ensemble=2, epochs=1, vectors=None, seed=3)
    record = train(corpus, several, tmp_path)
    assert [entry["seed"] for entry in record["teachers"]] == [3, 4]
    assert sorted(path.name for path in (tmp_path / "teacher").iterdir()) == ["1", "2"]
    assert record["documents"] == {"train": 48, "unlabelled": 24}
    # Other figures of a run that is not resumed: former teachers are not taken.
    stale = tmp_path / "teacher" / "3"
    stale.mkdir()
    with pytest.raises(Interrupted):
        train(corpus, several, tmp_path, progress=StopsAt("teacher 1/2: vocabulary"))
    assert not stale.exists()


def test_mistakes_are_named(tmp_path):
    with pytest.raises(TrainingError, match="`self_train` needs unlabelled texts"):
        train(tiny_run.corpus(), recipe(), tmp_path / "run")
    with pytest.raises(RecipeError, match="`ensemble` must be 1 without `self_train`"):
        recipe(self_train=False, ensemble=2)
    assert not (tmp_path / "run").exists()
