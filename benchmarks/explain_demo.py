"""Explanation methods on the demo corpus, whose deciding sentence and words are known.

    hanlib train demo
    python benchmarks/explain_demo.py saved_models/demo

prints, for the test split: how often the top sentence is the planted one, how well the words rank
the planted words (average precision within the document), and how faithful each method is at both
levels, with 95 % intervals.
"""

import argparse
import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import hanlib.models  # noqa: F401 - registers the classes
from hanlib.data import demo
from hanlib.explain import available_methods, explain, faithfulness_table, plausibility
from hanlib.explain.faithfulness_table import mean_with_interval


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder written by `hanlib train demo`")
    parser.add_argument("--documents", type=int, default=600, help="reviews to explain")
    arguments = parser.parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy"))
    print(f"Python {platform.python_version()}, {packages}; {os.cpu_count()} cores")
    classifier = keras.models.load_model(arguments.model / "model.keras", compile=False)
    reviews = demo.reviews("test")[: arguments.documents]
    texts = [review.text for review in reviews]
    faithful = {(r["method"], r["level"]): r for r in faithfulness_table(classifier, texts)}
    print(f"\n{len(reviews)} reviews of the demo corpus\n")
    print(
        "| method | top sentence is the planted one | words: average precision "
        "| comprehensiveness, words | sentences |\n|---|---|---|---|---|"
    )
    for method in available_methods(classifier):
        found = explain(classifier, texts, method)
        hits = [top(e) == r.evidence_sentence for e, r in zip(found, reviews, strict=True)]
        areas = [
            plausibility(e, planted_words(r, e), share=0.05).auprc
            for e, r in zip(found, reviews, strict=True)
        ]
        cells = [interval(hits), interval(areas)]
        cells += [figures(faithful[method, level]) for level in ("word", "sentence")]
        print(f"| {method} | {' | '.join(cells)} |", flush=True)
    chance = [figures(faithful["random", level], "random_") for level in ("word", "sentence")]
    print(f"| random rankings, mean of 10 | | | {' | '.join(chance)} |")


def top(explanation):
    return int(np.argmax([sentence.score for sentence in explanation.sentences]))


def planted_words(review, explanation):
    """The deciding words as spans of characters, within the planted sentence."""
    sentence = explanation.sentences[review.evidence_sentence]
    spans, at = [], sentence.start
    for word in review.evidence_words:
        found = re.compile(rf"\b{re.escape(word)}\b").search(review.text, at, sentence.end)
        spans.append(found.span())
        at = found.end()
    return spans


def interval(values):
    mean, low, high = mean_with_interval(np.asarray(values, np.float64))
    return f"{mean:.3f} ({low:.3f} to {high:.3f})"


def figures(row, prefix=""):
    mean, low, high = row[f"{prefix}comprehensiveness"]
    return f"{mean:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    sys.exit(main())
