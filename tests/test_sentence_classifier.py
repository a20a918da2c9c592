"""A label for each sentence in the context of its document."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from eager import eagerly
from test_export_session import Session
from tiny_taggers import DOCUMENTS, LABELS, assert_alike, sentence_classifier

from hanlib.data import ItemCorpus
from hanlib.layers import DocumentVectorizer, NGramLinear
from hanlib.models import HAN, FlatRecurrent, SentenceClassifier
from hanlib.models.sentence_classifier import _positions
from hanlib.training import item_recipe
from hanlib.training.items import _all_batches
from hanlib.training.sentence_ngrams import add_sentence_ngrams


@pytest.fixture(scope="module")
def model():
    """Not trained and run eagerly, since tracing takes long."""
    return sentence_classifier(fitted=False, run_eagerly=True)


@pytest.fixture(scope="module")
def chain():
    return sentence_classifier(crf=True)


def test_it_learns_and_evaluates(chain):
    assert chain.predict_label(DOCUMENTS) == LABELS
    with eagerly():
        loss, accuracy = chain.evaluate(DOCUMENTS, LABELS, verbose=0)
    assert accuracy == 1
    assert 0 < loss < 0.7
    for rows in chain.predict(DOCUMENTS[:4]):
        np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)


def test_the_loss_is_the_mean_over_all_sentences(model):
    p = np.concatenate(model.predict(DOCUMENTS[:4]))
    labels = [model.classes.index(label) for row in LABELS[:4] for label in row]
    on_batch = model.test_on_batch(DOCUMENTS[:4], LABELS[:4], return_dict=True)["loss"]
    expected = -np.log(p[np.arange(len(p)), labels]).mean()
    loss, _ = model.evaluate(DOCUMENTS[:4], LABELS[:4], verbose=0)
    assert loss == pytest.approx(expected, rel=1e-4)
    assert on_batch == pytest.approx(expected, rel=1e-4)


def test_raw_text_and_split_sentences_agree(model):
    texts = [" ".join(filter(None, sentences)) for sentences in DOCUMENTS[:2]]
    assert_alike(model.predict(texts), model.predict(DOCUMENTS[:2]))
    logits = model(texts)
    assert_alike(tf.nn.softmax(logits.values).numpy(), np.concatenate(model.predict(texts)))


def test_alone_and_in_company(chain):
    """Also an empty document and a sentence without words."""
    documents = [["Why not?"], [], ["", "It rises."], DOCUMENTS[0]]
    together = chain.predict(documents)
    assert [len(rows) for rows in together] == [1, 0, 2, 3]
    for document, rows in zip(documents, together, strict=True):
        assert_alike(chain.predict([document]), [rows])
    assert chain.predict([]) == []


@pytest.mark.usefixtures("eager_functions")
def test_a_saved_model_gives_the_same(chain, tmp_path):
    chain.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_alike(loaded.predict(DOCUMENTS[:4]), chain.predict(DOCUMENTS[:4]), atol=1e-6)
    assert loaded.predict_label(DOCUMENTS[:4]) == chain.predict_label(DOCUMENTS[:4])
    assert loaded.evaluate(DOCUMENTS[:4], LABELS[:4], verbose=0)[1] == 1


@pytest.mark.long  # By default: exports of words in test_token_classifier.py and test_items_cli.py.
def test_an_export_runs_in_a_session(chain, tmp_path):
    session = Session(chain.export(tmp_path / "1"))
    texts = ["It rises. We ask why.", "", b"\xff? It rises."]
    answers = session.ask("serving_default", texts)
    assert answers["counts"].tolist() == [2, 0, 2]
    assert answers["items"][0].tolist() == [b"It rises.", b"We ask why."]
    expected = chain.predict([text for text in texts if isinstance(text, str)])
    np.testing.assert_allclose(answers["probabilities"][0], expected[0], atol=1e-5)
    labels = [label.decode() for label in answers["labels"][0]]
    assert labels == chain.predict_label(texts[:1])[0]
    items = np.array([["It rises.", "", "Why not?"], ["Why not?", "", ""]], object)
    split = session.ask_all("split", items=items)
    assert split["counts"].tolist() == [3, 1]
    expected = chain.predict([["It rises.", "", "Why not?"]])[0]
    np.testing.assert_allclose(split["probabilities"][0], expected, atol=1e-5)


def test_spans_and_marks(chain):
    text = "We ask <b>why</b>.  It rises."
    result = chain.annotate([text])[0]
    assert [text[span.start : span.end] for span in result.spans] == [
        "We ask <b>why</b>.",
        "It rises.",
    ]
    page = result.to_html()
    assert "&lt;b&gt;why" in page
    assert "<script" not in page
    assert "<b>" not in page
    (split,) = chain.annotate([["It rises.", "Why not?"]])
    assert [(span.start, span.end) for span in split.spans] == [(0, 9), (10, 18)]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ("A text.", ["aim"], "list of texts"),
        (["A text.", ["It rises."]], [["aim"], ["aim"]], "not both"),
        ([["It rises.", 3]], [["aim", "aim"]], "a sentence 3"),
        ([["It rises."]], [["aim", "aim"]], "2 labels for the 1 sentences of document 0"),
        ([["It rises."]], [["war"]], "'war'"),
        ([["It rises."]], None, "one list of labels"),
    ],
)
def test_mistakes_are_explained(model, x, y, message):
    with pytest.raises(ValueError, match=message):
        model.fit(x, y, verbose=0)


def test_the_arguments_are_checked():
    rows = DocumentVectorizer(vocabulary=["a"])
    with pytest.raises(ValueError, match="max_sentence_words=60"):
        SentenceClassifier(rows, HAN(3, 2, 2, 2), 2)
    sentences = DocumentVectorizer(vocabulary=["a"], max_sentence_words=None)
    with pytest.raises(ValueError, match="num_levels=1"):
        SentenceClassifier(sentences, FlatRecurrent(3, 2, 2), 2)
    with pytest.raises(ValueError, match="one vector per document"):
        SentenceClassifier(sentences, HAN(3, 2, 2, 2, labels=2), 2)
    model = SentenceClassifier(sentences, HAN(3, 2, 2, 2), 2, crf=True)
    with pytest.raises(ValueError, match="`loss` must be None"):
        model.compile(loss="sparse_categorical_crossentropy")


def test_class_weights_weigh_the_sentences():
    model = sentence_classifier(fitted=False)
    batches = model.batches(DOCUMENTS[:2], LABELS[:2], 2, {"aim": 3.0})
    (_, labels, weights), *_ = batches.dataset()
    expected = np.where(labels == model.classes.index("aim"), 3.0, np.where(labels < 0, 0, 1))
    np.testing.assert_array_equal(weights, expected)


def test_positions_distinguish_sentences_of_the_same_words(model):
    """In long documents too: far from both ends, the share of the document tells them apart."""
    found = _positions(tf.constant([1, 0, 30])).numpy()
    assert np.flatnonzero(found[0]).tolist() == [0, 12, 24]
    assert np.flatnonzero(found[1]).tolist() == [0, 23, 24]
    assert np.flatnonzero(found[-1]).tolist() == [11, 12, 33]
    assert len(np.unique(found[1:], axis=0)) == 26
    plain = sentence_classifier(fitted=False, positions=False)
    plain.build()
    assert model.count_params() - plain.count_params() == 34 * len(model.classes)


def test_ngrams_are_added_to_the_logits(model, tmp_path):
    first = model.vectorizer.get_vocabulary().index("rain")
    layer = NGramLinear(1, len(model.classes), model.vectorizer.vocabulary_size, max_ngram=1)
    layer.assign([first], [[0.0, 1.0, 2.0, 3.0]], [0.5, 0.0, 0.0, 0.0])
    with_ngrams = model.with_ngrams(layer)
    texts = ["Rain falls. It rises."]
    added = with_ngrams(texts).values - model(texts).values
    np.testing.assert_allclose(added, [[0.5, 1, 2, 3], [0.5, 0, 0, 0]], atol=1e-5)
    with_ngrams.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = with_ngrams(texts).values
    np.testing.assert_allclose(loaded(texts).values, expected, atol=1e-6)
    again = with_ngrams.with_ngrams(layer)
    np.testing.assert_allclose(again(texts).values, expected, atol=1e-6)


def test_fitted_ngrams_lower_the_loss_on_validation(model):
    batches = model.batches(DOCUMENTS, LABELS, 8)
    joined, record = add_sentence_ngrams(model, 2, batches, batches)
    assert record["loss"]["both"] < record["loss"]["network"]
    assert record["weights"]["ngrams"] > 0
    before, after = (
        np.mean(np.concatenate(m.predict_label(DOCUMENTS)) == np.concatenate(LABELS))
        for m in (model, joined)
    )
    assert after > before


def test_a_run_follows_the_steps_per_epoch_of_the_recipe(model):
    splits = {"train": list(zip(DOCUMENTS, LABELS, strict=True))}
    corpus = ItemCorpus("abstracts", "sentence", tuple(model.classes), (), splits)
    recipe = item_recipe("sentences", steps_per_epoch=3).for_documents(len(DOCUMENTS))
    assert _all_batches(model, recipe, corpus)["train"].steps == 3


@pytest.mark.long
def test_training_without_a_crf_and_with_class_weights():
    model = sentence_classifier(fitted=False)
    options = {"batch_size": 8, "class_weight": "balanced", "verbose": 0}
    model.fit(DOCUMENTS, LABELS, epochs=8, **options)
    assert model.predict_label(DOCUMENTS) == LABELS
