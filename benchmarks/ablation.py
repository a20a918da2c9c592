"""What each part of the default model gives: one is left out, or added, at a time.

    python benchmarks/ablation.py imdb_reviews --documents 3000 --seeds 3 --cells CELLS

trains the default network on some training documents, again without each of its parts, and with
parts that it does not have. The table gives the accuracy of the network alone and of its sum with
the n-grams, means and standard deviations over the seeds, and their differences from those of the
default, with the standard error over the documents (the mean over the seeds of each document is one
observation). Processor time is that of training the network, as a multiple of the default's.
`--set epochs=4` and the like change all networks; with `--variant NAME:FIELD=VALUE,...` the default
is compared with these variants only.

The n-grams are fitted once for each seed, since they do not depend on the network; another row has
them without latent directions. How much network and n-grams count is chosen on the validation
documents, of which a ninth of `--documents` is taken. Other training documents are scored, at most
12,000. All seeds have the same documents. The test split is not read.

`--unlabelled` adds the network with the unlabelled texts of the data set, and its parts. Each run
has a process of its own and is kept in CELLS, so that a table that was stopped goes on.
"""

import argparse
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import report
from ngrams import MOST_SCORED, alone, predicted, tokenized

from hanlib.data import Corpus, load
from hanlib.data.corpus import Split
from hanlib.training import Recipe, fit_ngrams, mixing_weights, train
from hanlib.training.builders import build_vectorizer
from hanlib.training.ngram_part import longest_ngram

NETWORK = {
    "default": [],
    "no adversary": ["adversarial_norm=0"],
    "no averaged weights": ["weight_average=0"],
    "constant learning rate": ["decay=constant"],
    "no dropout": [
        f"{name}=0" for name in ("input_dropout", "embedding_dropout", "weight_dropout", "dropout")
    ],
    "mean in place of attention": ["score=mean"],
    "no sentences (bigru)": ["encoder=flat_recurrent"],
    "no recurrence (mean of word vectors)": ["encoder=bag_of_words"],
    "max beside attention": ["beside=max"],
}
UNLABELLED = {
    "unlabelled texts": ["vectors=own"],
    "unlabelled texts, no region embeddings": ["vectors=own", "region_dim=0"],
    "unlabelled texts, no word vectors of them": ["region_dim=100"],
}
NGRAMS = {"n-grams": {}, "n-grams without latent directions": {"latent_strengths": ()}}
SPLITS = ("validation", "scored")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", help="a name or path that `hanlib train` takes")
    parser.add_argument("--documents", type=int, default=3_000, help="training documents to keep")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--unlabelled", action="store_true", help="read unlabelled texts too")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="a field of all networks"
    )
    parser.add_argument("--variant", action="append", metavar="NAME:FIELD=VALUE,...")
    parser.add_argument("--data-dir", help="folder of TensorFlow Datasets")
    parser.add_argument("--cells", type=Path, required=True, help="folder of finished runs")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    corpus, scored = corpus_of(arguments)
    title = (
        f"{corpus.name}, {corpus.splits['train'].size:,} training documents, {scored.size:,} scored"
    )
    setting = {"seeds": arguments.seeds, "networks": " ".join(arguments.set) or "default"}
    report.publish("ablation", setting, [(title, table(arguments))], arguments)


def networks(arguments):
    """The fields of each network of the table, by name."""
    given = [variant.partition(":") for variant in arguments.variant or ()]
    found = {name: list(filter(None, fields.split(","))) for name, _, fields in given}
    found = {"default": [], **found} if found else NETWORK
    return {**found, **(UNLABELLED if arguments.unlabelled else {})}


