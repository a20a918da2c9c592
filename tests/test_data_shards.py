"""A corpus in several files: read by several processes, split by a hash, found again in a cache."""

import gzip
import json
import os

import pytest
from few_files import few_open_files

from hanlib import data
from hanlib.data.processes import map_in_processes
from hanlib.data.splitting import TEST, TRAIN, HashedSplit

TEXTS = [f"text number {number % 180}" for number in range(200)]  # The last 20 occur twice.
LABELS = [("bad", "good", "so-so")[number % 3] for number in range(180)] * 2


@pytest.fixture
def pattern(tmp_path):
    """Four files of 50 documents; the last one also has a row that cannot be used."""
    folder = tmp_path / "reviews"
    folder.mkdir()
    for part in range(4):
        rows = zip(TEXTS[part * 50 :], LABELS[part * 50 :], range(50), strict=False)
        with gzip.open(folder / f"part-{part}.jsonl.gz", "wt") as file:
            for text, label, _ in rows:
                file.write(json.dumps({"text": text, "label": label}) + "\n")
            if part == 3:
                file.write("{broken\n")
    return str(folder / "part-*.jsonl.gz")


@pytest.fixture(autouse=True)
def in_parallel(monkeypatch):
    """Small files are read in several processes, too."""
    monkeypatch.setattr("hanlib.data.files.LEAST_PARALLEL", 0)


@pytest.fixture
def many(monkeypatch):
    """As if 200 documents were too many to draw the splits from."""
    monkeypatch.setattr("hanlib.data.scan.MAX_DRAWN", 100)


def contents(corpus):
    return {
        name: (list(split), split.size, split.class_counts())
        for name, split in corpus.splits.items()
    }


@pytest.mark.filterwarnings("ignore::hanlib.data.BadRowsWarning")
def test_a_pattern_is_its_folder_and_processes_change_nothing(pattern):
    one = data.load(pattern, test_split=20)
    folder = data.load(os.path.dirname(pattern), test_split=20)
    two = data.load(pattern, test_split=20, jobs=2)
    assert contents(one) == contents(folder) == contents(two)
    assert (one.name, one.classes) == ("reviews", ("bad", "good", "so-so"))
    assert {name: split.size for name, split in one.splits.items()} == {
        "train": 162,
        "validation": 18,
        "test": 20,
    }
    assert str(one.bad_rows) == str(two.bad_rows)
    assert (one.bad_rows.count, one.bad_rows.rows) == (1, 201)
    with pytest.raises(data.DataError, match="more bad rows than `max_bad_rows`"):
        data.load(pattern, max_bad_rows=0, jobs=2)


def test_more_files_than_the_process_may_open(tmp_path):
    for part in range(20):
        (tmp_path / f"{part}.csv").write_text("text,label\na,bad\nb,good\n")
    with few_open_files(6):
        corpus = data.load(str(tmp_path / "*.csv"), validation_split=0)
        assert len(list(corpus.splits["train"])) == 40


@pytest.mark.filterwarnings("ignore::hanlib.data.BadRowsWarning")
def test_many_documents_are_split_by_a_hash(pattern, many):
    corpus = data.load(pattern, validation_split=0.2, test_split=30)
    read = contents(corpus)
    assert sum(size for _, size, _ in read.values()) == 200
    for documents, size, counts in read.values():
        assert len(documents) == size == sum(counts.values())
    assert 25 <= read["validation"][1] <= 45
    assert 20 <= read["test"][1] <= 40
    # Equal texts are in the same split.
    texts = [{text for text, _ in documents} for documents, _, _ in read.values()]
    assert len(set.union(*texts)) == sum(map(len, texts)) == 180
    split = HashedSplit(0, 0.2, 0.15)
    assert {split._replace(validation=0.5).code(t) == TEST for t in texts[0]} == {False}
    assert contents(data.load(pattern, validation_split=0.2, test_split=30, jobs=2)) == read
    shards = [document[:3] for shard in corpus.shards for document in shard]
    assert [row[1:] for row in shards if row[0] == TRAIN] == read["train"][0]


@pytest.mark.filterwarnings("ignore::hanlib.data.BadRowsWarning")
@pytest.mark.parametrize("drawn", [True, False])
def test_what_reading_found_is_kept(pattern, tmp_path, monkeypatch, request, drawn):
    if not drawn:
        request.getfixturevalue("many")
    monkeypatch.setattr("hanlib.data.files.LEAST_KEPT", 1)
    cache = tmp_path / "cache"
    first = data.load(pattern, cache=cache)
    with monkeypatch.context() as patch:
        patch.setattr("hanlib.data.files.scan", None)
        again = data.load(pattern, cache=cache)
        assert contents(again) == contents(first)
        assert (again.digest, str(again.bad_rows)) == (first.digest, str(first.bad_rows))
        with pytest.raises(TypeError):
            data.load(pattern, cache=cache, seed=1)
    path = pattern.replace("*", "0")
    with gzip.open(path, "at") as file:
        file.write(json.dumps({"text": "More.", "label": "good"}) + "\n")
    changed = data.load(pattern, cache=cache)
    assert changed.digest != first.digest
    assert sum(split.size for split in changed.splits.values()) == 201
    with pytest.raises(data.DataError, match="changed after it was loaded"):
        list(first.splits["train"])


def test_patterns_without_usable_files_are_clear_errors(tmp_path, run):
    (tmp_path / "notes.docx").write_text("x")
    for pattern in ("*.jsonl", "*.docx"):
        with pytest.raises(data.DataError, match="must match files of one known format"):
            data.load(str(tmp_path / pattern))
    code, _, errors = run("train", tmp_path / "*.jsonl", "--output", tmp_path / "model")
    assert (code, len(errors.splitlines())) == (2, 1)
    assert "DATASET" in errors
    assert "no such file" in errors


def test_tfrecord_files(tmp_path):
    import tensorflow as tf

    rows = [("Good.", b"pos"), ("Not so good.", b"neg")] * 4
    for part, name in enumerate(("a.tfrecord", "a.tfrecord-00001-of-00002")):
        with tf.io.TFRecordWriter(str(tmp_path / name)) as file:
            for number, (text, label) in enumerate(rows[part::2]):
                feature = {
                    "text": tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()])),
                    "label": tf.train.Feature(bytes_list=tf.train.BytesList(value=[label])),
                    "number": tf.train.Feature(int64_list=tf.train.Int64List(value=[number])),
                }
                example = tf.train.Example(features=tf.train.Features(feature=feature))
                file.write(example.SerializeToString())
    corpus = data.load(str(tmp_path / "a.tfrecord*"), validation_split=0)
    assert sorted(corpus.splits["train"]) == sorted((text, label.decode()) for text, label in rows)
    damaged = tmp_path / "b.tfrecord"
    damaged.write_bytes((tmp_path / "a.tfrecord").read_bytes()[:-3])
    with pytest.raises(data.DataError, match="not a complete TFRecord file"):
        data.load(damaged)


def end_at_three(item, report):
    report(1)
    if item == 3:
        os._exit(1)
    return item


def test_a_process_that_ends_and_one_that_fails_are_errors():
    with pytest.raises(data.DataError, match="use fewer `jobs`"):
        map_in_processes(end_at_three, range(9), jobs=2)
    done = []
    assert map_in_processes(end_at_three, [5, 4], jobs=2, progress=done.append) == [5, 4]
    assert done[-1] == 2
    with pytest.raises(TypeError):
        map_in_processes(pow, [1, 2], jobs=2)
