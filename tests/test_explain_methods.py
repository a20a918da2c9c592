"""Each method against what it is said to compute, done the slow way."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from random_ngrams import random_ngrams

from hanlib.explain.attention_methods import entropy
from hanlib.explain.documents import Documents, parts, sums
from hanlib.explain.methods import METHODS, method_function
from hanlib.explain.network import Network
from hanlib.layers import RationaleHead
from hanlib.models import HAN, DocumentClassifier

WORDS, CLASSES = 15, 3
# Documents, sentences, rows (a sentence that is too long has several), words.
NESTED = [
    [[[2, 3, 4]], [[5]], [[6, 7, 8, 9], [10, 11]]],
    [],
    [[[12, 2]]],
    [[[3, 3, 4], [5, 6, 14]], [[13]], [[2, 9, 2, 4, 7]]],
    [[[4]]],
]
ONE = {"bidirectional": False}  # It takes less time.
KINDS = {
    "one_label": {},
    "labels": {"multi_label": True, "labels": CLASSES, **ONE},
    "hops": {"hops": 2, "normalizer": "sparsemax", "cell": "mgu", **ONE},
    "max": {"multi_label": True, "score": "max"},
    "ngrams": {"ngrams": True, **ONE},
    "beside": {"beside": ("mean", "max"), **ONE},
}
TARGETS = np.array([[1, -1], [0, -1], [2, -1], [-1, -1], [0, -1]], np.int32)


# With n-grams, whose part is added to that of the network, by default. Several labels and other
# poolings: test_attention_evidence.py.
@pytest.fixture(
    scope="module",
    params=[pytest.param(k, marks=pytest.mark.long if k != "ngrams" else ()) for k in KINDS],
)
def network(request):
    return network_of(**KINDS[request.param])


@pytest.fixture(scope="module")
def plain():
    return network_of()


# The networks know their classifiers weakly.
KEPT = []


@functools.cache
def network_of(multi_label=False, ngrams=False, **kwargs):
    encoder = HAN(WORDS, embedding_dim=4, units=3, attention_units=4, **kwargs)
    ngrams = random_ngrams(ids_of(NESTED), CLASSES, WORDS) if ngrams else None
    classifier = DocumentClassifier(
        None, encoder, CLASSES, multi_label, ngrams=ngrams, rationale=RationaleHead(4)
    )
    classifier.build()
    draw = np.random.default_rng(3)
    for weight in classifier.trainable_weights:
        weight.assign(draw.normal(0, 0.6, weight.shape))
    KEPT.append(classifier)
    return Network(classifier)


def ids_of(nested):
    rows = [[row for sentence in document for row in sentence] for document in nested]
    return tf.ragged.constant(rows, dtype=tf.int32, ragged_rank=2)


def margins(network, nested, targets):
    """Log-odds by the classifier itself, from what the rows of each document are."""
    probabilities = network.classifier(ids_of(nested)).numpy().astype(np.float64)
    chosen = probabilities[np.arange(len(nested)), targets]
    return np.log(chosen) - np.log1p(-chosen)


def without_word(document, place):
    """The document without its word at a place, and without rows that this leaves empty."""
    found, at = [], 0
    for sentence in document:
        rows = []
        for row in sentence:
            kept = [word for step, word in enumerate(row) if at + step != place]
            at += len(row)
            rows += [kept] if kept else []
        found += [rows] if rows else []
    return found


def test_leave_one_out_is_the_classifier_without_each_unit(network):
    documents = Documents.of(NESTED)
    scores = METHODS["leave_one_out"](network, documents, TARGETS)
    whole = margins(network, NESTED, scores.targets[:, 0])
    words = parts(scores.words, documents.document_words)
    sentences = parts(scores.sentences, documents.document_sentences)
    for place, document in enumerate(NESTED):
        target = scores.targets[place, 0]
        left = [without_word(document, word) for word in range(len(words[place]))]
        left += [document[:s] + document[s + 1 :] for s in range(len(document))]
        if left:
            losses = whole[place] - margins(network, left, [target] * len(left))
            found = np.concatenate([words[place], sentences[place]])
            np.testing.assert_allclose(found, losses, atol=1e-5)


@pytest.mark.parametrize("kind", ["one_label", "ngrams"])
def test_leave_one_out_is_the_same_in_small_pieces(kind, monkeypatch):
    network, documents = network_of(**KINDS[kind]), Documents.of(NESTED)
    whole = METHODS["leave_one_out"](network, documents, TARGETS)
    monkeypatch.setattr("hanlib.explain.removal.MOST_ITEMS", 3)
    pieces = METHODS["leave_one_out"](network, documents, TARGETS)
    np.testing.assert_allclose(pieces.words, whole.words, atol=1e-5)
    np.testing.assert_allclose(pieces.sentences, whole.sentences, atol=1e-5)


def slow_gradients(network, documents, targets, scales):
    """x . dm/dx by moving each word's vector along itself: central differences in float32."""
    step, ones = 0.02, np.ones(documents.count, np.float32)
    encoder = network.classifier.encoder
    table = encoder.embedding.embeddings
    vectors = tf.gather(table, documents.words)
    scale = np.repeat(scales * ones, documents.document_words)[:, None].astype(np.float32)

    def of(x):
        rows = encoder.levels[0].encode(x, documents.row_lengths)
        vectors = encoder.levels[1].encode(rows, documents.document_rows)
        return network.margins(network.classifier.logits(vectors), targets).numpy()

    found = []
    document_of = np.repeat(np.arange(documents.count), documents.document_words)
    for place in range(len(documents.words)):
        moved = np.zeros_like(scale)
        moved[place] = step
        up, down = of(vectors * (scale + moved)), of(vectors * (scale - moved))
        found.append((up - down)[document_of[place]] / (2 * step))
    return np.array(found)


