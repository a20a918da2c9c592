"""Training runs on tiny corpora."""

import json
import shutil

import numpy as np
import pytest
import tiny_run
from sklearn.metrics import f1_score, precision_recall_fscore_support

from hanlib.data import Corpus
from hanlib.data.corpus import Split
from hanlib.evaluation import Predictions, reliability
from hanlib.metrics import THRESHOLDS, BestThresholdF1
from hanlib.training import RecipeError, TrainingError, evaluate, train
from hanlib.training.metrics import BINS, MultiLabelCounts, SingleLabelCounts
from hanlib.training.progress import ProgressLine

RESULTS = ["dataset.json", "history.json", "metrics.json", "model.keras", "recipe.json"]


class Notes:
    """A `progress` that keeps what is said."""

    def __init__(self):
        self.notes, self.phases = [], []

    def __call__(self, phase, done, total=None, **metrics):
        self.phases.append(phase)

    def stage(self, text):
        self.phases.append(text)

    def note(self, text):
        self.notes.append(text)

    def close(self):
        pass


def unseen_word_corpus():
    """The validation texts hold a word that the training texts do not."""
    held_out = [(f"{text} Zebra!", label) for text, label in tiny_run.examples(16, 1)]
    return tiny_run.corpus(validation=Split(lambda: iter(held_out), 16))


