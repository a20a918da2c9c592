"""Runs that do not start from random weights alone, weigh their classes, or are calibrated."""

import json
import sys

import keras
import numpy as np
import pytest
import tiny_run
from test_training import SHORT, Notes, topics

from hanlib.data import Corpus
from hanlib.data.corpus import Split
from hanlib.embeddings import ppmi_vectors
from hanlib.layers import DocumentVectorizer
from hanlib.training import RecipeError, TrainingError, train
from hanlib.training.builders import build_classifier
from hanlib.training.class_weights import parse

pytestmark = pytest.mark.usefixtures("eager_module")

# Word vectors stay as they are set, to the bit.
FROZEN = {"vectors_rate": 0, "weight_average": 0.0, **SHORT}


def load(output):
    return keras.models.load_model(output / "model.keras")


def word_vectors(classifier):
    words = classifier.vectorizer.get_vocabulary()
    return dict(zip(words, classifier.encoder.embedding.embeddings.numpy(), strict=True))


@pytest.fixture(scope="module")
def own(tmp_path_factory, eager_module):
    """Folder, record and messages of a run with vectors of its own texts."""
    output, notes = tmp_path_factory.mktemp("own"), Notes()
    held_out = [(f"{text} Gnu gnu!", label) for text, label in tiny_run.examples(16, 1)]
    corpus = tiny_run.corpus(validation=Split(lambda: iter(held_out), 16))
    corpus = tiny_run.with_unlabelled(corpus)
    recipe = tiny_run.recipe(vectors="own", **FROZEN)
    return output, train(corpus, recipe, output, progress=notes), notes, corpus


def test_own_vectors_are_those_of_labelled_and_unlabelled_training_texts(own):
    output, record, notes, corpus = own
    classifier = load(output)
    vocabulary = classifier.vectorizer.get_vocabulary()
    assert "zebra" in vocabulary
    assert "gnu" not in vocabulary
    texts = [*corpus.splits["train"].texts(), *corpus.unlabelled]
    ids = classifier.vectorizer(texts).merge_dims(1, 2)
    block = ids.flat_values.numpy(), ids.row_lengths().numpy()
    expected = ppmi_vectors([block], len(vocabulary), width=4, seed=0)
    table = np.stack(list(word_vectors(classifier).values()))
    initial = np.zeros_like(table)
    expected = expected.embeddings(initial, std=0.03)
    np.testing.assert_allclose(table[2:], expected[2:], atol=1e-5)
    # Padding does not occur in text and keeps its random start.
    assert table[0].any()
    covered = {"vocabulary_covered": 1.0, "training_words_covered": 1.0}
    assert record["vectors"] == {"source": "own", "width": 4, **covered}
    assert "word vectors: 100.0% of the vocabulary" in notes.notes[0]


def test_ngrams_are_also_those_of_unlabelled_texts(own, tmp_path):
    recipe = tiny_run.bag_recipe(vectors="own", ngrams=1, **FROZEN)
    record = train(own[3], recipe, tmp_path)
    classifier = load(tmp_path)
    vocabulary = classifier.vectorizer.get_vocabulary()
    known = {vocabulary[key] for key in classifier.ngrams.keys.numpy()}
    assert {"zebra", "film"} <= known
    assert "gnu" not in known
    assert record["ngrams"]["strengths"]["latent"] > 0


