"""The parts of the benchmarks run, and baselines that are one network give the same numbers."""

import argparse
import doctest
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import baseline_runner  # noqa: E402
import report  # noqa: E402
from baselines import make, weights  # noqa: E402
from documents import from_ragged, generated  # noqa: E402
from sizes import Sizes  # noqa: E402

SIZES = Sizes(vocabulary=40, dim=6, units=4, attention=5, sentences=3, words=7, flat_words=12)
NO_TORCH = "PyTorch is no dependency, only a peer to measure"


@pytest.fixture(scope="module")
def documents():
    """Text that fits the box."""
    return generated(5, (1, 3), (1, 7), SIZES.vocabulary, seed=1)


def network(name, **options):
    baseline = make(name, SIZES, **options)
    baseline.set_weights(weights.drawn(SIZES, seed=2))
    return baseline


def losses(name, documents, **options):
    baseline = network(name, **options)
    prepared = baseline.prepare(documents)
    return [baseline.train(prepared) for _ in range(3)]


@pytest.fixture(scope="module")
def probabilities(documents):
    hanlib = network("hanlib")
    return hanlib.predict(hanlib.prepare(documents))


@pytest.mark.parametrize("fold", [pytest.param(False, marks=pytest.mark.long), True])
def test_the_dense_box_of_keras_is_the_same_network(documents, probabilities, fold):
    box = network("keras_box", fold=fold)
    np.testing.assert_allclose(box.predict(box.prepare(documents)), probabilities, atol=1e-5)


def test_the_packed_network_of_pytorch_is_the_same_network(documents, probabilities):
    pytest.importorskip("torch", reason=NO_TORCH)
    torch = network("torch", sparse=True)
    np.testing.assert_allclose(torch.predict(torch.prepare(documents)), probabilities, atol=1e-5)


def test_the_steps_of_pytorch_are_the_same_steps(documents):
    pytest.importorskip("torch", reason=NO_TORCH)
    ours, theirs = losses("hanlib", documents), losses("torch", documents, sparse=True)
    assert ours[0] > ours[1] > ours[2]
    np.testing.assert_allclose(theirs, ours, atol=1e-4)


def test_pytorch_keeps_the_faster_optimizer(documents):
    pytest.importorskip("torch", reason=NO_TORCH)
    torch = make("torch", SIZES)
    assert np.isfinite(torch.train(torch.prepare(documents)))
    assert torch.note in ("SparseAdam on the word vectors", "dense Adam")


@pytest.mark.long
def test_the_flat_network_runs(documents):
    flat = make("keras_flat", SIZES)
    prepared = flat.prepare(documents)
    assert prepared[0].shape == (5, 12)
    assert np.isfinite(flat.train(prepared))
    assert flat.predict(prepared).shape == (5, 2)


@pytest.mark.long
@pytest.mark.usefixtures("eager_functions")
@pytest.mark.parametrize("whole", [True, False])
def test_the_training_loop_runs(documents, whole):
    recipe = {"preset": "han_small", "batch_size": 2, "adversarial_norm": 0.0}
    training = make("hanlib_training", SIZES, recipe=recipe, whole=whole, deterministic=False)
    prepared = training.prepare(documents)
    training.train(prepared)
    assert int(training.classifier.optimizer.iterations) == 3


def test_documents_keep_their_words_in_every_form(documents):
    ragged = documents.ragged()
    again = from_ragged(ragged, documents.labels)
    assert all(np.array_equal(a, b) for a, b in zip(again, documents, strict=True))
    rows = ragged.to_list()
    assert documents.lengths.tolist() == [sum(map(len, row)) for row in rows]
    box = documents.box(SIZES.sentences, SIZES.words)
    assert [[[i for i in words if i] for words in row if words.any()] for row in box] == rows
    assert (documents.flat(100)[2] > 0).sum() == documents.lengths[2]
    chosen = documents.take(np.array([3, 0]))
    assert chosen.ragged().to_list() == [rows[3], rows[0]]


def test_more_batches_than_documents_are_refused(documents):
    with pytest.raises(ValueError, match="at most 5 documents"):
        documents.batches(2, 3, seed=0)


