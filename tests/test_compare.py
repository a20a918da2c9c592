"""Several models on the same documents."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import keras
import pytest
import tiny_run
from command_line import assert_mistake, one_object, write_csv

from hanlib.data import Corpus
from hanlib.data.corpus import Split
from hanlib.evaluation import Comparison, svg_chart
from hanlib.training import RecipeError, TrainingError, compare, comparison, evaluate, train
from hanlib.training.builders import build_encoder
from hanlib.training.compared_models import MODELS, recipe_of

pytestmark = pytest.mark.usefixtures("eager_module")
MODELS_HERE = ["bag_of_words", "ngrams"]


def recipe(**values):
    """A recipe of two steps. It has fields that some encoders do not take."""
    return tiny_run.recipe(epochs=1, batch_size=24, hops=1, **values)


@pytest.fixture(scope="module")
def compared(tmp_path_factory, eager_module):
    """The folder of a comparison, and its result."""
    output = tmp_path_factory.mktemp("compared")
    return output, compare(tiny_run.corpus(), output, MODELS_HERE, recipe=recipe(), seeds=2)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_an_encoder(name):
    made = build_encoder(recipe_of(name, recipe(bidirectional=True), seed=0), 9, 2)
    recurrent = name not in ("transformer", *MODELS_HERE)
    width = 6 if recurrent else 1 if name == "ngrams" else 4
    assert made.compute_output_shape((None, None, None)) == (None, width)


def test_a_model_has_the_common_recipe_apart_from_its_encoder():
    common = recipe(per_label=True, seed=4)
    assert recipe_of("han", common, seed=5).per_label
    found = recipe_of("bag_of_words", common, seed=5)
    assert (found.per_label, found.cell, found.seed, found.ngrams) == (False, None, 5, 0)
    assert (found.learning_rate, found.embedding_dim) == (0.02, 4)


def test_a_budget_has_the_usual_warmup():
    common = tiny_run.recipe(warmup_share=0.1)
    found = recipe_of("gru", common, seed=0, budget=2.0, documents=48)
    assert (found.minutes, found.decay) == (2.0, "constant")
    assert found.warmup_share * found.epochs == pytest.approx(0.1 * common.epochs)
    assert recipe_of("ngrams", common, seed=0, budget=2.0).minutes is None
    # Two classes have fewer epochs, of which the warmup is a share.
    usual = tiny_run.recipe(warmup_share=0.1, epochs=None, batch_size=None)
    more, two = (
        recipe_of("gru", usual, seed=0, budget=2.0, documents=1_500, binary=binary)
        for binary in (False, True)
    )
    assert (more.epochs * more.warmup_share, two.epochs * two.warmup_share) == pytest.approx(
        (0.1 * 15, 0.1 * 7)
    )


def test_the_score_is_the_one_of_evaluate(compared):
    output, found = compared
    assert sorted(path.name for path in output.iterdir()) == [
        *("bag_of_words-0", "bag_of_words-1", "ngrams-0", "ngrams-1")
    ]
    for result in found.results:
        assert result.error is None
        for run in result.runs:
            folder = output / f"{result.model}-{run['seed']}"
            classifier = keras.models.load_model(folder / "model.keras")
            accuracy = evaluate(classifier, tiny_run.corpus().splits["validation"])["accuracy"]
            assert run["score"] == accuracy
            assert run["curve"][-1][1] == accuracy
            groups = run["by_length"]
            assert sum(group["documents"] for group in groups) == 16
            assert sum(group["right"] for group in groups) == 16 * accuracy
            assert min(run["speed"], run["training_speed"], run["seconds"]) > 0
            assert min(run["cpu_seconds"], run["prediction_cpu_seconds"]) > 0
            # The kernel of Linux counts it; other systems do not.
            assert run["peak_memory"] is None or 0 < run["peak_memory"] < 2e9


def test_n_grams_alone_are_a_classifier_without_a_network(compared):
    output, found = compared
    classifier = keras.models.load_model(output / "ngrams-0" / "model.keras")
    assert not any(weight.numpy().any() for weight in classifier.head.weights)
    assert found.results[1].score == 1.0
    # Two classes: a weight each, and two biases.
    assert found.results[1].mean("parameters") == 2 * classifier.ngrams.ngrams + 2
    (explanation,) = classifier.explain(["The film. A good plot!"], target="good")
    assert explanation.method == "integrated_gradients"
    assert max(explanation.words, key=lambda word: word.score).text == "good"


def test_the_tables(compared):
    found = compared[1]
    text = found.to_text()
    assert text.startswith("tiny: 48 training documents; measured on validation (16), 2 seeds\n")
    assert re.search(r"\nngrams +1\.0000 +0\.0000 +[\d,]+ +1\.0", text)
    heads, rows = found.length_table()
    assert rows[1] == ["ngrams", *["1.0000"] * (len(heads) - 1)]
    heads, rows = found.table()
    assert dict(zip(heads, rows[1], strict=True))["CPU (s)"].isdigit()
    record = json.loads(found.to_json())
    assert set(record["versions"]) == {"hanlib", "keras", "tensorflow"}
    assert [model["model"] for model in record["models"]] == MODELS_HERE
    assert record["models"][0]["score"] == found.results[0].score


def test_the_page_has_pictures_and_no_script(compared):
    page = compared[1].to_html()
    assert page.count("<svg") == 3
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_finished_runs_are_used_again(compared, monkeypatch):
    output, found = compared

    def fail(*arguments, **options):
        raise AssertionError("nothing was left to do")

    monkeypatch.setattr("hanlib.training.run.prepare", fail)
    monkeypatch.setattr("hanlib.training.ngram_run.prepare", fail)
    monkeypatch.setattr(keras.models, "load_model", fail)
    again = compare(tiny_run.corpus(), output, MODELS_HERE, recipe=recipe(), seeds=2)
    assert again.to_json() == found.to_json()
    other = compare(tiny_run.corpus(), output, MODELS_HERE, recipe=recipe(min_count=2), seeds=1)
    assert "min_count is 1 there and 2 now" in other.results[0].error


def test_another_split_keeps_the_cost_of_training(compared, tmp_path):
    output, found = compared
    shutil.copytree(output / "ngrams-0", tmp_path / "ngrams-0")
    again = compare(
        tiny_run.corpus(), tmp_path, ["ngrams"], recipe=recipe(), seeds=1, split="train"
    )
    (run,) = again.results[0].runs
    assert run["cpu_seconds"] == found.results[1].runs[0]["cpu_seconds"]


def test_the_cost_of_a_resumed_run_is_unknown(compared, tmp_path, monkeypatch):
    """What is left of a run costs less than the whole."""
    finished = compared[0] / "bag_of_words-0"
    state = tmp_path / "bag_of_words-0" / "checkpoint" / "state.npz"

    def resumed(corpus, recipe, folder, **options):
        shutil.copytree(finished, folder, dirs_exist_ok=True)
        (folder / "comparison.json").unlink()

    monkeypatch.setattr(comparison, "train", resumed)
    for known in (False, True):
        shutil.rmtree(tmp_path / "bag_of_words-0", ignore_errors=True)
        state.parent.mkdir(parents=True)
        if not known:
            state.touch()
        found = compare(tiny_run.corpus(), tmp_path, ["bag_of_words"], recipe=recipe(), seeds=1)
        (run,) = found.results[0].runs
        assert (run["cpu_seconds"] is not None) == known
        heads, rows = found.table()
        assert (dict(zip(heads, rows[0], strict=True))["CPU (s)"] == "-") != known
        assert run["score"] == compared[1].results[0].runs[0]["score"]


def test_a_failed_model_leaves_the_others(compared, monkeypatch):
    output, found = compared

    def failing(corpus, recipe, *arguments, **options):
        if recipe.encoder == "transformer":
            raise MemoryError("too\nlarge")
        return train(corpus, recipe, *arguments, **options)

    monkeypatch.setattr(comparison, "train", failing)
    models = ["transformer", *MODELS_HERE]
    result = compare(tiny_run.corpus(), output, models, recipe=recipe(), seeds=2)
    assert result.results[0].error == "MemoryError: too large"
    assert result.results[1:] == found.results
    assert result.to_text().endswith("\ntransformer failed: MemoryError: too large")
    assert "transformer failed: MemoryError: too large" in result.to_html()


def topics(documents, seed):
    for text, label in tiny_run.examples(documents, seed):
        yield text, (label, "film") if "film" in text else (label,) if label == "good" else ()


def test_several_labels_per_document_are_scored_by_micro_f1(tmp_path):
    splits = {
        "train": Split(lambda: topics(48, 0), 48),
        "validation": Split(lambda: topics(16, 1), 16),
    }
    corpus = Corpus("topics", ("bad", "film", "good"), True, splits)
    found = compare(corpus, tmp_path, ["ngrams"], recipe=recipe(), seeds=1)
    assert found.metric == "micro f1"
    classifier = keras.models.load_model(tmp_path / "ngrams-0" / "model.keras")
    metrics = evaluate(classifier, corpus.splits["validation"])
    assert found.results[0].score == pytest.approx(metrics["micro_f1"])


def test_minutes_end_training_within_an_epoch(tmp_path):
    own = dataclasses.replace(recipe_of("bag_of_words", recipe(), seed=0), minutes=1e-9)
    record = train(tiny_run.corpus(), own, tmp_path)
    (entry,) = json.loads((tmp_path / "history.json").read_text())
    assert (record["epochs"], entry["steps"]) == (1, 1)


def test_wrong_arguments(tmp_path):
    corpus = tiny_run.corpus()
    with pytest.raises(RecipeError, match="did you mean 'transformer'"):
        compare(corpus, tmp_path, ["transfomer"])
    with pytest.raises(RecipeError, match="`models` must name at least one"):
        compare(corpus, tmp_path, [])
    with pytest.raises(RecipeError, match="`budget` must be greater than 0"):
        compare(corpus, tmp_path, budget=0)
    with pytest.raises(TrainingError, match="`split` must be one of train, validation"):
        compare(corpus, tmp_path, split="test")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "gru,hna"], "--models must be of rnn, lstm"),
        (["--models", "gru,hna"], "Received: 'hna'; did you mean 'han'?"),
        (["--models", ","], "--models must name at least one"),
        (["--seeds", "0"], "--seeds must be at least 1"),
        (["--budget", "-1"], "--budget must be greater than 0"),
        (["--set", "cell=gur"], "did you mean 'gru'?"),
        (["--html", "no/where.html"], "its folder does not exist"),
        (["no_such"], "catalog name"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(run, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_mistake(*run("compare", *arguments), message)
    assert not list(tmp_path.iterdir())


def test_the_command(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_csv(Path("films.csv"), tiny_run.examples(60, 0))
    command = ["compare", "films.csv", "--models", "bag_of_words,ngrams", "--seeds", "1"]
    short = ("epochs=1", "batch_size=64", "min_count=1", "embedding_dim=4", "adversarial_norm=0")
    for small in short:
        command += ["--set", small]
    command += ["--html", "page.html"]
    code, out, err = run(*command, "--json")
    assert code == 0
    record = one_object(out)
    assert [model["error"] for model in record["models"]] == [None, None]
    assert re.search(r"1/2 bag_of_words, seed 0: validation [01]\.\d{4}; about", err)
    assert "<svg" in Path("page.html").read_text(encoding="utf-8")
    code, out, _ = run(*command)
    assert code == 0
    assert out.splitlines()[0].startswith("films.csv: 54 training documents")
    # The runs are ordinary ones, also where the encoder has no attention.
    folder = Path("comparisons/films/bag_of_words-0")
    code, out, _ = run("evaluate", folder, "--html", "report.html", "--json")
    assert code == 0
    assert one_object(out)["accuracy"] == record["models"][0]["score"]
    assert "Integrated gradients" in Path("report.html").read_text(encoding="utf-8")


@pytest.mark.long
def test_all_models_on_the_demo_corpus(run, tmp_path):
    small = ["embedding_dim=4", "units=2", "epochs=1", "batch_size=64"]
    command = [
        "compare",
        "demo",
        "--seeds",
        "1",
        "--budget",
        "0.001",
        "--output",
        tmp_path / "runs",
    ]
    code, out, err = run(*command, *(word for s in small for word in ("--set", s)), "--json")
    assert code == 0
    record = one_object(out)
    assert {model["model"]: model["error"] for model in record["models"]} == dict.fromkeys(MODELS)
    assert all(model["score"] > 0.4 for model in record["models"])
    assert f"{len(MODELS)}/{len(MODELS)} ngrams, seed 0: validation" in err


def test_every_model_failed(run, tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise ValueError("no")

    monkeypatch.setattr(comparison, "train", fail)
    monkeypatch.chdir(tmp_path)
    code, out, _ = run("compare", "--models", "gru", "--seeds", "2")
    assert code == 1
    assert out.splitlines()[-1] == "gru failed: ValueError: no"


def test_ticks_are_round_numbers_inside_of_the_axis():
    assert svg_chart._Axis(0.71, 0.93, 0, 1).ticks() == pytest.approx([0.75, 0.8, 0.85, 0.9])
    assert svg_chart._Axis(20, 40_000, 0, 1, log=True).ticks() == pytest.approx(
        [30, 100, 300, 1000, 3000, 10_000, 30_000]
    )
    axis = svg_chart._Axis(10, 1000, 0, 100, log=True)
    assert [axis(10), axis(100), axis(1000)] == [0, 50, 100]


def test_a_comparison_without_runs_has_no_picture():
    about = {"dataset": "d", "split": "test", "metric": "accuracy", "seeds": 1}
    about |= {"documents": {"train": None, "test": 3}, "budget_minutes": 2.0}
    empty = Comparison(about, ())
    assert (
        empty.to_text()
        == "d: ? training documents; measured on test (3), 1 seed, 2 minutes per run"
    )
    assert "<svg" not in empty.to_html()