def test_a_file_gives_the_vectors_and_the_width(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("film 1 2 3\nthe -1 0 5\nzebra 3 3 3\n")
    recipe = tiny_run.bag_recipe(vectors=str(path), embedding_dim=None, **FROZEN)
    notes, output = Notes(), tmp_path / "run"
    record = train(tiny_run.corpus(), recipe, output, progress=notes)
    assert json.loads((output / "recipe.json").read_text())["embedding_dim"] == 3
    found = word_vectors(load(output))
    given = np.array([[1, 2, 3], [-1, 0, 5]]) - [0, 1, 4]
    expected = given * 0.03 / given.std()
    np.testing.assert_allclose([found["film"], found["the"]], expected, rtol=1e-5)
    assert 0 < record["vectors"]["vocabulary_covered"] < record["vectors"]["training_words_covered"]
    assert "of the words of the training texts" in notes.notes[0]


def test_mistakes_in_vectors_are_told_before_any_work(tmp_path, monkeypatch):
    path = tmp_path / "vectors.txt"
    path.write_text("film 1 2 3\n")
    for values, error, message in (
        ({"vectors": str(path)}, RecipeError, "`embedding_dim` must be 3, .* Received: 4"),
        ({"vectors": "nowhere.txt"}, TrainingError, "must be own, a file, or none. No such file"),
        ({"vectors_method": "glove"}, RecipeError, "one of svd, word2vec"),
        ({"class_weight": "ugly=2"}, RecipeError, "must name classes: bad, good. Received: 'ugly'"),
    ):
        with pytest.raises(error, match=message):
            train(tiny_run.corpus(), tiny_run.recipe(**values), tmp_path / "run")
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    recipe = tiny_run.recipe(vectors="own", vectors_method="word2vec")
    with pytest.raises(TrainingError, match="pip install"):
        train(tiny_run.corpus(), recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_file_without_a_word_of_the_vocabulary_is_an_error(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("zebra 1 2 3 4\n")
    with pytest.raises(TrainingError, match="no vector of any word"):
        train(tiny_run.corpus(), tiny_run.recipe(vectors=str(path)), tmp_path / "run")


def with_new_word():
    """A corpus with a word that is new, and without some old ones."""
    examples = [(f"Gnu {label} gnu.", label) for label in ("good", "bad") * 8]
    return tiny_run.corpus(train=Split(lambda: iter(examples), 16))


def test_a_run_starts_from_the_weights_of_a_model_and_learns_new_words(own, tmp_path):
    start = load(own[0])
    # Steps too small to show.
    recipe = tiny_run.recipe(learning_rate=1e-12, weight_decay=0.0, weight_average=0.0, **SHORT)
    train(with_new_word(), recipe, tmp_path, start=start)
    found = load(tmp_path)
    old = start.vectorizer.get_vocabulary()
    assert found.vectorizer.get_vocabulary() == [*old, "gnu"]
    for before, after in zip(start.weights, found.weights, strict=True):
        np.testing.assert_allclose(after.numpy()[: before.shape[0]], before.numpy(), atol=1e-6)
    assert json.loads((tmp_path / "dataset.json").read_text())["start"]


def untrained():
    """A model that a run of `tiny_run.bag_recipe` may start from."""
    vectorizer = DocumentVectorizer()
    vectorizer.adapt([text for text, _ in tiny_run.examples(48, 0)])
    return build_classifier(tiny_run.bag_recipe(), vectorizer, tiny_run.CLASSES, multi_label=False)


@pytest.mark.long
def test_a_full_vocabulary_does_not_grow(tmp_path):
    start = untrained()
    recipe = tiny_run.bag_recipe(max_tokens=start.vectorizer.vocabulary_size, **SHORT)
    train(with_new_word(), recipe, tmp_path, start=start)
    assert load(tmp_path).vectorizer.get_vocabulary() == start.vectorizer.get_vocabulary()


def test_models_that_cannot_start_a_run_are_refused(own, tmp_path):
    start = load(own[0])
    other = Corpus("other", ("bad", "ugly"), False, tiny_run.corpus().splits)
    for corpus, values, message in (
        (other, {}, "must have the classes of the corpus: bad, ugly .* Received: bad, good"),
        (tiny_run.corpus(), {"vectors": "own"}, "`vectors` must be none"),
        (tiny_run.corpus(), {"lowercase": False}, "`lowercase` must be True"),
        (tiny_run.corpus(), {"units": 5}, "encoder of the recipe must be that of the model"),
        (tiny_run.corpus(), {"beside": "max"}, "`beside` must be none, as in the model.*: max"),
    ):
        with pytest.raises(TrainingError, match=message):
            train(corpus, tiny_run.recipe(**values), tmp_path / "run", start=start)


def test_resuming_needs_the_model_that_the_run_started_from(tmp_path):
    start, recipe = untrained(), tiny_run.bag_recipe(**SHORT)

    def fail(classifier, folder):
        raise RuntimeError("no space")

    with pytest.raises(RuntimeError, match="no space"):
        train(with_new_word(), recipe, tmp_path, start=start, export=fail)
    other = untrained()
    other.weights[-1].assign(other.weights[-1] + 1)
    for given in (other, None):
        with pytest.raises(TrainingError, match=r"start is .* there and"):
            train(with_new_word(), recipe, tmp_path, start=given, resume=True)
    notes = Notes()
    train(with_new_word(), recipe, tmp_path, start=start, resume=True, progress=notes)
    assert "resumed" in notes.notes[0]


def test_class_weights_reach_the_loss(tmp_path):
    options = {"class_weight": "good=1,bad=0", "learning_rate": 0.5, "epochs": 3}
    record = train(tiny_run.corpus(), tiny_run.bag_recipe(**options, batch_size=48), tmp_path)
    confusion = np.array(record["validation"]["confusion"])
    assert confusion[:, 0].sum() == 0


def test_class_weights_are_read_from_text():
    classes = ["a, b", "c=d", 3]
    assert parse("balanced", classes) == "balanced"
    assert parse("c=d=2, 3=0.5", classes) == {"c=d": 2.0, 3: 0.5}
    assert parse('{"a, b": 4}', classes) == {"a, b": 4.0}
    for wrong in ("", "3", "3=much", "3=-1", "3=nan", "{", "[1]"):
        with pytest.raises(RecipeError, match="`class_weight` must be balanced, or NAME=WEIGHT"):
            parse(wrong, classes)


@pytest.mark.parametrize("labels", [pytest.param("one", marks=pytest.mark.long), "several"])
def test_calibration_lowers_the_loss_and_changes_no_decision(tmp_path, labels):
    splits = {
        "train": Split(lambda: topics(48, 0), 48),
        "validation": Split(lambda: topics(16, 1), 16),
    }
    topic = Corpus("topics", ("bad", "film", "good"), True, splits)
    options = {"epochs": 1, "batch_size": 48}
    corpus = tiny_run.corpus() if labels == "one" else topic
    plain, calibrated = (
        train(corpus, tiny_run.bag_recipe(**options, calibrate=given), tmp_path / str(given))
        for given in (False, True)
    )
    assert "temperature" not in plain
    assert calibrated["temperature"] > 0
    assert calibrated["validation"]["loss"] < plain["validation"]["loss"]
    assert calibrated["validation"]["micro_f1"] == plain["validation"]["micro_f1"]


def test_calibration_needs_validation_documents(tmp_path):
    corpus = Corpus("tiny", tiny_run.CLASSES, False, {"train": tiny_run.corpus().splits["train"]})
    with pytest.raises(TrainingError, match="`calibrate` needs validation documents"):
        train(corpus, tiny_run.recipe(calibrate=True), tmp_path / "run")
