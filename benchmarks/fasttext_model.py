"""fastText, trained and scored like the other models (pip install fasttext-wheel)."""

import re
import tempfile

import numpy as np
from linear_models import TOKEN

EPOCHS = (5, 15, 40)


def fasttext_scores(train, targets, scored, validation, measure, seed):
    """Probabilities `<float>[docs, classes]`; the number of epochs is chosen on validation.

    One thread trains, so that the seed decides the result.

    Args:
        train, scored: lists of texts.
        targets: `<int>[docs, classes]`, 0 or 1.
        validation: a list of texts, and their targets.
        measure: function of scores and targets, higher is better.
        seed: an integer.
    """
    texts, truth = validation
    models = [_trained(train, targets, epochs, seed) for epochs in EPOCHS]
    best = max(models, key=lambda model: measure(_scores(model, texts, truth.shape[1]), truth))
    return _scores(best, scored, targets.shape[1])


def _trained(train, targets, epochs, seed):
    import fasttext

    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        for text, row in zip(train, targets, strict=True):
            labels = " ".join(f"__label__{index}" for index in np.flatnonzero(row))
            file.write(f"{labels} {_line(text)}\n")
        file.flush()
        return fasttext.train_supervised(
            file.name,
            lr=0.5,
            epoch=epochs,
            wordNgrams=2,
            minCount=2,
            thread=1,
            seed=seed,
            verbose=0,
            loss="ova" if targets.sum(axis=1).max() > 1 else "softmax",
        )


def _line(text):
    return " ".join(re.findall(TOKEN, text.lower()))


def _scores(model, texts, classes):
    scores = np.zeros([len(texts), classes])
    for row, text in zip(scores, texts, strict=True):
        # Its Python wrapper does not run under NumPy 2.
        for probability, label in model.f.predict(f"{_line(text)}\n", classes, 0.0, "strict"):
            row[int(label.removeprefix("__label__"))] = probability
    return scores
