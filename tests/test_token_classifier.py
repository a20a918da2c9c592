"""A label for each word in the context of its sentence."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from eager import eagerly
from test_export_session import Session
from tiny_taggers import CHUNKS, TAGGED, assert_alike, token_classifier

from hanlib.evidence import chunk_scores
from hanlib.metrics import ChunkF1
from hanlib.models import HAN, TokenClassifier
from hanlib.text.word_shapes import KINDS, word_shapes

POS = [".", "IN", "JJ", "NN", "NNP", "VB"]


@pytest.fixture(scope="module")
def model():
    """A model with given columns and a CRF that knows its sentences."""
    model = token_classifier([POS])
    with eagerly():
        model.fit(TAGGED[:4], CHUNKS[:4], batch_size=4, epochs=9, verbose=0)
    return model


def test_it_learns_and_evaluates(model):
    assert model.predict_label(TAGGED) == CHUNKS
    with eagerly():
        _, accuracy, f1 = model.evaluate(TAGGED, CHUNKS, verbose=0)
    assert (accuracy, f1) == (1, 1)


def test_alone_and_in_company(model):
    together = model.predict([*TAGGED[:3], []])
    assert [len(rows) for rows in together] == [6, 4, 3, 0]
    assert_alike(model.predict(TAGGED[1:2]), together[1:2])
    unknown = model.predict([[("Snow", "XY")]])
    assert np.isfinite(unknown[0]).all()


@pytest.mark.usefixtures("eager_functions")
def test_a_saved_model_gives_the_same(model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_alike(loaded.predict(TAGGED[:4]), model.predict(TAGGED[:4]), atol=1e-6)


def test_an_export_with_columns_runs_in_a_session(model, tmp_path):
    session = Session(model.export(tmp_path / "1"))
    assert session.signatures == ["serving_default"]
    words = np.array([[*(w for w, _ in TAGGED[0])], ["Rain", *[""] * 5]], object)
    tags = np.array([[*(t for _, t in TAGGED[0])], ["NN", *[""] * 5]], object)
    answers = session.ask_all("serving_default", items=words, column_1=tags)
    assert answers["counts"].tolist() == [6, 1]
    found = [[label.decode() for label in row if label] for row in answers["labels"]]
    assert found == [CHUNKS[0], CHUNKS[3]]
    expected = model.predict([TAGGED[0], TAGGED[3]])
    np.testing.assert_allclose(answers["probabilities"][0], expected[0], atol=1e-5)
    np.testing.assert_allclose(answers["probabilities"][1, :1], expected[1], atol=1e-5)


def test_texts_give_character_spans_and_an_export(tmp_path):
    """Of a model without columns and without a CRF, not trained."""
    model = token_classifier(crf=False)
    text = "Rain falls &amp; <b>falls</b>.<br>New!"
    (labeled,) = model.annotate([text])
    assert all(labeled.text[span.start : span.end] == span.text for span in labeled.spans)
    assert [len(rows) for rows in model.predict([text, "", "Rain"])] == [14, 0, 1]
    (split,) = model.annotate([["AT&amp;T", '""', "rains"]])
    assert [split.text[span.start : span.end] for span in split.spans][-1].endswith("rains")
    page = labeled.to_html()
    assert "<b>" not in page.split("</style>")[-1]
    session = Session(model.export(tmp_path / "1"))
    assert session.signatures == ["serving_default", "split"]
    answers = session.ask("serving_default", [text, "", "Rain"])
    assert answers["counts"].tolist() == [14, 0, 1]
    expected = model.predict([text])[0]
    np.testing.assert_allclose(answers["probabilities"][0], expected, atol=1e-5)
    split = session.ask_all("split", items=np.array([["Rain"]], object))
    np.testing.assert_allclose(split["probabilities"][0], model.predict([["Rain"]])[0], atol=1e-5)


def test_mistakes_are_explained(model):
    with pytest.raises(ValueError, match="a word and its 1 values"):
        model.predict(["A text."])
    with pytest.raises(ValueError, match="a word and its 1 values"):
        model.predict([["Rain", "falls"]])
    with pytest.raises(ValueError, match="does not read texts"):
        model(tf.constant(["A text."]))
    with pytest.raises(ValueError, match="2 labels for the 1 words of document 0"):
        model.fit([[("Rain", "NN")]], [["O", "O"]])
    with pytest.raises(ValueError, match="vocabulary_size=9"):
        TokenClassifier(model.vectorizer, HAN(9, 2, 2, 2, levels=1), 2)


def test_the_spelling_of_words():
    found = dict(zip(KINDS, word_shapes(tf.constant(["É1"])).numpy()[0], strict=True))
    assert {kind: value.decode() for kind, value in found.items()} == {
        "word": "é0", "prefix 2": "é0", "prefix 3": "é0", "suffix 2": "é0", "suffix 3": "é0",
        "suffix 4": "é0", "pattern": "X0",
    }  # fmt: skip
    assert word_shapes(tf.constant([""])).numpy().tolist() == [[b""] * 7]


def random_labels(rng, classes):
    return [[classes[i] for i in rng.integers(len(classes), size=n)] for n in (7, 1, 0, 12, 30)]


def test_chunk_f1_in_a_graph_and_in_python():
    """`ChunkF1` agrees with `chunk_scores`, and both with an enumeration of all spans."""
    classes = ["B-NP", "B-VP", "I-NP", "I-VP", "O"]
    rng = np.random.default_rng(0)
    for _ in range(5):
        truth, given = random_labels(rng, classes), random_labels(rng, classes)
        metric = ChunkF1(classes)
        rows = [
            tf.ragged.constant([[classes.index(label) for label in row] for row in part])
            for part in (truth, given)
        ]
        metric.update_state(*(row.to_tensor(-1) for row in rows))
        true, found = (
            {(n, *span) for n, row in enumerate(part) for span in spans_of(row)}
            for part in (truth, given)
        )
        expected = 2 * len(true & found) / (len(true) + len(found))
        assert float(metric.result()) == pytest.approx(expected)
        assert chunk_scores(truth, given)["f1"] == pytest.approx(expected)


def test_chunk_scores_are_those_of_seqeval():
    seqeval = pytest.importorskip("seqeval.metrics", reason="needs seqeval: pip install seqeval")
    classes = ["B-NP", "B-VP", "I-NP", "I-VP", "O"]
    rng = np.random.default_rng(1)
    truth, given = random_labels(rng, classes), random_labels(rng, classes)
    expected = seqeval.classification_report(truth, given, output_dict=True, zero_division=0)
    found = chunk_scores(truth, given)
    rows = {**found["per_kind"], "micro avg": found}
    rows |= {"macro avg": found["macro"], "weighted avg": found["weighted"]}
    assert set(rows) == set(expected)
    for name, row in expected.items():
        row["f1"] = row.pop("f1-score")
        for score, value in row.items():
            assert rows[name][score] == pytest.approx(value), (name, score)


def spans_of(labels):
    """Chunks as conlleval defines them, by the tests at each border of two words."""
    padded = ["O", *labels, "O"]
    borders = list(itertools.pairwise(padded))
    starts, ends = [], []
    for at, (before, after) in enumerate(borders):
        changed = before[1:] != after[1:]
        if before != "O" and (after == "O" or after[0] == "B" or changed):
            ends.append(at)
        if after != "O" and (before == "O" or after[0] == "B" or changed):
            starts.append(at)
    return [(labels[s][2:], s, e) for s, e in zip(starts, ends, strict=True)]
