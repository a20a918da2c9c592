"""Accuracy beside the models that people compare with, on the same documents.

    python benchmarks/accuracy.py --data imdb --data yelp --folder DIR --cells CELLS

prints a table for each data set: TF-IDF with logistic regression or a linear SVM, NB-SVM, fastText,
and hanlib with its defaults; with `--unlabelled N` also hanlib with that many unlabelled texts.
Each row has the accuracy (micro-F1 where documents have several labels), its spread over `--seeds`
where the model depends on one, minutes of training, peak memory of the process, and p: the share of
10,000 paired bootstrap samples of the documents in which the row is not below the best linear model
(or not above, if it is below on average), times two.

Models are scored on the validation split, a tenth of the training documents having taken its place,
or, with `--test`, on the test split (for data without one, the development split). With
`--documents N` the training documents that are left are scored with the validation split, up to
10,000 in all. Each cell of the table runs in a process of its own and is kept in CELLS, so that a
run that was stopped goes on.

`--curve` prints a learning curve for each data set instead: the accuracy of each model at 100, 300,
1,000, ... training documents (`--documents N`: up to N), with `*` where the paired p is below 0.05.
`plots.py` draws it.
"""

import argparse
import concurrent.futures
import json
import multiprocessing
import resource
import sys
import time
import zlib
from pathlib import Path

import accuracy_data
import numpy as np
import report

LINEAR = ("TF-IDF + logistic regression", "TF-IDF + linear SVM", "NB-SVM")
CURVE = (100, 300, 1_000, 3_000, 10_000)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = list(accuracy_data.DATASETS)
    parser.add_argument("--data", action="append", choices=names, help="default: all")
    parser.add_argument("--folder", default="../shared/data", help="folder of the data")
    parser.add_argument("--cells", type=Path, required=True, help="folder of finished cells")
    parser.add_argument("--test", action="store_true", help="score on the test split")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of hanlib")
    parser.add_argument("--unlabelled", type=int, default=0, help="unlabelled texts to learn from")
    parser.add_argument("--documents", type=int, help="training documents to keep")
    parser.add_argument("--curve", action="store_true", help="a learning curve")
    parser.add_argument("--model", action="append", help="only these rows")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME:FIELD=VALUE,...",
        help="a further row: hanlib with these fields of the recipe; with the unlabelled texts if "
        "NAME contains unlabelled",
    )  # fmt: skip
    report.add_arguments(parser)
    arguments = parser.parse_args()
    tables = []
    for name in arguments.data or names:
        if arguments.curve:
            tables.append(curve(name, arguments))
        else:
            tables.append(table(name, arguments.documents, arguments))
    setting = {"scored on": "test" if arguments.test else "validation", "seeds": arguments.seeds}
    report.publish("accuracy", setting, tables, arguments)


def table(name, documents, arguments):
    """The title and rows of a data set."""
    cells, best = cells_of(name, documents, arguments)
    rows = [row(model, found, cells.get(best, [None])[0]) for model, found in cells.items()]
    sizes = next(iter(cells.values()))[0]["documents"]
    return f"{name}, {sizes}", rows


def curve(name, arguments):
    """The title of a data set, and one row for each number of training documents."""
    corpus = accuracy_data.corpus(name, arguments.folder, arguments.seed, arguments.test)
    rows = []
    most = min(corpus.splits["train"].size, arguments.documents or max(CURVE))
    for documents in CURVE:
        if documents > most:
            break
        cells, best = cells_of(name, documents, arguments)
        scored = len(next(iter(cells.values()))[0]["parts"])
        rows.append({"documents": documents, "scored": scored})
        for model, found in cells.items():
            score = f"{np.mean([cell['score'] for cell in found]):.3f}"
            compared = best is not None and model not in LINEAR
            certain = compared and paired(found[0], cells[best][0]) < 0.05
            rows[-1][model.partition(":")[0]] = score + ("*" if certain else "")
    return name, rows


def cells_of(name, documents, arguments):
    """The cells of each model, and the name of the best linear model."""
    given = vars(arguments)
    models = [*LINEAR, "fastText", "hanlib"]
    if arguments.unlabelled:
        models.append(f"hanlib, {arguments.unlabelled:,} unlabelled")
    models += [f"hanlib, {variant}" for variant in arguments.set]
    cells = {}
    for model in models:
        if arguments.model and model not in arguments.model:
            continue
        first = arguments.seed
        seeds = range(first, first + (arguments.seeds if model.startswith("hanlib") else 1))
        cells[model] = [cell(name, model, seed, documents, given) for seed in seeds]
    best = max((m for m in cells if m in LINEAR), key=lambda m: cells[m][0]["score"], default=None)
    return cells, best


def row(model, cells, best):
    """One line of a table."""
    scores = [cell["score"] for cell in cells]
    spread = f" ± {np.std(scores, ddof=1):.4f}" if len(scores) > 1 else ""
    return {
        "model": model,
        "accuracy": f"{np.mean(scores):.4f}{spread}",
        "p": "-" if best is None else f"{paired(cells[0], best):.3f}",
        "minutes": cells[0]["seconds"] / 60,
        "memory, MB": round(cells[0]["memory"]),
        "chosen": cells[0].get("chosen", "-"),
    }


