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
from tiny_classifier import build, build_with

from hanlib.explain.attention_evidence import attention_evidence
from hanlib.layers import DocumentVectorizer
from hanlib.models import HAN, DocumentClassifier, Transformer
from hanlib.serving import export_saved_model, signatures
from hanlib.serving.export_check import warm_up_requests
from hanlib.serving.model_card import model_card
from hanlib.serving.signature_inputs import request_inputs
from hanlib.serving.signatures import signature_names

GOLDEN = Path(__file__).parents[1] / "saved_models" / "demo-golden"
TEXTS = ["The room was good. I did not like the food!", "", "酒店很好，早餐不错！", b"\xff nice"]
# `contrast`, whose graph is that of `explain`, is asked in the tests of it alone.
SIGNATURES = ["embed", "explain", "serving_default"]


class Session:
    """A loaded MetaGraph; `ask` runs one signature.

    Without TensorFlow's optimizer, which takes seconds for each signature: test_export.py checks
    all of them with it.
    """

    def __init__(self, path):
        config = tf.compat.v1.ConfigProto()
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        self._session = tf.compat.v1.Session(graph=tf.Graph(), config=config)
        self._meta = tf.compat.v1.saved_model.loader.load(self._session, ["serve"], str(path))

    @property
    def signatures(self):
        names = set(self._meta.signature_def) - {"__saved_model_init_op"}
        return sorted(names)

    def ask(self, signature, texts, **further):
        inputs = request_inputs(signature, texts, **further)
        return self.ask_all(signature, **{name: arrays(values) for name, values in inputs.items()})

    def ask_all(self, signature, **inputs):
        definition = self._meta.signature_def[signature]
        outputs = {name: info.name for name, info in definition.outputs.items()}
        feed = {definition.inputs[name].name: values for name, values in inputs.items()}
        return self._session.run(outputs, feed)


def arrays(strings):
    encoded = [text.encode() if isinstance(text, str) else text for text in strings]
    return np.array(encoded, object)


def check_all(path, classifier, atol=1e-5, session=None, contrast=True):
    """Asks the signatures and their warm-up requests, and gives the answers by signature."""
    session = session or Session(path)
    assert session.signatures == ["contrast"] * contrast + SIGNATURES
    answers = {name: session.ask(name, TEXTS) for name in SIGNATURES}
    for outputs in answers.values():
        assert {len(values) for values in outputs.values()} == {len(TEXTS)}
    requests = warm_up_requests(path)
    assert {name for name, _ in requests} == set(session.signatures)
    for name, inputs in requests:
        if name in answers:
            texts = inputs["text"]
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


@pytest.mark.long  # By default: the next tests, in float32; half precision: test_cli_model.py.
def test_chinese_words_inside_the_graph_in_float16(tmp_path):
    """A vocabulary that cannot be a file of lines is part of the graph, not an asset."""
    words = ["酒", "店", "很", "好", "早", "餐", "a\nb"]
    vectorizer = DocumentVectorizer(vocabulary=words)
    ngrams = random_ngrams(vectorizer(tf.constant(TEXTS)), 2, vectorizer.vocabulary_size)
    classifier = build(vectorizer=vectorizer).with_ngrams(ngrams)
    path = export_saved_model(classifier, tmp_path / "1", half_precision_tables=True)
    check_all(path, classifier, atol=1e-2)


class SeveralLabels:
    """A classifier with n-grams of Chinese characters, and its export.

    The vectors of its levels have the mean and the maximum beside the attention.
    A vocabulary that cannot be a file of lines is part of the graph, not an asset.
    """

    def __init__(self, folder):
        vectorizer = DocumentVectorizer(vocabulary=[*"酒店很好早餐不错", "a\nb"])
        self.ids = vectorizer(tf.constant(TEXTS))
        ngrams = random_ngrams(self.ids, 3, vectorizer.vocabulary_size, max_ngram=2)
        options = {"vectorizer": vectorizer, "beside": ("mean", "max")}
        self.plain = build(multi_label=True, classes=["a", "b", "é"], **options)
        self.classifier = self.plain.with_ngrams(ngrams)
        self.path = export_saved_model(self.classifier, folder / "1")
        self.session = Session(self.path)

    def contrast(self, target, against, texts=TEXTS):
        inputs = {"text": texts, "target": target, "against": against}
        given = {name: arrays(values) for name, values in inputs.items()}
        return self.session.ask_all("contrast", **given)


@pytest.fixture(scope="module")
def several_labels(tmp_path_factory):
    return SeveralLabels(tmp_path_factory.mktemp("several"))


