"""The fit of the n-gram part, and its counts."""

from collections import Counter

import numpy as np
import pytest
import scipy.sparse

from hanlib.data import TokenCache
from hanlib.training import fit_ngrams, ngram_counts
from hanlib.training.errors import TrainingError
from hanlib.training.linear_fit import LinearFit, Strengths, log_ratios
from hanlib.training.ngram_counts import frequent_ngrams, presence_matrix

V = 30


def cache_of(documents, labels):
    """A cache of documents that are lists of rows of ids."""

    def vectorize(documents):
        rows = [row for document in documents for row in document]
        ids = [word for row in rows for word in row]
        return ids, [len(row) for row in rows], [len(document) for document in documents]

    examples = list(zip(documents, labels, strict=True))
    encode = np.asarray if np.ndim(labels) > 1 else int
    return TokenCache.build(examples, vectorize, encode_label=encode, batch_size=50)


def drawn(rng, count, classes=2):
    """Documents in which a pair of words says the class; its words alone say nothing."""
    documents, labels = [], rng.integers(classes, size=count)
    for label in labels:
        rows = [rng.integers(10, V, size=rng.integers(1, 8)).tolist() for _ in range(3)]
        # Words 2 .. 2 + classes each occur once in every document, in an order by the class.
        rows.insert(1, np.roll(np.arange(2, 3 + classes), label).tolist())
        documents.append(rows)
    return documents, labels


def counted(documents, longest):
    """In how many documents each n-gram occurs, counted in Python."""
    counts = Counter()
    for document in documents:
        counts.update(
            {
                tuple(row[first : first + length])
                for row in document
                for length in range(1, longest + 1)
                for first in range(len(row) - length + 1)
                if min(row[first : first + length]) > 1
            }
        )
    return counts


def key(words):
    return sum(word * V**place for place, word in enumerate(words))


@pytest.mark.parametrize("chunk_words", [1_000_000, 200])
def test_the_most_frequent_ngrams(rng, monkeypatch, chunk_words):
    monkeypatch.setattr(ngram_counts, "CHUNK_WORDS", chunk_words)
    documents = [*drawn(rng, 60)[0], [], [[1, 1, 5, 6, 1, 5, 6]]]
    cache = cache_of(documents, [0] * len(documents))
    counts, seen = counted(documents, 3), []
    keys = frequent_ngrams([cache], V, 3, min_documents=4, most=10**6, progress=seen.append)
    assert keys.tolist() == sorted(key(w) for w, number in counts.items() if number >= 4)
    assert seen[-1] == len(documents)
    fewer = frequent_ngrams([cache], V, 3, min_documents=1, most=40)
    best = sorted(counts, key=lambda words: (-counts[words], key(words)))[:40]
    assert fewer.tolist() == sorted(map(key, best))


def test_counting_in_little_memory_keeps_the_frequent(rng, monkeypatch):
    documents, labels = drawn(rng, 200)
    cache = cache_of(documents, labels)
    exact = frequent_ngrams([cache], V, 3, most=30)
    monkeypatch.setattr(ngram_counts, "CHUNK_WORDS", 500)
    monkeypatch.setattr(ngram_counts, "MAX_COUNTED", 1000)
    assert frequent_ngrams([cache], V, 3, most=30).tolist() == exact.tolist()


def test_corpora_without_ngrams():
    cache = cache_of([[], [[1]], [[]]], [0, 1, 0])
    assert frequent_ngrams([cache], V).tolist() == [0]
    fitted = fit_ngrams(cache, 2, V)
    assert np.isfinite(fitted.out_of_fold_logits).all()
    logits = fitted.layer.logits([1, 2], [2], [1]).numpy()
    assert np.isfinite(logits).all()
    # The share of the classes is all there is to know.
    assert logits[0, 0] > logits[0, 1]


@pytest.mark.parametrize("classes", [2, 3])
def test_a_pair_of_words_decides(rng, classes):
    documents, labels = drawn(rng, 400, classes)
    cache, states = cache_of(documents, labels), []
    fitted = fit_ngrams(cache, classes, V, progress=lambda *state: states.append(state))
    assert fitted.out_of_fold_logits.shape == (400, classes)
    assert (fitted.out_of_fold_logits.argmax(axis=1) == labels).mean() > 0.97
    single = fit_ngrams(cache, classes, V, max_ngram=1)
    assert (single.out_of_fold_logits.argmax(axis=1) == labels).mean() < 0.7
    assert fitted.losses[fitted.strengths] == min(fitted.losses.values())
    assert {phase for phase, _, _ in states} >= {"counting n-grams", "fitting n-grams"}
    assert all(0 <= done <= total for _, done, total in states)