def paired(one, other, samples=10_000):
    """The two-sided p of a paired bootstrap of the documents."""
    if one is other:
        return 1.0
    rng = np.random.default_rng(0)
    parts = [np.array(cell["parts"]) for cell in (one, other)]
    above = 0.0
    for _ in range(samples // 100):
        drawn = rng.integers(len(parts[0]), size=[100, len(parts[0])])
        difference = ratio(parts[0][drawn].sum(axis=1)) - ratio(parts[1][drawn].sum(axis=1))
        above += (difference > 0).sum() + (difference == 0).sum() / 2
    share = above / samples
    return min(2 * min(share, 1 - share), 1.0)


def ratio(parts):
    """The measure, from the sums of `parts_of` over documents."""
    return parts[..., 0] / np.maximum(parts[..., 1], 1e-9)


def parts_of(given, targets, multi_label):
    """Numerator and denominator of the measure for each document, `<float>[docs, 2]`."""
    right = (given & targets).sum(axis=1)
    if multi_label:
        return np.stack([2 * right, given.sum(axis=1) + targets.sum(axis=1)], axis=1)
    return np.stack([right, np.ones_like(right)], axis=1)


def cell(name, model, seed, documents, given):
    """What one model reaches; from the folder of cells, or from a process of its own."""
    key = [name, model, f"seed {seed}", "test" if given["test"] else "validation"]
    if documents is not None:
        key.append(f"{documents} documents")
    path = given["cells"] / ("-".join(key).replace("/", "_").replace(" ", "_") + ".json")
    if not path.exists():
        print(f"{path.stem} ...", file=sys.stderr, flush=True)
        spawn = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
            found = pool.submit(measure, name, model, seed, documents, given).result()
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(found))
        partial.replace(path)
        print(f"{path.stem}: {found['score']:.4f}", file=sys.stderr, flush=True)
    return json.loads(path.read_text())


def measure(name, model, seed, documents, given):
    """Trains and scores one model."""
    unlabelled = given["unlabelled"] if "unlabelled" in model else 0
    corpus = accuracy_data.corpus(name, given["folder"], seed, given["test"], unlabelled, documents)
    data = {split: texts_and_targets(corpus, split) for split in corpus.splits}
    started = time.monotonic()
    if model.startswith("hanlib"):
        labels, more = hanlib_labels(corpus, model, seed, data["test"][0], given["cells"])
    else:
        labels, more = other_labels(model, corpus, data, seed), {}
    seconds = time.monotonic() - started
    parts = parts_of(labels, data["test"][1], corpus.multi_label)
    return {
        "score": float(ratio(parts.sum(axis=0))),
        "seconds": seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "documents": {split: len(texts) for split, (texts, _) in data.items()},
        "parts": parts.tolist(),
        **more,
    }


def texts_and_targets(corpus, split):
    """The texts, and their classes as `<bool>[docs, classes]`."""
    texts, labels = zip(*corpus.splits[split], strict=True)
    labels = [label if isinstance(label, tuple) else (label,) for label in labels]
    targets = np.array([[name in of for name in corpus.classes] for of in labels])
    return list(texts), targets


def other_labels(model, corpus, data, seed):
    """The labels that a linear model or fastText gives to the documents to score."""
    from fasttext_model import fasttext_scores
    from linear_models import linear_scores

    texts, targets = data["train"]
    if model == "fastText":

        def measure(scores, truth):
            labels = given_labels(scores - 0.5, corpus.multi_label)
            return ratio(parts_of(labels, truth, corpus.multi_label).sum(axis=0))

        scores = fasttext_scores(
            texts, targets, data["test"][0], data["validation"], measure, seed
        ) - 0.5  # fmt: skip
    else:
        scores = linear_scores(model, texts, targets.astype(int), data["test"][0])
        if scores.ndim == 1:
            scores = np.stack([-scores, scores], axis=1)
    return given_labels(scores, corpus.multi_label)


def given_labels(scores, multi_label):
    """`<bool>[docs, classes]`: the classes over 0, or the best one."""
    return scores > 0 if multi_label else np.eye(scores.shape[1], dtype=bool)[scores.argmax(axis=1)]


def hanlib_labels(corpus, model, seed, texts, cells):
    """The labels that a model of `hanlib train` gives, and what the run chose."""
    import keras

    import hanlib.models  # noqa: F401 - registers the classes
    from hanlib.training import ProgressLine, Recipe, train

    fields = ["vectors=own", "self_train=true"] if "unlabelled" in model else []
    if ":" in model:
        fields = model.partition(":")[2].split(",")
    recipe = Recipe(seed=seed).with_overrides(fields)
    folder = run_folder(cells, corpus, model, seed, len(texts))
    record = train(corpus, recipe, folder, progress=ProgressLine(), resume=True)
    classifier = keras.models.load_model(folder / "model.keras")
    given = classifier.predict_label(texts)
    given = [label if isinstance(label, list) else [label] for label in given]
    labels = np.array([[name in of for name in corpus.classes] for of in given])
    return labels, {"chosen": f"epoch {record['best_epoch']}", "record": record}


def run_folder(cells, corpus, model, seed, scored):
    """The folder of a run of hanlib; `scored` is the number of documents that are scored."""
    sizes = f"{corpus.splits['train'].size}-{scored}"
    return cells / "runs" / f"{corpus.name}-{seed}-{sizes}-{zlib.crc32(model.encode())}"


if __name__ == "__main__":
    sys.exit(main())