@pytest.mark.long
def test_baselines_take_turns_in_processes_of_their_own(documents):
    entries = [baseline_runner.Entry("hanlib", "hanlib", SIZES)]
    (result,) = baseline_runner.run(
        entries, [documents], "predict", rounds=2, say=lambda line: None
    )
    assert len(result.seconds) == 2
    assert min(result.seconds) > 0
    assert result.words == len(documents.ids) / 5
    assert result.times_faster_than(result) == 1.0
    assert result.memory > 50e6


@pytest.mark.long
def test_accuracy_by_time(arguments, monkeypatch):
    texts = [(f"{word} film. It was {word}.", word) for word in ("good", "bad") * 20]
    monkeypatch.setattr("reviews.review_ids", lambda *_: generated(40, 2, 3, 40, seed=0))
    monkeypatch.setattr("reviews.review_texts", lambda *_: texts)
    options = ["--train", "32", "--held-out", "8", "--epochs", "2", "--parts", "2"]
    command = "--epochs 1 --set preset=han_small --set ngrams=0"
    path = arguments(*options, "--options", command)
    importlib.import_module("learning").main()
    *networks, last = json.loads(path.read_text())["tables"][0]["rows"]
    assert [row["epochs"] for row in networks[:4]] == [0.5, 1.0, 1.5, 2.0]
    assert networks[0]["minutes"] < networks[1]["minutes"]
    assert last["network"] == f"`hanlib train {command}`"
    assert 0 <= float(last["accuracy"]) <= 1


def test_a_baseline_that_fails_is_named(documents):
    entries = [baseline_runner.Entry("nobody", "no_such_baseline", SIZES)]
    with pytest.raises(RuntimeError, match="nobody ended"):
        baseline_runner.run(entries, [documents], "predict", rounds=1, say=lambda line: None)


def fake_run(entries, batches, task, rounds, say):
    """Results without processes: each baseline is slower than the one before it."""
    return [
        baseline_runner.Result(entry.title, [place + 1.0] * rounds, 9.0, "", 0.5, 10**8)
        for place, entry in enumerate(entries)
    ]


@pytest.fixture
def arguments(tmp_path, monkeypatch):
    """Sets the command line, and gives the place of the JSON file."""

    def set_to(*options):
        path = tmp_path / "figures.json"
        monkeypatch.setattr(sys, "argv", ["benchmark", *options, "--json", str(path)])
        return path

    return set_to


@pytest.mark.parametrize("name", ["train_step", "predict"])
def test_the_tables_of_peers(name, arguments, monkeypatch, capsys):
    reviews = generated(300, 2, 3, 40, seed=0)
    monkeypatch.setattr(baseline_runner, "run", fake_run)
    monkeypatch.setattr("reviews.review_ids", lambda *_: reviews)
    path = arguments("--batches", "2", "--rounds", "2")
    importlib.import_module(name).main()
    rows = json.loads(path.read_text())["tables"][0]["rows"]
    assert rows[0]["network"] == "hanlib"
    assert rows[-1]["hanlib is"] == f"{len(rows)}.00 x"
    printed = capsys.readouterr().out
    assert "cores" in printed
    assert "two_state" in printed
    assert "XLA" in printed


def test_the_table_of_the_loop_ends_with_the_default_recipe(arguments, monkeypatch):
    monkeypatch.setattr(baseline_runner, "run", fake_run)
    monkeypatch.setattr("reviews.review_ids", lambda *_: generated(300, 2, 3, 40, seed=0))
    path = arguments("--batches", "2", "--rounds", "2")
    train_loop = importlib.import_module("train_loop")
    train_loop.main()
    *_, before, last = json.loads(path.read_text())["tables"][0]["rows"]
    assert last["one epoch"] == "`hanlib train`"
    assert last["share of its step"] == pytest.approx(last["documents/s"] / before["documents/s"])
    *_, step, whole = train_loop.loops(SIZES)
    norm = train_loop.default_recipe().adversarial_norm
    assert (step.options["recipe"], whole.options["recipe"]) == ({"adversarial_norm": norm}, {})


def test_the_table_of_variants(arguments, monkeypatch):
    monkeypatch.setattr(baseline_runner, "run", fake_run)
    monkeypatch.setattr("reviews.review_ids", lambda *_: generated(300, 2, 3, 40, seed=0))
    path = arguments("--batches", "2", "--documents", "8", "--rounds", "2")
    importlib.import_module("step_variants").main()
    training, inference = (table["rows"] for table in json.loads(path.read_text())["tables"])
    assert [row["time, large batches"] for row in training] == [1.0, 2.0, 3.0, 4.0]
    assert len(inference) == 3


@pytest.mark.long
@pytest.mark.parametrize("options", [{"recompute": True}, {"dtype": "mixed_bfloat16"}])
def test_a_step_in_another_way_is_the_same_step(documents, options):
    """bfloat16 has 8 significant bits."""
    atol = 1e-2 if "dtype" in options else 1e-5
    expected = losses("hanlib", documents)
    np.testing.assert_allclose(losses("hanlib", documents, **options), expected, atol=atol)


@pytest.mark.long
def test_the_steps_of_the_loop(arguments, monkeypatch):
    loop_overhead = importlib.import_module("loop_overhead")
    monkeypatch.setattr(loop_overhead, "SHAPES", {"one": (1, 1)})
    path = arguments("--rounds", "1")
    loop_overhead.main()
    empty, one = json.loads(path.read_text())["tables"][0]["rows"]
    assert empty["with gradient, µs"] is None
    assert isinstance(one["with gradient, µs"], float)


def test_the_table_of_lengths(arguments, monkeypatch):
    monkeypatch.setattr(baseline_runner, "run", fake_run)
    path = arguments("--words", "100", "--box-words", "50")
    importlib.import_module("document_length").main()
    rows = json.loads(path.read_text())["tables"][0]["rows"]
    assert [row["words, longest documents"] for row in rows] == [50] * 4 + [100] * 3


@pytest.mark.long
def test_the_limit_and_the_parts(documents, monkeypatch):
    limit = importlib.import_module("limit")
    monkeypatch.setattr(limit, "EDGE", 64)
    *products, training, inference = limit.shares([documents], SIZES, rounds=1)
    assert max(row["share"] for row in products) == 1.0
    assert training["GFLOP"] == pytest.approx(3 * inference["GFLOP"])
    assert inference["GFLOP, per word"] >= inference["GFLOP"] > 0
    rows = {row["part"]: row for row in limit.parts([documents], SIZES, rounds=1)}
    counted = importlib.import_module("multiply_adds").parts(documents, SIZES)
    total = sum(row["GFLOP forward"] or 0 for row in rows.values())
    assert total == pytest.approx(sum(counted.values()) / 1e9)
    assert rows["optimizer"]["with gradient, ms"] > 0


@pytest.mark.long
def test_a_point_of_scaling(monkeypatch):
    scaling = importlib.import_module("scaling")
    given = {"task": "train", "documents": 2, "sentences": 1, "sizes": vars(SIZES)}
    found = scaling.measure(**given, rounds=1, seed=0)
    assert found["seconds"] > 0
    rows = scaling._against([found, found], "units", [1, 2], [10, 20], "train")
    assert rows[1]["time grows by power"] == 0.0


def test_streaming_from_shards(tmp_path):
    streaming = importlib.import_module("streaming")
    streaming.write_shards(tmp_path / "texts", 40, seed=0)
    found = streaming.stream(tmp_path)
    # Three sentences of ten words and a full stop each.
    assert found["words"] == 40 * 3 * 11
    assert all(seconds > 0 for seconds in found["seconds"].values())


@pytest.mark.long
def test_the_stages_of_a_start(tmp_path):
    stages = importlib.import_module("start_up_process")
    stages.write(str(tmp_path / "model.keras"))
    found = stages.keras_stages(str(tmp_path / "model.keras"))
    assert found["load model"]["s"] > 0
    assert list(found)[-1] == "second answer"


