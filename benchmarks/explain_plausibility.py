"""Agreement of explanation methods with human rationales, and their faithfulness.

    python benchmarks/explain_plausibility.py

trains a HAN on the train split of the movie reviews with human rationales (ERASER: Pang and Lee
2004, Zaidan et al. 2007), explains the dev split by every method and prints two tables: agreement
with the rationales, and faithfulness at both levels with 95 % intervals. The file has one JSON
object per line: text (one sentence per line), label, split and evidence, as half-open
`[start_word, end_word, start_sentence, end_sentence]` over `text.split()` and `text.split("\\n")`.

The trained model is stored in the folder --model, and loaded from there if it exists. With
--evidence it also learns the rationales of the train split, and --start names a model with the
classes neg and pos to start from, such as one of `hanlib train imdb_reviews`:

    python benchmarks/explain_plausibility.py --evidence --start saved_models/imdb_reviews
"""

import argparse
import json
import os
import platform
import random
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from hanlib.data import Corpus, Split
from hanlib.data.evidence import as_spans
from hanlib.explain import available_methods, explain, faithfulness_table, plausibility
from hanlib.explain.faithfulness_table import mean_with_interval
from hanlib.training import Recipe, evaluate, train
from hanlib.training.progress import ProgressLine

DATA = Path(__file__).parents[2] / "shared" / "data" / "movies_rationales.jsonl"
CLASSES = ("neg", "pos")
AT = (1, 3, 5)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="movies_rationales.jsonl")
    parser.add_argument("--model", type=Path, help="folder of the trained model")
    parser.add_argument("--documents", type=int, help="maximum number of documents to explain")
    parser.add_argument(
        "--judge",
        choices=("dev", "validation"),
        default="dev",
        help="documents to explain; validation: those of train that are held out, for choices",
    )
    parser.add_argument("--train", type=int, help="maximum number of documents to train on")
    parser.add_argument("--evidence", action="store_true", help="learn the rationales as well")
    parser.add_argument("--start", type=Path, help="folder of a model to start from")
    parser.add_argument("--epochs", type=int, default=10, help="epochs of training")
    parser.add_argument("--methods", nargs="+", help="methods to measure (default: all)")
    parser.add_argument(
        "--only-agreement", action="store_true", help="do not measure the faithfulness"
    )
    parser.add_argument("--set", nargs="+", default=[], help="fields of the recipe, field=value")
    arguments = parser.parse_args()
    if not arguments.data.is_file():
        sys.exit(f"no such file: {arguments.data} (give it with --data)")
    rows = [json.loads(line) for line in arguments.data.open(encoding="utf-8")]
    by_split = {name: [r for r in rows if r["split"] == name] for name in ("train", "dev")}
    by_split |= held_out(by_split["train"], arguments.train)
    print_setting()
    folder = arguments.model or Path(tempfile.mkdtemp())
    classifier = trained(by_split, folder, arguments)
    methods = arguments.methods or available_methods(classifier)
    judged = by_split[arguments.judge][: arguments.documents]
    name = f"{len(judged)} {arguments.judge} documents"
    print(f"accuracy on {name}: {accuracy(classifier, judged, 'text'):.3f}")
    marked = [{**row, "alone": words_alone(row)} for row in judged if row["evidence"]]
    alone = accuracy(classifier, marked, "alone")
    print(f"accuracy on their marked words alone: {alone:.3f}\n", flush=True)
    share = np.mean([len(marked_words(r)) / len(r["text"].split()) for r in by_split["train"]])
    print_plausibility(classifier, judged, float(share), methods)
    if not arguments.only_agreement:
        print_faithfulness(classifier, [row["text"] for row in judged], methods)


def print_setting():
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy"))
    print(f"Python {platform.python_version()}, {packages}; {os.cpu_count()} cores", flush=True)


def held_out(rows, most):
    """A random tenth of the training documents as validation documents, and the others."""
    rows = random.Random(0).sample(rows, len(rows))
    count = len(rows) // 10
    return {"validation": rows[:count], "train": rows[count:][:most]}


def accuracy(classifier, rows, key):
    return evaluate(classifier, [(row[key], CLASSES[row["label"]]) for row in rows])["accuracy"]


