"""The layer of n-grams against a slow reading of its equation in Python."""

import json
from collections import Counter

import keras
import numpy as np
import pytest
import tensorflow as tf

from hanlib.layers import NGramLinear
from hanlib.layers.ngram_keys import ngram_keys

V, CLASSES, UNKNOWN = 9, 3, 1
# Documents of rows of word ids: a repeated n-gram, unknown words, one word, no word at all.
DOCUMENTS = [
    [[2, 3, 4, 2, 3], [2, 3]],
    [],
    [[5]],
    [[1, 1], [1]],
    [[2, 1, 3], [8, 7, 6, 5, 4, 3, 2]],
    [[7, 7, 7, 7]],
]


def grams(row, longest=3):
    """`(first, words)` of all n-grams of a row that hold no unknown word."""
    found = [
        (first, tuple(row[first : first + length]))
        for length in range(1, longest + 1)
        for first in range(len(row) - length + 1)
    ]
    return [(first, words) for first, words in found if min(words) > UNKNOWN]


def key(words):
    return sum(word * V**place for place, word in enumerate(words))


def flat(documents):
    rows = [row for document in documents for row in document]
    words = np.array([word for row in rows for word in row], np.int32)
    return (
        words,
        np.array([len(row) for row in rows], np.int32),
        np.array([len(document) for document in documents], np.int32),
    )


def ragged(documents):
    words, rows, docs = flat(documents)
    return tf.RaggedTensor.from_nested_row_lengths(words, [docs.astype("int64"), rows])