# So long a step that the last epoch is not the best.
ERRATIC = {
    "learning_rate": 0.3,
    "weight_average": 0.0,
    "decay": "constant",
    "epochs": 8,
    "patience": 1,
}
# Two steps, which are not worth a trace.
SHORT = {"epochs": 1, "batch_size": 24}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder, record and messages of a run."""
    output, notes = tmp_path_factory.mktemp("finished"), Notes()
    recipe = tiny_run.bag_recipe(**ERRATIC)
    return output, train(unseen_word_corpus(), recipe, output, progress=notes), notes


def load(output):
    import keras

    return keras.models.load_model(output / "model.keras")


def contents(output):
    return {path.name: path.read_bytes() for path in output.iterdir() if path.is_file()}


def test_the_folder_holds_the_results_and_nothing_else(finished):
    output, record, _ = finished
    assert sorted(path.name for path in output.iterdir()) == RESULTS
    assert json.loads((output / "metrics.json").read_text()) == record
    assert record["classes"] == ["bad", "good"]
    assert json.loads((output / "dataset.json").read_text())["documents"]["train"] == 48


def test_progress_names_the_phases(finished):
    phases = finished[2].phases
    for phase in ("vocabulary", "tokenizing train", "epoch 1/8", "validation"):
        assert phase in phases


@pytest.mark.long
@pytest.mark.usefixtures("eager_functions")
def test_equal_seeds_give_equal_weights(tmp_path):
    for name in ("one", "two"):
        recipe = tiny_run.recipe(**SHORT, adversarial_norm=0.5)
        train(tiny_run.corpus(documents=32), recipe, tmp_path / name)
    weights = [tiny_run.weights(tmp_path / name) for name in ("one", "two")]
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_training_stops_early_and_keeps_the_best_epoch(finished):
    output, record, _ = finished
    history = json.loads((output / "history.json").read_text())
    accuracy = [entry["validation_accuracy"] for entry in history]
    best = max(history, key=lambda e: (e["validation_accuracy"], -e["validation_loss"]))
    assert record["best_epoch"] == best["epoch"] == len(history) - 1 < 7
    assert record["validation"]["accuracy"] == max(accuracy)
    again = evaluate(load(output), unseen_word_corpus().splits["validation"])
    assert again["accuracy"] == max(accuracy)
    assert again["loss"] == pytest.approx(best["validation_loss"], rel=1e-5)


def test_the_vocabulary_comes_from_the_training_texts_alone(finished):
    vocabulary = load(finished[0]).vectorizer.get_vocabulary()
    assert "film" in vocabulary
    assert "zebra" not in vocabulary


def test_resuming_a_finished_run_says_so_and_leaves_it(finished):
    output, record, _ = finished
    before, notes = contents(output), Notes()
    recipe = tiny_run.bag_recipe(**ERRATIC)
    assert train(unseen_word_corpus(), recipe, output, resume=True, progress=notes) == record
    assert "nothing to resume" in notes.notes[0]
    assert contents(output) == before
    other = tiny_run.bag_recipe(**ERRATIC, seed=4)
    with pytest.raises(TrainingError, match="recipe of the finished run: seed is 0 there and 4"):
        train(unseen_word_corpus(), other, output, resume=True)


@pytest.mark.usefixtures("eager_functions")
def test_a_run_that_fails_leaves_the_last_good_model_and_can_be_resumed(finished, tmp_path):
    output = tmp_path / "run"
    shutil.copytree(finished[0], output)
    before, recipe = contents(output), tiny_run.bag_recipe(**SHORT)

    def fail(classifier, folder):
        (folder / "half").write_text("")
        raise RuntimeError("no space")

    with pytest.raises(RuntimeError, match="no space"):
        train(tiny_run.corpus(), recipe, output, export=fail)
    assert contents(output) == before
    with pytest.raises(TrainingError, match="epochs is 1 there and 2 now"):
        train(tiny_run.corpus(), tiny_run.bag_recipe(**{**SHORT, "epochs": 2}), output, resume=True)
    with pytest.raises(TrainingError, match="texts or labels were changed"):
        train(tiny_run.corpus(seed=5), recipe, output, resume=True)
    assert contents(output) == before
    notes = Notes()
    record = train(
        tiny_run.corpus(), recipe, output, resume=True, export=tiny_run.export, progress=notes
    )
    assert notes.notes[0] == "resumed in epoch 2 at step 0"
    assert record["epochs"] == 1
    assert sorted(path.name for path in output.iterdir()) == [*RESULTS, "serving"]
    assert sorted(path.name for path in (output / "serving").rglob("*")) == ["1", "saved_model.pb"]


def test_a_new_run_reports_the_checkpoint_that_it_discards(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    notes = Notes()
    with pytest.raises(TrainingError, match="no vocabulary can be learned"):
        train(tiny_run.corpus(), tiny_run.recipe(min_count=10**6), tmp_path, progress=notes)
    assert "discarding the checkpoint" in notes.notes[0]


def test_a_damaged_checkpoint_is_a_clear_error(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "run.json").write_text("{")
    with pytest.raises(TrainingError, match="cannot be read"):
        train(tiny_run.corpus(), tiny_run.recipe(), tmp_path, resume=True)


def test_a_corpus_with_one_class_or_none_is_refused(tmp_path):
    lonely = Corpus("lonely", ("good",), False, tiny_run.corpus().splits)
    with pytest.raises(TrainingError, match="at least 2 classes"):
        train(lonely, tiny_run.recipe(), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("values", [{"preset": "han_huge"}, {"cell": "abacus"}, {"score": "best"}])
def test_an_encoder_that_cannot_be_built_is_refused_before_any_work(tmp_path, values):
    with pytest.raises(RecipeError, match="must be"):
        train(tiny_run.corpus(), tiny_run.recipe(**values), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def topics(documents, seed):
    for text, label in tiny_run.examples(documents, seed):
        yield text, (label, "film") if "film" in text else (label,) if label == "good" else ()


@pytest.mark.long  # By default: the next test.
@pytest.mark.usefixtures("eager_functions")
def test_a_multi_label_run_without_validation(tmp_path):
    split = Split(lambda: topics(48, 0), 48)
    corpus = Corpus("topics", ("bad", "film", "good"), True, {"train": split})
    record = train(corpus, tiny_run.bag_recipe(**SHORT), tmp_path)
    assert "validation" not in record
    assert load(tmp_path).multi_label


@pytest.mark.usefixtures("eager_functions")
def test_a_multi_label_run_chooses_its_threshold_on_validation(tmp_path):
    splits = {
        "train": Split(lambda: topics(48, 0), 48),
        "validation": Split(lambda: topics(16, 1), 16),
    }
    corpus = Corpus("topics", ("bad", "film", "good"), True, splits)
    # One context a label and smoothed targets: each has its own code.
    recipe = tiny_run.recipe(epochs=1, per_label=True, label_smoothing=0.1, batch_size=48)
    record = train(corpus, recipe, tmp_path)
    history = json.loads((tmp_path / "history.json").read_text())
    chosen = history[record["best_epoch"] - 1]
    assert load(tmp_path).thresholds == record["thresholds"] == [chosen["threshold"]] * 3
    assert record["validation"]["micro_f1"] == pytest.approx(chosen["validation_micro_f1"])


@pytest.mark.usefixtures("eager_functions")
def test_a_large_corpus_is_tokenized_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("hanlib.training.preparation.DOCUMENTS_IN_MEMORY", 10)
    train(tiny_run.corpus(), tiny_run.bag_recipe(**SHORT, label_smoothing=0.1), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == RESULTS


def test_single_label_metrics_are_those_of_scikit_learn(rng):
    labels, probabilities = rng.integers(0, 4, 200), rng.random([200, 4])
    counts = SingleLabelCounts(list("abcd"))
    for part in np.array_split(np.arange(200), 7):
        counts.add(labels[part], probabilities[part])
    metrics, given = counts.metrics(), probabilities.argmax(axis=-1)
    assert metrics["accuracy"] == pytest.approx((labels == given).mean())
    assert metrics["macro_f1"] == pytest.approx(f1_score(labels, given, average="macro"))
    expected = np.transpose(precision_recall_fscore_support(labels, given))
    found = [list(metrics["per_class"][name].values()) for name in "abcd"]
    np.testing.assert_allclose(found, expected)
    assert np.sum(metrics["confusion"]) == 200
    assert "quadratic_kappa" not in metrics
    predictions = Predictions(tuple("abcd"), probabilities, [*map("abcd".__getitem__, labels)])
    expected = reliability(predictions, BINS).expected_calibration_error
    assert metrics["expected_calibration_error"] == pytest.approx(expected)


def test_stars_have_the_metrics_of_numbers(rng):
    labels, probabilities = rng.integers(0, 4, 200), rng.random([200, 4])
    stars = np.array([1, 2, 3, 5])
    counts = SingleLabelCounts(stars.astype(str).tolist())
    counts.add(labels, probabilities)
    given, metrics = stars[probabilities.argmax(axis=-1)], counts.metrics()
    assert metrics["mean_absolute_error"] == pytest.approx(np.abs(stars[labels] - given).mean())
    distances = (stars[:, None] - stars) ** 2
    by_chance = distances[stars.searchsorted(given)][:, labels].mean()
    disagreement = ((stars[labels] - given) ** 2).mean()
    assert metrics["quadratic_kappa"] == pytest.approx(1 - disagreement / by_chance)


def test_multi_label_metrics_are_those_of_scikit_learn(rng):
    labels, probabilities = rng.integers(0, 2, [200, 4]), rng.random([200, 4])
    counts = MultiLabelCounts(list("abcd"), [0.3] * 4)
    for part in np.array_split(np.arange(200), 7):
        counts.add(labels[part], probabilities[part])
    given = probabilities >= 0.3
    assert counts.metrics()["micro_f1"] == pytest.approx(f1_score(labels, given, average="micro"))
    assert counts.metrics()["macro_f1"] == pytest.approx(f1_score(labels, given, average="macro"))
    assert counts.metrics()["subset_accuracy"] == (labels == given).all(axis=-1).mean()
    scores = [f1_score(labels, probabilities >= t, average="micro") for t in THRESHOLDS]
    f1 = BestThresholdF1()
    for part in np.array_split(np.arange(200), 7):
        f1.update_state(labels[part], probabilities[part])
    found = (f1.best_threshold(), float(f1.result()))
    assert found == pytest.approx((THRESHOLDS[np.argmax(scores)], max(scores)))


def test_counts_of_nothing_are_finite():
    assert SingleLabelCounts(["a", "b"]).metrics()["accuracy"] == 0
    assert MultiLabelCounts(["a"], [0.5]).metrics()["micro_f1"] == 0


def test_evaluating_labels_that_the_model_does_not_know_is_an_error(finished):
    classifier = load(finished[0])
    with pytest.raises(TrainingError, match="classes bad, good"):
        evaluate(classifier, [("A film.", "ugly")])
    with pytest.raises(TrainingError, match="at least one document"):
        evaluate(classifier, [])


def test_empty_and_damaged_documents_are_measured(finished):
    texts = ["", " \n", "film " * 3000, "\udcff\x00"]
    metrics = evaluate(load(finished[0]), [(text, "good") for text in texts])
    assert metrics["documents"] == 4
    assert np.isfinite(metrics["loss"])


def test_the_progress_line_is_rewritten_on_a_terminal_only(capsys):
    for terminal in (True, False):
        line = ProgressLine(terminal=terminal, interval=0)
        for done in (0, 10, 20):
            line("reading", done, 20)
        line.note("done")
        written = capsys.readouterr().err
        assert ("\r" in written) == terminal
        assert "20/20 documents" in written
        assert written.endswith("done\n")
