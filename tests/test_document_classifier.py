"""The document classifier: what goes in, what comes out, and that it is always the same."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from hanlib.layers import DocumentVectorizer
from hanlib.losses import SingleLabelCrossentropy
from hanlib.models import HAN, DocumentClassifier
from hanlib.optimizers import LazyAdam

TEXTS = [
    "I loved this film. The end was great!",
    "I hated it.",
    "",
    "Great film. Great end. Great.",
    "This was bad. I left. Never again!",
    "Bad.",
    "I loved the end, not the film.",
]
LABELS = ["positive", "negative", "negative", "positive", "negative", "negative", "positive"]
INDEXES = np.array([1, 0, 0, 1, 0, 0, 1])
WEIGHTS = np.array([1.0, 2.0, 0.5, 0.0, 3.0, 1.0, 0.25])
TOPICS = ["art", "law", "war"]
TOPIC_LISTS = [["art"], [], ["law", "war"], ["art", "law", "war"], ["war"], [], ["law"]]
TOPIC_ROWS = np.array(
    [[1, 0, 0], [0, 0, 0], [0, 1, 1], [1, 1, 1], [0, 0, 1], [0, 0, 0], [0, 1, 0]], "float32"
)
BATCH = 3  # Of seven documents: the last batch is a partial one.


def assert_close(given, expected, atol=1e-5):
    np.testing.assert_allclose(given, expected, rtol=0, atol=atol)


@pytest.fixture(scope="module")
def vectorizer():
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(TEXTS)
    return vectorizer


def classifier_of(vectorizer, classes=("negative", "positive"), labels=None, seed=3, **kwargs):
    """A small classifier whose probabilities differ well between documents."""
    keras.utils.set_random_seed(seed)
    encoder = HAN(vectorizer.vocabulary_size, 5, 3, 4, labels=labels)
    classifier = DocumentClassifier(vectorizer, encoder, list(classes), **kwargs)
    classifier.build()
    rng = np.random.default_rng(seed)
    classifier.set_weights([rng.normal(size=w.shape) for w in classifier.get_weights()])
    return classifier


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


def strings_batched():
    return tf.data.Dataset.from_tensor_slices(TEXTS).batch(4)


FORMS = {
    "list": lambda ids: TEXTS,
    "tuple": lambda ids: tuple(TEXTS),
    "bytes": lambda ids: [text.encode() for text in TEXTS],
    "str_array": lambda ids: np.array(TEXTS),
    "object_array": lambda ids: np.array(TEXTS, dtype=object),
    "bytes_array": lambda ids: np.array([text.encode() for text in TEXTS]),
    "tensor": lambda ids: tf.constant(TEXTS),
    "series": lambda ids: pd.Series(TEXTS, index=range(50, 57)),
    "object_series": lambda ids: pd.Series(TEXTS, dtype=object),
    "ragged_ids": lambda ids: ids,
    "lists_of_ids": lambda ids: ids.to_list(),
    "dense_ids": lambda ids: ids.to_tensor(),
    "wide_dense_ids": lambda ids: ids.to_tensor(shape=[None, 5, 11]),
    "int64_array": lambda ids: ids.to_tensor().numpy().astype("int64"),
    "dataset": lambda ids: strings_batched(),
    "dataset_unbatched": lambda ids: strings_batched().unbatch(),
    "dataset_of_ids": lambda ids: tf.data.Dataset.from_tensor_slices(ids).ragged_batch(4),
    "dataset_of_ids_unbatched": lambda ids: tf.data.Dataset.from_tensor_slices(ids),
}


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


def test_attention_scores_come_on_demand(still, vectorizer, probabilities):
    given, (words, sentences) = still(tf.constant(TEXTS), return_attention_scores=True)
    assert_close(given, probabilities)
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


@pytest.mark.parametrize("labels", [LABELS, INDEXES], ids=["names", "indexes"])
@pytest.mark.parametrize("batched", [True, False], ids=["batched", "unbatched"])
@pytest.mark.parametrize("documents", ["strings", "ids"])
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
    assert classifier.adversarial_norm == 1.0
    assert not classifier.jit_compile


def test_shuffling_repeats_with_the_seed(vectorizer):
    def trained(seed):
        classifier = classifier_of(vectorizer)
        classifier.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
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


@pytest.mark.parametrize("form", topic_datasets())
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


def test_one_attention_a_label(vectorizer, tmp_path):
    classifier = classifier_of(vectorizer, TOPICS, labels=3, multi_label=True)
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
        classifier_of(vectorizer, TOPICS, labels=2, multi_label=True)


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
    classifier = classifier_of(vectorizer)
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
    for form in ("list", "ragged_ids", "dense_ids"):
        x = FORMS[form](vectorizer(TEXTS))
        assert_close(again.predict(x, batch_size=BATCH, verbose=0), expected)
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


AWKWARD = {
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


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_documents_are_finite_and_harm_no_other(name, still, probabilities):
    given = still.predict([TEXTS[0], AWKWARD[name], TEXTS[1]], verbose=0)
    assert np.isfinite(given).all()
    assert_close(given.sum(axis=1), 1, 1e-6)
    assert_close(given[[0, 2]], probabilities[:2])


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


def test_lists_of_ids_may_hold_no_word_at_all(still):
    expected = still.predict([""], verbose=0)
    for ids in ([[]], [[[]]], [[[], []]]):
        assert_close(still.predict(ids, verbose=0), expected)


def test_an_empty_document_has_the_bias_for_its_logits(still):
    bias = still.head.get_weights()[1]
    expected = np.exp(bias) / np.exp(bias).sum()
    assert_close(still.predict(["", " "], verbose=0), [expected, expected])


def test_a_single_string_is_no_list_of_documents(still):
    for use in (still.predict, still.predict_label, still.predict_proba):
        with pytest.raises(ValueError, match=r"`x` must be a list of documents, not a single str"):
            use("Great film.")
    for use in (still.fit, still.evaluate):
        with pytest.raises(ValueError, match=r"`x` must be a list of documents, not a single str"):
            use("Great film.", ["positive"])


@pytest.mark.parametrize(
    ("x", "y", "more", "message"),
    [
        (["a", "b"], ["positive", "good"], {}, r"`y` must hold labels among .*Received: 'good'"),
        (["a", "b"], ["positive", 7], {}, r"`y` must hold labels among .*Received: 7"),
        (["a", "b"], ["positive"], {}, r"`y` must have one entry .* 1 entries for 2 documents"),
        (["a"], [0], {"sample_weight": [1, 2]}, "`sample_weight` must have one entry per document"),
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


@pytest.mark.parametrize("thresholds", [1.5, [-0.1, 0.5, 0.5]])
def test_thresholds_are_probabilities(thresholds, vectorizer):
    with pytest.raises(ValueError, match=r"`thresholds` must be in \[0, 1\]. Received: "):
        classifier_of(vectorizer, TOPICS, multi_label=True, thresholds=thresholds)


def test_a_vectorizer_without_a_vocabulary():
    classifier = DocumentClassifier(DocumentVectorizer(), HAN(10, 5, 3, 4), ["no", "yes"])
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


def test_the_six_sentences_of_the_article():
    # The example of the customer's second article, whose exact sentences are not at hand: six
    # sentences of its kind to train on, and four unseen ones made of the same words.
    texts = [
        "I love this movie",
        "I hate this movie",
        "This movie is great",
        "This movie is terrible",
        "I enjoyed this film",
        "I disliked this film",
    ]
    labels = [1, 0, 1, 0, 1, 0]
    unseen = [
        "I love this film",
        "I hate this film",
        "This film is great",
        "This film is terrible",
    ]
    keras.utils.set_random_seed(1)
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(texts)
    encoder = HAN(vectorizer.vocabulary_size, embedding_dim=16, units=3, attention_units=8)
    classifier = DocumentClassifier(vectorizer, encoder, classes=2)
    classifier.compile(keras.optimizers.Adam(0.1))
    classifier.fit(texts, labels, epochs=12, verbose=0)
    assert classifier.predict_label(texts) == labels
    assert classifier.predict_label(unseen) == [1, 0, 1, 0]
    sure = classifier.predict(unseen, verbose=0).max(axis=1)
    assert sure.min() > 0.8


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