@pytest.fixture
def known(rng):
    """Weights of two thirds of the n-grams that occur, and of some that do not."""
    occurring = {words for d in DOCUMENTS for row in d for _, words in grams(row)}
    keys = sorted(key(words) for words in sorted(occurring))
    keys = sorted({*rng.choice(keys, len(keys) * 2 // 3, replace=False).tolist(), 6, 600, 728})
    return dict(zip(keys, rng.normal(size=[len(keys), CLASSES]).astype("float32"), strict=True))


BIAS = np.array([0.5, -1.0, 0.25], "float32")


@pytest.fixture
def layer(known):
    layer = NGramLinear(len(known), CLASSES, V, max_ngram=3, unknown_words=UNKNOWN)
    layer.assign(list(known), list(known.values()), BIAS)
    return layer


def expected_logits(document, known):
    present = {key(words) for row in document for _, words in grams(row)}
    return BIAS + sum((known[k] for k in present if k in known), np.zeros(CLASSES))


def expected_contributions(document, known, target):
    count = Counter(key(words) for row in document for _, words in grams(row))
    shares = [np.zeros(len(row)) for row in document]
    for share, row in zip(shares, document, strict=True):
        for first, words in grams(row):
            if (k := key(words)) in known:
                share[first : first + len(words)] += known[k][target] / count[k] / len(words)
    return np.concatenate([np.zeros(0), *shares])


def test_logits_are_sums_over_the_distinct_ngrams(layer, known):
    expected = [expected_logits(document, known) for document in DOCUMENTS]
    logits = layer.logits(*flat(DOCUMENTS))
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-5)
    # Without known n-grams there is the bias alone.
    np.testing.assert_array_equal(logits.numpy()[[1, 3]], [BIAS, BIAS])


@pytest.mark.parametrize("target", range(CLASSES))
def test_contributions_are_those_of_the_words_and_complete(layer, known, target):
    parts = flat(DOCUMENTS)
    targets = [(target + place) % CLASSES for place in range(len(DOCUMENTS))]
    contributions = layer.contributions(*parts, targets)
    expected = [
        expected_contributions(document, known, t)
        for document, t in zip(DOCUMENTS, targets, strict=True)
    ]
    np.testing.assert_allclose(contributions, np.concatenate(expected), rtol=0, atol=1e-5)
    lengths = [sum(map(len, document)) for document in DOCUMENTS]
    sums = [part.sum() for part in np.split(contributions.numpy(), np.cumsum(lengths)[:-1])]
    logits = layer.logits(*parts).numpy()[range(len(DOCUMENTS)), targets]
    np.testing.assert_allclose(sums + BIAS[targets], logits, rtol=0, atol=1e-5)


def test_ngrams_do_not_leave_their_row():
    layer = NGramLinear(1, 1, V)
    layer.assign([key([2, 3])], [[1.0]], [0.0])
    logits = layer.logits(*flat([[[2, 3]], [[2], [3]], [[4, 2], [3, 2]]]))
    np.testing.assert_array_equal(logits, [[1.0], [0.0], [0.0]])


def test_a_document_alone_in_company_and_in_any_order(layer):
    together = layer.logits(*flat(DOCUMENTS)).numpy()
    for place, document in enumerate(DOCUMENTS):
        np.testing.assert_allclose(layer.logits(*flat([document])), together[[place]], atol=1e-6)
    order = [4, 0, 5, 2, 1, 3]
    shuffled = layer.logits(*flat([DOCUMENTS[place] for place in order]))
    np.testing.assert_allclose(shuffled, together[order], atol=1e-6)


@pytest.mark.parametrize("more", [0, 3])
def test_padding_changes_nothing(layer, more):
    dense = ragged(DOCUMENTS).to_tensor(shape=[None, 2 + more, 7 + more])
    expected = layer.logits(*flat(DOCUMENTS))
    np.testing.assert_allclose(layer(ragged(DOCUMENTS)), expected, atol=1e-6)
    np.testing.assert_allclose(layer(dense), expected, atol=1e-6)


def test_a_batch_without_words_or_documents(layer):
    for documents in ([], [[]], [[], []]):
        parts = flat(documents)
        np.testing.assert_array_equal(layer.logits(*parts), np.tile(BIAS, [len(documents), 1]))
        assert layer.contributions(*parts, [0] * len(documents)).shape == (0,)


def test_unknown_words_may_be_words_like_others():
    layer = NGramLinear(2, 1, V, max_ngram=2, unknown_words=0)
    layer.assign([1, 1 + V], [[1.0], [10.0]], [0.0])
    np.testing.assert_array_equal(layer.logits(*flat([[[1, 1]], [[1, 2, 1]]])), [[11.0], [1.0]])
    # As elsewhere, unknown words break the n-grams that they would be in.
    breaking = NGramLinear(2, 1, V, max_ngram=2, unknown_words=1)
    breaking.assign([2, 2 + 3 * V], [[1.0], [10.0]], [0.0])
    logits = breaking.logits(*flat([[[2, 3]], [[2, 1, 3]]]))
    np.testing.assert_array_equal(logits, [[11.0], [1.0]])


def test_four_characters_of_a_large_vocabulary():
    layer = NGramLinear(2, 1, 50_000, max_ngram=4)
    words = [49_999, 49_998, 49_999, 2]
    ((longest,), _) = ngram_keys(words, [4], 4, 50_000)
    assert int(longest) == sum(word * 50_000**place for place, word in enumerate(words))
    layer.assign([2, int(longest)], [[1.0], [10.0]], [0.0])
    np.testing.assert_array_equal(layer.logits(words, [4], [1]), [[11.0]])


def test_the_configuration_makes_an_equal_layer(layer):
    config = json.loads(json.dumps(layer.get_config()))
    again = NGramLinear.from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again.logits(*flat(DOCUMENTS)), layer.logits(*flat(DOCUMENTS)))


def test_keys_beyond_the_precision_of_floats_survive_a_save(tmp_path):
    keys = [2**61 + 1, 2**61 + 3]
    ids = keras.Input([None, None], dtype="int32")
    layer = NGramLinear(2, 1, 50_000, max_ngram=4, name="ngrams")
    layer.assign(keys, [[1.0], [2.0]], [3.0])
    model = keras.Model(ids, layer(ids))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").get_layer("ngrams")
    assert again.keys.dtype == "int64"
    assert again.keys.numpy().tolist() == keys
    assert again.kernel.numpy().tolist() == [[1.0], [2.0]]
    assert not again.trainable_weights


def test_a_parent_that_becomes_trainable_does_not_unfreeze_the_weights(layer):
    model = keras.Sequential([layer])
    model.trainable = True
    again = NGramLinear.from_config(layer.get_config())
    assert not layer.trainable_weights
    assert not again.trainable_weights


@pytest.mark.parametrize("policy", ["float16", "mixed_bfloat16", "float64"])
def test_weights_and_logits_are_float32_under_every_policy(layer, policy):
    other = NGramLinear(layer.ngrams, CLASSES, V, dtype=policy)
    other.set_weights(layer.get_weights())
    logits = other(ragged(DOCUMENTS))
    assert logits.dtype == tf.float32
    np.testing.assert_array_equal(logits, layer(ragged(DOCUMENTS)))


class Serving(tf.Module):
    """Exports the logits and contributions of a layer."""

    def __init__(self, layer):
        super().__init__()
        self.weights = [weight.value for weight in layer.weights]
        spec = tf.TensorSpec([None], tf.int32)
        self.serve = tf.function(
            lambda words, rows, docs, targets: {
                "logits": layer.logits(words, rows, docs),
                "contributions": layer.contributions(words, rows, docs, targets),
            },
            input_signature=[spec] * 4,
            autograph=False,
        )


def test_a_session_runs_the_saved_model(layer, tmp_path):
    serving = Serving(layer)
    tf.saved_model.save(serving, str(tmp_path), {"serving_default": serving.serve})
    words, rows, docs = flat(DOCUMENTS)
    targets = np.zeros(len(docs), np.int32)
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(tmp_path))
        signature = meta.signature_def["serving_default"]
        given = {"words": words, "rows": rows, "docs": docs, "targets": targets}
        feed = {signature.inputs[name].name: value for name, value in given.items()}
        names = {name: tensor.name for name, tensor in signature.outputs.items()}
        found = session.run(names, feed)
    np.testing.assert_array_equal(found["logits"], layer.logits(words, rows, docs))
    contributions = layer.contributions(words, rows, docs, targets)
    np.testing.assert_array_equal(found["contributions"], contributions)


