"""What settings learn from few documents, beside a linear model on the same documents.

    python benchmarks/small_data.py
    python benchmarks/small_data.py imdb reuters8 --documents 500 1500 \\
        --variant default: --variant calm:adversarial_norm=0,dropout=0

prints a table: accuracy (micro-F1 where documents have several labels) on held-out documents after
some epochs and in the best one, one row for each data set, size and variant. Each `--variant
NAME:FIELD=VALUE,...` sets fields of the recipe. A row gives the mean over the seeds, which decide
the documents as well as the weights. The linear model is a logistic regression on the TF-IDF
weights of words and pairs (in Chinese, of one to four characters).

Documents and held-out documents are drawn from the training split; other splits are not read.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import report
from bag_of_words import BAGS, score_bag
from sklearn.feature_extraction.text import TfidfVectorizer

from hanlib.cli.quiet import start_tensorflow
from hanlib.data import Corpus, Split, load
from hanlib.training import Recipe

PAIRS = BAGS["logistic regression, tf-idf of words and pairs"]
CHARACTERS = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True)
EPOCHS = (1, 2, 4, 8, 12, 20)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", nargs="*", metavar="DATASET", help=", ".join(READERS))
    parser.add_argument("--documents", type=int, nargs="+", default=[1_500])
    parser.add_argument("--held-out", type=int, default=1_500, help="most held-out documents")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--variant", action="append", metavar="NAME:FIELD=VALUE,...")
    parser.add_argument("--folder", type=Path, default="../shared/data", help="of the files")
    parser.add_argument("--data-dir", help="folder of TensorFlow Datasets")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    start_tensorflow()
    rows = []
    for name in arguments.datasets or READERS:
        examples = READERS[name](arguments)
        for documents in arguments.documents:
            drawn = [draw(name, examples, documents, arguments, seed) for seed in arguments.seeds]
            rows.append(show(linear_row(drawn)))
            rows += [show(network_row(drawn, given, arguments)) for given in variants(arguments)]
    report.publish("small_data", {"seeds": str(arguments.seeds)}, [("Held out", rows)], arguments)


def variants(arguments):
    """The names of the variants, and what they set."""
    given = [variant.partition(":") for variant in arguments.variant or ["default:"]]
    return [(name, list(filter(None, fields.split(",")))) for name, _, fields in given]


def draw(name, examples, documents, arguments, seed):
    """A corpus of some documents, and of others that are held out."""
    order = np.random.default_rng(seed).permutation(len(examples))
    held_out = min(arguments.held_out, len(order) // 4)
    parts = {"validation": order[:held_out], "train": order[held_out:][:documents]}
    splits = {}
    for part, chosen in parts.items():
        taken = [examples[index] for index in chosen]
        splits[part] = Split(lambda taken=taken: iter(taken), len(taken))
    classes = sorted(splits["train"].class_counts())
    return Corpus(name, classes, isinstance(examples[0][1], tuple), splits)


def linear_row(drawn):
    start = time.monotonic()
    bag = CHARACTERS if drawn[0].name == "chinese" else PAIRS
    scores = [
        score_bag(bag, list(corpus.splits["train"]), list(corpus.splits["validation"]), corpus)
        for corpus in drawn
    ]
    return row(drawn, "linear", [[score] for score in scores], time.monotonic() - start)


def network_row(drawn, variant, arguments):
    from hanlib.training import train

    name, fields = variant
    courses, losses, seconds = [], [], 0
    for corpus, seed in zip(drawn, arguments.seeds, strict=True):
        recipe = Recipe(seed=seed).with_overrides(fields)
        with tempfile.TemporaryDirectory() as folder:
            record = train(corpus, recipe, folder)
            history = json.loads((Path(folder) / "history.json").read_text())
        measure = "validation_micro_f1" if corpus.multi_label else "validation_accuracy"
        courses.append([epoch[measure] for epoch in history])
        losses.append([epoch["loss"] for epoch in history])
        seconds += record["seconds"]
        print(f"  losses {[round(loss, 3) for loss in losses[-1]]}", file=sys.stderr)
    return row(drawn, name, courses, seconds)


def row(drawn, variant, courses, seconds):
    """The row of a variant: a course holds the figures of the epochs of one seed."""
    best = [max(course) for course in courses]
    found = {
        "data": drawn[0].name,
        "documents": drawn[0].splits["train"].size,
        "variant": variant,
    }
    for epoch in EPOCHS:
        # A run that has stopped keeps its best epoch.
        figures = [
            course[epoch - 1] if epoch <= len(course) else max(course)
            for course in courses
            if len(course) > 1
        ]
        found[f"after {epoch}"] = f"{np.mean(figures):.3f}" if figures else None
    spread = f" ± {np.std(best, ddof=1):.3f}" if len(best) > 1 else ""
    return {**found, "best": f"{np.mean(best):.3f}{spread}", "s": seconds / len(courses)}


def show(found):
    print(*found.values(), sep=" | ", file=sys.stderr, flush=True)
    return found


def imdb(arguments):
    corpus = load("imdb_reviews", data_dir=arguments.data_dir)
    return list(corpus.splits["train"])


def chinese(arguments):
    with open(arguments.folder / "chnsenticorp.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    return [(row["text"], row["label"]) for row in rows]


def movies(arguments):
    return [(row["text"], str(row["label"])) for row in train_rows(arguments, "movies_rationales")]


def reuters(arguments):
    return [(row["text"], tuple(row["labels"])) for row in train_rows(arguments, "reuters")]


def reuters8(arguments):
    """The documents of the eight most frequent classes that have one label."""
    single = [(text, labels[0]) for text, labels in reuters(arguments) if len(labels) == 1]
    most = [name for name, _ in Counter(label for _, label in single).most_common(8)]
    return [(text, label) for text, label in single if label in most]


def train_rows(arguments, name):
    with open(arguments.folder / f"{name}.jsonl", encoding="utf-8") as file:
        return [row for row in map(json.loads, file) if row["split"] == "train"]


READERS = {
    "reuters8": reuters8,
    "imdb": imdb,
    "chinese": chinese,
    "movies": movies,
    "reuters": reuters,
}

if __name__ == "__main__":
    sys.exit(main())
