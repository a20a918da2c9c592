"""The data sets of `accuracy.py`: which documents are learned from, chosen on and scored on."""

import itertools
from pathlib import Path

import numpy as np

from hanlib.data import Corpus, load
from hanlib.data.corpus import Split, Texts
from hanlib.data.splitting import VALIDATION, draw

# Name: the dataset that `hanlib.data.load` takes, its columns, and words of the longest n-gram.
DATASETS = {
    "imdb": ("imdb_reviews", {}),
    "yelp": ("yelp_polarity_reviews", {}),
    "yelp_stars": ("yelp_stars.parquet", {"text_column": "text", "label_column": "stars"}),
    "reuters": ("reuters.jsonl", {"multi_label": True}),
    "chnsenticorp": ("chnsenticorp.csv", {}),
    "movies": ("movies_rationales.jsonl", {}),
}

MOST_SCORED = 10_000


def corpus(name, folder, seed, test, unlabelled=0, documents=None):
    """A `Corpus` with the splits train, validation and test.

    A data set that has no test split is scored on its development split; then a tenth of its
    training documents, drawn by seed, is the validation split. Nothing is chosen on the documents
    that are scored.

    Args:
        name: one of `DATASETS`.
        folder: folder of the data, with `tfds/` and the files.
        seed: decides the validation split.
        test: whether to score on the test split; otherwise on the validation split, whose place a
            tenth of the training documents takes.
        unlabelled: number of unlabelled texts; 0 for none.
        documents: training documents to keep, the first after a shuffle by seed; None for all.
            Unless `test`, those that are left are scored too, at most `MOST_SCORED`: few documents
            to score hide what few documents to learn from change.
    """
    dataset, columns = DATASETS[name]
    if "." in dataset:
        dataset = str(Path(folder, dataset))
    found = load(dataset, data_dir=str(Path(folder, "tfds")), seed=seed, **columns)
    splits = dict(found.splits)
    if "test" not in splits or not test:
        splits["test"] = splits.pop("validation")
        splits["train"], splits["validation"] = _divided(splits["train"], found, seed)
    if documents is not None:
        splits["train"], rest = _divide_at(splits["train"], documents, seed)
        splits["validation"], _ = _divide_at(splits["validation"], max(documents // 9, 1), seed)
        if not test:
            splits["test"] = _split([*splits["test"], *rest][:MOST_SCORED])
    texts = None
    if unlabelled and found.unlabelled is not None:
        kept = list(itertools.islice(found.unlabelled, unlabelled))
        texts = Texts(lambda: iter(kept), len(kept))
    return Corpus(found.name, found.classes, found.multi_label, splits, unlabelled=texts)


def _divided(split, found, seed):
    examples = list(split)
    labels = None
    if not found.multi_label:
        labels = np.array([found.classes.index(label) for _, label in examples])
    codes = draw(len(examples), len(examples) // 10, 0, seed, labels)
    parts = [], []
    for example, code in zip(examples, codes, strict=True):
        parts[int(code == VALIDATION)].append(example)
    return [_split(part) for part in parts]


def _divide_at(split, number, seed):
    """The first documents after a shuffle by seed, and the others as a list."""
    examples = list(split)
    order = np.random.default_rng(seed).permutation(len(examples))
    shuffled = [examples[index] for index in order]
    return _split(shuffled[:number]), shuffled[number:]


def _split(examples):
    return Split(lambda: iter(examples), len(examples))