def test_the_layer_gives_what_was_fitted(rng):
    documents, labels = drawn(rng, 80)
    cache = cache_of(documents, labels)
    fitted = fit_ngrams(cache, 2, V, strengths=[0.1], latent_strengths=[])
    present = presence_matrix([cache], fitted.layer)
    targets = labels[:, None].astype(np.float32)
    kernel, bias, _ = LinearFit(present, targets, False).fit(
        np.ones([80, 1], np.float32), Strengths(0.1)
    )
    logits = fitted.layer.logits(*cache.flat(np.arange(80))).numpy()
    difference = logits[:, 1] - logits[:, 0]
    np.testing.assert_allclose(difference, (present @ kernel + bias)[:, 0], atol=1e-4)


def test_equal_seeds_give_equal_weights(rng):
    cache = cache_of(*drawn(rng, 60))
    one, other, third = (fit_ngrams(cache, 2, V, seed=seed) for seed in (1, 1, 2))
    for a, b in zip(one.layer.get_weights(), other.layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.out_of_fold_logits, other.out_of_fold_logits)
    assert not np.array_equal(one.out_of_fold_logits, third.out_of_fold_logits)


@pytest.mark.parametrize("all_folds", [0, 5000])
def test_logits_out_of_fold_know_nothing_of_their_label(rng, monkeypatch, all_folds):
    monkeypatch.setattr("hanlib.training.strength_search.CHOOSE_ON_ALL_FOLDS", all_folds)
    # A word of its own marks each pair of documents, whose labels are drawn.
    documents = [[[2 + place // 2]] for place in range(50)]
    labels = np.repeat(rng.integers(2, size=25), 2)
    fitted = fit_ngrams(cache_of(documents, labels), 2, V, strengths=[3.0])
    before = fitted.out_of_fold_logits
    changed = labels.copy()
    changed[0] = 1 - changed[0]
    after = fit_ngrams(cache_of(documents, changed), 2, V, strengths=[3.0]).out_of_fold_logits
    np.testing.assert_array_equal(before[0], after[0])


def test_soft_labels_are_labels_that_are_drawn_often(rng):
    present = scipy.sparse.csr_matrix((rng.random([40, 6]) < 0.4).astype(np.float32))
    soft = (rng.integers(0, 5, size=[40, 1]) / 4).astype(np.float32)
    # Each document four times, with as many labels as its probability says, each a quarter.
    hard = (soft > np.arange(4) / 4).reshape(160, 1).astype(np.float32)
    four = present[np.repeat(np.arange(40), 4)]
    kernel, bias, _ = LinearFit(present, soft, False).fit(
        np.ones([40, 1], np.float32), Strengths(1.0)
    )
    weights = np.full([160, 1], 0.25, np.float32)
    ratios = log_ratios(present, soft, np.ones(40))
    np.testing.assert_allclose(log_ratios(four, hard / 4, weights[:, 0]), ratios, atol=1e-5)
    again, again_bias, _ = LinearFit(four, hard, False).fit(weights, Strengths(1.0))
    np.testing.assert_allclose(again, kernel, atol=2e-3)
    np.testing.assert_allclose(again_bias, bias, atol=2e-3)


def test_soft_labels_take_the_place_of_labels(rng):
    documents, labels = drawn(rng, 100)
    soft = np.eye(2)[labels] * 0.8 + 0.1
    fitted = fit_ngrams(cache_of(documents, [0] * 100), 2, V, labels=soft)
    assert (fitted.out_of_fold_logits.argmax(axis=1) == labels).mean() > 0.9
    # They ask for no more certainty than they have.
    logits = fitted.layer.logits(*cache_of(documents, labels).flat(np.arange(100))).numpy()
    assert np.abs(logits[:, 1] - logits[:, 0]).max() < 2 * np.log(9)


def test_a_weight_is_a_number_of_documents(rng):
    documents, labels = drawn(rng, 40)
    several = np.stack([labels, rng.integers(2, size=40)], axis=1).astype("float32")
    times = rng.integers(1, 4, size=40)
    for targets, options in ((labels, {}), (several, {"multi_label": True})):
        # The latent directions depend on the documents, not on their weights.
        given = {"strengths": [0.1], "latent_strengths": [], "min_documents": 1, **options}
        weighted = fit_ngrams(cache_of(documents, targets), 2, V, weights=times, **given)
        copies = [documents[place] for place in np.repeat(np.arange(40), times)]
        cache = cache_of(copies, np.repeat(targets, times, axis=0))
        repeated = fit_ngrams(cache, 2, V, **given).layer.kernel
        np.testing.assert_allclose(weighted.layer.kernel, repeated, atol=0.02)
    zero = np.stack([np.ones(40), np.zeros(40)], axis=1)
    ignored = fit_ngrams(cache, 2, V, weights=np.repeat(zero, times, axis=0), **given)
    np.testing.assert_allclose(ignored.layer.kernel[:, 0], repeated[:, 0], atol=0.02)
    assert not np.allclose(ignored.layer.kernel[:, 1], repeated[:, 1], atol=0.02)


def test_labels_of_their_own(rng):
    documents, labels = drawn(rng, 300)
    several = np.stack([labels == 0, labels == 1, rng.random(300) < 0.1], axis=1).astype("float32")
    fitted = fit_ngrams(cache_of(documents, several), 3, V, multi_label=True)
    given = fitted.out_of_fold_logits > 0
    assert (given[:, :2] == several[:, :2]).mean() > 0.97
    # Nothing announces the third: it is given to hardly anyone, and its bias is its share.
    assert given[:, 2].mean() < 0.05
    one = fit_ngrams(cache_of(documents, several[:, 2:]), 1, V, multi_label=True)
    assert one.layer.classes == 1


def test_many_documents_have_no_directions(rng, monkeypatch):
    cache = cache_of(*drawn(rng, 60))
    monkeypatch.setattr("hanlib.training.ngrams.MOST_LATENT_DOCUMENTS", 59)
    assert fit_ngrams(cache, 2, V).strengths.latent is None


def test_unlabelled_documents_say_which_words_go_together():
    # Words 2 and 3 are good, 4 and 5 bad; only 2 and 4 occur in documents with labels.
    labelled = cache_of([[[2, 10 + n]] if n % 2 else [[4, 10 + n]] for n in range(20)], [1, 0] * 10)
    documents = [[[2, 3, 10 + n % 20]] if n % 2 else [[4, 5, 10 + n % 20]] for n in range(200)]
    more = cache_of(documents, [0] * 200)
    fitted = fit_ngrams(labelled, 2, V, unlabelled=more, max_ngram=1)
    assert len(fitted.out_of_fold_logits) == 20
    logits = fitted.layer.logits([3, 5], [1, 1], [1, 1]).numpy()
    assert logits[0].argmax() != logits[1].argmax()
    assert logits[0].argmax() == fitted.layer.logits([2], [1], [1]).numpy().argmax()
    alone = fit_ngrams(labelled, 2, V, max_ngram=1).layer.logits([3, 5], [1, 1], [1, 1]).numpy()
    np.testing.assert_array_equal(alone[0], alone[1])


def test_several_sources_are_one(rng):
    documents, labels = drawn(rng, 30)
    whole = cache_of(documents, labels)
    parts = [cache_of(documents[:12], labels[:12]), cache_of(documents[12:], labels[12:])]
    assert frequent_ngrams(parts, V).tolist() == frequent_ngrams([whole], V).tolist()
    layer = fit_ngrams(whole, 2, V).layer
    difference = presence_matrix(parts, layer) != presence_matrix([whole], layer)
    assert difference.nnz == 0


def test_strengths_of_many_labels_are_chosen_on_the_frequent(rng, monkeypatch):
    documents, _ = drawn(rng, 60)
    several = (rng.random([60, 4]) < [0.1, 0.5, 0.2, 0.5]).astype("float32")
    monkeypatch.setattr("hanlib.training.strength_search.CHOOSE_ON_COLUMNS", 2)
    fitted = fit_ngrams(cache_of(documents, several), 4, V, multi_label=True)
    frequent = fit_ngrams(cache_of(documents, several[:, [1, 3]]), 2, V, multi_label=True)
    assert fitted.losses == pytest.approx(frequent.losses, rel=1e-3)
    assert fitted.out_of_fold_logits.shape == (60, 4)
    assert (np.abs(fitted.out_of_fold_logits).sum(axis=0) > 0).all()


def test_mistakes_are_named(rng):
    cache = cache_of(*drawn(rng, 5))
    with pytest.raises(TrainingError, match=r"`folds` must be at least 2. Received: folds=1"):
        fit_ngrams(cache, 2, V, folds=1)
    with pytest.raises(TrainingError, match="`strengths` must be positive"):
        fit_ngrams(cache, 2, V, strengths=[0.0])
    with pytest.raises(TrainingError, match="`latent_strengths` must be positive"):
        fit_ngrams(cache, 2, V, latent_strengths=[0.0, 1.0])
    with pytest.raises(TrainingError, match="`labels` must have 2 columns"):
        fit_ngrams(cache, 2, V, labels=np.ones([5, 3]))
    with pytest.raises(TrainingError, match="must hold at least one document"):
        fit_ngrams(cache_of([], []), 2, V)
