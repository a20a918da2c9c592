"""The parts of benchmarks/accuracy.py: its measure, its paired test, its models and its splits."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import accuracy
import accuracy_data
import mixing_prior
from linear_models import LINEAR, linear_scores
from sklearn.metrics import f1_score

TEXTS = ["a good film", "a bad film", "good and warm", "bad and cold"] * 5
TARGETS = np.array([[0, 1], [1, 0], [0, 1], [1, 0]] * 5)


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_measure_is_that_of_scikit_learn(rng, multi_label):
    truth = np.eye(3, dtype=bool)[rng.integers(3, size=40)]
    given = np.eye(3, dtype=bool)[rng.integers(3, size=40)]
    if multi_label:
        truth[0] = given[3] = False
        given |= rng.random([40, 3]) < 0.2
    found = accuracy.ratio(accuracy.parts_of(given, truth, multi_label).sum(axis=0))
    assert found == pytest.approx(f1_score(truth, given, average="micro", zero_division=0))


def test_the_paired_test_tells_a_difference_from_none(rng):
    right = rng.random(400) < 0.8
    better = right | (rng.random(400) < 0.3)
    shuffled = rng.permutation(right)
    cells = [
        {"parts": np.stack([part, np.ones(400)], axis=1).tolist()}
        for part in (right, better, shuffled)
    ]
    assert accuracy.paired(cells[1], cells[0]) < 0.01
    assert accuracy.paired(cells[2], cells[0]) > 0.1
    assert accuracy.paired(cells[0], cells[0]) == 1


def test_a_curve_ends_where_the_documents_end(monkeypatch):
    """The cells are invented: 500 scored documents, more of them right with more documents."""
    right = {
        (100, "NB-SVM"): 300, (100, "hanlib"): 300, (100, "hanlib, own:vectors=own"): 310,
        (300, "NB-SVM"): 350, (300, "hanlib"): 430, (300, "hanlib, own:vectors=own"): 250,
    }  # fmt: skip

    def cell(name, model, seed, documents, given):
        assert name == "movies"
        count = right[documents, model]
        parts = [[int(i < count), 1] for i in range(500)]
        return {"score": count / 500, "parts": parts}

    sizes = {name: SimpleNamespace(size=size) for name, size in (("train", 900), ("test", 500))}
    corpus = SimpleNamespace(splits=sizes)
    monkeypatch.setattr(accuracy_data, "corpus", lambda *_: corpus)
    monkeypatch.setattr(accuracy, "cell", cell)
    models = ["NB-SVM", "hanlib", "hanlib, own:vectors=own"]
    arguments = SimpleNamespace(
        unlabelled=0, set=["own:vectors=own"], model=models, seed=0, seeds=1, folder="", test=False,
        documents=None,
    )  # fmt: skip
    monkeypatch.setattr(accuracy, "CURVE", (100, 300, 1_000))
    title, rows = accuracy.curve("movies", arguments)
    assert title == "movies"
    assert rows == [
        {
            "documents": 100,
            "scored": 500,
            "NB-SVM": "0.600",
            "hanlib": "0.600",
            "hanlib, own": "0.620*",
        },
        {
            "documents": 300,
            "scored": 500,
            "NB-SVM": "0.700",
            "hanlib": "0.860*",
            "hanlib, own": "0.500*",
        },
    ]
    arguments.documents = 100
    assert accuracy.curve("movies", arguments)[1] == rows[:1]


@pytest.mark.parametrize("name", LINEAR)
def test_linear_models_learn(name):
    scores = linear_scores(name, TEXTS, TARGETS, ["good", "bad"])
    assert accuracy.given_labels(scores, multi_label=False).argmax(axis=1).tolist() == [1, 0]


def test_nothing_is_chosen_on_what_is_scored(tmp_path):
    splits = ["train"] * 40 + ["dev"] * 10
    rows = [
        {"text": f"{TEXTS[i % 4]} {i}", "label": i % 2, "split": split}
        for i, split in enumerate(splits)
    ]
    path = tmp_path / "movies_rationales.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    scored = {text["text"] for text in rows if text["split"] == "dev"}
    corpus = accuracy_data.corpus("movies", tmp_path, seed=0, test=True)
    parts = {name: {text for text, _ in split} for name, split in corpus.splits.items()}
    assert parts["test"] == scored
    assert len(parts["train"]) == 36
    assert len(parts["validation"]) == 4
    assert not parts["train"] & parts["validation"]
    few = accuracy_data.corpus("movies", tmp_path, seed=0, test=True, documents=9)
    assert {name: split.size for name, split in few.splits.items()} == {
        "train": 9,
        "validation": 1,
        "test": 10,
    }
    # Without `--test` a tenth takes the place of the dev split; what is left over is scored too.
    few = accuracy_data.corpus("movies", tmp_path, seed=0, test=False, documents=9)
    parts = {name: {text for text, _ in split} for name, split in few.splits.items()}
    assert {name: len(part) for name, part in parts.items()} == {
        "train": 9,
        "validation": 1,
        "test": 37,
    }
    assert parts["test"] > scored
    assert not parts["test"] & (parts["train"] | parts["validation"])


def test_the_shares_without_evidence_are_compared(rng):
    """Of one model that is always right and one that is always wrong, without validation."""
    labels, none = rng.integers(2, size=50), np.array([], int)
    right, before = np.eye(2)[labels], mixing_prior.mixing.SHARES
    for share, expected in ((0.9, 1), (0.1, 0)):
        found = mixing_prior.score(share, right, -right, labels, none, np.arange(50))
        assert found == expected
    assert before == mixing_prior.mixing.SHARES
