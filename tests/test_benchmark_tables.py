"""The tables and pictures of the benchmarks."""

import argparse
import importlib
import json
import sys

import pytest
from benchmarks_here import SIZES, baseline_runner, generated, report


@pytest.fixture
def arguments(tmp_path, monkeypatch):
    """Sets the command line, and gives the place of the JSON file."""

    def set_to(*options):
        path = tmp_path / "figures.json"
        monkeypatch.setattr(sys, "argv", ["benchmark", *options, "--json", str(path)])
        return path

    return set_to


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


def fake_run(entries, batches, task, rounds, say):
    """Results without processes: each baseline is slower than the one before it."""
    return [
        baseline_runner.Result(entry.title, [place + 1.0] * rounds, 9.0, "", 0.5, 10**8)
        for place, entry in enumerate(entries)
    ]


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


def test_the_table_of_lengths(arguments, monkeypatch):
    monkeypatch.setattr(baseline_runner, "run", fake_run)
    path = arguments("--words", "100", "--box-words", "50")
    importlib.import_module("document_length").main()
    rows = json.loads(path.read_text())["tables"][0]["rows"]
    assert [row["words, longest documents"] for row in rows] == [50] * 4 + [100] * 3


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
    scores = {"NB-SVM": "0.700", "hanlib": "0.800*"}
    sizes = [{"documents": number, "scored": 9, **scores} for number in (100, 300)]
    curves = {"tables": [{"title": name, "rows": sizes} for name in "abcd"]}
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


@pytest.mark.long
def test_the_steps_of_the_loop(arguments, monkeypatch):
    loop_overhead = importlib.import_module("loop_overhead")
    monkeypatch.setattr(loop_overhead, "SHAPES", {"one": (1, 1)})
    path = arguments("--rounds", "1")
    loop_overhead.main()
    empty, one = json.loads(path.read_text())["tables"][0]["rows"]
    assert empty["with gradient, µs"] is None
    assert isinstance(one["with gradient, µs"], float)
