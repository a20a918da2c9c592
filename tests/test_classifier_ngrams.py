"""A classifier that adds the logits of n-grams: its inputs, weights, copies and training."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from random_ngrams import random_ngrams

from hanlib.models import HAN, BagOfWords, DocumentClassifier
from hanlib.ops.token_batch import from_ragged
from hanlib.serving.half_precision import with_half_precision_tables

WORDS, CLASSES = 12, ["a", "b", "c"]
IDS = tf.ragged.constant(
    [[[2, 3, 4], [2, 3]], [], [[5, 6, 7], [1, 8, 9, 10]], [[4, 3]]], dtype=tf.int32, ragged_rank=2
)
LABELS = ["a", "b", "c", "a"]


@pytest.fixture(scope="module")
def plain():
    keras.utils.set_random_seed(1)
    sizes = {"embedding_dim": 4, "units": 3, "attention_units": 4, "bidirectional": False}
    classifier = DocumentClassifier(None, HAN(WORDS, **sizes), CLASSES)
    classifier.build()
    return classifier


@pytest.fixture(scope="module")
def layer():
    return random_ngrams(IDS, 3, WORDS)


@pytest.fixture(scope="module")
def classifier(plain, layer):
    return plain.with_ngrams(layer)


def logits_of(probabilities):
    """Logits up to a number a document: their mean is zero."""
    logits = np.log(np.asarray(probabilities, np.float64))
    return logits - logits.mean(axis=1, keepdims=True)


def centred(logits):
    return np.asarray(logits) - np.mean(logits, axis=1, keepdims=True)


FORMS = {
    "ragged": IDS,
    "dense": IDS.to_tensor(shape=[None, 3, 5]),
    "token_batch": from_ragged(IDS),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_logits_are_added(form, classifier, plain, layer):
    expected = logits_of(plain(FORMS[form])) + centred(layer(IDS))
    np.testing.assert_allclose(logits_of(classifier(FORMS[form])), expected, atol=1e-5)
    if form == "ragged":
        predicted = classifier.predict(FORMS[form], verbose=0)
        np.testing.assert_allclose(logits_of(predicted), expected, atol=1e-5)


def test_a_document_without_words_has_the_biases(classifier, layer):
    head, bias = classifier.head.get_weights()[1], layer.bias.numpy()
    expected = tf.nn.softmax(head + bias)
    np.testing.assert_allclose(classifier(IDS)[1], expected, atol=1e-6)


@pytest.fixture(scope="module")
def bag():
    """A classifier of documents without rows."""
    rows = tf.RaggedTensor.from_uniform_row_length(IDS.merge_dims(1, 2), 1)
    layer = random_ngrams(rows, 3, WORDS)
    return DocumentClassifier(None, BagOfWords(WORDS, 4), CLASSES, ngrams=layer)


@pytest.mark.usefixtures("eager_functions")
@pytest.mark.parametrize("padded", [False, True])
def test_documents_without_rows_are_one_row(bag, padded):
    ids = IDS.merge_dims(1, 2)
    rows = tf.RaggedTensor.from_uniform_row_length(ids, 1)
    classifier, layer = bag, bag.ngrams
    given = ids.to_tensor() if padded else ids
    expected = classifier(rows)
    assert np.abs(layer(rows) - layer(IDS)).max() > 0.1  # Some n-grams are in both rows.
    np.testing.assert_allclose(classifier(given), expected, atol=1e-6)
    if padded:
        return
    np.testing.assert_allclose(classifier.predict(given, verbose=0), expected, atol=1e-6)
    explained = classifier.explain(given, "gradient_x_input", target="b")
    again = classifier.explain(rows, "gradient_x_input", target="b")
    for one, other in zip(explained, again, strict=True):
        scores = [[word.score for word in e.words] for e in (one, other)]
        np.testing.assert_allclose(*scores, atol=1e-6)


def test_symbolic_inputs(classifier):
    ids = keras.Input([None, None], dtype="int32")
    probabilities = classifier(ids)
    assert probabilities.shape == (None, 3)
    dense = FORMS["dense"]
    np.testing.assert_allclose(keras.Model(ids, probabilities)(dense), classifier(dense), atol=1e-6)


def test_saved_cloned_and_configured(classifier, tmp_path):
    classifier.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(IDS), classifier(IDS))
    one, other = (json.loads(json.dumps(c.get_config())) for c in (loaded, classifier))
    assert one == other
    clone = keras.models.clone_model(classifier)
    assert clone.ngrams is not classifier.ngrams
    clone.set_weights(classifier.get_weights())
    np.testing.assert_array_equal(clone(IDS), classifier(IDS))


@pytest.fixture
def bag_of_rows():
    """A classifier whose graphs are small."""
    keras.utils.set_random_seed(1)
    return DocumentClassifier(
        None, BagOfWords(WORDS, 4), CLASSES, ngrams=random_ngrams(IDS, 3, WORDS)
    )


def test_factors_of_network_and_ngrams(plain, layer):
    changed = plain.with_ngrams(layer, network=0.5)
    expected = logits_of(plain(IDS)) / 2 + centred(layer(IDS))
    np.testing.assert_allclose(logits_of(changed(IDS)), expected, atol=1e-5)


@pytest.mark.usefixtures("eager_functions")
def test_calibration_divides_all_logits(bag_of_rows):
    classifier = bag_of_rows
    before = logits_of(classifier(IDS))
    temperature = classifier.calibrate(IDS, LABELS)
    assert abs(temperature - 1) > 0.05
    np.testing.assert_allclose(logits_of(classifier(IDS)), before / temperature, atol=1e-4)


@pytest.mark.usefixtures("eager_functions")
def test_logits_of_ngrams_stay_in_float32(layer):
    encoder = BagOfWords(WORDS, 4, dtype="mixed_float16")
    classifier = DocumentClassifier(None, encoder, CLASSES, ngrams=layer, dtype="mixed_float16")
    classifier.build()
    assert {weight.dtype for weight in layer.weights} == {"float32", "int64"}
    vectors = classifier.encoder(IDS)
    assert vectors.dtype == tf.float16
    logits = classifier.logits(vectors, layer(IDS)) - classifier.logits(vectors)
    np.testing.assert_allclose(logits, layer(IDS), atol=1e-5)
    (found,) = classifier.explain(IDS[:1], "gradient_x_input")
    assert np.isfinite([word.score for word in found.words]).all()


@pytest.mark.usefixtures("eager_functions")
def test_training_leaves_the_ngrams_as_they_are(bag_of_rows):
    classifier = bag_of_rows
    weights = [weight.numpy() for weight in classifier.ngrams.weights]
    vectors = classifier.embed(IDS)
    classifier.compile()
    history = classifier.fit(IDS, LABELS, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    for weight, before in zip(classifier.ngrams.weights, weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), before)
    assert np.abs(classifier.embed(IDS) - vectors).max() > 1e-4


def test_what_has_no_part_in_the_document_vectors(classifier, plain):
    np.testing.assert_array_equal(classifier.embed(IDS), plain.embed(IDS))
    printed = []
    classifier.summary(print_fn=printed.append, line_length=100)
    row = next(line for line in printed[0].splitlines() if "NGramLinear" in line)
    assert "(documents, 3)" in row
    assert row.split()[-1] == f"{classifier.ngrams.count_params():,}"


def test_half_precision_takes_the_ngrams_along(classifier):
    copy, variables = with_half_precision_tables(classifier)
    np.testing.assert_allclose(copy(IDS), classifier(IDS), atol=1e-2)
    assert classifier.ngrams.keys.path in {getattr(v, "path", None) for v in variables}


def test_the_wrong_ngrams_are_named(plain):
    with pytest.raises(ValueError, match="`ngrams` must have the classes and the vocabulary size"):
        plain.with_ngrams(random_ngrams(IDS, 2, WORDS))