def words_alone(row):
    """The marked words of a document, without the others."""
    words = row["text"].split()
    return " ".join(words[index] for index in sorted(marked_words(row)))


def trained(by_split, folder, arguments):
    """The classifier in `folder`, which is trained first if there is none."""
    if not (folder / "model.keras").exists():
        splits = {
            name: split_of(by_split[name], arguments.evidence) for name in ("train", "validation")
        }
        corpus = Corpus("movies_rationales", CLASSES, False, splits)
        recipe, start = Recipe(batch_size=16, epochs=arguments.epochs), None
        if arguments.start is not None:
            start = keras.models.load_model(arguments.start / "model.keras", compile=False)
        recipe = recipe.with_overrides(arguments.set)
        train(corpus, recipe, folder, progress=ProgressLine(), start=start)
    return keras.models.load_model(folder / "model.keras", compile=False)


def split_of(rows, with_evidence):
    """The rows as a `Split`; documents without rationales count as not marked by anybody."""
    examples = [(row["text"], CLASSES[row["label"]]) for row in rows]
    spans = [as_spans(row["evidence"] or None, row["text"]) for row in rows]
    return Split(examples.__iter__, len(rows), None, spans.__iter__ if with_evidence else None)


def marked_words(row):
    return {word for start, end, _, _ in row["evidence"] for word in range(start, end)}


def print_plausibility(classifier, rows, share, methods):
    """Agreement with the rationales, for the true class, to which the rationales refer."""
    rows = [row for row in rows if row["evidence"]]
    here = np.mean([len(marked_words(row)) / len(row["text"].split()) for row in rows])
    print(f"Agreement with people, {len(rows)} documents, of whose words {here:.1%} are marked.")
    print(f"Selected for F1: {share:.1%} of the words, the share that is marked in train.")
    print("Phrases: words ranked by the scores of the words around them and of their sentence.\n")
    words = ["AUPRC", "AUPRC (trapezoid)", "token F1", "IOU F1"]
    columns = words + [f"phrases: {name}" for name in words]
    columns += [f"sentence precision at {k}" for k in AT]
    print(f"| method | {' | '.join(columns)} | seconds |\n|{'---|' * (len(columns) + 2)}")
    for method in methods:
        start, figures = time.monotonic(), []
        for name in CLASSES:
            some = [row for row in rows if CLASSES[row["label"]] == name]
            found = explain(classifier, [row["text"] for row in some], method, target=name)
            figures += [
                agreement(explanation, row, share)
                for explanation, row in zip(found, some, strict=True)
            ]
        cells = [with_interval(column) for column in np.array(figures).T]
        seconds = time.monotonic() - start
        print(f"| {method} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


def agreement(explanation, row, share):
    evidence, figures = as_spans(row["evidence"], row["text"]), []
    for phrases in (False, True):
        found = plausibility(explanation, evidence, share, AT, phrases)
        figures += [found.auprc, found.auprc_trapezoid, found.token_f1, found.iou_f1]
    return [*figures, *found.sentence_precision.values()]


def with_interval(values):
    mean, low, high = mean_with_interval(np.asarray(values))
    return f"{mean:.3f} ({low:.3f} to {high:.3f})"


def print_faithfulness(classifier, texts, methods):
    start = time.monotonic()
    rows = faithfulness_table(classifier, texts, methods)
    for level in ("word", "sentence"):
        chosen = [row for row in rows if row["level"] == level]
        print(f"\nFaithfulness, {level}s removed or kept; 95 % intervals of the mean\n")
        print("| method | comprehensiveness (high is good) | sufficiency (low is good) |")
        print("|---|---|---|")
        for row in chosen:
            cells = [cell(row[name]) for name in ("comprehensiveness", "sufficiency")]
            print(f"| {row['method']} | {' | '.join(cells)} |")
        cells = [cell(chosen[0][f"random_{n}"]) for n in ("comprehensiveness", "sufficiency")]
        print(f"| random rankings, mean of 10 | {' | '.join(cells)} |")
    print(f"\n{time.monotonic() - start:.0f} s", flush=True)


def cell(figures):
    mean, low, high = figures
    return f"{mean:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
