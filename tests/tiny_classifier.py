"""A small classifier with random weights, for the tests of what is made of a trained one."""

import numpy as np

from hanlib.data import demo
from hanlib.layers import DocumentVectorizer
from hanlib.models import HAN, DocumentClassifier


def build(multi_label=False, classes=("neg", "pos"), vectorizer=None, **options):
    """A `DocumentClassifier` on words of the demo corpus; `options` are those of `HAN`."""
    if vectorizer is None:
        vectorizer = DocumentVectorizer(max_sentence_words=20)
        vectorizer.adapt([review.text for review in demo.generate(60, seed=0)])
    encoder = HAN.from_preset("han_small", vectorizer.vocabulary_size, **options)
    classifier = DocumentClassifier(vectorizer, encoder, list(classes), multi_label, thresholds=0.4)
    classifier.build()
    # Weights far from their start make the probabilities of different texts differ.
    rng = np.random.default_rng(0)
    for variable in classifier.trainable_variables:
        variable.assign(variable + rng.normal(0, 0.3, variable.shape).astype("float32"))
    return classifier
