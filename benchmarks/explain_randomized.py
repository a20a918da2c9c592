"""Explanations of IMDB reviews after the weights are randomized (Adebayo et al. 2018).

    python benchmarks/explain_randomized.py saved_models/imdb_5000

prints the mean rank correlation of the scores with the original ones, as the parts of the model are
randomized from the head down. The model is trained first if the folder is new; the reviews are
training reviews that it was not trained on (see `imdb_sample.py`).
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import imdb_sample

from hanlib.explain import randomization_table

METHODS = ("attention", "gradient_x_attention", "gradients_by_level", "integrated_gradients")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder of the model; it is trained if it is new")
    parser.add_argument("--documents", type=int, default=40, help="reviews")
    parser.add_argument("--methods", nargs="+", default=METHODS, help="methods to compare")
    arguments = parser.parse_args()
    classifier = imdb_sample.classifier(arguments.model)
    texts = imdb_sample.unseen_texts(arguments.documents)
    print(f"{len(texts)} reviews\n")
    print("| method | randomized down to | words | sentences |\n|---|---|---|---|")
    for row in randomization_table(classifier, texts, arguments.methods):
        words, sentences = (
            "{:.2f} ({:.2f} to {:.2f})".format(*row[f"{level}_correlation"])
            for level in ("word", "sentence")
        )
        print(f"| {row['method']} | {row['randomized']} | {words} | {sentences} |", flush=True)


if __name__ == "__main__":
    main()
