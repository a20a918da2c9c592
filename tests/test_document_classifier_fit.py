"""The document classifier: what `fit` and `evaluate` take, and the losses that they report."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from classifier_cases import (
    BATCH,
    FORMS,
    INDEXES,
    LABELS,
    TEXTS,
    TOPIC_LISTS,
    TOPIC_ROWS,
    TOPICS,
    WEIGHTS,
    assert_close,
    classifier_of,
    strings_batched,
)

from hanlib.layers import DocumentVectorizer
from hanlib.losses import SingleLabelCrossentropy
from hanlib.optimizers import LazyAdam

pytestmark = pytest.mark.usefixtures("optimized_graphs")


@pytest.fixture(scope="module")
def vectorizer():
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(TEXTS)
    return vectorizer


@pytest.fixture(scope="module")
def still(vectorizer):
    """A classifier that does not learn: the loss that `fit` reports is then known beforehand."""
    classifier = classifier_of(vectorizer)
    classifier.compile(keras.optimizers.SGD(0.0))
    return classifier


@pytest.fixture(scope="module")
def probabilities(still):
    return still.predict(TEXTS, verbose=0)


@pytest.fixture(scope="module")
def topical(vectorizer):
    """The same with several labels a document."""
    classifier = classifier_of(vectorizer, TOPICS, multi_label=True)
    classifier.compile(keras.optimizers.SGD(0.0))
    return classifier


@pytest.fixture(scope="module")
def losses(probabilities):
    """The cross-entropy of each document, from its probabilities."""
    return -np.log(probabilities[np.arange(7), INDEXES])


@pytest.fixture(scope="module")
def topic_loss(topical):
    """The sum over the labels, the mean over the documents."""
    p = topical.predict(TEXTS, verbose=0)
    terms = TOPIC_ROWS * np.log(p) + (1 - TOPIC_ROWS) * np.log(1 - p)
    return -terms.sum(axis=1).mean()


def fit(classifier, *args, **kwargs):
    history = classifier.fit(*args, verbose=0, shuffle=True, **kwargs).history
    return {name: values[-1] for name, values in history.items()}


LABEL_FORMS = {
    "names": LABELS,
    "name_array": np.array(LABELS),
    "object_array": np.array(LABELS, dtype=object),
    "series": pd.Series(LABELS),
    "indexes": INDEXES,
    "index_list": INDEXES.tolist(),
    "tensor": tf.constant(LABELS),
}


@pytest.mark.parametrize("form", LABEL_FORMS)
def test_fit_takes_every_form_of_labels(form, still, losses):
    result = fit(still, TEXTS, LABEL_FORMS[form], batch_size=BATCH)
    assert_close(result["loss"], losses.mean())


@pytest.mark.parametrize("form", ["object_array", "series", "ragged_ids", "dense_ids"])
def test_fit_takes_every_form_of_documents(form, still, vectorizer, losses):
    result = fit(still, FORMS[form](vectorizer(TEXTS)), LABELS, batch_size=BATCH)
    assert_close(result["loss"], losses.mean())


@pytest.mark.parametrize(
    ("batched", "labels"),
    [(True, LABELS), (False, INDEXES)],
    ids=["batched-names", "unbatched-indexes"],
)
@pytest.mark.parametrize("documents", ["strings", pytest.param("ids", marks=pytest.mark.long)])
def test_fit_and_evaluate_take_datasets(documents, batched, labels, still, vectorizer, losses):
    x = TEXTS if documents == "strings" else vectorizer(TEXTS)
    dataset = tf.data.Dataset.from_tensor_slices((x, labels))
    if batched:
        dataset = dataset.batch(4) if documents == "strings" else dataset.ragged_batch(4)
    assert_close(fit(still, dataset, batch_size=None if batched else 3)["loss"], losses.mean())
    assert_close(still.evaluate(dataset, verbose=0)[0], losses.mean())


def test_evaluate_counts_every_document(still, probabilities, losses):
    loss, accuracy = still.evaluate(TEXTS, LABELS, batch_size=BATCH, verbose=0)
    assert_close(loss, losses.mean())
    assert_close(accuracy, (probabilities.argmax(axis=1) == INDEXES).mean())
    named = still.evaluate(TEXTS, LABELS, batch_size=BATCH, verbose=0, return_dict=True)
    assert set(named) == {"loss", "accuracy"}


def test_sample_weights_count(still, losses):
    expected = np.mean(WEIGHTS * losses)
    given = fit(still, TEXTS, LABELS, sample_weight=WEIGHTS, batch_size=BATCH)["loss"]
    assert_close(given, expected)
    given = fit(still, TEXTS, LABELS, sample_weight=WEIGHTS.tolist(), batch_size=7)["loss"]
    assert_close(given, expected)
    evaluated = still.evaluate(TEXTS, LABELS, sample_weight=WEIGHTS, verbose=0)[0]
    assert_close(evaluated, expected)
    dataset = tf.data.Dataset.from_tensor_slices((TEXTS, LABELS, WEIGHTS)).batch(BATCH)
    assert_close(fit(still, dataset)["loss"], expected)


@pytest.mark.parametrize("key", ["positive", 1])
def test_class_weights_by_name_and_by_index(key, still, losses):
    expected = np.mean(np.where(INDEXES == 1, 5.0, 1.0) * losses)
    assert_close(fit(still, TEXTS, LABELS, class_weight={key: 5.0})["loss"], expected)


def test_validation_data(still, losses):
    expected = losses[:4].mean()
    dataset = tf.data.Dataset.from_tensor_slices((TEXTS[:4], LABELS[:4]))
    for validation in ((TEXTS[:4], LABELS[:4]), dataset, dataset.batch(2)):
        result = fit(still, TEXTS, LABELS, validation_data=validation, validation_batch_size=3)
        assert_close(result["val_loss"], expected)
        assert_close(result["loss"], losses.mean())
    weighted = (TEXTS[:4], LABELS[:4], WEIGHTS[:4])
    result = fit(still, TEXTS, LABELS, validation_data=weighted)
    assert_close(result["val_loss"], np.mean(WEIGHTS[:4] * losses[:4]))


@pytest.mark.parametrize("form", ["list", "series", "ragged_ids"])
def test_validation_split_takes_the_last_documents(form, still, vectorizer, losses):
    x, y = FORMS[form](vectorizer(TEXTS)), pd.Series(LABELS) if form == "series" else LABELS
    result = fit(still, x, y, validation_split=0.3, batch_size=2)
    assert_close(result["loss"], losses[:5].mean())
    assert_close(result["val_loss"], losses[5:].mean())


def test_callbacks_and_epochs(still):
    seen = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch, sorted(logs))),
        on_train_batch_end=lambda batch, logs: seen.append(batch),
    )
    still.fit(TEXTS, LABELS, batch_size=BATCH, epochs=2, callbacks=[callback], verbose=0)
    end = ["accuracy", "loss"]
    assert seen == [0, 1, 2, (0, end), 0, 1, 2, (1, end)]


def test_ordinary_compile_options(vectorizer, losses):
    classifier = classifier_of(vectorizer)
    classifier.compile(
        optimizer=keras.optimizers.Adam(1e-3, clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(reduction="sum"),
        metrics=[keras.metrics.SparseCategoricalCrossentropy(name="entropy")],
        weighted_metrics=["sparse_categorical_accuracy"],
        run_eagerly=True,
    )
    result = classifier.evaluate(TEXTS, LABELS, verbose=0, return_dict=True)
    assert_close(result["loss"], losses.sum(), 1e-4)
    assert_close(result["entropy"], losses.mean())
    assert "sparse_categorical_accuracy" in result


def test_compile_alone_is_enough(vectorizer):
    classifier = classifier_of(vectorizer)
    classifier.compile()
    assert type(classifier.optimizer) is LazyAdam
    assert classifier.optimizer.global_clipnorm == 5.0
    assert type(classifier.loss) is SingleLabelCrossentropy
    assert classifier.adversarial_norm == 0.7
    assert not classifier.jit_compile


def test_shuffling_repeats_with_the_seed(vectorizer):
    def trained(seed):
        classifier = classifier_of(vectorizer)
        classifier.compile(keras.optimizers.SGD(0.5), adversarial_norm=0.0, run_eagerly=True)
        keras.utils.set_random_seed(seed)
        classifier.fit(TEXTS, LABELS, batch_size=2, verbose=0)
        return np.concatenate([w.ravel() for w in classifier.get_weights()])

    first = trained(1)
    np.testing.assert_array_equal(trained(1), first)
    assert np.abs(trained(2) - first).max() > 1e-3


@pytest.mark.parametrize(
    "labels", [TOPIC_LISTS, TOPIC_ROWS, TOPIC_ROWS.astype("int64")], ids=["names", "rows", "ints"]
)
def test_several_labels_a_document(labels, topical, topic_loss):
    assert_close(fit(topical, TEXTS, labels, batch_size=7)["loss"], topic_loss)
    assert_close(topical.evaluate(TEXTS, labels, verbose=0)[0], topic_loss)


def topic_datasets():
    ragged = tf.data.Dataset.from_tensor_slices((TEXTS, tf.ragged.constant(TOPIC_LISTS)))
    signature = (tf.TensorSpec([], tf.string), tf.TensorSpec([None], tf.string))
    pairs = zip(TEXTS, TOPIC_LISTS, strict=True)
    pairs = [(text, np.array(topics, dtype=object)) for text, topics in pairs]
    generated = tf.data.Dataset.from_generator(lambda: iter(pairs), output_signature=signature)
    return {
        "ragged_batched": ragged.batch(7),
        "ragged_unbatched": ragged,
        "generated_unbatched": generated,
        "rows_batched": tf.data.Dataset.from_tensor_slices((TEXTS, TOPIC_ROWS)).batch(7),
        "rows_unbatched": tf.data.Dataset.from_tensor_slices((TEXTS, TOPIC_ROWS)),
    }


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(f, marks=() if f in ("ragged_batched", "rows_unbatched") else pytest.mark.long)
        for f in topic_datasets()
    ],
)
def test_several_labels_in_a_dataset(form, topical, topic_loss):
    assert_close(topical.evaluate(topic_datasets()[form], verbose=0)[0], topic_loss)


def test_several_labels_have_sigmoids_and_thresholds(topical, vectorizer):
    p = topical.predict(TEXTS, verbose=0)
    vectors = topical.encoder(vectorizer(TEXTS)).numpy()
    kernel, bias = topical.head.get_weights()
    assert_close(p, 1 / (1 + np.exp(-(vectors @ kernel + bias))))
    expected = [[name for name, q in zip(TOPICS, row, strict=True) if q >= 0.5] for row in p]
    assert topical.predict_label(TEXTS) == expected
    # A probability that just reaches its threshold counts.
    cut = [float(p[0, 0]), 0.0, 1.0]
    other = classifier_of(vectorizer, TOPICS, multi_label=True, thresholds=cut)
    assert other.labels_of(p)[0] == ["art", "law"]
    assert [("art" in given, "law" in given, "war" in given) for given in other.labels_of(p)] == [
        (bool(q >= cut[0]), True, False) for q in p[:, 0]
    ]


def test_the_default_metric_for_several_labels_is_micro_f1(topical):
    given = topical.predict(TEXTS, verbose=0) > 0.5
    true = TOPIC_ROWS.astype(bool)
    hits = (given & true).sum()
    f1 = 2 * hits / (2 * hits + (given & ~true).sum() + (~given & true).sum())
    result = topical.evaluate(TEXTS, TOPIC_LISTS, verbose=0, return_dict=True)
    assert_close(result["micro_f1"], f1)


@pytest.mark.parametrize(
    ("x", "y", "more", "message"),
    [
        (["a", "b"], ["positive", "good"], {}, r"`y` must hold labels among .*Received: 'good'"),
        (["a", "b"], ["positive", 7], {}, r"`y` must hold labels among .*Received: 7"),
        (["a", "b"], ["positive"], {}, r"`y` must have one entry .* 1 entries for 2 documents"),
        (
            ["a"],
            [0],
            {"sample_weight": [1, 2]},
            r"`sample_weight` must have one entry per document",
        ),
        (["a", None], [0, 1], {}, r"`x` must hold only strings. Received: None"),
        (["a", 3], [0, 1], {}, r"`x` must hold only strings. Received: 3"),
        (["a", "b"], [0, 1], {"class_weight": {"good": 2}}, r"labels among .*Received: 'good'"),
        (3.5, [0], {}, r"`x` must be a list of strings, .* Received: float"),
    ],
)
def test_errors_name_the_argument(x, y, more, message, still):
    with pytest.raises(ValueError, match=message):
        still.fit(x, y, verbose=0, **more)


def test_a_dataset_has_its_labels_inside(still):
    dataset = strings_batched()
    with pytest.raises(ValueError, match=r"must be left out with a tf.data.Dataset"):
        still.fit(dataset, LABELS)
    with pytest.raises(ValueError, match=r"`validation_split` needs arrays"):
        still.fit(dataset, validation_split=0.5)
