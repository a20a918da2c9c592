"""Every encoder through everything that uses encoders, by the `DocumentEncoder` contract alone."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from random_ngrams import random_ngrams
from tensorflow.core.protobuf import saved_model_pb2

import hanlib.layers
import hanlib.models
from hanlib.explain.methods import METHODS
from hanlib.layers import (
    DocumentEncoder,
    DocumentVectorizer,
    HierarchicalEncoder,
    RationaleHead,
)
from hanlib.models import HAN, BagOfWords, DocumentClassifier, FlatRecurrent, Transformer
from hanlib.serving import export_saved_model
from hanlib.serving.export_check import check
from hanlib.serving.signatures import Signatures, signature_names

TEXTS = ["The room was good. I did not like the food!", "", "Nice staff " * 9 + "and good food."]
# name -> (class, arguments beside the vocabulary size, multi-label, methods it has nothing for)
ATTENTION = {
    *("attention", "combined_attention", "gradient_x_attention", "uniform_attention", "rationale"),
}
SENTENCES = {"combined_attention", "gradients_by_level"}
SMALL = {"embedding_dim": 8, "units": 4, "attention_units": 5}
# Each encoder has two directions once; one takes less time.
ONE = {**SMALL, "bidirectional": False}
# HANs of several labels and with n-grams, by default: test_explain_methods.py and
# test_attention_evidence.py. Methods of HAN: test_explain_records.py. Exports of HAN and of
# recurrent networks: test_export.py, test_export_session.py and test_token_classifier.py. An
# encoder without attention: the bag of words; the last states: test_conformance.py.
VARIANTS = {"han_labels", "han_ngrams", "han_regions", "han_beside", "flat_last"}
ENCODERS = {
    "han": (HAN, SMALL, False, set()),
    "han_labels": (HAN, {**ONE, "labels": 3, "cell": "lstm"}, True, set()),
    "han_ngrams": (HAN, ONE, False, set()),
    "han_regions": (HAN, {**ONE, "region_dim": 3}, False, set()),
    "han_beside": (HAN, {**ONE, "beside": ("mean", "max")}, False, set()),
    "flat": (FlatRecurrent, ONE, True, SENTENCES),
    "flat_last": (FlatRecurrent, {**SMALL, "pooling": "last"}, False, {*ATTENTION, *SENTENCES}),
    "bag_of_words": (BagOfWords, {"embedding_dim": 8}, True, {*ATTENTION, *SENTENCES}),
    "transformer": (
        Transformer,
        {"embedding_dim": 8, "num_heads": 2, "depth": 1, "window": 7, "dropout": 0.0},
        False,
        SENTENCES,
    ),
}
CLASSES = ["a", "b", "é"]


def cases(takes_long):
    """All encoders; a test of those for which the function is true is long."""
    return [
        pytest.param(n, marks=pytest.mark.long if n in VARIANTS or takes_long(n) else ())
        for n in ENCODERS
    ]


def test_no_encoder_is_missing():
    rooms = {**vars(hanlib.layers), **vars(hanlib.models)}.values()
    public = {v for v in rooms if isinstance(v, type) and issubclass(v, DocumentEncoder)}
    assert public - {DocumentEncoder, HierarchicalEncoder} == {
        case[0] for case in ENCODERS.values()
    }


@pytest.fixture(scope="module", params=cases(lambda name: False))
def case(request, tmp_path_factory):
    """A classifier after a step of training, itself reloaded, and the methods it lacks."""
    kind, arguments, multi_label, lacking = ENCODERS[request.param]
    keras.utils.set_random_seed(3)
    vectorizer = DocumentVectorizer(max_sentence_words=8)
    vectorizer.adapt(TEXTS)
    encoder = kind(vectorizer.vocabulary_size, **arguments)
    ngrams = None
    if request.param == "han_ngrams":
        ngrams = random_ngrams(vectorizer(tf.constant(TEXTS)), 3, vectorizer.vocabulary_size)
    head = RationaleHead(units=4) if encoder.has_attention else None
    classifier = DocumentClassifier(
        *(vectorizer, encoder, CLASSES, multi_label),
        thresholds=0.4,
        ngrams=ngrams,
        rationale=head,
    )
    classifier.compile("adam", run_eagerly=True)
    labels = [["a"], ["b", "é"], []] if multi_label else ["a", "b", "é"]
    classifier.fit(TEXTS, labels, epochs=1, verbose=0)
    classifier.compile("adam")
    rng = np.random.default_rng(0)
    for variable in classifier.trainable_variables:
        variable.assign(variable + rng.normal(0, 0.3, variable.shape).astype("float32"))
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    classifier.save(path)
    return classifier, keras.models.load_model(path), lacking


def test_alone_and_in_company(case):
    classifier, reloaded, _ = case
    together = reloaded.predict(TEXTS, verbose=0)
    alone = np.concatenate([reloaded.predict([text], verbose=0) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_array_equal(reloaded(TEXTS), classifier(TEXTS))


@pytest.mark.parametrize("case", cases(lambda name: name == "han"), indirect=True)
@pytest.mark.parametrize("method", METHODS)
def test_methods(case, method):
    _, classifier, lacking = case
    if method in lacking:
        with pytest.raises(ValueError, match=rf"`method='{method}'` needs an encoder with"):
            classifier.explain(TEXTS, method)
        return
    found = classifier.explain(TEXTS, method, faithfulness=method == "leave_one_out", rankings=5)
    for explanation in found:
        assert np.isfinite([word.score for word in explanation.words]).all()
    assert [len(explanation.sentences) for explanation in found] == [2, 0, 1]
    if method == "leave_one_out":
        assert set(found[0].faithfulness) == {"word", "sentence"}
    if method == "integrated_gradients":
        assert max(explanation.diagnostics["completeness_error"] for explanation in found) < 0.05


def test_leaving_out_is_reading_anew(case):
    """A sentence's score is what the log-odds lose in the document without it."""
    _, classifier, _ = case
    (explanation,) = classifier.explain(TEXTS[:1], "leave_one_out", target="a")
    whole, without = classifier.predict([TEXTS[0], "I did not like the food!"], verbose=0)[:, 0]
    odds = np.log(whole / (1 - whole)) - np.log(without / (1 - without))
    assert explanation.sentences[0].score == pytest.approx(odds, abs=1e-4)


