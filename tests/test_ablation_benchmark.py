"""benchmarks/ablation.py: its documents, its arithmetic, and a small run."""

import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import ablation


def arguments(**values):
    given = {
        "dataset": "demo",
        "documents": 90,
        "seeds": 2,
        "unlabelled": False,
        "set": [],
        "variant": None,
    }
    return Namespace(**{**given, "data_dir": None, "seed": 0, "cells": None, **values})


def test_scored_documents_are_none_of_those_learned_from():
    corpus, scored = ablation.corpus_of(arguments())
    parts = [list(corpus.splits[name]) for name in ("train", "validation")] + [list(scored)]
    assert [len(part) for part in parts[:2]] == [90, 10]
    texts = [{text for text, _ in part} for part in parts]
    assert not texts[0] & texts[1]
    assert not texts[2] & (texts[0] | texts[1])
    again, _ = ablation.corpus_of(arguments(seeds=1))
    assert list(again.splits["train"]) == parts[0]


def test_too_many_documents_are_refused():
    with pytest.raises(ValueError, match="must leave some to score"):
        ablation.corpus_of(arguments(documents=10_000))


def test_variants_that_are_given_stand_for_those_of_the_table():
    given = arguments(variant=["long:epochs=9,patience=3"], set=["units=4"])
    assert ablation.networks(given) == {"default": [], "long": ["epochs=9", "patience=3"]}
    assert ablation.networks(arguments()) == ablation.NETWORK
    assert set(ablation.networks(arguments(unlabelled=True))) > set(ablation.NETWORK)
    keys = {ablation.key(name, given) for name in ("default", "long", "n-grams")}
    assert len(keys) == 3
    assert ablation.key("n-grams", given) == ablation.key("n-grams", arguments())
    assert ablation.key("default", given) != ablation.key("default", arguments())


def logits(right, sure=1.0):
    """Logits for documents of class 1, of which some are right."""
    return sure * np.where(np.array(right)[:, None], [[0.0, 1.0]], [[1.0, 0.0]])


def test_the_table_compares_each_variant_with_the_default(monkeypatch):
    """Four documents of class 1, two seeds; the n-grams say nothing."""
    answers = {
        "default": ([1, 1, 1, 0], [1, 1, 1, 1]),
        "no adversary": ([1, 1, 0, 0], [1, 1, 1, 0]),
    }

    def cell(function, name, seed, given):
        network = function is ablation.of_network
        scored = logits(answers[name][seed]) if network else np.zeros([4, 2])
        return {"validation": scored, "scored": scored, "seconds": 2.0 + 2.0 * ("no" in name)}

    corpus, _ = ablation.corpus_of(arguments())
    one = corpus.classes[1]
    split = ablation.Split(lambda: iter([("a", one)] * 4), 4)
    corpus.splits.update(train=split, validation=split)
    monkeypatch.setattr(ablation, "corpus_of", lambda given: (corpus, split))
    monkeypatch.setattr(ablation, "cell", cell)
    monkeypatch.setattr(ablation, "NETWORK", {name: [] for name in answers})
    rows = {row["model"]: row for row in ablation.table(arguments())}
    default, without = rows["default"], rows["no adversary"]
    assert default["alone"] == default["with n-grams"] == "0.8750 (0.1768)"
    assert without["with n-grams"] == "0.6250 (0.1768)"
    # By document, the mean over the seeds differs by 0, 0, -1/2 and -1/2.
    assert without["difference"] == "-0.2500 ± 0.1250"
    assert without["difference alone"] == without["difference"]
    assert default["difference"] is default["difference alone"] is None
    assert (default["CPU time"], without["CPU time"]) == (1.0, 2.0)
    assert rows["n-grams"]["with n-grams"] is None
    assert rows["no latent directions"]["difference"] == "+0.0000 ± 0.0000"


@pytest.mark.long
def test_a_small_table(tmp_path, monkeypatch):
    fields = ["preset=han_small", "epochs=1"]
    monkeypatch.setattr(ablation, "NETWORK", {"default": fields})
    monkeypatch.setattr(ablation, "alone", lambda function, *given: function(*given))
    rows = ablation.table(arguments(seeds=1, cells=tmp_path))
    assert [row["model"] for row in rows] == [*ablation.NGRAMS, "default", "no latent directions"]
    assert all(0.4 < float(row["alone"]) <= 1 for row in rows)
    monkeypatch.setattr(ablation, "alone", None)  # Finished runs are read.
    assert ablation.table(arguments(seeds=1, cells=tmp_path)) == rows