@pytest.mark.parametrize("scale", [pytest.param(1.0, marks=pytest.mark.long), 0.3])
def test_gradient_x_input_is_the_slope_along_each_vector(plain, scale):
    documents = Documents.of(NESTED[:3])
    scales = np.full(documents.count, scale, np.float32)
    _, targets, words = plain.gradient(*documents.flat, TARGETS[:3], scales)
    slow = slow_gradients(plain, documents, targets, scale)
    np.testing.assert_allclose(words.numpy(), slow, atol=2e-3)
    assert np.abs(slow).max() > 0.05


def test_gradient_x_input_sums_to_sentences(network):
    documents = Documents.of(NESTED)
    scores = METHODS["gradient_x_input"](network, documents, TARGETS)
    of_sentences = parts(scores.words, documents.sentence_words)
    np.testing.assert_allclose(scores.sentences, [s.sum() for s in of_sentences], atol=1e-6)


def test_integrated_gradients_sum_to_the_difference(network):
    documents = Documents.of(NESTED)
    scores = METHODS["integrated_gradients"](network, documents, TARGETS)
    ends = [
        network.margins(
            network.gradient(*documents.flat, scores.targets, np.full(5, scale, np.float32))[0],
            scores.targets,
        ).numpy()
        for scale in (1, 0)
    ]
    difference = ends[0] - ends[1]
    total = sums(scores.words, documents.document_words)
    error = np.abs(total - difference) / np.maximum(np.abs(difference), 0.01)
    np.testing.assert_allclose(scores.diagnostics["completeness_error"], error, atol=1e-4)
    assert (error < 0.05).all()
    of_sentences = sums(scores.sentences, documents.document_sentences)
    np.testing.assert_allclose(of_sentences, total, atol=1e-6)


def upper_margins(network, documents, targets, rows, scale):
    """The log-odds with the vectors of the rows and the gates of the words at a scale."""
    classifier = network.classifier
    gates = tf.fill([len(documents.words)], tf.cast(scale, tf.float32))
    encoded = classifier.encoder.encode_level(1, scale * rows, documents.document_rows)
    ngrams = classifier.ngram_logits(*documents.flat, gates)
    return network.margins(classifier.logits(encoded, ngrams), targets)


