"""An export in a TensorFlow 1 session, which runs what TensorFlow Serving's C++ code runs.

The session loads the MetaGraph alone: its restore operation, its initialisation and its assets.
`tf.saved_model.load` builds the object graph instead and would hide a weight that the restore
operation does not know.
"""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from random_ngrams import random_ngrams
from tiny_classifier import build

from hanlib.explain.attention_evidence import attention_evidence
from hanlib.layers import DocumentVectorizer
from hanlib.serving import export_saved_model
from hanlib.serving.export_check import warm_up_requests
from hanlib.serving.model_card import model_card

GOLDEN = Path(__file__).parents[1] / "saved_models" / "demo-golden"
TEXTS = ["The room was good. I did not like the food!", "", "酒店很好，早餐不错！", b"\xff nice"]
SIGNATURES = ["embed", "explain", "serving_default"]


class Session:
    """A loaded MetaGraph; `ask` runs one signature."""

    def __init__(self, path):
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        self._meta = tf.compat.v1.saved_model.loader.load(self._session, ["serve"], str(path))

    @property
    def signatures(self):
        names = set(self._meta.signature_def) - {"__saved_model_init_op"}
        return sorted(names)

    def ask(self, signature, texts):
        texts = [text.encode() if isinstance(text, str) else text for text in texts]
        return self.ask_all(signature, text=np.array(texts, object))

    def ask_all(self, signature, **inputs):
        definition = self._meta.signature_def[signature]
        outputs = {name: info.name for name, info in definition.outputs.items()}
        feed = {definition.inputs[name].name: values for name, values in inputs.items()}
        return self._session.run(outputs, feed)


def check_all(path, classifier, atol=1e-5):
    """Asks every signature and every warm-up request, and gives the answers by signature."""
    session = Session(path)
    assert session.signatures == SIGNATURES
    answers = {name: session.ask(name, TEXTS) for name in SIGNATURES}
    for outputs in answers.values():
        assert {len(values) for values in outputs.values()} == {len(TEXTS)}
    requests = warm_up_requests(path)
    assert {name for name, _ in requests} == set(SIGNATURES)
    for name, texts in requests:
        assert {len(values) for values in session.ask(name, texts).values()} == {len(texts)}
    if classifier is not None:
        expected = classifier.predict(TEXTS, verbose=0)
        for name in ("serving_default", "explain"):
            np.testing.assert_allclose(answers[name]["probabilities"], expected, atol=atol)
    return answers


@pytest.mark.long  # By default: one direction with n-grams, and the layers of the next test.
def test_two_levels(tmp_path):
    classifier = build(bidirectional=True)
    check_all(export_saved_model(classifier, tmp_path / "1"), classifier)


@pytest.mark.long  # By default: several labels in the last test but one.
@pytest.mark.parametrize("depth", [1, 2])
def test_one_vector_a_label(tmp_path, depth):
    """Also the labels of a document are those that reach their thresholds."""
    options = {"cell": "lstm", "depth": depth, "self_attention_heads": 2, "labels": 3}
    classifier = build(multi_label=True, classes=["a", "b", "é"], **options)
    answers = check_all(export_saved_model(classifier, tmp_path / "1"), classifier)
    expected = classifier.labels_of(classifier.predict(TEXTS, verbose=0))
    for name in ("serving_default", "explain"):
        given = [[name.decode() for name in row if name] for row in answers[name]["labels"]]
        assert given == expected
    # One vector a label, end to end.
    assert answers["embed"]["vectors"].shape == (4, 3 * 32)


def test_chinese_words_inside_the_graph_in_float16(tmp_path):
    """A vocabulary that cannot be a file of lines is part of the graph, not an asset."""
    words = ["酒", "店", "很", "好", "早", "餐", "a\nb"]
    vectorizer = DocumentVectorizer(vocabulary=words)
    ngrams = random_ngrams(vectorizer(tf.constant(TEXTS)), 2, vectorizer.vocabulary_size)
    classifier = build(vectorizer=vectorizer).with_ngrams(ngrams)
    path = export_saved_model(classifier, tmp_path / "1", half_precision_tables=True)
    check_all(path, classifier, atol=1e-2)


def test_ngrams_of_several_labels(tmp_path):
    """The n-grams of Chinese characters, in all that a signature answers."""
    vectorizer = DocumentVectorizer(vocabulary=list("酒店很好早餐不错"))
    ids = vectorizer(tf.constant(TEXTS))
    plain = build(multi_label=True, classes=["a", "b", "é"], vectorizer=vectorizer)
    classifier = plain.with_ngrams(random_ngrams(ids, 3, vectorizer.vocabulary_size, max_ngram=4))
    assert np.abs(classifier.predict(TEXTS) - plain.predict(TEXTS)).max() > 0.1
    answers = check_all(export_saved_model(classifier, tmp_path / "1"), classifier)
    np.testing.assert_allclose(answers["embed"]["vectors"], plain.embed(TEXTS), atol=1e-5)
    words, sentences = attention_evidence(classifier, ids).gradient_x_attention
    for name, scores in (("word", words.merge_dims(1, 2)), ("sentence", sentences)):
        answered = answers["explain"][f"{name}_gradient_x_attention"]
        np.testing.assert_allclose(answered, scores.to_tensor(), atol=1e-4)
    number = classifier.ngrams.ngrams
    assert f"a linear model of {number} n-grams of up to 4 words" in model_card("m", classifier)


def test_the_golden_export():
    """`serving/1` is the export of 0.1, which no session can serve; `serving/2` is today's."""
    check_all(GOLDEN / "serving" / "2", None)
