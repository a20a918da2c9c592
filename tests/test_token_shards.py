"""Tokenized documents in several folders: the same documents, one round in memory at a time."""

import numpy as np
import pytest
from few_files import few_open_files

from hanlib.data import DataError, TokenCache, TokenShards, batches_of
from hanlib.data.token_shards import ROUND_BLOCKS

# Documents in four folders; blocks hold 7 documents, and the last one of a folder fewer.
FOLDERS, PER_FOLDER, BLOCK = 4, 53, 7
COUNT = FOLDERS * PER_FOLDER


def vectorize(texts):
    """Document n has n % 9 words in rows of at most 4, all with the id n + 1."""
    numbers = [int(text) for text in texts]
    rows = [[4] * (n % 9 // 4) + [n % 9 % 4] * bool(n % 9 % 4) for n in numbers]
    ids = np.repeat(np.array(numbers) + 1, [n % 9 for n in numbers])
    return ids, [row for of_document in rows for row in of_document], [len(r) for r in rows]


def build(numbers, directory=None, encode_label=int):
    examples = ((str(number), number) for number in numbers)
    return TokenCache.build(
        examples, vectorize, encode_label=encode_label, directory=directory, batch_size=BLOCK
    )


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    paths = [folder / str(number) for number in range(FOLDERS)]
    for number, path in enumerate(paths):
        build(range(number * PER_FOLDER, (number + 1) * PER_FOLDER), path)
    return paths


@pytest.fixture(scope="module")
def shards(folders):
    return TokenShards.open(folders)


@pytest.fixture
def small_rounds(monkeypatch):
    """Rounds of five blocks, so that there are several."""
    assert ROUND_BLOCKS > 5
    monkeypatch.setattr("hanlib.data.token_shards.ROUND_BLOCKS", 5)


def documents(batches, epoch=0, start=0):
    """Labels by batch, which say which documents they are; checks the ids."""
    batches.start_at(epoch, start)
    found = []
    for batch, labels in batches.dataset().take(batches.steps - start):
        for ids, label in zip(batch["ids"].numpy(), labels.numpy(), strict=True):
            assert ids[ids > 0].tolist() == [label + 1] * (label % 9)
        assert (batch["row_lengths"].numpy().sum(axis=1) == labels.numpy() % 9).all()
        found.append(labels.numpy().tolist())
    return found


def test_loading_gives_the_cache_of_all_documents(shards):
    loaded, whole = shards.load(), build(range(COUNT))
    assert (shards.documents, shards.words, shards.longest) == (COUNT, whole.words, 8)
    for one, other in zip(loaded.flat(range(COUNT)), whole.flat(range(COUNT)), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(loaded.labels, whole.labels)


@pytest.mark.parametrize("limit", [None, 30])
def test_every_document_once_in_each_pass_in_another_order(shards, small_rounds, limit):
    assert len(shards.rounds(seed=1)) > 4
    batches = batches_of(shards, 8, seed=1, max_batch_words=limit, epochs=3)
    orders = [documents(batches, epoch) for epoch in range(3)]
    for order in orders:
        assert len(order) == batches.steps
        assert sorted(label for batch in order for label in batch) == list(range(COUNT))
        assert all(limit is None or sum(n % 9 for n in batch) <= limit for batch in order)
        assert list(batches.sizes(orders.index(order))) == [len(batch) for batch in order]
    assert orders[0] != orders[1] != orders[2]
    again = batches_of(shards, 8, seed=1, max_batch_words=limit, epochs=3)
    assert documents(again, 2) == orders[2]
    # Batches come from several folders.
    mixed = [len({label // PER_FOLDER for label in batch}) > 1 for batch in orders[0]]
    assert np.mean(mixed) > 0.7


@pytest.mark.parametrize("limit", [None, 30])
def test_a_resumed_epoch_gives_the_rest(shards, small_rounds, limit):
    batches = batches_of(shards, 8, seed=2, max_batch_words=limit, epochs=2)
    whole = documents(batches, 1)
    for start in (0, 1, 9, len(whole) - 1, len(whole)):
        assert documents(batches, 1, start) == whole[start:]


def test_few_files_are_open_at_a_time(folders, shards, small_rounds):
    """The four folders have more files than the process may open."""

    def labels_of_rounds(shards):
        return [part.load().labels.tolist() for part in shards.rounds(seed=1)]

    expected = labels_of_rounds(shards)
    assert len(shards.folders[0].arrays) * FOLDERS > 16
    with few_open_files(4):
        again = TokenShards.open(folders)
        assert labels_of_rounds(again) == expected


def test_replicas_share_every_batch(shards, small_rounds):
    batches = batches_of(shards, 8, seed=3, epochs=2)
    whole = documents(batches, 1)
    batches.start_at(1, 2)
    shares = [
        [labels.numpy().tolist() for _, labels in batches.shares([i], of=3).take(batches.steps - 2)]
        for i in range(3)
    ]
    for batch, *of_replicas in zip(whole[2:], *shares, strict=True):
        assert [batch[i::3] for i in range(3)] == of_replicas


def test_epochs_of_fewer_steps_continue_the_pass(shards, small_rounds):
    by_pass = batches_of(shards, 8, seed=4, epochs=2)
    expected = documents(by_pass, 0) + documents(by_pass, 1)
    batches = batches_of(shards, 8, seed=4, epochs=7, steps_per_epoch=10)
    assert batches.steps == 10
    found = [batch for epoch in range(5) for batch in documents(batches, epoch)]
    assert found == expected[:50]
    assert documents(batches, 3, 4) == expected[34:40]
    cache = batches_of(build(range(COUNT)), 8, seed=4, epochs=9, steps_per_epoch=20)
    assert documents(cache, 0) + documents(cache, 1) == [
        *documents(batches_of(cache.cache, 8, seed=4), 0),
        *documents(batches_of(cache.cache, 8, seed=4, epochs=2), 1)[:13],
    ]


def test_weights_are_a_function_of_the_labels(shards):
    batches = batches_of(shards, 8, weights=lambda labels: labels.astype("float32") * 2)
    for _, labels, weights in batches.dataset():
        assert weights.numpy().tolist() == (labels.numpy() * 2).tolist()


def test_a_sample_and_counts_of_labels(shards, small_rounds):
    sample = shards.sample(200, seed=5)
    assert 150 < sample.words <= 200
    assert sample.load().documents == sample.documents
    assert shards.sample(10**6) is shards
    assert shards.label_counts(COUNT).tolist() == [1] * COUNT


def test_a_folder_without_documents_and_one_without_a_cache(tmp_path):
    build(range(0), tmp_path / "empty")
    build([5, 6], tmp_path / "some", lambda label: np.eye(9, dtype="float32")[label])
    shards = TokenShards.open([tmp_path / "empty", tmp_path / "some"])
    assert (shards.label_shape, shards.label_dtype) == ((9,), np.float32)
    assert shards.load().labels.argmax(axis=1).tolist() == [5, 6]
    assert TokenShards.open([tmp_path / "empty"]).load().documents == 0
    with pytest.raises(DataError, match="complete token cache"):
        TokenShards.open([tmp_path])
