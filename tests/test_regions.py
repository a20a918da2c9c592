"""Region embeddings: how they are learned, and how a network reads them."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny_run
from test_export_session import Session

from hanlib.embeddings import RegionVectors, region_vectors
from hanlib.embeddings.adam import Adam
from hanlib.embeddings.region_vectors import _gradients, _target_words
from hanlib.layers import (
    DocumentVectorizer,
    HierarchicalEncoder,
    LevelEncoder,
    RecurrentEncoder,
    RegionEmbedding,
)
from hanlib.models import (
    HAN,
    BagOfWords,
    DocumentClassifier,
    FlatRecurrent,
    LanguageModel,
    Transformer,
)
from hanlib.serving import export_saved_model
from hanlib.serving.half_precision import with_half_precision_tables
from hanlib.training import RecipeError
from hanlib.training.fingerprint import Fingerprint
from hanlib.training.preparation import prepare
from hanlib.training.progress import silent

EAGERLY = pytest.mark.usefixtures("eager_functions")
TEXTS = ["The room was good. I did not like the food!", "", "Nice staff " * 9 + "and good food."]
WIDTH = 3


def sums(values, lengths, radius):
    """The sums of `RegionEmbedding`, word by word."""
    found = []
    for row in np.split(values, np.cumsum(lengths)[:-1]):
        found += [row[max(t - radius, 0) : t + radius + 1].sum(axis=0) for t in range(len(row))]
    return np.array(found).reshape(values.shape)


@pytest.mark.parametrize("lengths", [[3, 0, 1, 7, 2], [1], [0], [2, 2]])
@pytest.mark.parametrize("radius", [1, 2, 4])
def test_the_layer_sums_over_the_words_of_a_row(rng, lengths, radius):
    values = rng.normal(size=[sum(lengths), 5]).astype("float32")
    layer = RegionEmbedding(WIDTH, radius)
    layer.build(values.shape)
    layer.bias.assign(rng.normal(size=WIDTH))
    expected = np.maximum(sums(values[:, 2:], lengths, radius) + layer.bias.numpy(), 0)
    found = layer(values, tf.constant(lengths))
    np.testing.assert_array_equal(found[:, :2], values[:, :2])
    np.testing.assert_allclose(found[:, 2:], expected, atol=1e-6)


def test_a_layer_wider_than_its_input_is_refused():
    with pytest.raises(ValueError, match="`width` must be at most the number of features, 2"):
        RegionEmbedding(3).build((None, 2))
    with pytest.raises(ValueError, match="`region_dim` must be 0 for an encoder of word vectors"):
        HierarchicalEncoder([], region_dim=2)


@pytest.mark.parametrize("encoder", [BagOfWords, FlatRecurrent, Transformer])
def test_an_encoder_that_reads_no_regions_refuses_them(encoder):
    message = f"`region_dim` must be 0 for {encoder.__name__}, .* has no RegionEmbedding"
    with pytest.raises(ValueError, match=message):
        encoder(9, 4, region_dim=2)
    assert encoder(9, 4, region_dim=0).region_dim == 0


def test_a_first_level_without_regions_refuses_them():
    level = LevelEncoder(RecurrentEncoder("gru", units=2))
    with pytest.raises(ValueError, match="HierarchicalEncoder, whose first level has no"):
        HierarchicalEncoder([level], 9, 4, region_dim=2)


@pytest.fixture(scope="module")
def classifier():
    keras.utils.set_random_seed(0)
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(TEXTS)
    size = vectorizer.vocabulary_size
    encoder = HAN(size, 4, 3, 3, bidirectional=False, region_dim=WIDTH, input_dropout=0.5)
    made = DocumentClassifier(vectorizer, encoder, ["bad", "good"])
    made.build()
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=[size, WIDTH])
    encoder.set_regions(RegionVectors(vectors.astype("float32"), rng.normal(size=WIDTH)))
    return made


def test_the_network_is_that_of_word_vectors_with_the_embeddings_beside_them(classifier, rng):
    encoder = classifier.encoder
    lengths, rows = [4, 1, 6], [2, 1]
    ids = rng.integers(2, encoder.vocabulary_size, sum(lengths))
    words = encoder.embedding.embeddings.numpy()[ids]
    regions = sums(encoder.region_table.embeddings.numpy()[ids], lengths, 2)
    regions = np.maximum(regions + encoder.levels[0].regions.bias.numpy(), 0)
    vector_encoder = HierarchicalEncoder(HAN(9, 4, 3, 3, bidirectional=False).levels)
    inputs = tf.RaggedTensor.from_nested_row_lengths(
        tf.constant(np.concatenate([words, regions], axis=1), tf.float32), [rows, lengths]
    )
    vector_encoder(inputs)
    kept = [w for level in encoder.levels for w in level.trainable_weights]
    vector_encoder.set_weights([w.numpy() for w in kept])
    ragged = tf.RaggedTensor.from_nested_row_lengths(tf.constant(ids, tf.int32), [rows, lengths])
    np.testing.assert_allclose(encoder(ragged), vector_encoder(inputs), atol=1e-6)


@EAGERLY
def test_in_training_the_words_get_their_gradient_and_the_regions_none(rng):
    layer, lengths = RegionEmbedding(WIDTH), tf.constant([3, 4])
    layer.build((None, 2 + WIDTH))
    distinct = tf.constant(rng.normal(size=[4, 2 + WIDTH]), tf.float32)
    index = tf.constant([0, 3, 3, 1, 0, 2, 1])
    factors = tf.constant(rng.normal(size=[7, 2 + WIDTH]), tf.float32)
    found = {}
    for training in (False, True):
        with tf.GradientTape() as tape:
            tape.watch(distinct)
            words, regions = layer.separate(distinct, lengths, index, training=training)
            whole = tf.concat([tf.gather(words, index), regions], axis=-1)
            loss = tf.reduce_sum(whole * factors)
        found[training] = tf.convert_to_tensor(tape.gradient(loss, distinct)).numpy()
    np.testing.assert_array_equal(found[True][:, :2], found[False][:, :2])
    assert found[False][:, 2:].any()
    assert not found[True][:, 2:].any()


def test_a_document_has_the_same_vector_alone_in_a_batch_and_padded(classifier):
    encoder, ids = classifier.encoder, classifier.vectorizer(TEXTS)
    together = encoder(ids).numpy()
    np.testing.assert_allclose(encoder(ids.to_tensor()), together, atol=1e-6)
    for number in range(len(TEXTS)):
        alone = encoder(ids[number : number + 1])
        np.testing.assert_allclose(alone[0], together[number], atol=1e-6)


def test_training_leaves_the_embeddings_as_they_are(classifier):
    own = {id(v) for v in [*classifier.encoder.region_table.weights]}
    own.add(id(classifier.encoder.levels[0].regions.bias))
    assert not own & {id(v) for v in classifier.trainable_variables}
    assert len(own & {id(v) for v in classifier.weights}) == 2


@pytest.mark.long  # Nothing but standard operations is new in the graph.
def test_an_export_answers_as_the_classifier(classifier, tmp_path):
    export_saved_model(classifier, tmp_path / "1")
    found = Session(tmp_path / "1").ask("serving_default", TEXTS)["probabilities"]
    np.testing.assert_allclose(found, classifier.predict(TEXTS), atol=1e-6)


@EAGERLY
def test_a_saved_classifier_answers_as_before(classifier, tmp_path):
    classifier.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(TEXTS), classifier.predict(TEXTS))


def test_half_precision_is_of_both_tables(classifier):
    copy, variables = with_half_precision_tables(classifier)
    half = {tuple(v.shape) for v in variables if v.dtype == tf.float16}
    size = classifier.encoder.vocabulary_size
    assert half == {(size, 4), (size, WIDTH)}
    ids = classifier.vectorizer(TEXTS)
    np.testing.assert_allclose(copy(ids), classifier(ids), atol=1e-3)


def test_a_language_model_would_see_what_it_predicts(classifier):
    with pytest.raises(ValueError, match="without self-attention and regions"):
        LanguageModel(classifier.encoder, np.ones(classifier.encoder.vocabulary_size))


def test_the_gradients_are_those_of_the_loss(rng):
    states, number = np.abs(rng.normal(size=[6, 4])), rng.integers(0, 3, [6, 5])
    contexts, noise = rng.normal(size=[5, 5]), rng.dirichlet(np.ones(5))
    number[:, 0] = noise[0] = 0

    def loss(states, contexts):
        scores = np.concatenate([states, np.ones([6, 1])], axis=1) @ contexts.T
        per_word = (scores**2 @ noise)[:, None] - 2 * scores
        return (number * per_word).sum() / number.sum()

    found = _gradients(states, number, contexts, noise)
    for part, value in enumerate((states, contexts)):
        step = np.zeros_like(value)
        for at in np.ndindex(value.shape):
            step[at] = 1e-5
            ends = []
            for sign in (1, -1):
                given = [states, contexts]
                given[part] = value + sign * step
                ends.append(loss(*given))
            step[at] = 0
            slope = (ends[0] - ends[1]) / 2e-5
            np.testing.assert_allclose(found[part][at], slope, atol=1e-6)


def test_the_most_frequent_words_are_not_predicted():
    numbers, noise = _target_words([9, 1, 0, 4, *range(20, 4, -1)], 16, 1, smoothing=1.0)
    assert numbers.tolist() == [0, 0, 0, 16, 0, *range(1, 16)]
    np.testing.assert_allclose(noise[1:] / noise[1], np.array([*range(19, 4, -1), 4]) / 19)


def test_adam_is_that_of_keras(rng):
    start, gradients = rng.normal(size=4), rng.normal(size=[5, 4])
    array, variable = Adam(start), keras.Variable(start.astype("float32"))
    optimizer = keras.optimizers.Adam(0.1, epsilon=1e-8)
    for gradient in gradients.astype("float32"):
        optimizer.apply([tf.constant(gradient)], [variable])
        array.step(gradient, 0.1)
    np.testing.assert_allclose(array.values, variable.numpy(), atol=1e-5)


def test_regions_with_the_same_neighbors_have_similar_embeddings(rng):
    """Words 2 to 9 stand in documents of one kind, 10 to 17 in those of another."""
    kinds = rng.integers(0, 2, 200)
    ids = np.concatenate([rng.integers(2, 10, 20) + 8 * kind for kind in kinds])
    blocks = [(ids[:2000], [20] * 100), (ids[2000:], [20] * 100)]
    options = {"steps": 150, "batch_size": 256, "scale": 0.5}
    found = region_vectors(blocks, 20, width=4, **options)
    again = region_vectors(blocks, 20, width=4, **options)
    np.testing.assert_array_equal(found.vectors, again.vectors)
    assert not found.vectors[0].any()
    regions = found.vectors[rng.integers(2, 10, [2, 50, 5]) + np.array([0, 8])[:, None, None]]
    states = np.maximum(regions.sum(axis=2) + found.bias, 0)
    assert np.sqrt(np.mean(states**2)) == pytest.approx(0.5, rel=0.1)
    means = states.mean(axis=1)
    within = np.linalg.norm(states - means[:, None], axis=-1).max()
    assert np.linalg.norm(means[0] - means[1]) > within
    with pytest.raises(ValueError, match="`blocks` must have words"):
        region_vectors([(np.zeros(0, int), [0])], 20, width=4)


def test_a_run_learns_them_from_all_texts_once(tmp_path, monkeypatch):
    monkeypatch.setattr("hanlib.training.regions._STEPS", (2, 2))
    corpus = tiny_run.with_unlabelled(tiny_run.corpus(16))
    recipe, checkpoint = tiny_run.recipe(region_dim=WIDTH), SimpleNamespace(directory=tmp_path)
    given = corpus, recipe, checkpoint, silent, Fingerprint(corpus.classes)
    classifier, _, _ = prepare(*given)
    assert "zebra" in classifier.vectorizer.get_vocabulary()
    ids = classifier.vectorizer([*corpus.splits["train"].texts(), *corpus.unlabelled])
    block = ids.flat_values.numpy(), ids.merge_dims(1, 2).row_lengths().numpy()
    size = classifier.encoder.vocabulary_size
    expected = region_vectors([block], size, WIDTH, steps=2)
    monkeypatch.delattr("hanlib.embeddings.region_vectors")
    resumed, _, _ = prepare(*given)
    for made in (classifier, resumed):
        encoder = made.encoder
        np.testing.assert_allclose(encoder.region_table.embeddings, expected.vectors, atol=1e-6)
        np.testing.assert_allclose(encoder.levels[0].regions.bias, expected.bias, atol=1e-6)


def test_a_recipe_says_where_they_are_not_read():
    with pytest.raises(RecipeError, match="`region_dim` must be 0 for the task sentences"):
        tiny_run.recipe(task="sentences", region_dim=2)
    with pytest.raises(RecipeError, match="`region_dim` must be 0 with `pretrain_epochs`"):
        tiny_run.recipe(pretrain_epochs=1, region_dim=2)
    with pytest.raises(RecipeError, match="`region_dim` must not be given with encoder bag_of"):
        tiny_run.bag_recipe(region_dim=2)