def test_gradients_by_level_sum_to_what_the_sentences_add(network):
    documents = Documents.of(NESTED)
    scores = METHODS["gradients_by_level"](network, documents, TARGETS)
    rows = network.row_vectors(documents.words, documents.row_lengths)
    whole, nothing = (
        upper_margins(network, documents, scores.targets, rows, scale).numpy()
        for scale in (1.0, 0.0)
    )
    total = sums(scores.sentences, documents.document_sentences)
    np.testing.assert_allclose(total, whole - nothing, atol=0.02, rtol=0.02)
    assert np.abs(total).max() > 0.1


def test_gradients_by_level_of_words_are_the_slopes_of_their_sentences(plain):
    documents, encoder = Documents.of(NESTED[:1]), plain.classifier.encoder
    scores = METHODS["gradients_by_level"](plain, documents, TARGETS[:1])
    rows = plain.row_vectors(documents.words, documents.row_lengths)
    mean = tf.zeros_like(rows)
    for step in range(20):
        with tf.GradientTape() as tape:
            scaled = (step + 0.5) / 20 * rows
            tape.watch(scaled)
            margins = upper_margins(plain, documents, scores.targets, scaled, 1.0)
        mean += tape.gradient(margins, scaled) / 20
    vectors, index = encoder.embed(tf.constant(documents.words))
    vectors, small = tf.gather(vectors, index).numpy(), 1e-2

    def sentences(word, factor):
        changed = vectors.copy()
        changed[word] *= factor
        return float(tf.reduce_sum(mean * encoder.encode_level(0, changed, documents.row_lengths)))

    slopes = [
        (sentences(word, 1 + small) - sentences(word, 1 - small)) / (2 * small)
        for word in range(len(vectors))
    ]
    np.testing.assert_allclose(scores.words, slopes, atol=5e-3)
    assert np.abs(slopes).max() > 0.05


@pytest.mark.parametrize("method", ["gradient_x_input", "gradient_x_attention"])
def test_words_of_a_linear_model_get_what_its_ngrams_contribute(method):
    """m = z_t - log Σ exp z_c over the other classes, and z is linear in the words' gates."""
    network, documents = network_of(**KINDS["ngrams"]), Documents.of(NESTED)
    head, layer = network.classifier.head, network.classifier.ngrams
    weights = head.get_weights()
    head.set_weights([0 * weight for weight in weights])
    scores = METHODS[method](network, documents, TARGETS)
    head.set_weights(weights)
    by_class = [layer.contributions(*documents.flat, [c] * documents.count) for c in range(CLASSES)]
    targets, p = scores.targets[:, :1], scores.probabilities
    slopes = -p / (1 - np.take_along_axis(p, targets, axis=1))
    np.put_along_axis(slopes, targets, 1.0, axis=1)
    slopes = np.repeat(slopes, documents.document_words, axis=0)
    expected = (slopes * np.stack(by_class, axis=1)).sum(axis=1)
    assert np.abs(expected).max() > 0.5
    np.testing.assert_allclose(scores.words, expected, atol=1e-5)
    of_sentences = sums(expected, documents.sentence_words)
    np.testing.assert_allclose(scores.sentences, of_sentences, atol=1e-5)


def test_integrated_gradients_are_those_of_many_small_steps(plain):
    documents = Documents.of(NESTED)
    scores = METHODS["integrated_gradients"](plain, documents, TARGETS)
    steps = [
        plain.gradient(*documents.flat, TARGETS, np.full(5, (k + 0.5) / 50, np.float32))[2].numpy()
        for k in range(50)
    ]
    np.testing.assert_allclose(scores.words, np.mean(steps, axis=0), atol=2e-3)


def test_uniform_attention_is_the_mean_of_the_states(plain):
    averaging = network_of(score="mean")
    documents = Documents.of(NESTED)
    own, others = (n.classifier.encoder for n in (plain, averaging))
    others.embedding.set_weights(own.embedding.get_weights())
    for level, other in zip(own.levels, others.levels, strict=True):
        other.recurrent.set_weights(level.recurrent.get_weights())
    averaging.classifier.head.set_weights(plain.classifier.head.get_weights())
    expected = averaging.logits(*documents.flat).numpy()
    np.testing.assert_allclose(plain.uniform(*documents.flat), expected, atol=1e-5)


