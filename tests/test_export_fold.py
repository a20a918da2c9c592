"""Exports with a folded table: the same answers, without word vectors and input kernels."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_export_session import SIGNATURES, TEXTS, Session
from tiny_classifier import build, build_bag

from hanlib.explain.attention_evidence import attention_evidence
from hanlib.layers import RationaleHead
from hanlib.models import HAN, BagOfWords, DocumentClassifier, FlatRecurrent, Transformer
from hanlib.serving import export_saved_model
from hanlib.serving.check_report import CheckReport, Difference
from hanlib.serving.export_check import HALF_TOLERANCE, TOLERANCE
from hanlib.serving.folded_table import table_sizes, with_folded_table
from hanlib.serving.half_precision import with_half_precision_tables

WORDS = 30
IDS = tf.ragged.constant([[[2, 3, 29], [4, 3]], [], [[5] * 7]], dtype=tf.int32)


def classifier_of(encoder, **options):
    """A classifier of ids, whose biases are not zero."""
    keras.utils.set_random_seed(0)
    classifier = DocumentClassifier(None, encoder, 2, **options)
    classifier.build()
    rng = np.random.default_rng(1)
    classifier.set_weights(
        [w + 0.3 * rng.normal(size=w.shape) for w in map(np.asarray, classifier.get_weights())]
    )
    return classifier


ENCODERS = {
    "two directions, two layers": lambda: HAN(WORDS, 6, 3, depth=2),
    "one level": lambda: HAN(WORDS, 6, 3, cell="mgu", levels=1),
    "a bias as input": lambda: HAN(WORDS, 6, 3, cell="two_state"),
    "an output gate": lambda: HAN(WORDS, 6, 3, cell="output_gate_gru", bidirectional=False),
    "mean and max beside": lambda: HAN(WORDS, 6, 3, bidirectional=False, beside=("mean", "max")),
    "the last states": lambda: FlatRecurrent(WORDS, 6, 3, cell="lstm", pooling="last"),
    "bfloat16": lambda: HAN(WORDS, 6, 3, dtype="mixed_bfloat16"),
}


SECOND = ("an output gate", "the last states", "bfloat16")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.long if n in SECOND else ()) for n in ENCODERS]
)
def test_the_copy_answers_as_the_classifier(name):
    classifier = classifier_of(ENCODERS[name]())
    copy, variables = with_folded_table(classifier)
    np.testing.assert_allclose(copy(IDS), classifier(IDS), atol=TOLERANCE)
    np.testing.assert_allclose(copy.encoder(IDS), classifier.encoder(IDS), atol=TOLERANCE)
    table, replaced = table_sizes(classifier.encoder)
    stored = sum(math.prod(v.shape) * tf.as_dtype(v.dtype).size for v in variables)
    assert stored == 4 * classifier.count_params() + table - replaced


def test_half_precision_is_of_the_table():
    classifier = classifier_of(HAN(WORDS, 6, 3))
    copy, variables = with_folded_table(classifier, half_precision=True)
    assert [v.shape for v in variables if v.dtype == tf.float16] == [(WORDS, 2 * 3 * 3)]
    difference = np.abs(copy(IDS) - classifier(IDS)).max()
    assert 0 < difference < HALF_TOLERANCE


@pytest.mark.parametrize("with_tables", [with_half_precision_tables, with_folded_table])
def test_a_rationale_head_is_taken_along(with_tables):
    classifier = classifier_of(HAN(WORDS, 6, 3, levels=1), rationale=RationaleHead(units=2))
    copy, variables = with_tables(classifier)
    assert copy.rationale is classifier.rationale
    assert {id(weight) for weight in classifier.rationale.weights} <= set(map(id, variables))


def test_what_cannot_be_folded_is_named(tmp_path):
    cases = {
        "BagOfWords": BagOfWords(WORDS, 4),
        "Transformer": Transformer(WORDS, 4, num_heads=1),
        "HAN with the Keras cell GRUCell": HAN(WORDS, 4, cell=keras.layers.GRUCell(3)),
        "HAN with a self-attention": HAN(WORDS, 4, 3, self_attention_heads=1),
        "HAN with region embeddings": HAN(WORDS, 4, 3, region_dim=2),
        "HAN of words with further features": HAN(WORDS, 4, 3, feature_sizes=(2,)),
    }
    for received, encoder in cases.items():
        with pytest.raises(ValueError, match=f"`fold` needs a recurrence.*Received: {received}"):
            with_folded_table(DocumentClassifier(None, encoder, 2))
    with pytest.raises(ValueError, match="`fold` needs"):
        export_saved_model(build_bag(), tmp_path / "1", fold=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("without_contrast")
def test_the_command(run, tmp_path, monkeypatch):
    """In a session as in TensorFlow Serving."""
    checked = CheckReport([Difference("embed: vectors", "together", 0.0, 1e-5)], 1.0, 0, {})
    monkeypatch.setattr("hanlib.serving.export_check.check", lambda *_, **options: checked)
    vectorizer = build_bag().vectorizer
    encoder = FlatRecurrent(vectorizer.vocabulary_size, 4, 3, bidirectional=False)
    classifier = DocumentClassifier(vectorizer, encoder, ["neg", "pos"])
    classifier.build()
    classifier.save(tmp_path / "model.keras")
    code, _, err = run("export", tmp_path / "model.keras", tmp_path / "models", "--fold")
    table, replaced = (size / 1e6 for size in table_sizes(classifier.encoder))
    assert code == 0
    assert f"a folded table of {table:.1f} MB replaces {replaced:.1f} MB" in err
    assert "the export answers as the model does" in err
    card = (tmp_path / "models" / "MODEL_CARD.md").read_text()
    assert f"In the newest version a folded table of {table:.1f} MB" in card
    folded = Session(tmp_path / "models" / "1")
    assert folded.signatures == SIGNATURES
    # `explain` answers what `serving_default` does; `embed`: the first test.
    answers = folded.ask("explain", TEXTS)
    np.testing.assert_allclose(
        answers["probabilities"], classifier(tf.constant(TEXTS)), atol=TOLERANCE
    )
    ids = classifier.vectorizer(tf.constant(TEXTS))
    evidence = attention_evidence(classifier, ids)
    for name in ("attention", "gradient_x_attention"):
        scores = getattr(evidence, name)[0].merge_dims(1, 2).to_tensor()
        np.testing.assert_allclose(answers[f"word_{name}"], scores, atol=TOLERANCE)


@pytest.mark.usefixtures("check_here")
@pytest.mark.long
@pytest.mark.parametrize("half", [[], ["--half"]])
def test_the_check_passes(run, tmp_path, monkeypatch, half):
    texts = ["", "A good film. A bad plot!", "nice " * 50]
    texts = [text.encode() for text in texts]
    monkeypatch.setattr("hanlib.serving.export_check.edge_case_documents", lambda words: texts)
    build(bidirectional=True).save(tmp_path / "model.keras")
    code, _, err = run("export", tmp_path / "model.keras", tmp_path / "models", "--fold", *half)
    assert code == 0, err
    assert ("a folded table in float16" in err) == ("MB without --half" in err) == bool(half)


def test_a_model_that_cannot_be_folded_is_a_mistake(run, tmp_path):
    build_bag().save(tmp_path / "model.keras")
    code, _, err = run("export", tmp_path / "model.keras", tmp_path / "models", "--fold")
    assert code == 2
    assert err.splitlines()[-1] == (
        "hanlib: error: --fold needs a recurrence of a GatedCell over word vectors. "
        "Received: BagOfWords"
    )
