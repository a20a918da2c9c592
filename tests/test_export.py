"""The SavedModel: string in, label and probabilities out, in a process with TensorFlow alone."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from hanlib.data import demo
from hanlib.layers import DocumentVectorizer
from hanlib.models import HAN, DocumentClassifier
from hanlib.serving import export_saved_model, export_version

SHARED = Path(__file__).parents[2] / "shared" / "data"

AWKWARD = [
    "",
    " \n\t ",
    "good",
    "no full stop at all",
    b"\xff\xfe broken \xc3( bytes",
    "a\x00b NUL \x00",
    "\U0001f600\U0001f600 \U0001f468‍\U0001f469‍\U0001f467",
    "酒店很好。早餐不错！",
    "<br /><br />&amp;&eacute;",
    "word " * 5000,
    "Sentence. " * 3000,
]

# `-I`: neither hanlib's folder nor the environment is looked at, as in a server.
SERVE = """
import base64, json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
path, texts, out = sys.argv[1:]
texts = [base64.b64decode(text) for text in json.load(open(texts))]
serve = tf.saved_model.load(path).signatures["serving_default"]
batches = [serve(tf.constant(texts[i:i + 50])) for i in range(0, len(texts), 50)]
assert not any(name.split(".")[0] in ("hanlib", "tensorflow_datasets") for name in sys.modules)
json.dump({
    "probabilities": [row for batch in batches for row in batch["probabilities"].numpy().tolist()],
    "label": [name.decode() for batch in batches for name in batch["label"].numpy()],
    "classes": [name.decode() for name in batches[0]["classes"].numpy()[0]],
}, open(out, "w"))
"""


def build(multi_label=False, classes=("neg", "pos"), **options):
    reviews = demo.generate(60, seed=0)
    vectorizer = DocumentVectorizer(max_sentence_words=20)
    vectorizer.adapt([review.text for review in reviews])
    encoder = HAN.from_preset("han_small", vectorizer.vocabulary_size, **options)
    classifier = DocumentClassifier(vectorizer, encoder, list(classes), multi_label, thresholds=0.4)
    classifier.build()
    # Weights far from their start make the probabilities of different texts differ.
    rng = np.random.default_rng(0)
    for variable in classifier.trainable_variables:
        variable.assign(variable + rng.normal(0, 0.3, variable.shape).astype("float32"))
    return classifier


@pytest.fixture(scope="module")
def classifier():
    return build()


@pytest.fixture(scope="module")
def exported(classifier, tmp_path_factory):
    return export_saved_model(classifier, tmp_path_factory.mktemp("export") / "serving" / "1")


def serve_alone(path, texts, folder):
    """Asks the SavedModel in a process of its own."""
    import base64

    raw = [text.encode() if isinstance(text, str) else text for text in texts]
    (folder / "texts.json").write_text(json.dumps([base64.b64encode(t).decode() for t in raw]))
    arguments = [str(path), str(folder / "texts.json"), str(folder / "out.json")]
    done = subprocess.run(
        [sys.executable, "-I", "-c", SERVE, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "out.json").read_text())


def assert_same(answer, classifier, texts):
    expected = classifier.predict(texts, verbose=0)
    probabilities = np.array(answer["probabilities"])
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    assert answer["label"] == classifier.labels_of(expected)
    assert answer["classes"] == classifier.classes


def test_awkward_inputs_without_hanlib(classifier, exported, tmp_path):
    answer = serve_alone(exported, AWKWARD, tmp_path)
    assert_same(answer, classifier, AWKWARD)
    assert len({tuple(np.round(row, 4)) for row in answer["probabilities"]}) > 3


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
def test_200_real_reviews_without_hanlib(classifier, exported, tmp_path, monkeypatch):
    from hanlib.data import load

    monkeypatch.setenv("TFDS_DATA_DIR", str(SHARED / "tfds"))
    texts = list(itertools.islice(load("imdb_reviews").splits["train"].texts(), 200))
    assert len(texts) == 200
    assert_same(serve_alone(exported, texts, tmp_path), classifier, texts)


def test_signature(exported):
    signature = tf.saved_model.load(exported).signatures["serving_default"]
    (text,) = signature.structured_input_signature[1].values()
    assert (text.name, text.dtype, text.shape.as_list()) == ("text", tf.string, [None])
    assert set(signature.structured_outputs) == {"label", "probabilities", "classes"}
    assert all(output.shape[0] is None for output in signature.structured_outputs.values())


def test_multi_label_gives_the_labels_above_their_thresholds(tmp_path):
    classifier = build(multi_label=True, classes=["a", "b", "é"], labels=3)
    path = export_saved_model(classifier, tmp_path / "1")
    texts = ["The room was good.", "", "Nothing was bad. I liked it."]
    outputs = tf.saved_model.load(path).signatures["serving_default"](tf.constant(texts))
    expected = classifier.predict(texts, verbose=0)
    np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-5)
    served = [[name.decode() for name in row if name] for row in outputs["labels"].numpy()]
    assert served == classifier.labels_of(expected)


def test_export_leaves_nothing_else_and_never_replaces(classifier, exported):
    assert [path.name for path in exported.parent.iterdir()] == ["1"]
    with pytest.raises(FileExistsError, match="`directory` must be new or empty"):
        export_saved_model(classifier, exported)


def test_a_failed_export_leaves_no_trace(classifier, tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError("No space left on device")

    monkeypatch.setattr("hanlib.serving.export._write", fail)
    with pytest.raises(OSError, match="No space left"):
        export_saved_model(classifier, tmp_path / "serving" / "1")
    assert list((tmp_path / "serving").iterdir()) == []


def test_versions_count_up(classifier, tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "notes").mkdir()
    assert export_version(classifier, tmp_path).name == "8"


def test_ids_only_cannot_be_served(tmp_path):
    classifier = DocumentClassifier(None, HAN.from_preset("han_small", 10), 2)
    with pytest.raises(ValueError, match="must have a vectorizer"):
        export_saved_model(classifier, tmp_path / "1")
