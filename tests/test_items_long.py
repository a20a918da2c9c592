"""Slow checks of the models of sentences and words: the page about them, and resuming."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_taggers import CHUNKS, SENTENCES

from hanlib.data import ItemCorpus
from hanlib.training import item_recipe, train_items
from hanlib.training.progress import silent

PAGE = Path(__file__).parents[1] / "docs" / "tagging.md"


class Stopping:
    """A `progress` that interrupts the run after its first epoch."""

    stage, close = staticmethod(silent.stage), staticmethod(silent.close)

    def __call__(self, *arguments, **numbers):
        pass

    def note(self, text):
        if text.startswith("epoch 1/"):
            raise KeyboardInterrupt


@pytest.mark.long
def test_the_code_of_the_page_runs():
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL):
        exec(block, names)
    assert names["tagger"].columns == [["no", "yes"]]


@pytest.mark.long
def test_a_stopped_run_ends_with_the_same_weights(tmp_path):
    examples = list(zip(SENTENCES, CHUNKS, strict=True))
    splits = {"train": examples[:24], "validation": examples[24:]}
    classes = tuple(sorted({label for row in CHUNKS for label in row}))
    corpus = ItemCorpus("chunks", "word", classes, (), splits)
    small = {"units": 4, "embedding_dim": 4, "shape_buckets": 50, "batch_size": 8, "epochs": 3}
    recipe = item_recipe("tokens", checkpoint_steps=2, **small)
    train_items(corpus, recipe, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train_items(corpus, recipe, tmp_path / "stopped", progress=Stopping())
    assert not (tmp_path / "stopped" / "model.keras").exists()
    train_items(corpus, recipe, tmp_path / "stopped", resume=True)
    whole, stopped = (
        keras.models.load_model(tmp_path / name / "model.keras") for name in ("whole", "stopped")
    )
    for one, other in zip(whole.get_weights(), stopped.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
