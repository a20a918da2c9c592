"""How few words or sentences of IMDB reviews change their label, and how many model calls it takes.

    python benchmarks/explain_counterfactual.py saved_models/imdb_5000

The model is trained first if the folder is new; the reviews are training reviews that it was not
trained on (see `imdb_sample.py`). The first row deletes words in the order of their integrated
gradients, without the steps that follow in `hanlib.explain.counterfactual_search`.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import imdb_sample
import numpy as np

from hanlib.explain import counterfactuals
from hanlib.explain.counterfactual_search import Search


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder of the model; it is trained if it is new")
    parser.add_argument("--documents", type=int, default=40, help="reviews")
    arguments = parser.parse_args()
    classifier = imdb_sample.classifier(arguments.model)
    texts = imdb_sample.unseen_texts(arguments.documents)
    print(f"{len(texts)} reviews\n")
    print("| search | changed | units: median | mean | most | model calls: median | seconds |")
    print("|---|---|---|---|---|---|---|")
    row("words, order of integrated gradients", classifier, texts, FirstOrder)
    row("words removed", classifier, texts)
    row("words replaced by the unknown word", classifier, texts, change="replace")
    row("sentences removed", classifier, texts, level="sentence")


class FirstOrder(Search):
    """The first step of the search alone."""

    def run(self, most):
        return self._prefix(most)


def row(name, classifier, texts, search=None, **options):
    import hanlib.explain.counterfactual as module

    kept, module.Search = module.Search, search or module.Search
    start = time.process_time()
    found = counterfactuals(classifier, texts, **options)
    seconds = (time.process_time() - start) / len(texts)
    module.Search = kept
    sizes = np.array([len(result.units) for result in found if result.found])
    calls = np.median([result.calls for result in found])
    print(
        f"| {name} | {len(sizes) / len(texts):.0%} | {np.median(sizes):g} | {sizes.mean():.1f} | "
        f"{sizes.max()} | {calls:g} | {seconds:.2f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
