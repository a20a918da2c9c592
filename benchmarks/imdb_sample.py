"""A classifier of 5,000 training reviews of IMDB, and training reviews that it has not seen.

The test split stays untouched: methods may be chosen by these reviews.
"""

import itertools
from pathlib import Path

import keras

from hanlib.data import Corpus, Split, load
from hanlib.training import Recipe, train
from hanlib.training.progress import ProgressLine

TRAINED = 5_000
HELD_OUT = 500
# A short run: without the adversarial step and the n-grams, so that the network decides alone.
RECIPE = Recipe(epochs=6, adversarial_norm=0, ngrams=0)


def classifier(folder):
    """The classifier in `folder`, which is trained on the first 5,000 reviews if it is new."""
    if not (Path(folder) / "model.keras").exists():
        examples = _reviews(0, TRAINED)
        parts = {"train": examples[HELD_OUT:], "validation": examples[:HELD_OUT]}
        splits = {name: Split(part.__iter__, len(part)) for name, part in parts.items()}
        classes = sorted({label for _, label in examples})
        corpus = Corpus("imdb_reviews", classes, False, splits)
        resume = (Path(folder) / "checkpoint").exists()
        train(corpus, RECIPE, folder, resume=resume, progress=ProgressLine())
    return keras.models.load_model(Path(folder) / "model.keras", compile=False)


def unseen_texts(count):
    """The texts of `count` training reviews that the classifier was not trained on."""
    return [text for text, _ in _reviews(TRAINED, count)]


def _reviews(start, count):
    return list(itertools.islice(load("imdb_reviews").splits["train"], start, start + count))
