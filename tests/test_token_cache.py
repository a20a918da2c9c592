"""Tokens cached once, batched by length: nothing lost, everything repeatable."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from hanlib import data
from hanlib.data import TokenBatches, TokenCache
from hanlib.data.batch_plan import plan_batches
from hanlib.data.token_writer import TokenWriter
from hanlib.ops.token_batch import to_ragged

# id of a word = its number; a document is its sentences apart by "|", an empty one is legal.
RANDOM = np.random.default_rng(0)
DOCUMENTS = [
    [RANDOM.integers(0, 1000, RANDOM.integers(1, 9)).tolist() for _ in range(RANDOM.integers(0, 7))]
    for _ in range(203)
]
TEXTS = ["|".join(" ".join(map(str, sentence)) for sentence in doc) for doc in DOCUMENTS]
EXAMPLES = [(text, index % 3) for index, text in enumerate(TEXTS)]


def sentences_of(text):
    return [[int(word) for word in part.split()] for part in text.split("|")] if text else []


def as_triple(texts):
    documents = [sentences_of(text) for text in texts]
    words = [len(sentence) for document in documents for sentence in document]
    ids = [word for document in documents for sentence in document for word in sentence]
    return np.array(ids, np.int64), np.array(words, np.int64), [len(d) for d in documents]


def as_ragged(texts):
    documents = [sentences_of(text) for text in texts]
    return tf.ragged.constant(documents, dtype=tf.int32, ragged_rank=2)


def build(examples=EXAMPLES, vectorize=as_triple, encode_label=int, **options):
    return TokenCache.build(examples, vectorize, encode_label=encode_label, **options)


@pytest.fixture(params=["memory", "disk"])
def cache(request, tmp_path):
    directory = tmp_path / "cache" if request.param == "disk" else None
    return build(directory=directory, batch_size=32)


def documents_of(dataset):
    return [
        (document, label)
        for batch, labels in dataset
        for document, label in zip(to_ragged(batch).to_list(), labels.numpy().tolist(), strict=True)
    ]


def batches(cache, batch_size, epoch=0, start=0, **options):
    """The dataset of one epoch."""
    made = TokenBatches(cache, batch_size, epochs=epoch + 1, **options)
    made.start_at(epoch, start)
    return made.dataset()


def test_counts(cache):
    assert cache.documents == len(DOCUMENTS)
    assert cache.words == sum(len(sentence) for document in DOCUMENTS for sentence in document)
    assert cache.lengths.tolist() == [sum(map(len, document)) for document in DOCUMENTS]
    assert cache.labels.tolist() == [label for _, label in EXAMPLES]


@pytest.mark.parametrize("vectorize", [as_triple, as_ragged])
def test_both_forms_of_vectorizer_give_the_same_documents(vectorize):
    cache = build(vectorize=vectorize, batch_size=50)
    expected = [(document, label) for document, (_, label) in zip(DOCUMENTS, EXAMPLES, strict=True)]
    order = np.concatenate(cache.plan(50))
    assert documents_of(batches(cache, 50)) == [expected[index] for index in order]


@pytest.mark.parametrize("seed", [None, 0, 7])
@pytest.mark.parametrize("limit", [None, 40, 1])
@pytest.mark.parametrize("batch_size", [1, 16, 500])
def test_every_document_once(cache, seed, limit, batch_size):
    plan = cache.plan(batch_size, seed=seed, epoch=2, max_batch_words=limit)
    assert sorted(np.concatenate(plan).tolist()) == list(range(cache.documents))
    for batch in plan:
        assert 1 <= len(batch) <= batch_size
        assert limit is None or len(batch) == 1 or cache.lengths[batch].sum() <= limit


def test_batches_are_what_the_plan_says(cache):
    plan = cache.plan(40, seed=3, epoch=1, max_batch_words=500)
    dataset = batches(cache, 40, seed=3, epoch=1, max_batch_words=500)
    assert int(dataset.cardinality()) == len(plan)
    for indexes, (batch, labels) in zip(plan, dataset, strict=True):
        assert to_ragged(batch).to_list() == [DOCUMENTS[index] for index in indexes]
        assert labels.numpy().tolist() == [index % 3 for index in indexes]


def test_types_of_a_batch(cache):
    batch, labels = batches(cache, 16).element_spec
    assert {name: (part.dtype, part.shape.rank) for name, part in batch.items()} == {
        "ids": (tf.int32, 2),
        "row_lengths": (tf.int32, 2),
    }
    assert labels.dtype == tf.int32


@pytest.mark.parametrize("start", [0, 1, 9, 13])
def test_resuming_gives_the_tail_of_the_epoch(cache, start):
    assert len(cache.plan(16, seed=5, epoch=4)) == 13
    whole = list(batches(cache, 16, seed=5, epoch=4))
    tail = batches(cache, 16, seed=5, epoch=4, start=start)
    given = list(tail.take(13 - start))
    assert len(given) == 13 - start
    for (expected, labels), (batch, again) in zip(whole[start:], given, strict=True):
        np.testing.assert_array_equal(batch["ids"], expected["ids"])
        np.testing.assert_array_equal(batch["row_lengths"], expected["row_lengths"])
        assert labels.numpy().tolist() == again.numpy().tolist()


def test_plans_differ_by_epoch_and_seed_and_repeat(cache):
    def flat(seed, epoch):
        return np.concatenate(cache.plan(16, seed=seed, epoch=epoch)).tolist()

    assert flat(1, 0) == flat(1, 0)
    assert len({tuple(flat(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9


def test_a_dataset_can_be_read_again(cache):
    dataset = batches(cache, 100, seed=1)
    assert documents_of(dataset) == documents_of(dataset)


def test_batches_hold_documents_of_similar_length_in_random_order():
    lengths = np.random.default_rng(1).geometric(0.01, 20_000)
    plan = plan_batches(lengths, 32, seed=0)
    spread = np.mean([np.ptp(lengths[batch]) for batch in plan])
    shuffled = np.random.default_rng(2).permutation(20_000)[: 32 * 500].reshape(-1, 32)
    assert spread < 0.1 * np.mean([np.ptp(lengths[batch]) for batch in shuffled])
    means = np.array([lengths[batch].mean() for batch in plan])
    assert abs(np.corrcoef(means[:-1], means[1:])[0, 1]) < 0.15
    assert sum(len(batch) < 32 for batch in plan) <= 1


def test_the_company_of_a_document_changes_from_epoch_to_epoch():
    lengths = np.full(1000, 7)
    first, second = (plan_batches(lengths, 10, seed=0, epoch=epoch) for epoch in (0, 1))
    together = {frozenset(pair) for batch in first for pair in itertools.combinations(batch, 2)}
    again = {frozenset(pair) for batch in second for pair in itertools.combinations(batch, 2)}
    assert len(together & again) < 0.05 * len(together)


def test_a_giant_document_is_alone():
    lengths = np.array([10] * 50 + [100_000])
    for seed in (None, 0):
        plan = plan_batches(lengths, 16, seed=seed, max_batch_words=1000)
        assert [batch.tolist() for batch in plan if 50 in batch] == [[50]]


def test_multi_label_targets_are_float_vectors(tmp_path):
    targets = np.eye(4, dtype=np.float64)
    examples = [(text, targets[i % 4]) for i, text in enumerate(TEXTS)]
    cache = build(examples, encode_label=lambda label: label, directory=tmp_path / "cache")
    assert cache.labels.dtype == np.float32
    _, labels = next(iter(batches(cache, 8, seed=0)))
    assert labels.shape == (8, 4)
    assert labels.dtype == tf.float32
    assert labels.numpy().tolist() == cache.labels[cache.plan(8, seed=0)[0]].tolist()


def test_a_cache_on_disk_is_opened_again_and_the_same_as_in_memory(tmp_path):
    directory = tmp_path / "deep" / "cache"
    build(directory=directory)
    opened, memory = TokenCache.open(directory), build()
    found = [documents_of(batches(cache, 100, seed=2)) for cache in (opened, memory)]
    assert found[0] == found[1]
    assert sorted(path.name for path in directory.parent.iterdir()) == ["cache"]


def test_a_broken_off_build_leaves_nothing(tmp_path):
    def breaking():
        yield from EXAMPLES[:100]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(breaking(), directory=tmp_path / "cache", batch_size=10)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_not_overwritten(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(data.DataError, match="`directory` must not exist yet, or be empty"):
        build(directory=tmp_path)
    (tmp_path / "empty").mkdir()
    assert build(directory=tmp_path / "empty").documents == len(DOCUMENTS)


def test_a_folder_without_a_cache(tmp_path):
    with pytest.raises(data.DataError, match="complete token cache"):
        TokenCache.open(tmp_path)


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("examples", [[], [("", 1), ("", 0)]])
def test_no_documents_and_documents_without_words(tmp_path, on_disk, examples):
    cache = build(examples, directory=tmp_path / "cache" if on_disk else None)
    assert cache.documents == len(examples)
    assert cache.words == 0
    assert documents_of(batches(cache, 4)) == [([], label) for _, label in examples]


def test_examples_are_read_as_a_stream_and_progress_is_told():
    read, told = [], []

    def examples():
        for example in EXAMPLES:
            read.append(example)
            yield example

    def vectorize(texts):
        assert len(read) <= (len(told) + 1) * 50
        return as_triple(texts)

    build(examples(), vectorize=vectorize, batch_size=50, progress=told.append)
    assert told == [50, 100, 150, 200, 203]


def test_blocks_do_not_depend_on_what_comes_together():
    of_calls = []
    for size in (7, 21, len(EXAMPLES)):
        with TokenWriter(int, block=7) as writer:
            for start in range(0, len(EXAMPLES), size):
                texts, labels = zip(*EXAMPLES[start : start + size], strict=True)
                writer.add(as_triple(texts), labels)
            of_calls.append(writer.finish())
    whole = {name: array.tolist() for name, array in of_calls[0].items()}
    assert whole["blocks"][0][:2] == [7, sum(map(len, DOCUMENTS[:7]))]
    for arrays in of_calls[1:]:
        assert {name: array.tolist() for name, array in arrays.items()} == whole


def test_gathering_is_fast():
    import time

    rng = np.random.default_rng(0)
    sentences = rng.integers(5, 15, 5000)
    words = rng.integers(5, 45, sentences.sum())
    cache = build(
        zip(itertools.repeat("x", 5000), itertools.repeat(0)),
        vectorize=lambda texts: (np.zeros(words.sum(), np.int32), words, sentences),
        batch_size=5000,
    )
    plan = cache.plan(64, seed=0)
    begun = time.process_time()
    for batch in plan:
        cache.padded(batch)
    assert cache.documents / (time.process_time() - begun) > 20_000


@pytest.mark.parametrize(
    ("vectorized", "part"),
    [
        (([1, 2], [1], [1]), "that agree"),
        (([1, 2], [2], [2]), "that agree"),
        (([[1, 2]], [2], [1]), "that agree"),
        (([1], [1], [1]), "one document per text. Received: 1 documents for 2 texts"),
        (tf.ragged.constant([[1], [2]]), "1 ragged dimensions"),
    ],
)
def test_a_vectorizer_that_does_not_fit(vectorized, part):
    with pytest.raises(data.DataError) as error:
        build(EXAMPLES[:2], vectorize=lambda texts: vectorized)
    assert part in str(error.value)


def test_labels_that_do_not_fit():
    with pytest.raises(data.DataError, match="`encode_label` must give"):
        build([("1", [1, 0]), ("2", [1])], encode_label=lambda label: label)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"batch_size": 0}, "`batch_size` must be"),
        ({"batch_size": 2.0}, "`batch_size` must be"),
        ({"batch_size": 4, "seed": -1}, "`seed` must be"),
        ({"batch_size": 4, "seed": 1, "epoch": -1}, "`epoch` must be"),
        ({"batch_size": 4, "max_batch_words": 0}, "`max_batch_words` must be"),
        ({"batch_size": 16, "start": 14}, "`start` must be from 0 to the 13 batches"),
        ({"batch_size": 16, "start": -1}, "`start` must be"),
    ],
)
def test_wrong_options(options, part):
    with pytest.raises(data.DataError) as error:
        batches(build(), **options)
    assert part in str(error.value)


def test_every_epoch_has_as_many_batches():
    cache = build()
    plans = [cache.plan(4, seed=1, epoch=epoch, max_batch_words=40) for epoch in range(6)]
    counts = {len(plan) for plan in plans}
    assert len(counts) > 1, "else the test shows nothing"
    made = TokenBatches(cache, 4, seed=1, max_batch_words=40, epochs=6)
    for epoch in range(6):
        plan = made.plan(epoch)
        assert len(plan) == made.steps == max(counts)
        assert sorted(np.concatenate(plan).tolist()) == list(range(cache.documents))


def test_weights_come_with_their_documents():
    cache = build()
    made = TokenBatches(cache, 16, seed=2, weights=np.arange(203, dtype="float32"))
    for indexes, (_, _, weights) in zip(made.plan(0), made.dataset(), strict=True):
        assert weights.numpy().tolist() == indexes.tolist()
