"""Compares runs with random word vectors and with vectors learned from the texts.

    python benchmarks/word_vectors.py --documents 5000 --unlabelled 20000 --epochs 4

trains on some of IMDB's training reviews and prints a table: accuracy on the validation split (the
test split is never read) and seconds, one row per variant. `--variant NAME:FIELD=VALUE,...` sets
fields of the recipe; without it, random vectors are compared with `vectors=own`.
"""

import argparse
import itertools
import os
import platform
import sys
import tempfile
from importlib.metadata import version

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from machine import processor

from hanlib.data import Corpus, load
from hanlib.data.corpus import Split, Texts
from hanlib.training import Recipe

VARIANTS = ["random:", "own:vectors=own"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=5_000, help="labelled reviews")
    parser.add_argument("--unlabelled", type=int, default=20_000, help="reviews without labels")
    parser.add_argument(
        "--validation", type=int, default=2_500, help="maximum number of validation reviews"
    )
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--preset", default="han_base")
    parser.add_argument("--variant", action="append", metavar="NAME:FIELD=VALUE,...")
    parser.add_argument("--data-dir", help="folder of TensorFlow Datasets")
    arguments = parser.parse_args()
    corpus = subset(load("imdb_reviews", data_dir=arguments.data_dir), arguments)
    sizes = {name: split.size for name, split in corpus.splits.items()}
    print(f"imdb_reviews: {sizes}, {corpus.unlabelled.size:,} unlabelled; seed {arguments.seed}")
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "scipy"))
    print(
        f"{processor()}; {os.cpu_count()} cores; Python {platform.python_version()}, {packages}\n"
    )
    print("| vectors | validation accuracy | loss | best epoch | seconds |\n|---|---|---|---|---|")
    for variant in arguments.variant or VARIANTS:
        name, _, fields = variant.partition(":")
        given = Recipe(preset=arguments.preset, epochs=arguments.epochs, seed=arguments.seed)
        print(row(name, corpus, given.with_overrides(filter(None, fields.split(",")))), flush=True)


def subset(corpus, arguments):
    """The first documents of each split, in the order of the files of the data set."""

    def first(split, number):
        examples = list(itertools.islice(split, number))
        return Split(lambda: iter(examples), len(examples))

    splits = {
        "train": first(corpus.splits["train"], arguments.documents),
        "validation": first(corpus.splits["validation"], arguments.validation),
    }
    texts = list(itertools.islice(corpus.unlabelled, arguments.unlabelled))
    unlabelled = Texts(lambda: iter(texts), len(texts))
    return Corpus(corpus.name, corpus.classes, False, splits, unlabelled=unlabelled)


def row(name, corpus, recipe):
    from hanlib.training import ProgressLine, train

    with tempfile.TemporaryDirectory() as folder:
        record = train(corpus, recipe, folder, progress=ProgressLine())
    found = record["validation"]
    figures = f"{found['accuracy']:.4f} | {found['loss']:.4f} | {record['best_epoch']}"
    return f"| {name} | {figures} | {record['seconds']:.0f} |"


if __name__ == "__main__":
    sys.exit(main())