def test_attention_scores(case):
    classifier, _, _ = case
    ids = classifier.vectorizer(tf.constant(TEXTS))
    encoder = classifier.encoder
    if not encoder.has_attention:
        with pytest.raises(ValueError, match="needs an encoder with attention"):
            classifier(ids, return_attention_scores=True)
        return
    _, scores = classifier(ids, return_attention_scores=True)
    assert len(scores) == encoder.num_levels
    assert scores[0].nested_row_lengths()[1].numpy().tolist() == [5, 7, 8, 8, 6]
    symbolic, symbolic_scores = encoder(
        keras.Input([None, None], dtype="int32"), return_attention_scores=True
    )
    assert len(symbolic_scores) == encoder.num_levels
    assert symbolic.shape[1:] == encoder(ids).shape[1:]


def scores_of(outputs, name, index):
    """The scores of the words of a document, without the padding."""
    return outputs[f"word_{name}"][index][: outputs["word_counts"][index].numpy().sum()]


@pytest.mark.usefixtures("eager_functions")
@pytest.mark.parametrize("case", cases(lambda name: name == "han"), indirect=True)
def test_signatures(case):
    """Eagerly; in a session: the next test, test_export.py and test_export_session.py."""
    _, classifier, lacking = case
    signatures = Signatures(classifier, classifier.vectorizer)
    if "attention" in lacking:
        outputs = signatures.predict(tf.constant(TEXTS))
    else:
        outputs = signatures.explain(tf.constant(TEXTS))
        for method in ("gradient_x_attention", "rationale"):
            for index, explanation in enumerate(classifier.explain(TEXTS, method)):
                expected = [word.score for word in explanation.words]
                np.testing.assert_allclose(scores_of(outputs, method, index), expected, atol=1e-5)
    np.testing.assert_allclose(outputs["probabilities"], classifier(TEXTS), atol=1e-6)


@pytest.mark.long
@pytest.mark.usefixtures("check_here")
def test_export(case, tmp_path):
    _, classifier, lacking = case
    names = signature_names(classifier)
    assert ("explain" in names) == ("attention" not in lacking)
    path = export_saved_model(classifier, tmp_path / "1")
    report = check(path, classifier, TEXTS)
    assert report.passed, str(report)
    compared = {difference.figure for difference in report.differences}
    assert ("explain: word rationale" in compared) == ("explain" in names)
    assert set(report.documents_a_second) == set(names)
    saved = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    nodes = itertools.chain(graph.node, *(function.node_def for function in graph.library.function))
    assert not {node.op for node in nodes if "PyFunc" in node.op}
