"""From documents to records: what comes in, which class, where the words stand, in any number."""

import gc
import itertools
import json
import weakref
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from hanlib.data import demo
from hanlib.evidence import Explanation
from hanlib.explain import METHODS, explain, explain_each, explain_stream
from hanlib.explain.network import network_of
from hanlib.layers import DocumentVectorizer, RationaleHead
from hanlib.models import HAN, DocumentClassifier

GOLDEN = Path(__file__).parents[1] / "saved_models" / "demo-golden" / "model.keras"
TEXTS = [
    "The hotel was not superb.<br /><br />Caf&eacute; &amp; bar: fine! The last one was nice.",
    "",
    "Short.",
    "<script>alert('x')</script> 很好。 مرحبا \ud800",
]


@pytest.fixture(scope="module")
def demo_model():
    return keras.models.load_model(GOLDEN, compile=False)


@keras.saving.register_keras_serializable("test_explain_records")
def comma_words(sentences):
    """Words between commas: some sentences have none, some words are empty."""
    return tf.ragged.map_flat_values(lambda s: s, tf.strings.split(sentences, ","))


def small(multi_label=False, classes=("bad", "good", "ugly"), **kwargs):
    vectorizer = DocumentVectorizer(**kwargs)
    vectorizer.adapt(TEXTS[:3])
    encoder = HAN(vectorizer.vocabulary_size, 4, 3, attention_units=4, bidirectional=False)
    classifier = DocumentClassifier(
        vectorizer, encoder, classes, multi_label=multi_label, rationale=RationaleHead(4)
    )
    classifier.build()
    draw = np.random.default_rng(1)
    for weight in classifier.weights:
        weight.assign(draw.normal(0, 0.5, weight.shape))
    return classifier


@pytest.fixture(scope="module")
def several():
    return small(multi_label=True)


def test_a_loaded_model_explains_texts(demo_model):
    found = demo_model.explain(TEXTS)
    assert [e.text for e in found] == TEXTS
    assert [e.label for e in found] == demo_model.predict_label(TEXTS)
    probabilities = demo_model.predict(TEXTS, verbose=0)
    for explanation, row in zip(found, probabilities, strict=True):
        assert explanation.method == "gradients_by_level"
        assert explanation.target == explanation.label
        np.testing.assert_allclose(list(explanation.probabilities.values()), row, atol=1e-5)
        again = Explanation.from_dict(json.loads(explanation.to_json()))
        assert again.words == explanation.words
    assert found[1].sentences == ()


def test_spans_are_those_of_the_original_text(demo_model):
    first = demo_model.explain(TEXTS)[0]
    written = [first.text[word.start : word.end] for word in first.words]
    assert written[4:8] == ["superb", ".", "Caf&eacute;", "&amp;"]
    assert [word.text for word in first.words][6:8] == ["Café", "&"]
    assert [first.text[s.start : s.end] for s in first.sentences] == [
        "The hotel was not superb.",
        "Caf&eacute; &amp; bar: fine!",
        "The last one was nice.",
    ]
    for sentence in first.sentences:
        assert sentence.start == sentence.words[0].start
        assert sentence.end == sentence.words[-1].end


def test_ids_are_explained_as_their_words(demo_model):
    ids = demo_model.vectorizer([text.encode("utf-8", "replace") for text in TEXTS])
    texts, found = demo_model.explain(TEXTS), demo_model.explain(ids)
    for one, other in zip(texts, found, strict=True):
        assert other.text is None
        assert [word.start for word in other.words] == [None] * len(one.words)
        np.testing.assert_allclose(scores(other), scores(one), atol=1e-5)
    assert found[0].words[0].text == "the"
    padded = demo_model.explain(ids.to_tensor())
    assert [scores(e) for e in padded] == [pytest.approx(scores(e), abs=1e-5) for e in found]
    lists = demo_model.explain(ids.to_list())
    assert [scores(e) for e in lists] == [pytest.approx(scores(e), abs=1e-5) for e in found]


def scores(explanation):
    return [word.score for word in explanation.words] + [s.score for s in explanation.sentences]


def test_bytes_arrays_and_tensors_are_texts(demo_model):
    texts = TEXTS[:3]
    expected = [scores(e) for e in explain(demo_model, texts)]
    for form in (
        [text.encode() for text in texts],
        np.array(texts),
        np.array(texts, object),
        tf.constant(texts),
        tuple(texts),
        iter(texts),
    ):
        found = list(explain_stream(demo_model, form))
        assert [e.text for e in found] == texts
        assert [scores(e) for e in found] == [pytest.approx(s, abs=1e-5) for s in expected]


def test_a_sentence_in_several_rows_is_one_sentence():
    texts = ["one two three four five. one two. one two. six seven eight!"]
    (explained,) = explain(small(max_sentence_words=2), texts, "attention")
    sentences = [s.text for s in explained.sentences]
    assert sentences == ["one two three four five.", *["one two."] * 2, "six seven eight!"]
    words = [[word.text for word in s.words] for s in explained.sentences]
    assert words[0] == ["one", "two", "three", "four", "five", "."]
    for sentence in explained.sentences:
        assert sum(word.score for word in sentence.words) == pytest.approx(1, abs=1e-5)
    assert sum(sentence.score for sentence in explained.sentences) == pytest.approx(1, abs=1e-5)


def test_functions_of_ones_own_may_make_any_words_and_a_class_may_be_called_all():
    texts = ["a,b,,c", ",", "plain", "x, y"]
    classifier = small(split_words=comma_words, classes=("all", "none"))
    found = explain(classifier, texts, method="leave_one_out", target="all")
    assert [word.text for word in found[0].words] == ["a", "b", "", "c"]
    assert [e.text for e in found] == texts
    # A class that is called all is itself meant.
    assert [e.target for e in found] == ["all"] * 4


