"""The language model that pretrains encoders, against NumPy, and a run with pretraining."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny_run
from test_self_training import Interrupted, StopsAt
from test_training import Notes

from hanlib.models import HAN, BagOfWords, FlatRecurrent, Transformer
from hanlib.models.language_model import FREQUENT, LanguageModel
from hanlib.ops import log_uniform
from hanlib.ops.token_batch import from_ragged
from hanlib.optimizers import LazyAdam
from hanlib.training import Recipe, RecipeError, train

SIZE, SAMPLES = 12, 5
DOCUMENTS = [[[2, 3, 4], [5, 6]], [[7]], [[8, 9], [10], [11, 2]]]


def han(**values):
    encoder = HAN(SIZE, embedding_dim=4, units=3, attention_units=3, **values)
    encoder.build((None, None, None))
    return encoder


def ids(documents=DOCUMENTS):
    return tf.ragged.constant(documents, dtype=tf.int32)


def states(encoder, documents):
    found = encoder.hierarchy(ids(documents))
    values, index = encoder.embed(found.words)
    return [level.states.numpy() for level in encoder.states(values, found.lengths, index)]


def test_the_loss_is_that_of_the_equations(monkeypatch, rng):
    drawn = np.array([3, 0, 7, 11])
    monkeypatch.setattr(log_uniform, "draw", lambda count, size, seed: tf.constant(drawn, tf.int64))
    encoder = han()
    # No word is frequent, and ids from 2 on are predicted.
    model = LanguageModel(encoder, np.ones(SIZE) * FREQUENT / SIZE, samples=SAMPLES)
    model._kept[2:] = 1.0
    model.build()
    for weight in model.weights:
        if weight.dtype == "float32":
            weight.assign(rng.normal(size=weight.shape))
    words, sentences = states(encoder, DOCUMENTS)
    vectors, biases = model.word_vectors.numpy(), model.word_biases.numpy()[:, 0]
    projections = [[layer.kernel.numpy() for layer in of] for of in model.projections]

    def corrected(logit, word):
        share = np.log((word + 2) / (word + 1)) / np.log(SIZE + 1)
        return logit - np.log(1 - (1 - share) ** SAMPLES)

    def loss(context, word):
        logit = {v: context @ vectors[v] + biases[v] for v in range(SIZE)}
        others = [corrected(logit[v], v) for v in drawn if v != word]
        own = corrected(logit[word], word)
        return np.log(np.sum(np.exp([own, *others]))) - own

    losses, word, sentence = [], 0, 0
    for document in DOCUMENTS:
        for s, row in enumerate(document):
            for w, target in enumerate(row):
                if w > 0:
                    losses.append(loss(words[word - 1, :3] @ projections[0][0], target))
                if w + 1 < len(row):
                    losses.append(loss(words[word + 1, 3:] @ projections[0][1], target))
                if s > 0:
                    losses.append(loss(sentences[sentence - 1, :3] @ projections[1][0], target))
                if s + 1 < len(document):
                    losses.append(loss(sentences[sentence + 1, 3:] @ projections[1][1], target))
                word += 1
            sentence += 1
    found = model(from_ragged(ids())).numpy()
    np.testing.assert_allclose(found, np.full(3, np.mean(losses)), rtol=1e-5)


@pytest.mark.parametrize(
    "encoder",
    [
        han(),
        han(bidirectional=False),
        FlatRecurrent(SIZE, embedding_dim=4, units=3),
        FlatRecurrent(SIZE, embedding_dim=4, units=3, depth=2, bidirectional=False),
    ],
    ids=["han", "forward_han", "flat", "deep_flat"],
)
def test_no_state_knows_the_words_that_are_predicted_from_it(encoder):
    encoder.build((None, None, None))
    document, changed = [[[2, 3, 4, 5, 6]]], [[[2, 3, 9, 5, 6]]]
    forward, _ = encoder.direction_widths(0)
    before, after = states(encoder, document)[0], states(encoder, changed)[0]
    np.testing.assert_array_equal(before[:2, :forward], after[:2, :forward])
    np.testing.assert_array_equal(before[3:, forward:], after[3:, forward:])
    assert not np.allclose(before[2:, :forward], after[2:, :forward])


@pytest.mark.parametrize(("share", "expected"), [(0.5 * FREQUENT, 1.0), (4 * FREQUENT, 0.5)])
def test_frequent_words_are_predicted_less_often(share, expected):
    counts = np.array([0.3, 0.1, share, *[0.01] * 8, 0.0])
    counts[-1] = 1 - counts.sum()
    kept = LanguageModel(han(), counts * 1e6)._kept
    assert kept[:2].tolist() == [0, 0]
    np.testing.assert_allclose(kept[2], expected, rtol=1e-5)
    assert LanguageModel(han(), counts * 1e6, unpredicted=3)._kept[2] == 0


def test_it_learns_which_words_follow():
    encoder = han(bidirectional=False)
    model = LanguageModel(encoder, np.ones(SIZE) / SIZE * FREQUENT, samples=SAMPLES)
    model._kept[2:] = 1.0
    model.build()
    model.compile(LazyAdam(0.05))
    batch = from_ragged(ids([[[2, 3, 4, 5, 6, 7, 8, 9]]] * 4))
    model.optimizer.build(model.trainable_variables)
    target = tf.zeros([4])
    step = tf.function(lambda: model.train_step((batch, target))["loss"], autograph=False)
    losses = []
    for _ in range(60):
        model.reset_metrics()
        losses.append(float(step()))
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:3])


def test_documents_without_neighbors_have_no_loss():
    model = LanguageModel(han(), np.ones(SIZE))
    assert model(from_ragged(ids([[[2]], []]))).numpy().tolist() == [0, 0]


def test_draws_have_the_probability_that_is_corrected_for():
    drawn = [log_uniform.draw(3, SIZE, [3, seed]).numpy() for seed in range(1000)]
    assert all(len(set(ids)) == len(ids) for ids in drawn)
    shares = np.bincount(np.concatenate(drawn), minlength=SIZE) / len(drawn)
    np.testing.assert_allclose(
        shares, log_uniform.probability(tf.range(SIZE), 3, SIZE), atol=4 * np.sqrt(0.25 / 1000)
    )
    np.testing.assert_array_equal(drawn[7], log_uniform.draw(3, SIZE, [3, 7]))


def test_encoders_that_mix_directions_are_refused():
    refused = [
        BagOfWords(SIZE, embedding_dim=4),
        Transformer(SIZE, embedding_dim=4, num_heads=2),
        FlatRecurrent(SIZE, embedding_dim=4, units=3, pooling="last"),
        han(depth=2),
        han(self_attention_heads=2),
    ]
    for encoder in refused:
        with pytest.raises(ValueError, match=r"a language model|LanguageModel needs"):
            LanguageModel(encoder, np.ones(SIZE))
    with pytest.raises(ValueError, match=f"`counts` must have one number per word, {SIZE}"):
        LanguageModel(han(), np.ones(3))


def test_mistakes_in_a_recipe_are_named(tmp_path):
    with pytest.raises(RecipeError, match="`pretrain_epochs` must be 0 for the task tokens"):
        Recipe(pretrain_epochs=1, task="tokens")
    with pytest.raises(RecipeError, match="`pretrain_epochs` must be 0 for this encoder"):
        train(tiny_run.corpus(), tiny_run.bag_recipe(pretrain_epochs=1), tmp_path / "run")
    assert not (tmp_path / "run").exists()


STOPS = ("pretraining: epoch 2/2", "epoch 1/1")


@pytest.mark.usefixtures("eager_functions")
@pytest.mark.parametrize("stops", [STOPS[:1], pytest.param(STOPS, marks=pytest.mark.long)])
def test_a_run_pretrains_on_all_texts_and_goes_on_where_it_was(tmp_path, stops):
    corpus = tiny_run.with_unlabelled(tiny_run.corpus())
    short = {"pretrain_epochs": 2, "epochs": 1, "batch_size": 24}
    recipe = tiny_run.recipe(encoder="flat_recurrent", **short)
    record = train(corpus, recipe, tmp_path / "whole")
    found = record["pretraining"]
    assert (found["epochs"], found["documents"]) == (2, 56)
    assert len(found["loss"]) == 2
    classifier = keras.models.load_model(tmp_path / "whole" / "model.keras")
    assert "zebra" in classifier.vectorizer.get_vocabulary()
    runs = []
    for phase in stops:
        runs.append(StopsAt(phase))
        with pytest.raises(Interrupted):
            train(corpus, recipe, tmp_path / "run", resume=True, progress=runs[-1])
    runs.append(Notes())
    again = train(corpus, recipe, tmp_path / "run", resume=True, progress=runs[-1])
    assert "pretraining: epoch 1/2" in runs[0].phases
    assert "pretraining: epoch 1/2" not in runs[1].phases
    # Interrupted after pretraining, it is not pretrained again.
    assert not any(phase.startswith("pretraining") for run in runs[2:] for phase in run.phases)
    assert again["pretraining"] == found
    for ours, theirs in zip(
        tiny_run.weights(tmp_path / "run"), tiny_run.weights(tmp_path / "whole"), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
