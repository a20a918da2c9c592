"""`fit` of a classifier as the one trainer: what it takes and what it builds."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import two_devices
from fit_cases import INDEXES, LABELS, TEXTS, TOPICS, make, vectorizer_of_texts
from forked_process import Forked
from sklearn.metrics import roc_auc_score

from hanlib.models import BagOfWords, DocumentClassifier
from hanlib.optimizers import LazyAdam

# Graphs of `fit`: test_document_classifier_fit.py.
pytestmark = pytest.mark.usefixtures("eager_module")


@pytest.fixture(scope="module")
def vectorizer():
    return vectorizer_of_texts()


def bag(vectorizer, *args):
    """A classifier whose graphs are small: for what does not depend on the encoder."""
    keras.utils.set_random_seed(3)
    encoder = BagOfWords(vectorizer.vocabulary_size, 4)
    classifier = DocumentClassifier(vectorizer, encoder, *args)
    classifier.compile(keras.optimizers.SGD(0.0))
    return classifier


@pytest.fixture(scope="module")
def still(vectorizer):
    """A classifier that does not learn: the loss that `fit` reports is then known beforehand."""
    return bag(vectorizer, ["bad", "good"])


@pytest.fixture(scope="module")
def topical(vectorizer):
    return bag(vectorizer, ["art", "law", "war"], True)


@pytest.fixture(scope="module")
def losses(still):
    p = still.predict(TEXTS, verbose=0)
    return -np.log(p[np.arange(8), INDEXES])


@pytest.fixture(scope="module")
def terms(topical):
    p = topical.predict(TEXTS, verbose=0)
    return -(TOPICS * np.log(p) + (1 - TOPICS) * np.log(1 - p))


def fit(classifier, *args, **kwargs):
    return classifier.fit(*args, verbose=0, **kwargs).history["loss"][-1]


def close(expected):
    return pytest.approx(expected, rel=1e-5)


def test_texts_are_tokenized_once(still, monkeypatch):
    calls, vectorize = [], still._vectorize
    monkeypatch.setattr(
        still, "_vectorize", lambda texts: calls.append(len(texts)) or vectorize(texts)
    )
    still.fit(TEXTS, LABELS, epochs=3, batch_size=2, validation_data=(TEXTS, LABELS), verbose=0)
    assert calls == [8, 8]


def test_class_weights_of_one_label(still, losses):
    balanced = np.array([8 / (2 * 5), 8 / (2 * 3)])[INDEXES]
    assert fit(still, TEXTS, LABELS, class_weight="balanced") == close((balanced * losses).mean())
    weights = np.arange(8) / 4
    both = weights * np.array([1.0, 3.0])[INDEXES] * losses
    given = fit(still, TEXTS, LABELS, class_weight={"good": 3.0}, sample_weight=weights)
    assert given == close(both.mean())


def test_class_weights_of_several_labels(topical, terms):
    # The weight of the terms of the labels that a document has, whatever its other labels are.
    weights = np.where(TOPICS == 1, [1.0, 5.0, 2.0], 1.0)
    expected = (weights * terms).sum(axis=1)
    given = {"law": 5.0, "war": 2.0}
    assert fit(topical, TEXTS, TOPICS, class_weight=given) == close(expected.mean())
    dataset = tf.data.Dataset.from_tensor_slices((TEXTS, TOPICS)).batch(4)
    assert fit(topical, dataset, class_weight=given) == close(expected.mean())
    positive = TOPICS.sum(axis=0)
    balanced = np.where(TOPICS == 1, (8 - positive) / positive, 1.0) * terms
    given = fit(topical, TEXTS, TOPICS, class_weight="balanced")
    assert given == close(balanced.sum(axis=1).mean())


def test_options_that_would_be_ignored_are_refused(still):
    batches = still._batches(TEXTS, LABELS)
    with pytest.raises(ValueError, match="`class_weight` must be None with TokenBatches"):
        still.fit(batches, class_weight={"good": 3.0}, verbose=0)
    validation = {"validation_data": (TEXTS, LABELS), "validation_batch_size": 0}
    for use in (
        lambda: still.fit(TEXTS, LABELS, batch_size=0, verbose=0),
        lambda: still.fit(TEXTS, LABELS, verbose=0, **validation),
        lambda: still.evaluate(TEXTS, LABELS, batch_size=0, verbose=0),
        lambda: still.predict(TEXTS, batch_size=0, verbose=0),
    ):
        with pytest.raises(ValueError, match="`batch_size` must be a positive integer"):
            use()


def test_soft_targets_and_hard_labels_in_one_run(still, losses):
    p = still.predict(TEXTS, verbose=0)
    soft = np.linspace(0.1, 0.9, 8)
    soft = np.stack([soft, 1 - soft], axis=1)
    history = still.fit(TEXTS, soft, validation_data=(TEXTS, LABELS), verbose=0).history
    assert history["loss"][0] == close(-(soft * np.log(p)).sum(axis=1).mean())
    assert history["val_loss"][0] == close(losses.mean())
    assert history["val_accuracy"][0] == close((p.argmax(axis=1) == INDEXES).mean())


def test_one_hot_labels_with_categorical_crossentropy_and_auc(vectorizer, rng):
    classifier = make(vectorizer)
    classifier.build()
    # Keras' AUC has 200 thresholds: the probabilities must differ by more than these.
    for variable in classifier.trainable_variables:
        variable.assign(rng.normal(0, 1, variable.shape))
    classifier.compile("sgd", "categorical_crossentropy", metrics=["AUC"], run_eagerly=True)
    p = classifier.predict(TEXTS, verbose=0)
    auc = roc_auc_score(np.eye(2)[INDEXES].ravel(), p.ravel())
    for y in (LABELS, np.eye(2)[INDEXES], np.eye(2, dtype=int)[INDEXES].tolist()):
        found = classifier.evaluate(TEXTS, y, verbose=0, return_dict=True)
        assert found["loss"] == close(-np.log(p[np.arange(len(TEXTS)), INDEXES]).mean())
        assert found["AUC"] == pytest.approx(auc, abs=0.02)


def test_losses_and_metrics_that_do_not_fit_together(vectorizer):
    with pytest.raises(ValueError, match="Received: SparseCategoricalCrossentropy and AUC"):
        make(vectorizer).compile("sgd", "sparse_categorical_crossentropy", metrics=["AUC"])
    classifier = make(vectorizer)
    classifier.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="`y` holds soft targets"):
        classifier.fit(TEXTS, np.full([8, 2], 0.5), verbose=0)


def test_frames_are_read_by_their_only_column_of_strings(still, losses):
    frame = pd.DataFrame({"text": TEXTS, "label": LABELS})
    expected = still.predict(TEXTS, verbose=0)
    for x in (frame[["text"]], frame["text"]):
        np.testing.assert_allclose(still.predict(x, verbose=0), expected, rtol=1e-6)
    assert fit(still, frame[["text"]], frame[["label"]]) == close(losses.mean())
    for wrong in (frame, frame[[]], pd.DataFrame({"length": [1, 2]})):
        for use in (still.predict, still, lambda x: still.fit(x, LABELS)):
            with pytest.raises(ValueError, match="DataFrame with one column of strings"):
                use(wrong)
    with pytest.raises(ValueError, match="DataFrame with one column of strings"):
        still.fit(TEXTS, LABELS, validation_data=(frame, LABELS), verbose=0)


@pytest.mark.parametrize("x", [[3.5], [3, 4], [None], [[1.5]], [["a"], 3]])
def test_lists_that_are_no_documents(still, x):
    with pytest.raises(
        ValueError, match="`x` must be a list of strings, or of nested lists of int"
    ):
        still.predict(x, verbose=0)


def test_a_single_text_is_told_how_to_write_it(still):
    for use in (still.predict, still, still.predict_on_batch):
        with pytest.raises(ValueError, match=r"not a single string; write \[text\]"):
            use("one text")


def test_batches_by_hand(still, topical, losses, terms):
    assert still.train_on_batch(TEXTS, LABELS)[0] == close(losses.mean())
    assert still.test_on_batch(TEXTS, LABELS, return_dict=True)["loss"] == close(losses.mean())
    weighted = still.train_on_batch(TEXTS, LABELS, class_weight={"good": 0.0})[0]
    assert weighted == close((losses * (INDEXES == 0)).mean())
    assert topical.test_on_batch(TEXTS, TOPICS)[0] == close(terms.sum(axis=1).mean())
    np.testing.assert_allclose(
        still.predict_on_batch(TEXTS[:3]), still.predict(TEXTS, verbose=0)[:3], rtol=1e-5
    )


def test_callbacks_find_a_model_that_is_built(vectorizer, tmp_path):
    classifier = bag(vectorizer, ["bad", "good"])
    classifier.compile(LazyAdam(0.01), run_eagerly=True)
    callbacks = [
        keras.callbacks.BackupAndRestore(tmp_path / "backup"),
        keras.callbacks.ModelCheckpoint(tmp_path / "best.keras"),
    ]
    classifier.fit(TEXTS[:2], LABELS[:2], callbacks=callbacks, verbose=0)
    again = keras.models.load_model(tmp_path / "best.keras")
    assert type(again.optimizer) is LazyAdam
    assert int(again.optimizer.iterations) == 1
    assert again.adversarial_norm == classifier.adversarial_norm == 0.0
    np.testing.assert_array_equal(again(TEXTS), classifier(TEXTS))


def test_the_summary_shows_the_path_of_a_document(vectorizer):
    classifier, printed = make(vectorizer), []
    classifier.compile()
    classifier.summary(line_length=100, print_fn=printed.append)
    classifier._prepare("fit")
    classifier.summary(line_length=100, print_fn=printed.append)
    assert printed[0] == printed[1], "the optimizer's state are no parameters"
    assert f"Parameters: {classifier.count_params():,} " in printed[0]
    for shape in ("(documents, sentences, words)", "(documents, 3)", "(documents, 2)"):
        assert shape in printed[0]


def test_a_clone_keeps_the_vocabulary(vectorizer, still):
    clone = keras.models.clone_model(still)
    assert clone.vectorizer.get_vocabulary() == vectorizer.get_vocabulary()
    assert clone.predict(TEXTS[:1], verbose=0).shape == (1, 2)


def test_documents_without_words_in_eager_functions(vectorizer):
    classifier = make(vectorizer)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(classifier(tf.constant(["", " "]))[:, 0])
    gradients = tape.gradient(loss, classifier.trainable_variables)
    assert all(np.isfinite(tf.convert_to_tensor(g)).all() for g in gradients if g is not None)


@pytest.mark.long
def test_two_devices_learn_what_one_learns():
    # In a process of its own: devices are made before TensorFlow starts.
    process = Forked(two_devices.main)
    out, err = process.communicate(600)
    assert process.returncode == 0, err[-2000:]
    one, two = json.loads(out.splitlines()[-1])
    assert two.keys() == one.keys() >= {"loss", "val_accuracy", "probabilities"}
    for name, values in one.items():
        np.testing.assert_allclose(two[name], values, atol=1e-5, err_msg=name)


def test_a_dataset_without_an_end_needs_the_number_of_steps(vectorizer, still):
    endless = tf.data.Dataset.from_tensor_slices((TEXTS, LABELS)).repeat().batch(4)
    classifier, before = still, int(still.optimizer.iterations)
    with pytest.raises(ValueError, match="`steps_per_epoch` must be given"):
        classifier.fit(endless)
    with pytest.raises(ValueError, match="`validation_steps` must be given"):
        classifier.fit(endless, steps_per_epoch=3, validation_data=endless)
    for method in (classifier.evaluate, classifier.predict):
        with pytest.raises(ValueError, match="`steps` must be given"):
            method(endless)
    with pytest.raises(ValueError, match="`texts` must have an end"):
        vectorizer.adapt(endless)
    history = classifier.fit(
        endless,
        steps_per_epoch=2,
        epochs=2,
        validation_data=endless,
        validation_steps=1,
        verbose=0,
    )
    assert int(classifier.optimizer.iterations) == before + 4
    assert len(history.history["val_loss"]) == 2
