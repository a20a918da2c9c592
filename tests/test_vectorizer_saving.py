"""DocumentVectorizer keeps its vocabulary and functions when it is saved or exported."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from hanlib import text
from hanlib.layers.vectorizer import DocumentVectorizer
from hanlib.models import HAN

TEXTS = ["The food was good. Good prices!", "", "Bad food, bad mood.", "The bad bad end", "  \n "]
WORDS = ["bad", "food", "good", "the"]


@keras.saving.register_keras_serializable("hanlib_test")
def split_at_semicolons(documents):
    return tf.strings.split(documents, ";")


@keras.saving.register_keras_serializable("hanlib_test")
class SumOfIds(keras.layers.Layer):
    def call(self, ids):
        return tf.cast(tf.reduce_sum(tf.reduce_sum(ids, axis=2), axis=1), "float32")[:, None]

    def compute_output_spec(self, ids):
        return keras.KerasTensor((ids.shape[0], 1))


@keras.saving.register_keras_serializable("hanlib_test")
class TextModel(keras.Model):
    def __init__(self, vectorizer=None, **kwargs):
        super().__init__(**kwargs)
        self.vectorizer = vectorizer or DocumentVectorizer()
        self.total = SumOfIds()

    def call(self, documents):
        return self.total(self.vectorizer(documents))


@pytest.fixture(scope="module")
def adapted():
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(TEXTS)
    return vectorizer


def test_config_makes_an_equal_layer(adapted):
    config = json.loads(json.dumps(adapted.get_config()))
    assert config["vocabulary"] == adapted.get_vocabulary()[2:]
    assert DocumentVectorizer.from_config(config).get_config() == adapted.get_config()
    assert DocumentVectorizer.from_config(config)(TEXTS).to_list() == adapted(TEXTS).to_list()
    given = DocumentVectorizer(vocabulary=WORDS, oov_buckets=2, lowercase=False, name="v")
    clone = DocumentVectorizer.from_config(json.loads(json.dumps(given.get_config())))
    assert clone.get_vocabulary() == given.get_vocabulary()
    assert clone.get_config() == given.get_config()


def test_functions_of_the_user_are_saved_by_name():
    vectorizer = DocumentVectorizer(split_sentences=split_at_semicolons, vocabulary=WORDS)
    assert vectorizer(["Bad. Food;good"]).to_list() == [[[2, 1, 3], [4]]]
    config = json.loads(json.dumps(vectorizer.get_config()))
    clone = DocumentVectorizer.from_config(config)
    assert clone.split_sentences is split_at_semicolons
    unregistered = DocumentVectorizer(split_words=lambda sentences: text.split_words(sentences))
    with pytest.raises(ValueError, match=r"`split_words` must be a function registered with"):
        unregistered.get_config()


def test_saved_inside_a_model(tmp_path):
    strange = ["bad", "new\nline", "tab\t", "é", "\u2028", "\\n", '"', "\udc80", "[UNK]x", "0"]
    vectorizer = DocumentVectorizer(lowercase=False)
    vectorizer.set_vocabulary(strange)
    documents = tf.constant(["bad é", "", '" unknown'])
    subclassed = TextModel(vectorizer)
    inputs = keras.Input(shape=(), dtype="string")
    functional = keras.Model(inputs, SumOfIds()(vectorizer(inputs)))
    for model in (subclassed, functional):
        expected = model(documents).numpy()
        assert expected.ravel().tolist() == [7, 0, 9]
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(loaded(documents), expected)
        (layer,) = [x for x in loaded.layers if isinstance(x, DocumentVectorizer)]
        assert layer.get_vocabulary()[2:] == strange


def test_a_subclassed_model_is_loaded_with_what_it_learned(tmp_path):
    model = TextModel()
    model.vectorizer.adapt(TEXTS)
    expected = model.predict(tf.constant(TEXTS), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(tf.constant(TEXTS), verbose=0), expected)


SERVE = """
import sys, tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
assert "hanlib" not in sys.modules
documents = tf.constant(["Good news. w39000!", "", b"\\xff bad &amp; cheap"])
for size in (3, 1):
    print(model.serve(documents[:size]).numpy().tolist())
"""


def test_exported_it_runs_with_tensorflow_alone(tmp_path):
    vectorizer = DocumentVectorizer(max_tokens=None)
    vectorizer.set_vocabulary(
        ["good", "bad", "cheap", "new\nline", *map("w{}".format, range(40_000))]
    )
    archive = keras.export.ExportArchive()
    archive.track(vectorizer)
    signature = [tf.TensorSpec([None], tf.string)]
    archive.add_endpoint("serve", lambda documents: vectorizer(documents).to_tensor(), signature)
    archive.write_out(tmp_path / "export", verbose=False)
    # The words are in the table's checkpoint, not in the graph.
    assert (tmp_path / "export" / "saved_model.pb").stat().st_size < 400_000
    answer = subprocess.run(
        [sys.executable, "-I", "-c", SERVE, str(tmp_path / "export")],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    ids = vectorizer(["Good news. w39000!", "", b"\xff bad &amp; cheap"]).to_tensor()
    one = vectorizer(["Good news. w39000!"]).to_tensor()
    assert answer.stdout.splitlines() == [str(x.numpy().tolist()) for x in (ids, one)]
    assert 39_006 in ids.numpy()


@pytest.mark.parametrize("policy", ["mixed_float16", "float16", "bfloat16"])
def test_the_dtype_policy_does_not_touch_ids(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        vectorizer = DocumentVectorizer(max_tokens=None)
        vectorizer.set_vocabulary([f"w{i}" for i in range(70_001)])
        assert vectorizer(["w70000"]).to_list() == [[[70_002]]]
        assert vectorizer(keras.Input(shape=(), dtype="string")).dtype == "int32"
    finally:
        keras.config.set_dtype_policy(before)


def test_in_front_of_an_encoder_in_a_saved_model(adapted, tmp_path):
    text = keras.Input([], dtype="string")
    encoder = HAN(adapted.vocabulary_size, 4, 3, 4)
    model = keras.Model(text, encoder(adapted(text)))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    given = tf.constant(TEXTS)
    np.testing.assert_array_equal(again(given), model(given))
    assert again.layers[1](TEXTS).to_list() == adapted(TEXTS).to_list()


def test_alone_and_in_company(adapted):
    together = adapted(TEXTS).to_list()
    assert [adapted([text]).to_list()[0] for text in TEXTS] == together
    assert adapted(TEXTS[::-1]).to_list() == together[::-1]
    assert [len(document) for document in together] == [2, 0, 1, 1, 0]


def test_one_trace_gives_the_same_ids(adapted):
    traced = tf.function(adapted, input_signature=[tf.TensorSpec([None], tf.string)])
    for count in (5, 1, 3, 2):
        given = tf.constant(TEXTS[:count])
        assert traced(given).to_list() == adapted(given).to_list()
    assert traced.experimental_get_tracing_count() == 1


def test_first_in_a_sequential_model_without_input(adapted):
    documents = np.array(["bad food", "mood. bad"])
    model = keras.Sequential([adapted, SumOfIds()])
    expected = [[6], [15]]
    assert model(documents).numpy().tolist() == expected
    assert model.predict(tf.constant(documents), verbose=0).tolist() == expected
    assert model(tf.constant(documents)[:, None]).numpy().tolist() == expected
