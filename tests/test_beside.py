"""A HAN with the mean and the maximum beside its attention, in all that reads a pooled vector."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from rows_of_vectors import dense, some_rows
from test_export_session import Session
from tiny_classifier import build

from hanlib.explain.attention_evidence import attention_evidence
from hanlib.layers import AttentionPooling, DocumentVectorizer, RationaleHead
from hanlib.models import HAN, DocumentClassifier, SentenceClassifier
from hanlib.models.language_model import LanguageModel
from hanlib.ops.token_batch import from_ragged
from hanlib.serving import export_saved_model

TEXTS = ["The room was good. I did not like the food!", "", "Nice staff. Nice, nice, nice food."]
IDS = tf.ragged.constant([[[2, 3, 4], [5, 6]], [], [[7, 7, 2, 3], [8]]], dtype=tf.int32)
BESIDE = {"beside": ("mean", "max")}


def han(**values):
    encoder = HAN(12, embedding_dim=4, units=3, attention_units=3, **values)
    encoder.build((None, None, None))
    return encoder


def test_the_weights_are_those_of_the_attention_alone():
    """The same random numbers, and the first features of a level are what they are without."""
    plain, wide = (AttentionPooling(**options, seed=3) for options in ({}, BESIDE))
    states, mask = dense(some_rows(4, dtype="float32"), fill=0.0)
    plain.build(states.shape)
    wide.build(states.shape)
    assert [w.shape for w in wide.weights] == [w.shape for w in plain.weights]
    wide.set_weights(plain.get_weights())
    (vectors, scores), (more, same) = (
        layer(states, mask=mask, return_attention_scores=True) for layer in (plain, wide)
    )
    np.testing.assert_array_equal(same, scores)
    np.testing.assert_array_equal(more[:, :4], vectors)
    assert more.shape == (4, 3 * 4)


def test_configurations_without_it_are_read():
    """As files have them that were saved before."""
    encoder = han()
    config = encoder.get_config()
    assert config.pop("beside") == []
    assert HAN.from_config(config).get_config() == encoder.get_config()
    config = AttentionPooling().get_config()
    assert config.pop("beside") == []
    assert AttentionPooling.from_config(config).beside == ()


def test_the_vectors_of_both_levels_are_as_wide_as_their_parts():
    encoder = han(hops=2, beside=["max"])
    assert encoder.compute_output_shape((None, None, None)) == (None, 3 * 6)
    vectors, scores = encoder(IDS, return_attention_scores=True)
    assert vectors.shape == (3, 18)
    assert [score.flat_values.shape for score in scores] == [(10, 2), (4, 2)]
    np.testing.assert_array_equal(vectors[1], 0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"beside": "max"}, "`beside` must be a tuple of different names of mean, max. Received: "),
        ({"beside": ("max",), "score": "mean"}, "`beside` needs a `score` with weights. Received"),
        ({"beside": ("max",), "labels": 2}, "`beside` must be empty with `labels`. Received: "),
    ],
)
def test_mistakes_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        HAN(12, **values)


def test_a_language_model_learns_all_but_the_top_attention():
    encoder = han(**BESIDE)
    model = LanguageModel(encoder, np.ones(12), samples=4)
    model.build()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(from_ragged(IDS), training=True))
    gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
    assert not [
        v.path for v, g in zip(model.trainable_variables, gradients, strict=True) if g is None
    ]
    assert encoder.levels[0].pooling.context.path in [v.path for v in model.trainable_variables]


def test_a_model_of_sentences_reads_the_wider_vectors():
    """The vector of the sentence, its state, the vector of the document, and the position."""
    vectorizer = DocumentVectorizer(vocabulary=["good", "bad"], max_sentence_words=None)
    encoder = HAN(vectorizer.vocabulary_size, embedding_dim=4, units=3, **BESIDE)
    model = SentenceClassifier(vectorizer, encoder, ["a", "b"])
    model.build()
    assert model.head.kernel.shape[0] == 18 + 6 + 18 + 34
    together, alone = model(tf.constant(["Good. Bad, bad.", "Bad."])), model(tf.constant(["Bad."]))
    np.testing.assert_allclose(together[1], alone[0], atol=1e-6)


def test_a_rationale_head_reads_the_states_and_teaches_the_attention():
    head = RationaleHead(units=4, attention_weight=1.0)
    classifier = DocumentClassifier(None, han(**BESIDE), 2, rationale=head)
    classifier.build()
    assert [kernel.shape[0] for kernel in head.kernels] == [6 + 6, 6]
    with tf.GradientTape() as tape:
        head.encode(classifier.encoder, IDS, tf.constant([0, 1, 0, 0, 0, 0, 0, 0, 1, 0]))
        (loss,) = head.losses
    contexts = [level.pooling.context for level in classifier.encoder.levels]
    assert all(np.abs(g).max() > 0 for g in tape.gradient(loss, [c.value for c in contexts]))
    ids, evidence = IDS.flat_values, attention_evidence(classifier, IDS)
    assert evidence.rationale[0].flat_values.shape == ids.shape


def test_saved_and_reloaded(tmp_path):
    classifier = build(**BESIDE)
    classifier.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.encoder.get_config()["beside"] == ["mean", "max"]
    np.testing.assert_array_equal(loaded(tf.constant(TEXTS)), classifier(tf.constant(TEXTS)))


@pytest.mark.long  # By default: test_export_session.py; folded: test_export_fold.py.
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"half_precision_tables": True},
        {"fold": True},
        {"fold": True, "half_precision_tables": True},
    ],
    ids=lambda options: ", ".join(options) or "plain",
)
def test_exported(tmp_path, options):
    """The answers of a session, as in TensorFlow Serving, are those of the model."""
    classifier = build(**BESIDE)
    session = Session(export_saved_model(classifier, tmp_path / "1", **options))
    atol = 1e-2 if "half_precision_tables" in options else 1e-4
    evidence = attention_evidence(classifier, classifier.vectorizer(tf.constant(TEXTS)))
    answers = session.ask("explain", TEXTS)
    np.testing.assert_allclose(answers["probabilities"], evidence.probabilities, atol=atol)
    for name in ("attention", "gradient_x_attention"):
        words, sentences = getattr(evidence, name)
        words = words.merge_dims(1, 2)
        for level, scores in (("word", words), ("sentence", sentences)):
            np.testing.assert_allclose(answers[f"{level}_{name}"], scores.to_tensor(), atol=atol)
    assert np.abs(answers["word_gradient_x_attention"]).max() > 0.05
    vectors = session.ask("embed", TEXTS)["vectors"]
    np.testing.assert_allclose(vectors, classifier.embed(TEXTS), atol=atol)
    answers = session.ask("contrast", TEXTS, target="neg", against="pos")
    pairs = attention_evidence(classifier, classifier.vectorizer(tf.constant(TEXTS)), [[0, 1]] * 3)
    expected = pairs.gradient_x_attention[0].merge_dims(1, 2).to_tensor()
    np.testing.assert_allclose(answers["word_gradient_x_attention"], expected, atol=atol)