class Serving(tf.Module):
    """Stands for an exported model."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serve(self, text):
        return {"probabilities": tf.zeros([tf.shape(text)[0], 2])}


@pytest.mark.long
def test_text_in_through_an_exported_model(tmp_path):
    end_to_end = importlib.import_module("end_to_end")
    serving = Serving()
    tf.saved_model.save(serving, str(tmp_path / "1"), {"serving_default": serving.serve})
    (tmp_path / "texts.json").write_text(json.dumps(["A good film.", "A bad one."]))
    given = argparse.Namespace(signature="serving_default", calls=5)
    exported = [tmp_path / "1"] * 2
    rows, others = end_to_end.measure(exported, tmp_path / "texts.json", given)
    assert len(rows) == len(others)
    assert [row["documents a call"] for row in rows] == [1, 8, 64]
    assert all(0 < row["p50, ms"] <= row["p95, ms"] for row in rows)


def test_the_model_of_text_in_is_that_of_the_paper():
    classifier = importlib.import_module("end_to_end").untrained(["A good film.", "A bad one."])
    assert classifier(tf.constant(["A film."])).shape == (1, 2)
    assert classifier.encoder.arguments["units"] == 50


def test_plots_are_drawn_from_the_figures(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib is an extra: pip install 'hanlib[plots]'")
    plots = importlib.import_module("plots")
    networks = ["hanlib", "PyTorch, packed", "Keras box, folded", "Keras flat"]
    rows = [
        {"network": name, "documents/s": 9.0, "words/s": 9, "words, longest documents": length}
        for name in networks
        for length in (50, 100)
    ]
    record = {"tables": [{"rows": rows}], "setting": {"task": "train"}}
    points = [
        {"network": name, "epochs": 1, "minutes": minutes, "accuracy": "0.900"}
        for name in ("hanlib", "Keras flat", "`hanlib train --epochs 2`")
        for minutes in (1.0, 2.0)
    ]
    learning = {"tables": [{"rows": points}]}
    sizes = [{"documents": n, "NB-SVM": "0.700", "hanlib": "0.800*"} for n in (100, 300)]
    curves = {"tables": [{"title": f"{name}, 9 documents", "rows": sizes} for name in "abcd"]}
    for name in ("train_step", "predict", "document_length", "learning", "curves"):
        given = {"learning": learning, "curves": curves}.get(name, record)
        (tmp_path / f"{name}.json").write_text(json.dumps(given))
    options = ["--results", str(tmp_path), "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["plots.py", *options])
    plots.main()
    for name in ("peers", "document_length", "learning", "curves"):
        assert (tmp_path / f"{name}.png").stat().st_size


def test_goals_are_read_from_the_figures():
    goals = importlib.import_module("goals")
    peers = [
        {"network": "Keras box, `TimeDistributed` (cut to 15 x 100)", "hanlib is": "21.00 x"},
        {"network": "PyTorch, packed", "hanlib is": "2.00 x"},
    ]
    calls = [{"documents a call": 1, "p50, ms": 14.0}, {"documents a call": 64, "documents/s": 9.0}]
    machine = {"versions": {"hanlib": "0.2.0"}}
    found = {
        "train_step": {"tables": [{"rows": peers}], "machine": machine},
        "end_to_end": {"tables": [{"rows": calls}], "machine": machine},
    }
    rows = {row["goal"]: row["met"] for row in goals.goals(found)}
    assert [met for met in rows.values() if met] == ["yes", "no", "no", "yes"]
    assert rows["training, share of the peak of a matrix product"] is None


def test_tables_go_to_their_places_in_the_page(tmp_path, monkeypatch, arguments):
    path = arguments()
    setting, rows = {"rounds": 1}, [{"network": "hanlib", "documents/s": 1234.5}]
    report.publish("figures", setting, [("T", rows)], argparse.Namespace(seed=0, json=path))
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- figures -->old<!-- end of figures -->\nb\n")
    options = ["--results", str(tmp_path), "--page", str(page)]
    monkeypatch.setattr(sys, "argv", ["fill_tables.py", *options])
    importlib.import_module("fill_tables").main()
    assert "old" not in page.read_text()
    assert "| hanlib | 1,234 |" in page.read_text()


@pytest.mark.parametrize("name", ["documents", "multiply_adds", "report", "machine", "fill_tables"])
def test_examples_in_docstrings(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed
