"""The catalog: datasets of TensorFlow Datasets, prepared, and not to be had."""

from pathlib import Path

import pytest

from hanlib import data
from hanlib.data import tfds

SHARED = Path(__file__).parents[2] / "shared" / "data" / "tfds"
prepared = pytest.mark.skipif(
    not SHARED.exists(), reason="../shared/data/tfds is absent: no prepared datasets to read"
)


@pytest.fixture(autouse=True)
def _prepared_folder(monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(SHARED))


def test_describe_says_what_needs_the_network(tmp_path):
    records = {record.name: record for record in data.describe(data_dir=tmp_path)}
    assert list(records) == ["demo", "imdb_reviews", "yelp_polarity_reviews"]
    assert records["demo"].prepared
    assert not records["demo"].needs_network
    assert records["imdb_reviews"].needs_network
    assert records["yelp_polarity_reviews"].classes == ("negative", "positive")
    assert all(r.description and r.documents and r.source for r in records.values())


def test_a_broken_off_download_is_not_prepared(tmp_path):
    broken = tmp_path / "imdb_reviews" / "plain_text" / "1.0.0.incompleteXYZ"
    broken.mkdir(parents=True)
    (broken / "dataset_info.json").touch()
    assert not tfds.is_prepared("imdb_reviews", tmp_path)


@prepared
def test_describe_finds_the_prepared_folder():
    assert all(record.prepared for record in data.describe())


@prepared
def test_yelp_has_readable_classes_and_exact_sizes():
    corpus = data.load("yelp_polarity_reviews", validation_split=0.1)
    assert corpus.classes == ("negative", "positive")
    assert {name: split.size for name, split in corpus.splits.items()} == {
        "train": 4500,
        "validation": 500,
        "test": 2500,
    }
    parts = {name: list(split) for name, split in corpus.splits.items()}
    assert {name: len(part) for name, part in parts.items()} == {
        name: split.size for name, split in corpus.splits.items()
    }
    for text, label in parts["validation"]:
        assert isinstance(text, str)
        assert label in corpus.classes
    texts = [text for name in ("train", "validation") for text, _ in parts[name]]
    whole = data.load("yelp_polarity_reviews", validation_split=0)
    assert sorted(texts) == sorted(whole.splits["train"].texts())
    assert "validation" not in whole.splits
    # "1" of TensorFlow Datasets is the negative class.
    negative = [text for text, label in parts["test"] if label == "negative"]
    assert sum("terrible" in t for t in negative) > sum("amazing" in t for t in negative)


@prepared
def test_imdb_streams_and_draws_the_same_validation_for_the_same_seed():
    def beginning(seed):
        split = data.load("imdb_reviews", seed=seed).splits["validation"]
        return [text for text, _ in zip(split.texts(), range(20), strict=False)]

    corpus = data.load("imdb_reviews", validation_split=1000)
    assert corpus.classes == ("neg", "pos")
    assert corpus.splits["train"].size == 24_000
    assert corpus.splits["validation"].size == 1000
    assert beginning(1) == beginning(1) != beginning(2)
    assert next(iter(corpus.splits["train"]))[1] in corpus.classes


@prepared
def test_the_test_split_is_untouched_by_the_seed():
    first = data.load("yelp_polarity_reviews", seed=1).splits["test"]
    second = data.load("yelp_polarity_reviews", seed=2).splits["test"]
    assert list(first) == list(second)


def test_without_a_network_the_ways_out_are_named(tmp_path, monkeypatch):
    def unreachable(*args, **kwargs):
        raise OSError("name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    with pytest.raises(data.DataError) as error:
        data.load("imdb_reviews", data_dir=tmp_path / "empty")
    for part in ("imdb_reviews", "TFDS_DATA_DIR", "file or folder", "demo", "not known"):
        assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_a_download_is_asked_of_tensorflow_datasets(tmp_path, monkeypatch):
    import tensorflow_datasets

    asked = []

    def download(builder, **kwargs):
        asked.append(builder.name)
        raise RuntimeError("stop here")

    monkeypatch.setattr(tfds, "_check_network", lambda url: None)
    builder = tensorflow_datasets.core.DatasetBuilder
    monkeypatch.setattr(builder, "download_and_prepare", download)
    with pytest.raises(data.DataError, match="RuntimeError: stop here"):
        data.load("imdb_reviews", data_dir=tmp_path)
    assert asked == ["imdb_reviews"]


@prepared
def test_loading_prints_nothing(capfd):
    corpus = data.load("yelp_polarity_reviews")
    first = next(iter(corpus.splits["train"]))
    out, _ = capfd.readouterr()
    assert out == ""
    assert first[0]