def test_ngrams_of_several_labels(several_labels):
    """The n-grams of Chinese characters, in all that a signature answers."""
    plain, classifier, ids = several_labels.plain, several_labels.classifier, several_labels.ids
    assert np.abs(classifier.predict(TEXTS) - plain.predict(TEXTS)).max() > 0.1
    answers = check_all(several_labels.path, classifier, session=several_labels.session)
    np.testing.assert_allclose(answers["embed"]["vectors"], plain.embed(TEXTS), atol=1e-5)
    words, sentences = attention_evidence(classifier, ids).gradient_x_attention
    for name, scores in (("word", words.merge_dims(1, 2)), ("sentence", sentences)):
        answered = answers["explain"][f"{name}_gradient_x_attention"]
        np.testing.assert_allclose(answered, scores.to_tensor(), atol=1e-4)
    number = classifier.ngrams.ngrams
    assert f"a linear model of {number} n-grams of up to 2 words" in model_card("m", classifier)


def test_a_transformer(tmp_path, monkeypatch):
    """Documents of one window, of several, and of none, alone and together.

    The other signatures, which take long to trace, run the same encoder.
    """
    monkeypatch.setattr(signatures, "signature_names", lambda classifier: ("serving_default",))
    classifier = build_with(lambda size: Transformer(size, 4, num_heads=2, depth=1, window=3))
    session = Session(export_saved_model(classifier, tmp_path / "1"))
    assert session.signatures == ["serving_default"]
    texts = ["Good food!", "", "The room was good. I did not like the food!", b"\xff nice"]
    together = session.ask("serving_default", texts)["probabilities"]
    expected = classifier(tf.constant(arrays(texts)), training=False)
    np.testing.assert_allclose(together, expected, atol=1e-5)
    assert np.ptp(together[:, 0]) > 0.01
    for text, probabilities in zip(texts, together, strict=True):
        alone = session.ask("serving_default", [text])["probabilities"]
        np.testing.assert_allclose(alone[0], probabilities, atol=1e-5)


@pytest.mark.long
def test_the_golden_export():
    """`serving/1` is the export of 0.1, which no session can serve; `serving/2` is today's."""
    check_all(GOLDEN / "serving" / "2", None, contrast=False)


def names(values):
    return [value.decode() for value in values]


def evidence_of(answers, index, level="word"):
    """The scores of a document, without the padding."""
    counts = {"sentence": answers["sentence_counts"], "word": answers["word_counts"].sum(axis=1)}
    return answers[f"{level}_gradient_x_attention"][index][: counts[level][index]]


@pytest.mark.usefixtures("eager_functions")
def test_contrast_gives_what_python_gives(several_labels):
    found = {}
    for target, against in [("é", "b"), ("b", ""), ("", "a"), ("", "")]:
        answers = several_labels.contrast([target] * 4, [against] * 4)
        expected = several_labels.classifier.explain(
            TEXTS, "gradient_x_attention", target or None, against or "runner-up"
        )
        assert names(answers["target"]) == [e.target for e in expected]
        assert names(answers["against"]) == [e.against or "" for e in expected]
        for index, explanation in enumerate(expected):
            for level, parts in (("word", explanation.words), ("sentence", explanation.sentences)):
                scores = [part.score for part in parts]
                np.testing.assert_allclose(evidence_of(answers, index, level), scores, atol=1e-4)
            found[index, target, against] = evidence_of(answers, index)
        probabilities = [list(e.probabilities.values()) for e in expected]
        np.testing.assert_allclose(answers["probabilities"], probabilities, atol=1e-5)
    assert max(np.abs(scores).max(initial=0) for scores in found.values()) > 0.1
    # Each document may have its own classes.
    pairs = [("b", ""), ("", ""), ("é", "b"), ("", "a")]
    mixed = several_labels.contrast(*zip(*pairs, strict=True))
    for index, pair in enumerate(pairs):
        np.testing.assert_allclose(evidence_of(mixed, index), found[(index, *pair)], atol=1e-5)


@pytest.mark.parametrize(
    ("target", "against", "message"),
    [
        (["x", "b"], ["a", ""], r"`target` must be empty or one of the classes a, b, é. .*: x\]"),
        (["a", "b"], ["", "B"], r"`against` must be empty or one of .*Received: B\]"),
        (["a", "b"], ["b", "b"], r"must be another class than `target`. Received: both are b\]"),
        (["x"], [""], r"one class per document. Received: 1 and 1 classes for 2 documents\]"),
    ],
)
def test_a_wrong_class_is_an_error_that_names_it(several_labels, target, against, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        several_labels.contrast(target, against, ["One.", "Two."])


def test_one_class_has_nothing_to_compare_with():
    classifier = DocumentClassifier(None, HAN(9), ["a"], multi_label=True)
    assert signature_names(classifier) == ("serving_default", "explain", "embed")
