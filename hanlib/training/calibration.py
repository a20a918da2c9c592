"""Calibrates a trained classifier on the validation documents of its corpus."""

import itertools

import numpy as np

# The temperature is fitted on at most as many documents, whose texts are in memory.
MOST_DOCUMENTS = 100_000


def calibrate(classifier, split):
    """Calibrates a classifier on at most `MOST_DOCUMENTS` documents; gives the temperature.

    Which labels are given stays the same.
    """
    texts, labels = zip(*itertools.islice(split, MOST_DOCUMENTS), strict=True)
    temperature = classifier.calibrate(list(texts), list(labels))
    if classifier.multi_label:
        # The threshold t in terms of the logits, divided by the temperature.
        given = np.asarray(classifier.thresholds)
        over, under = given ** (1 / temperature), (1 - given) ** (1 / temperature)
        classifier.thresholds = (over / (over + under)).tolist()
    return temperature