def corpus_of(arguments):
    """The corpus that the models learn from, and the documents to score."""
    found = load(arguments.dataset, data_dir=arguments.data_dir)
    if found.multi_label:
        raise ValueError(f"documents must have one label each. Received: {arguments.dataset}")
    examples = {name: list(found.splits[name]) for name in ("train", "validation")}
    rng = np.random.default_rng(arguments.seed)
    order = {name: rng.permutation(len(some)) for name, some in examples.items()}

    def split(name, start, stop):
        some = [examples[name][index] for index in order[name][start:stop]]
        return Split(lambda: iter(some), len(some))

    documents = arguments.documents
    scored = split("train", documents, documents + MOST_SCORED)
    if not scored.size:
        raise ValueError(f"`--documents` must leave some to score. Received: {documents}")
    splits = {
        "train": split("train", 0, documents),
        "validation": split("validation", 0, max(documents // 9, 1)),
    }
    return Corpus(found.name, found.classes, False, splits, unlabelled=found.unlabelled), scored


def table(arguments):
    """The rows of the table."""
    corpus, scored = corpus_of(arguments)
    encode = {name: index for index, name in enumerate(corpus.classes)}
    labels = {
        name: np.array([encode[label] for _, label in split])
        for name, split in (("validation", corpus.splits["validation"]), ("scored", scored))
    }
    variants = networks(arguments)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    ngrams = {name: [cell(of_ngrams, name, s, arguments) for s in seeds] for name in NGRAMS}
    network = {name: [cell(of_network, name, s, arguments) for s in seeds] for name in variants}
    answers = {name: [right(run, labels) for run in runs] for name, runs in ngrams.items()}
    rows = [row(name, found) for name, found in answers.items()]
    reference = None
    pairs = [(name, name, "n-grams") for name in network]
    pairs.append(("no latent directions", "default", "n-grams without latent directions"))
    for name, network_name, ngrams_name in pairs:
        runs = list(zip(network[network_name], ngrams[ngrams_name], strict=True))
        sums = [right_of_sum(*run, labels) for run in runs]
        own = [right(run, labels) for run, _ in runs]
        seconds = np.mean([run["seconds"] for run, _ in runs])
        reference = reference or (own, sums, seconds)
        rows.append(row(name, own, sums, reference, seconds / reference[2]))
    return rows


def row(name, own, sums=None, reference=(None, None), cost=None):
    """One line of the table, from the right answers `<bool>[docs]` of each seed."""
    return {
        "model": name,
        "alone": accuracy(own),
        "difference alone": difference(own, reference[0]),
        "with n-grams": accuracy(sums),
        "difference": difference(sums, reference[1]),
        "CPU time": cost,
    }


def difference(answers, reference):
    """The mean difference from the reference, with its standard error over the documents."""
    if answers is None or reference is None or answers is reference:
        return None
    each = np.mean(answers, axis=0) - np.mean(reference, axis=0)
    return f"{each.mean():+.4f} ± {each.std() / np.sqrt(len(each)):.4f}"


def accuracy(answers):
    """Mean and standard deviation over the seeds."""
    if answers is None:
        return None
    scores = np.mean(answers, axis=1)
    spread = f" ({scores.std(ddof=1):.4f})" if len(scores) > 1 else ""
    return f"{scores.mean():.4f}{spread}"


def right(run, labels):
    return run["scored"].argmax(axis=1) == labels["scored"]


def right_of_sum(network, ngrams, labels):
    """The right answers of both together, weighted as the validation documents say."""
    mixed = mixing_weights(network["validation"], ngrams["validation"], labels["validation"])
    return mixed.logits(network["scored"], ngrams["scored"]).argmax(axis=1) == labels["scored"]


def cell(function, name, seed, arguments):
    """What one run gives; from the folder of cells, or from a process of its own."""
    path = arguments.cells / f"{key(name, arguments)}-{seed}.npz"
    if not path.exists():
        print(f"{name}, seed {seed} ...", file=sys.stderr, flush=True)
        found = alone(function, name, seed, arguments)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, **found)
        partial.replace(path)
    with np.load(path) as found:
        return dict(found)


def key(name, arguments):
    """Stands for all that a run depends on but its seed."""
    fields = [] if name in NGRAMS else [*arguments.set, *networks(arguments)[name]]
    given = [arguments.dataset, arguments.documents, arguments.seed, name, *fields]
    return f"{zlib.crc32(repr(given).encode()):08x}"


def of_network(name, seed, arguments):
    """Logits of a network on both sets of documents, and the processor time of its training."""
    import keras

    import hanlib.models  # noqa: F401 - registers the classes

    corpus, scored = corpus_of(arguments)
    if name not in UNLABELLED:
        corpus = Corpus(corpus.name, corpus.classes, False, corpus.splits)
    fields = [*arguments.set, *networks(arguments)[name]]
    recipe = Recipe(seed=seed, ngrams=0).with_overrides(fields)
    folder = arguments.cells / f"run-{key(name, arguments)}-{seed}"
    start = time.process_time()
    train(corpus, recipe, folder)
    seconds = time.process_time() - start
    classifier = keras.models.load_model(folder / "model.keras")
    parts = {"validation": corpus.splits["validation"], "scored": scored}
    logits = {
        split: np.log(np.maximum(classifier.predict(list(of.texts()), verbose=0), 1e-12))
        for split, of in parts.items()
    }
    return {**logits, "seconds": seconds}


def of_ngrams(name, seed, arguments):
    """Logits of the n-grams on both sets of documents, and the processor time of the fit."""
    corpus, scored = corpus_of(arguments)
    vectorizer = build_vectorizer(Recipe())
    vectorizer.adapt(corpus.splits["train"].texts())
    corpus.splits["scored"] = scored
    learned, *others = (tokenized(corpus, name, vectorizer) for name in ("train", *SPLITS))
    start = time.process_time()
    fitted = fit_ngrams(
        learned,
        len(corpus.classes),
        vectorizer.vocabulary_size,
        max_ngram=longest_ngram(None, vectorizer),
        seed=seed,
        **NGRAMS[name],
    )
    seconds = time.process_time() - start
    logits = {
        split: predicted(fitted.layer, tokens)[0]
        for split, tokens in zip(SPLITS, others, strict=True)
    }
    return {**logits, "seconds": seconds}


if __name__ == "__main__":
    sys.exit(main())