def test_one_trace_for_all_shapes(layer):
    spec = tf.TensorSpec([None], tf.int32)
    traced = tf.function(layer.logits, input_signature=[spec] * 3, autograph=False)
    for count in (6, 1, 0, 3):
        parts = flat(DOCUMENTS[:count])
        np.testing.assert_allclose(traced(*parts), layer.logits(*parts), atol=1e-6)
    assert traced.experimental_get_tracing_count() == 1


def test_made_trainable_the_kernel_has_its_gradient(layer, known):
    trainable = NGramLinear(layer.ngrams, CLASSES, V, trainable=True)
    trainable.set_weights(layer.get_weights())
    assert {weight.name for weight in trainable.trainable_weights} == {"kernel", "bias"}
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(trainable.logits(*flat(DOCUMENTS))[:, 0])
    gradient = tape.gradient(total, trainable.kernel.value)
    expected = np.zeros([layer.ngrams, CLASSES])
    for document in DOCUMENTS:
        for k in {key(words) for row in document for _, words in grams(row)} & set(known):
            expected[list(known).index(k), 0] += 1
    np.testing.assert_array_equal(tf.convert_to_tensor(gradient), expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ngrams": 0}, "`ngrams` must be a positive integer. Received: ngrams=0"),
        ({"max_ngram": 0}, "`max_ngram` must be a positive integer. Received: max_ngram=0"),
        ({"unknown_words": -1}, "`unknown_words` must be an integer of at least 0"),
        ({"vocabulary_size": 10**5, "max_ngram": 4}, r"must be less than 2 \*\* 63. Received: voc"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        NGramLinear(**{"ngrams": 1, "classes": 2, "vocabulary_size": 10, **arguments})


def test_keys_must_increase():
    layer = NGramLinear(2, 1, V)
    with pytest.raises(ValueError, match="`keys` must increase"):
        layer.assign([5, 5], [[1.0], [2.0]], [0.0])