# By default the first method; the others: test_methods in test_encoder_contract.py.
@pytest.mark.parametrize(
    "method",
    [pytest.param(m, marks=() if m == "gradients_by_level" else pytest.mark.long) for m in METHODS],
)
def test_every_method_fills_the_record(several, method):
    for explanation in explain(several, TEXTS, method=method):
        assert explanation.method == method
        values = [*scores(explanation), *explanation.diagnostics.values()]
        assert all(isinstance(value, (int, float)) for value in values)
        assert np.isfinite(values).all()


def test_a_target_is_a_class_by_name_or_place(several):
    by_name, by_place = (explain(several, TEXTS, target=t) for t in ("ugly", 2))
    assert [e.target for e in by_name] == ["ugly"] * 4
    assert [scores(e) for e in by_name] == [pytest.approx(scores(e), abs=1e-6) for e in by_place]


def test_each_label_gets_its_own_explanation(several):
    every = list(explain_each(several, TEXTS, target="all"))
    assert [[e.target for e in found] for found in every] == [["bad", "good", "ugly"]] * 4
    chosen = explain(several, TEXTS, target=["ugly", "bad"])
    assert [e.target for e in chosen] == ["ugly", "bad"] * 4
    assert scores(chosen[0]) == pytest.approx(scores(every[0][2]), abs=1e-6)
    given = list(explain_each(several, TEXTS, target="labels"))
    for found, labels, probabilities in zip(
        given, several.predict_label(TEXTS), several.predict_proba(TEXTS), strict=True
    ):
        best = several.classes[probabilities.argmax()]
        assert [e.target for e in found] == (labels or [best])
        assert found[0].label == tuple(labels)


def test_true_labels_stay_with_their_documents(demo_model):
    texts = [f"{'Long. ' * (9 - place)}It was nice." for place in range(9)]
    found = explain(demo_model, texts, true_labels=range(9), batch_size=2)
    assert [(e.text, e.true_label) for e in found] == list(zip(texts, range(9), strict=True))


def test_a_stream_of_any_length_is_read_piece_by_piece(demo_model):
    read = itertools.count()

    def endless():
        for number in read:
            yield f"Document {number} was nice."

    stream = explain_stream(demo_model, endless(), batch_size=4)
    first = list(itertools.islice(stream, 40))
    assert [e.text for e in first] == [f"Document {n} was nice." for n in range(40)]
    assert next(read) <= 4 * 8 * 2 + 1


def test_graphs_are_traced_once_for_all_shapes(demo_model):
    network = network_of(demo_model)
    for texts in (TEXTS, ["One. Two three."], []):
        explain(demo_model, texts)
    assert network.by_level.experimental_get_tracing_count() == 1


def test_a_network_does_not_keep_its_classifier():
    classifier = small()
    network, reference = network_of(classifier), weakref.ref(classifier)
    assert network_of(classifier) is network
    del classifier, network
    gc.collect()
    assert reference() is None


def test_batches_change_nothing(demo_model):
    texts = [review.text for review in demo.reviews("test")[:8]]
    small_batches, large = (
        explain(demo_model, texts, batch_size=size, faithfulness=True, rankings=5)
        for size in (1, 64)
    )
    for one, other in zip(small_batches, large, strict=True):
        assert scores(one) == pytest.approx(scores(other), abs=1e-4)
        for level in ("word", "sentence"):
            own, same = one.faithfulness[level], other.faithfulness[level]
            assert own.comprehensiveness == pytest.approx(same.comprehensiveness, abs=1e-4)
            assert own.random_sufficiency == pytest.approx(same.random_sufficiency, abs=1e-4)


def test_the_planted_sentence_is_the_top_one(demo_model):
    # A model of half the size of the default one, which reaches 0.97 (benchmarks/explain_demo.py).
    reviews = demo.reviews("test")[:150]
    hits = {}
    for method in ("leave_one_out", "random"):
        found = explain(demo_model, [review.text for review in reviews], method)
        tops = [np.argmax([s.score for s in explanation.sentences]) for explanation in found]
        hits[method] = np.mean(
            [t == r.evidence_sentence for t, r in zip(tops, reviews, strict=True)]
        )
    assert hits["leave_one_out"] >= 0.9
    assert hits["random"] < 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"documents": "one text"}, r"`documents` must be a list of documents.*'one text'"),
        ({"documents": [3.5]}, r"3.5"),
        ({"documents": tf.data.Dataset.from_tensor_slices(["a"])}, r"tf.data.Dataset"),
        ({"method": "magic"}, r"`method` must be one of"),
        ({"target": "funny"}, r"`target` must be one of the classes negative, positive.*'funny'"),
        ({"target": []}, r"`target` must name at least one class"),
        ({"batch_size": 0}, r"`batch_size` must be a positive integer.*batch_size=0"),
        ({"rankings": 1, "faithfulness": True}, r"`rankings` must be an integer of at least 5"),
        ({"true_labels": ["positive"]}, r"`true_labels` must have one label for each document"),
    ],
)
def test_mistakes_are_named(demo_model, arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        explain(demo_model, **{"documents": TEXTS, **arguments})


def test_texts_need_a_vectorizer():
    with pytest.raises(ValueError, match=r"has no vectorizer. Received: strings"):
        explain(DocumentClassifier(None, HAN(9), 2), ["text"])


def test_no_documents_no_explanations(demo_model):
    assert explain(demo_model, []) == []
    assert explain(demo_model, np.zeros([0, 2, 3], "int32")) == []
