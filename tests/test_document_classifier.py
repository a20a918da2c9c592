"""The document classifier: what goes in, what comes out, and that it is always the same."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from classifier_cases import (
    BATCH,
    FORMS,
    LABELS,
    TEXTS,
    TOPIC_LISTS,
    TOPICS,
    assert_close,
    classifier_of,
    han_of,
)

from hanlib.layers import DocumentVectorizer
from hanlib.models import HAN, BagOfWords, DocumentClassifier


@pytest.fixture(scope="module")
def vectorizer():
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(TEXTS)
    return vectorizer


@pytest.fixture(scope="module")
def han(vectorizer):
    return classifier_of(vectorizer, encoder=han_of(vectorizer))


@pytest.fixture(scope="module")
def still(vectorizer):
    """A classifier that does not learn: the loss that `fit` reports is then known beforehand."""
    classifier = classifier_of(vectorizer)
    classifier.compile(keras.optimizers.SGD(0.0))
    return classifier


@pytest.fixture(scope="module")
def topical(vectorizer):
    """The same with several labels a document."""
    classifier = classifier_of(vectorizer, TOPICS, multi_label=True)
    classifier.compile(keras.optimizers.SGD(0.0))
    return classifier


@pytest.fixture(scope="module")
def probabilities(still):
    return still.predict(TEXTS, verbose=0)


def test_probabilities_differ_and_sum_to_one(probabilities):
    assert probabilities.shape == (7, 2)
    assert probabilities.dtype == np.float32
    assert_close(probabilities.sum(axis=1), 1, 1e-6)
    assert np.unique(probabilities[:, 0].round(3)).size == 7


def test_probabilities_are_the_softmax_of_the_head(still, vectorizer, probabilities):
    vectors = still.encoder(vectorizer(TEXTS)).numpy()
    kernel, bias = still.head.get_weights()
    exponentials = np.exp(vectors @ kernel + bias)
    assert_close(probabilities, exponentials / exponentials.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_documents_gives_the_same(form, still, vectorizer, probabilities):
    x = FORMS[form](vectorizer(TEXTS))
    assert_close(still.predict(x, batch_size=BATCH, verbose=0), probabilities)


@pytest.mark.parametrize("form", ["list", "tensor", "ragged_ids", "dense_ids"])
def test_calling_the_model_gives_the_same(form, still, vectorizer, probabilities):
    assert_close(still(FORMS[form](vectorizer(TEXTS))), probabilities)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 100])
def test_the_batch_size_changes_nothing(batch_size, still, probabilities):
    assert_close(still.predict(TEXTS, batch_size=batch_size, verbose=0), probabilities)


def test_alone_and_in_any_order(still, probabilities):
    for text, expected in zip(TEXTS, probabilities, strict=True):
        assert_close(still.predict([text], verbose=0), expected[None])
    order = [6, 2, 0, 5, 1, 4, 3]
    shuffled = still.predict([TEXTS[index] for index in order], verbose=0)
    assert_close(shuffled, probabilities[order])


def test_attention_scores_come_on_demand(han, vectorizer):
    given, (words, sentences) = han(tf.constant(TEXTS), return_attention_scores=True)
    assert_close(given, han(tf.constant(TEXTS)))
    ids = vectorizer(TEXTS)
    assert [len(document) for document in sentences.to_list()] == [2, 1, 0, 3, 3, 1, 1]
    assert words.flat_values.shape == ids.flat_values.shape
    assert_close(tf.reduce_sum(sentences, axis=1), [1, 1, 0, 1, 1, 1, 1])
    assert_close(tf.reduce_sum(words.values, axis=1), np.ones(11))


def test_labels_and_probabilities_by_name(still, probabilities):
    names = np.array(["negative", "positive"])[probabilities.argmax(axis=1)].tolist()
    assert set(names) == {"negative", "positive"}
    assert still.predict_label(TEXTS) == names
    assert_close(still.predict_proba(TEXTS), probabilities)


def test_one_trace_serves_batches_of_all_shapes(vectorizer, monkeypatch):
    classifier = classifier_of(vectorizer)
    traces = []
    original = classifier.classify
    monkeypatch.setattr(
        classifier, "classify", lambda *args: traces.append(args) or original(*args)
    )
    classifier.predict(TEXTS[:3], verbose=0)
    assert len(traces) == 1
    for texts, batch_size in ((TEXTS, 3), (TEXTS, 2), (TEXTS[:1], 5), (["A " * 200], 1), ([""], 1)):
        classifier.predict(texts, batch_size=batch_size, verbose=0)
    assert len(traces) == 1


def test_predicting_one_text_makes_no_dataset_and_traces_nothing(still, monkeypatch):
    still.predict(["Great film."], verbose=0)
    traces = still.predict_function.experimental_get_tracing_count()
    # Setting up a dataset takes longer than a text.
    monkeypatch.setattr("hanlib.models.batches.slices", None)
    for text in ("Good.", "A great end. " * 9, ""):
        assert still.predict([text], verbose=0).shape == (1, 2)
    assert still.predict_function.experimental_get_tracing_count() == traces


def test_one_attention_a_label(vectorizer, tmp_path):
    classifier = classifier_of(vectorizer, TOPICS, han_of(vectorizer, labels=3), multi_label=True)
    vectors = classifier.encoder(vectorizer(TEXTS)).numpy()
    assert vectors.shape == (7, 3, 6)
    kernel, bias = classifier.kernel.numpy(), classifier.bias.numpy()
    expected = 1 / (1 + np.exp(-((vectors * kernel).sum(axis=-1) + bias)))
    assert_close(classifier(tf.constant(TEXTS)), expected)
    _, (_, sentences) = classifier(tf.constant(TEXTS), return_attention_scores=True)
    assert sentences.shape.as_list() == [7, None, 3]
    classifier.compile(keras.optimizers.Adam(0.05), run_eagerly=True)
    history = classifier.fit(TEXTS, TOPIC_LISTS, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    classifier.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert_close(again(tf.constant(TEXTS)), classifier(tf.constant(TEXTS)), 1e-6)


def test_an_encoder_with_another_number_of_labels(vectorizer):
    with pytest.raises(ValueError, match=r"one vector for each of the 3 classes. .*\(None, 2, 6\)"):
        classifier_of(vectorizer, TOPICS, han_of(vectorizer, labels=2), multi_label=True)


def test_classes_that_are_integers(vectorizer):
    stars = classifier_of(vectorizer, [1, 2, 3, 4, 5])
    p = stars.predict(TEXTS, verbose=0)
    assert stars.predict_label(TEXTS) == (p.argmax(axis=1) + 1).tolist()
    assert type(stars.predict_label(TEXTS)[0]) is int
    assert_close(stars.predict_proba(TEXTS), p)
    stars.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    ratings = [5, 1, 3, 4, 2, 1, 5]
    expected = -np.mean(np.log(p[np.arange(7), np.array(ratings) - 1]))
    assert_close(stars.evaluate(TEXTS, ratings, verbose=0)[0], expected)
    numbered = DocumentClassifier(vectorizer, stars.encoder, classes=3)
    assert numbered.classes == [0, 1, 2]


@pytest.fixture(scope="module")
def reloaded(vectorizer, tmp_path_factory):
    """A classifier in the middle of its training, and the same from its file."""
    classifier = classifier_of(vectorizer, encoder=han_of(vectorizer))
    classifier.compile(keras.optimizers.Adam(0.05), run_eagerly=True)
    classifier.fit(TEXTS, LABELS, epochs=2, verbose=0)
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    classifier.save(path)
    return classifier, keras.models.load_model(path)


def test_reloaded_without_custom_objects(reloaded, vectorizer):
    classifier, again = reloaded
    assert type(again) is DocumentClassifier
    assert again.classes == ["negative", "positive"]
    assert again.vectorizer.get_vocabulary() == vectorizer.get_vocabulary()
    expected = classifier(tf.constant(TEXTS)).numpy()
    assert_close(again.predict(TEXTS, batch_size=BATCH, verbose=0), expected)
    assert again.predict_label(TEXTS) == classifier.labels_of(expected)


def test_training_continues_after_a_reload(reloaded):
    classifier, again = reloaded
    assert int(again.optimizer.iterations) == 2
    for ours, theirs in zip(again.optimizer.variables, classifier.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for model in (classifier, again):
        model.fit(TEXTS, LABELS, shuffle=False, verbose=0)
    assert int(again.optimizer.iterations) == 3
    for ours, theirs in zip(again.get_weights(), classifier.get_weights(), strict=True):
        assert_close(ours, theirs, 1e-6)


def test_the_configuration_keeps_every_argument(vectorizer, tmp_path):
    classifier = classifier_of(
        vectorizer, TOPICS, multi_label=True, thresholds=[0.1, 0.2, 0.3], dropout=0.25, name="mine"
    )
    classifier.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert json.loads(json.dumps(again.get_config())) == json.loads(
        json.dumps(classifier.get_config())
    )
    assert again.thresholds == [0.1, 0.2, 0.3]
    assert (again.multi_label, again.dropout, again.name) == (True, 0.25, "mine")


EDGE_CASES = {
    "blank": "  \n\t ",
    "nul": "\0",
    "nul_inside": "good\0film",
    "invalid_utf8": b"\xff\xfe bad \xc3",
    "surrogate": "bad \udce9 film",
    "unknown_words": "zzz qqq",
    "emoji": "\N{GRINNING FACE}",
    "only_signs": "... !? --",
    "long": "great " * 3000,
}


@pytest.mark.parametrize("name", EDGE_CASES)
def test_edge_cases_are_finite_and_harm_no_other(name, han):
    given = han.predict([TEXTS[0], EDGE_CASES[name], TEXTS[1]], verbose=0)
    assert np.isfinite(given).all()
    assert_close(given.sum(axis=1), 1, 1e-6)
    assert_close(given[[0, 2]], han.predict(TEXTS[:2], verbose=0))


def test_no_documents(still, topical):
    for nothing in (
        [],
        np.array([], dtype=object),
        pd.Series([], dtype=object),
        tf.constant([], "string"),
    ):
        assert still.predict(nothing, verbose=0).shape == (0, 2)
        assert still.predict_label(nothing) == []
        assert still.predict_proba(nothing).shape == (0, 2)
    assert topical.predict_label([]) == []


def test_lists_of_ids_may_hold_no_word_at_all(han):
    expected = han.predict([""], verbose=0)
    for ids in ([[]], [[[]]], [[[], []]]):
        assert_close(han.predict(ids, verbose=0), expected)


def test_an_empty_document_has_the_bias_for_its_logits(han):
    bias = han.head.get_weights()[1]
    expected = np.exp(bias) / np.exp(bias).sum()
    assert_close(han.predict(["", " "], verbose=0), [expected, expected])


def test_a_single_string_is_no_list_of_documents(still):
    for use in (still.predict, still.predict_label, still.predict_proba):
        with pytest.raises(ValueError, match=r"`x` must be a list of documents, not a single str"):
            use("Great film.")
    for use in (still.fit, still.evaluate):
        with pytest.raises(ValueError, match=r"`x` must be a list of documents, not a single str"):
            use("Great film.", ["positive"])


@pytest.mark.parametrize("thresholds", [1.5, [-0.1, 0.5, 0.5]])
def test_thresholds_are_probabilities(thresholds, vectorizer):
    with pytest.raises(ValueError, match=r"`thresholds` must be in \[0, 1\]. Received: "):
        classifier_of(vectorizer, TOPICS, multi_label=True, thresholds=thresholds)


def test_a_vectorizer_without_a_vocabulary():
    classifier = DocumentClassifier(DocumentVectorizer(), BagOfWords(10, 5), ["no", "yes"])
    errors = (RuntimeError, tf.errors.InvalidArgumentError)
    with pytest.raises(errors, match="has no vocabulary yet: call `adapt"):
        classifier.predict(["Great film."], verbose=0)


def test_text_needs_a_vectorizer(vectorizer, probabilities, still):
    ids = vectorizer(TEXTS)
    classifier = DocumentClassifier(None, still.encoder, ["negative", "positive"])
    classifier(ids)
    classifier.set_weights(still.get_weights())
    assert_close(classifier.predict(ids, verbose=0), probabilities)
    with pytest.raises(ValueError, match=r"this classifier has no vectorizer. Received: strings"):
        classifier.predict(TEXTS, verbose=0)


@pytest.mark.parametrize("labels", [None, 4])
def test_many_classes_start_from_one_label_a_document(vectorizer, labels):
    encoder = HAN(vectorizer.vocabulary_size, 5, 3, 4, labels=labels)
    classifier = DocumentClassifier(vectorizer, encoder, 4, multi_label=True)
    # No words: the vector is zero, and the bias alone speaks.
    assert_close(classifier([""]), [[0.25] * 4], atol=1e-6)


def test_two_classes_start_even(vectorizer):
    encoder = HAN(vectorizer.vocabulary_size, 5, 3, 4)
    classifier = DocumentClassifier(vectorizer, encoder, ["a", "b"], multi_label=True)
    assert_close(classifier([""]), [[0.5, 0.5]], atol=1e-6)
