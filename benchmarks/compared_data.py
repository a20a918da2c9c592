"""Writes the documents of `docs/comparison.md`, each split into train, validation and test.

    python benchmarks/compared_data.py movies --files ../shared/data --output movies.jsonl

Only documents from the training parts of the data sets are used, so that their test parts stay
unseen. `hanlib compare movies.jsonl --split test` reads the file that this writes.

    imdb     5,000 reviews to train on, 500 to validate and 2,000 to test on, a random sample
    reuters  all articles with their 90 labels; a tenth to validate and a tenth to test on
    movies   long film reviews, of some 800 words; a tenth to validate, two tenths to test on
    long     documents of at least 5,000 words: film reviews of one label, joined
"""

import argparse
import json
import random
import sys
from pathlib import Path

WORDS = 5_000
LONG = {"train": 240, "validation": 40, "test": 150}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=(*_SHARES, "long"))
    parser.add_argument("--files", type=Path, help="folder of reuters.jsonl and the like")
    parser.add_argument("--data-dir", help="folder of TensorFlow Datasets, for imdb")
    parser.add_argument("--output", type=Path, required=True, help="the file to write, .jsonl")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    data = "movies" if arguments.data == "long" else arguments.data
    examples = _examples(data, arguments)
    draw.shuffle(examples)
    rows = divided(examples, *_SHARES[data])
    if arguments.data == "long":
        rows = joined(rows, LONG, WORDS, draw)
    with arguments.output.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return 0


# Documents to validate and to test on, as a share of all, and the number of all of them.
_SHARES = {"imdb": (500, 2_000, 7_500), "reuters": (0.1, 0.1, None), "movies": (0.1, 0.2, None)}


def _examples(data, arguments):
    """The training documents of a data set, `[(text, label or list of labels)]`."""
    if data == "imdb":
        from hanlib.data import load

        return list(load("imdb_reviews", data_dir=arguments.data_dir).splits["train"])
    name, label = {
        "reuters": ("reuters.jsonl", "labels"),
        "movies": ("movies_rationales.jsonl", "label"),
    }[data]
    with (arguments.files / name).open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [(row["text"], row[label]) for row in rows if row["split"] == "train"]


def divided(examples, validation, test, total=None):
    """Rows with a split, in the order of the examples.

    >>> [row["split"] for row in divided([("a", "x")] * 4, 1, 0.5)]
    ['validation', 'test', 'test', 'train']
    """
    examples = examples[:total]
    held = [n if isinstance(n, int) else round(n * len(examples)) for n in (validation, test)]
    names = ["validation"] * held[0] + ["test"] * held[1]
    names += ["train"] * (len(examples) - len(names))
    return [
        {"text": text, "label": label, "split": split}
        for (text, label), split in zip(examples, names, strict=True)
    ]


def joined(rows, counts, words, draw):
    """Long documents, each of several rows of one split and one label.

    A row may be a part of several documents, but only of documents of its own split.

    Args:
        rows: Rows as `divided` gives them.
        counts: Number of documents to make, by split.
        words: Minimum number of words of a document.
        draw: A `random.Random`.

    >>> rows = divided([("Good.", "pos"), ("Fine.", "pos")], 0, 1)
    >>> next(joined(rows, {"test": 1}, 3, random.Random(0)))["text"].split()
    ['Good.', 'Good.', 'Good.']
    """
    for split, count in counts.items():
        own = [row for row in rows if row["split"] == split]
        labels = sorted({row["label"] for row in own})
        for number in range(count):
            label = labels[number % len(labels)]
            texts = []
            while sum(len(text.split()) for text in texts) < words:
                texts.append(draw.choice([row["text"] for row in own if row["label"] == label]))
            yield {"text": "\n".join(texts), "label": label, "split": split}


if __name__ == "__main__":
    sys.exit(main())
