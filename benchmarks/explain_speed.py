"""The cost of explanations relative to predictions, on IMDB reviews.

    hanlib train imdb_reviews
    python benchmarks/explain_speed.py saved_models/imdb_reviews

prints, for the first reviews of the test split: the time of some methods and of predictions, with
the faithfulness at words and at sentences (the default method is chosen by these figures); the time
of leave-one-out with a cached lower level and of a naive implementation, which runs the whole
document for each word and sentence, and their largest difference; and the completeness error of
integrated gradients. Each time is the least processor time of three runs after a warm-up, with
alternating runs; --parts runs some of the parts alone. The data set is read from TFDS_DATA_DIR if
it is set.
"""

import argparse
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import hanlib.models  # noqa: F401 - registers the classes
from hanlib.data import load
from hanlib.explain import METHODS, explain, faithfulness_table
from hanlib.explain.documents import parts
from hanlib.explain.inputs import read_inputs
from hanlib.explain.network import network_of
from hanlib.explain.removal import logits_of_kept_words

TURNS = 3
PARTS = ("methods", "leave_one_out", "completeness")
COMPARED = (
    *("gradients_by_level", "gradient_x_attention", "gradient_x_input", "integrated_gradients"),
    "attention",
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder written by `hanlib train imdb_reviews`")
    parser.add_argument("--documents", type=int, default=200, help="reviews to explain")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    parser.add_argument("--complete", type=int, default=200, help="for integrated gradients")
    parser.add_argument("--naive", type=int, default=16, help="for leave-one-out")
    arguments = parser.parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy"))
    print(f"Python {platform.python_version()}, {packages}; {os.cpu_count()} cores")
    classifier = keras.models.load_model(arguments.model / "model.keras", compile=False)
    texts = [text for text, _ in head(load("imdb_reviews").splits["test"], arguments.documents)]
    if "methods" in arguments.parts:
        methods(classifier, texts)
    if "leave_one_out" in arguments.parts:
        leave_one_out(classifier, texts[: arguments.naive])
    if "completeness" in arguments.parts:
        completeness(classifier, texts[: arguments.complete])


def head(split, count):
    return [example for _, example in zip(range(count), split, strict=False)]


def best_of(*functions):
    """The minimum time of each of several alternating jobs, after a warm-up."""
    times = np.zeros([TURNS, len(functions)])
    for function in functions:
        function()
    for turn in range(TURNS):
        for place, function in enumerate(functions):
            start = time.process_time()
            function()
            times[turn, place] = time.process_time() - start
    return times.min(axis=0)


def methods(classifier, texts):
    words = sum(read_inputs(classifier, texts)[0].row_lengths)
    print(f"\n{len(texts):,} reviews, {words / len(texts):.0f} words each\n")
    predicting, *explaining = best_of(
        lambda: classifier.predict(texts, batch_size=32, verbose=0),
        *(lambda method=method: explain(classifier, texts, method) for method in COMPARED),
    )
    faithful = {
        (row["method"], row["level"]): "{:.3f} ({:.3f} to {:.3f})".format(*row["comprehensiveness"])
        for row in faithfulness_table(classifier, texts, COMPARED, rankings=5)
    }
    levels = ("word", "sentence")
    print("| method | times predicting | comprehensiveness, words | sentences |\n|---|---|---|---|")
    for name, seconds in zip(COMPARED, explaining, strict=True):
        cells = [faithful[name, level] for level in levels]
        print(f"| {name} | {seconds / predicting:.1f} | {' | '.join(cells)} |", flush=True)


def leave_one_out(classifier, texts):
    network, (documents, _) = network_of(classifier), read_inputs(classifier, texts)
    targets = np.full(documents.count, -1, np.int32)
    found = METHODS["leave_one_out"](network, documents, targets)

    def naive():
        return network.margins(
            logits_of_kept_words(network, without_each(documents)),
            np.repeat(found.targets, documents.document_words + documents.document_sentences),
        ).numpy()

    cached, slow, whole = best_of(
        lambda: METHODS["leave_one_out"](network, documents, targets),
        naive,
        lambda: network.logits(*documents.flat).numpy(),
    )
    margins = network.margins(network.logits(*documents.flat), found.targets).numpy()
    units = zip(
        parts(found.words, documents.document_words),
        parts(found.sentences, documents.document_sentences),
        strict=True,
    )
    own = np.concatenate([part for pair in units for part in pair])
    counts = documents.document_words + documents.document_sentences
    far = np.abs(own - (np.repeat(margins, counts) - naive())).max()
    print(f"\nLeave one out, {len(texts)} reviews, {counts.sum():,} words and sentences\n")
    print("| way | seconds | whole passes that it costs |\n|---|---|---|")
    print(f"| cached lower level | {cached:.2f} | {cached / whole:.0f} |")
    print(f"| naive | {slow:.2f} | {slow / whole:.0f} |")
    print(f"\nnaive / cached {slow / cached:.1f}; greatest difference in log-odds {far:.1e}")


def without_each(documents):
    """Every document without each word, then without each sentence."""
    for words, rows, sentence_words in zip(
        parts(documents.words, documents.document_words),
        parts(documents.row_lengths, documents.document_rows),
        parts(documents.sentence_words, documents.document_sentences),
        strict=True,
    ):
        yield words, rows, ~np.eye(len(words), dtype=bool)
        sentence_of = np.repeat(np.arange(len(sentence_words)), sentence_words)
        yield words, rows, sentence_of[None, :] != np.arange(len(sentence_words))[:, None]


def completeness(classifier, texts):
    start = time.perf_counter()
    found = explain(classifier, texts, method="integrated_gradients")
    seconds = time.perf_counter() - start
    errors = np.array([explanation.diagnostics["completeness_error"] for explanation in found])
    passes = np.array([explanation.diagnostics["passes"] for explanation in found])
    print(f"\nIntegrated gradients, {len(texts)} reviews, {seconds:.0f} s: the error of the sum is")
    print(f"below 5 % of the difference in {(errors < 0.05).mean():.1%} of them, below 2 % in ")
    print(f"{(errors < 0.02).mean():.1%}; median {np.median(errors):.2%}, most {errors.max():.2%};")
    print(f"passes: median {np.median(passes):.0f}, mean {passes.mean():.0f}, most {passes.max()}")


if __name__ == "__main__":
    sys.exit(main())
