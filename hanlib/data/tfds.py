"""Datasets that are downloaded and read through TensorFlow Datasets."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from hanlib.data.corpus import Corpus, DataError, Split, Texts
from hanlib.data.splitting import TRAIN, VALIDATION, draw, held_out


@dataclass(frozen=True)
class TfdsDataset:
    """A dataset of TensorFlow Datasets; `classes` are in the order of its label numbers."""

    name: str
    description: str
    documents: str
    classes: tuple[str, ...]
    source: str
    url: str
    # The name of its split without labels, or None.
    unlabelled: str | None = None


# The texts are not changed; in Yelp, for instance, a line break is the two characters `\n`.
DATASETS = {
    dataset.name: dataset
    for dataset in (
        TfdsDataset(
            name="imdb_reviews",
            description="Film reviews of the Internet Movie Database, clearly good or clearly bad.",
            documents="train 25,000, test 25,000",
            classes=("neg", "pos"),
            source="Maas et al., ACL 2011; through TensorFlow Datasets, 80 MB",
            url="http://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            unlabelled="unsupervised",
        ),
        TfdsDataset(
            name="yelp_polarity_reviews",
            description="Reviews of businesses on Yelp: one and two stars against three and four.",
            documents="train 560,000, test 38,000",
            # TensorFlow Datasets calls them "1" and "2".
            classes=("negative", "positive"),
            source="Zhang, Zhao, LeCun, NeurIPS 2015; through TensorFlow Datasets, 160 MB",
            url="https://s3.amazonaws.com/fast-ai-nlp/yelp_review_polarity_csv.tgz",
        ),
    )
}


def _directory(data_dir):
    directory = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return Path(directory).expanduser()


def is_prepared(name, data_dir=None):
    """Whether a dataset is already on this disk; does not import TensorFlow Datasets."""
    found = (_directory(data_dir) / name).glob("**/dataset_info.json")
    return any("incomplete" not in str(path) for path in found)


def load_tfds(name, validation_split=0.1, seed=0, data_dir=None) -> Corpus:
    """Loads one of `DATASETS` as a `Corpus`; downloads and prepares it if necessary.

    The validation split is drawn at random from the published training split. It is not stratified,
    since the classes are equally frequent. The test split is the published one.

    Raises:
        DataError: the download failed, or a prepared folder cannot be read.
    """
    dataset = DATASETS[name]
    builder = _prepared_builder(dataset, data_dir)
    sizes = {split: builder.info.splits[split].num_examples for split in ("train", "test")}
    validation = held_out("validation_split", validation_split, sizes["train"])
    assignment = draw(sizes["train"], validation, 0, seed)

    def part(code):
        def documents():
            for wanted, example in zip(
                assignment == code, _examples(builder, "train", dataset.classes), strict=True
            ):
                if wanted:
                    yield example

        return documents

    splits = {"train": Split(part(TRAIN), sizes["train"] - validation)}
    if validation:
        splits["validation"] = Split(part(VALIDATION), validation)
    splits["test"] = Split(lambda: _examples(builder, "test", dataset.classes), sizes["test"])
    unlabelled = None
    if dataset.unlabelled in builder.info.splits:
        unlabelled = Texts(
            lambda: _texts(builder, dataset.unlabelled),
            builder.info.splits[dataset.unlabelled].num_examples,
        )
    return Corpus(name, dataset.classes, multi_label=False, splits=splits, unlabelled=unlabelled)


def _prepared_builder(dataset, data_dir):
    directory = _directory(data_dir)
    with _quiet():
        import tensorflow_datasets

        tensorflow_datasets.disable_progress_bar()
        try:
            builder = tensorflow_datasets.builder(dataset.name, data_dir=os.fspath(directory))
            # If the archive has already been downloaded, no network is needed.
            if not builder.data_path.exists() and not (directory / "downloads").exists():
                _check_network(dataset.url)
            # Keeps the "Downloading" line out of standard output.
            with redirect_stdout(sys.stderr):
                builder.download_and_prepare()
        # TensorFlow Datasets passes on all exceptions of its transports.
        except Exception as error:
            raise DataError(_download_failed(dataset, directory, error)) from error
    return builder


def _check_network(url, seconds=15):
    """Raises `OSError` if the host cannot be reached.

    TensorFlow Datasets itself retries for more than three minutes.
    """
    import urllib.error
    import urllib.request

    request = urllib.request.Request(url, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=seconds).close()
    except urllib.error.HTTPError:
        return  # The host is reachable; the download reports other errors.


def _download_failed(dataset, directory, error):
    reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    return (
        f"`dataset` {dataset.name!r} is not prepared in {directory} and could not be downloaded "
        f"({reason[:300]}). Connect to the network and try again; set TFDS_DATA_DIR (or "
        "`data_dir`) to a folder where TensorFlow Datasets has prepared it; pass the path of a "
        "file or folder; or use dataset='demo', which needs no download"
    )


def _examples(builder, split, classes) -> Iterator[tuple[str, str]]:
    """Streams `(text, class name)` in the order of the files."""
    for batch in _batches(builder, split):
        for text, label in zip(batch["text"], batch["label"], strict=True):
            yield text.decode("utf-8"), classes[int(label)]


def _texts(builder, split) -> Iterator[str]:
    """Streams the texts of a split, in the order of the files."""
    for batch in _batches(builder, split):
        yield from (text.decode("utf-8") for text in batch["text"])


def _batches(builder, split):
    import tensorflow_datasets

    with _quiet():
        config = tensorflow_datasets.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        stream = builder.as_dataset(
            split=split, shuffle_files=False, read_config=config, as_supervised=False
        )
    # Reading single elements takes four times as long as reading batches and splitting them.
    return stream.batch(1024).as_numpy_iterator()


@contextmanager
def _quiet():
    """Suppresses the log messages of TensorFlow Datasets and its transport, except errors."""
    loggers = [logging.getLogger(name) for name in ("absl", "urllib3")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