def test_uniform_attention_is_that_of_equal_scores_and_keeps_what_stands_beside():
    network, documents = network_of(**KINDS["beside"]), Documents.of(NESTED)
    contexts = [level.pooling.context for level in network.classifier.encoder.levels]
    own = [context.numpy() for context in contexts]
    uniform = network.uniform(*documents.flat)
    assert np.abs(uniform - network.logits(*documents.flat)).max() > 0.01
    for context in contexts:
        context.assign(0 * context)
    expected = network.logits(*documents.flat)
    for context, value in zip(contexts, own, strict=True):
        context.assign(value)
    np.testing.assert_allclose(uniform, expected, atol=1e-5)


@pytest.mark.parametrize(
    "kind", ["ngrams", *(pytest.param(k, marks=pytest.mark.long) for k in KINDS if k != "ngrams")]
)
def test_uniform_attention_tells_what_it_changes(kind):
    network, documents = network_of(**KINDS[kind]), Documents.of(NESTED)
    scores = METHODS["uniform_attention"](network, documents, TARGETS)
    changed = scores.diagnostics["probability_with_uniform_attention"]
    own = scores.probabilities[np.arange(5), scores.targets[:, 0]]
    np.testing.assert_allclose(
        scores.diagnostics["change_by_uniform_attention"], changed - own, atol=1e-6
    )
    np.testing.assert_allclose(scores.words[:6], [1 / 3] * 3 + [1] + [1 / 6] * 2)


def test_attention_sums_to_one_over_whole_sentences(network):
    documents = Documents.of(NESTED)
    scores = METHODS["attention"](network, documents, TARGETS)
    of_sentences = sums(scores.words, documents.sentence_words)
    read = scores.sentences > 0
    np.testing.assert_allclose(of_sentences[read], 1, atol=1e-5)
    np.testing.assert_allclose(
        sums(scores.sentences, documents.document_sentences)[[0, 3]], 1, atol=1e-5
    )
    combined = METHODS["combined_attention"](network, documents, TARGETS)
    root = np.repeat(np.sqrt(scores.sentences), documents.sentence_words)
    np.testing.assert_allclose(combined.words, root * scores.words, atol=1e-6)


def test_entropy_runs_from_one_place_to_all():
    weights = np.array([0.25] * 4 + [1.0, 0.0] + [1.0] + [0.9, 0.1])
    lengths = np.array([4, 2, 1, 2, 0])
    expected = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1)) / np.log(2)
    np.testing.assert_allclose(entropy(weights, lengths), [1, 0, 0, expected, 0])


def test_random_scores_belong_to_the_document_and_the_seed(plain):
    documents = Documents.of(NESTED)
    one = METHODS["random"](plain, documents, TARGETS, seed=1)
    again = METHODS["random"](plain, documents.take([3, 0]), TARGETS[[3, 0]], seed=1)
    other = METHODS["random"](plain, documents, TARGETS, seed=2)
    np.testing.assert_array_equal(
        again.words[: documents.document_words[3]], parts(one.words, documents.document_words)[3]
    )
    assert not np.array_equal(one.words, other.words)


@pytest.mark.parametrize("name", METHODS)
def test_a_document_gets_the_same_scores_alone_and_in_company(plain, name):
    documents = Documents.of(NESTED)
    together = METHODS[name](plain, documents, TARGETS)
    for place in range(documents.count):
        alone = METHODS[name](plain, documents.take([place]), TARGETS[[place]])
        of_words = parts(together.words, documents.document_words)[place]
        of_sentences = parts(together.sentences, documents.document_sentences)[place]
        np.testing.assert_allclose(alone.words, of_words, atol=2e-5)
        np.testing.assert_allclose(alone.sentences, of_sentences, atol=2e-5)
        np.testing.assert_allclose(alone.probabilities[0], together.probabilities[place], atol=1e-6)
        np.testing.assert_array_equal(alone.targets[0], together.targets[place])
        assert np.isfinite(alone.words).all()


def test_an_unknown_method_is_named():
    with pytest.raises(ValueError, match=r"`method` must be one of gradients_by_level.*'magic'"):
        method_function("magic")


def test_a_classifier_of_other_levels_cannot_be_explained():
    with pytest.raises(ValueError, match=r"one level, words, or two.*Received: 3 levels"):
        network_of(levels=3)
