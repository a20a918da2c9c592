"""The signature `contrast` in a TensorFlow 1 session: why one class and not another."""

import numpy as np
import pytest
import tensorflow as tf
from test_export_session import Session, arrays
from tiny_classifier import build

from hanlib.models import HAN, DocumentClassifier
from hanlib.serving import export_saved_model
from hanlib.serving.signatures import signature_names

TEXTS = [
    "The room was good. I did not like the food!",
    "",
    "酒店很好，早餐不错！",
    "nice and good.",
]
CLASSES = ["a", "b", "é", "it's"]


@pytest.fixture(scope="module")
def classifier():
    return build(classes=CLASSES)


@pytest.fixture(scope="module")
def session(classifier, tmp_path_factory):
    return Session(export_saved_model(classifier, tmp_path_factory.mktemp("export") / "1"))


def names(values):
    return [value.decode() for value in values]


def scores(answers, level, index):
    counts = {"sentence": answers["sentence_counts"], "word": answers["word_counts"].sum(axis=1)}
    return answers[f"{level}_gradient_x_attention"][index][: counts[level][index]]


@pytest.mark.parametrize(("target", "against"), [("é", "b"), ("it's", ""), ("", "a"), ("", "")])
def test_scores_are_those_of_python(session, classifier, target, against):
    answers = session.ask("contrast", TEXTS, target=target, against=against)
    expected = classifier.explain(
        TEXTS, "gradient_x_attention", target or None, against or "runner-up"
    )
    assert names(answers["target"]) == [found.target for found in expected]
    assert names(answers["against"]) == [found.against or "" for found in expected]
    for index, found in enumerate(expected):
        words, sentences = ([part.score for part in p] for p in (found.words, found.sentences))
        np.testing.assert_allclose(scores(answers, "word", index), words, atol=1e-5)
        np.testing.assert_allclose(scores(answers, "sentence", index), sentences, atol=1e-5)
        probabilities = list(found.probabilities.values())
        np.testing.assert_allclose(answers["probabilities"][index], probabilities, atol=1e-5)
    assert np.abs(answers["word_gradient_x_attention"]).max() > 0.01


def test_each_document_has_its_own_classes(session):
    named = {"target": ["b", "", "é", "a"], "against": ["", "", "a", "it's"]}
    given = {"text": arrays(TEXTS), **{name: arrays(values) for name, values in named.items()}}
    together = session.ask_all("contrast", **given)
    assert names(together["target"])[2:] == ["é", "a"]
    assert names(together["against"])[2:] == ["a", "it's"]
    for index in range(len(TEXTS)):
        one = {name: values[index : index + 1] for name, values in given.items()}
        alone = session.ask_all("contrast", **one)
        assert alone["against"][0] == together["against"][index]
        for level in ("word", "sentence"):
            pair = scores(alone, level, 0), scores(together, level, index)
            np.testing.assert_allclose(*pair, atol=1e-5)


@pytest.mark.parametrize(
    ("target", "against", "message"),
    [
        (["x", "b"], ["a", ""], "`target` must be empty or one of the classes a, b, é, .*: x]"),
        (["a", "b"], ["", "B"], "`against` must be empty or one of the classes .*Received: B]"),
        (["a", "b"], ["b", "b"], "must be another class than `target`. Received: both are b]"),
        (["x"], [""], "one class per document. Received: 1 and 1 classes for 2 documents]"),
    ],
)
def test_a_wrong_class_is_an_error_that_names_it(session, target, against, message):
    given = {"text": arrays(["One.", "Two."]), "target": arrays(target), "against": arrays(against)}
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        session.ask_all("contrast", **given)


def test_one_class_has_nothing_to_compare_with():
    classifier = DocumentClassifier(None, HAN(9), ["a"], multi_label=True)
    assert signature_names(classifier) == ("serving_default", "explain", "embed")
