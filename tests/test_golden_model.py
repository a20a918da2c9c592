"""A model trained by an earlier state of the code still loads and still answers the same.

`saved_models/demo-golden/` was made by `hanlib train demo --output saved_models/demo-golden` with
`--set embedding_dim=32 --set units=16 --set attention_units=32`; `answers.json` holds what it said
then. `serving/1` is the export of that day, `serving/2` a later one. If this test fails, old files
of users fail too: mend the code, do not train the model anew.
"""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import hanlib.models  # noqa: F401 - registers the classes

pytestmark = pytest.mark.usefixtures("optimized_graphs")

GOLDEN = Path(__file__).parents[1] / "saved_models" / "demo-golden"
ANSWERS = json.loads((GOLDEN / "answers.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def classifier():
    return keras.models.load_model(GOLDEN / "model.keras")


def test_probabilities_are_those_of_the_day_it_was_made(classifier):
    texts = [answer["text"] for answer in ANSWERS]
    expected = [list(answer["probabilities"].values()) for answer in ANSWERS]
    assert len(texts) >= 8
    np.testing.assert_allclose(classifier.predict(texts, verbose=0), expected, atol=1e-5)


def test_labels_and_vocabulary_are_kept(classifier):
    assert classifier.classes == ["negative", "positive"]
    assert classifier.vectorizer.vocabulary_size > 400
    assert classifier.predict_label(["This hotel was not bad."]) == ["positive"]


@pytest.mark.parametrize("version", ["1", "2"])
def test_saved_model_says_the_same(version):
    serve = tf.saved_model.load(GOLDEN / "serving" / version).signatures["serving_default"]
    outputs = serve(tf.constant([answer["text"] for answer in ANSWERS]))
    expected = [list(answer["probabilities"].values()) for answer in ANSWERS]
    np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-5)
    assert [name.decode() for name in outputs["label"].numpy()] == [a["label"] for a in ANSWERS]


def test_it_is_small():
    for folder in [*(GOLDEN / "serving").iterdir(), GOLDEN]:
        files = folder.rglob("*") if folder != GOLDEN else GOLDEN.glob("*")
        assert sum(path.stat().st_size for path in files if path.is_file()) < 2_000_000
