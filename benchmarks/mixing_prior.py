"""The shares of network and n-grams that `hanlib.training.mixing_weights` starts from, compared.

    python benchmarks/accuracy.py --curve --documents 3000 --seeds 1 --model hanlib --cells CELLS
    python benchmarks/mixing_prior.py --documents 3000 --cells CELLS

reads the models of a learning curve, which `accuracy.py` has left in CELLS. Of the documents that
were scored, at most 5,000, a ninth of the number of training documents is drawn again and again as
validation documents, on which the weights are fitted; the others are scored. The table gives the
mean accuracy with the shares of the library, and by how much it changes with others. The test split
is not read.
"""

import argparse
import sys
from pathlib import Path

import accuracy
import accuracy_data
import keras
import numpy as np
import report

import hanlib.models  # noqa: F401 - registers the classes
from hanlib.data import TokenCache, batches_of
from hanlib.training import mixing
from hanlib.training.builders import ids_of
from hanlib.training.ngram_part import logits_of_parts

MOST_SCORED = 5_000
SHARES = (0.5, 0.4, 0.35, 0.3, 0.2)
DATA = ("imdb", "yelp", "chnsenticorp", "movies")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", action="append", choices=DATA, help="default: all")
    parser.add_argument("--folder", default="../shared/data", help="folder of the data")
    parser.add_argument("--documents", type=int, default=3_000, help="the longest run of a curve")
    parser.add_argument("--draws", type=int, default=20, help="draws of validation documents")
    parser.add_argument("--cells", type=Path, required=True, help="folder of finished runs")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    rows = []
    for name in arguments.data or DATA:
        for documents in filter(lambda size: size <= arguments.documents, accuracy.CURVE):
            rows += run(name, documents, arguments)
    if not rows:
        parser.error(
            f"--cells must hold runs of `accuracy.py --curve`. Received: {arguments.cells}"
        )
    rows.append({"data": "mean", **{key: mean(key, rows) for key in list(rows[0])[1:]}})
    report.publish(
        "mixing_prior",
        {"draws": arguments.draws},
        [("mean accuracy of all draws", rows)],
        arguments,
    )


def mean(key, rows):
    """The mean of a column of differences; None for other columns."""
    if not key.startswith("share"):
        return None
    return f"{np.mean([float(row[key]) for row in rows]):+.4f}"


def run(name, documents, arguments):
    """The row of a run as a list, empty if CELLS does not have it."""
    corpus = accuracy_data.corpus(
        name, arguments.folder, arguments.seed, test=False, documents=documents
    )
    scored = corpus.splits["test"]
    folder = accuracy.run_folder(arguments.cells, corpus, "hanlib", arguments.seed, scored.size)
    if not (folder / "model.keras").exists():
        return []
    network, ngrams, labels = logits(folder, corpus, list(scored)[:MOST_SCORED])
    rng, found = np.random.default_rng(arguments.seed), []
    for _ in range(arguments.draws):
        order = rng.permutation(len(labels))
        validation, rest = np.split(order, [max(documents // 9, 1)])
        found.append([score(share, network, ngrams, labels, validation, rest) for share in SHARES])
    means = np.mean(found, axis=0)
    reference = means[SHARES.index(mixing.SHARES[0])]
    row = {"data": name, "documents": documents}
    for part, of in (("network", network), ("n-grams", ngrams)):
        row[part] = f"{(of.argmax(axis=1) == labels).mean():.3f}"
    row["accuracy"] = f"{reference:.4f}"
    for share, accuracy_of_share in zip(SHARES, means, strict=True):
        row[f"share {share}"] = f"{accuracy_of_share - reference:+.4f}"
    return [row]


def logits(folder, corpus, examples):
    """The logits of both parts and the labels, of the same documents."""
    classifier = keras.models.load_model(folder / "model.keras")
    encode = {label: index for index, label in enumerate(corpus.classes)}
    tokens = TokenCache.build(
        examples, ids_of(classifier.vectorizer), encode_label=encode.__getitem__
    )
    return logits_of_parts(classifier, classifier.ngrams, batches_of(tokens, 32))


def score(share, network, ngrams, labels, validation, rest):
    """The accuracy on `rest` of weights that are fitted on `validation`."""
    usual, mixing.SHARES = mixing.SHARES, (share, 1 - share)
    try:
        weights = mixing.mixing_weights(network[validation], ngrams[validation], labels[validation])
    finally:
        mixing.SHARES = usual
    return (weights.logits(network[rest], ngrams[rest]).argmax(axis=1) == labels[rest]).mean()


if __name__ == "__main__":
    sys.exit(main())
