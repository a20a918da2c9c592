"""The measurements of the benchmarks run on a small scale."""

import argparse
import doctest
import importlib
import json

import pytest
import tensorflow as tf
from benchmarks_here import SIZES, documents_of_the_box


@pytest.fixture(scope="module")
def documents():
    return documents_of_the_box()


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


@pytest.mark.parametrize("name", ["documents", "multiply_adds", "report", "machine", "fill_tables"])
def test_examples_in_docstrings(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed
