"""A small classifier with random weights, for the tests of what is made of a trained one."""

import keras
import numpy as np

from hanlib.data import demo
from hanlib.layers import DocumentVectorizer
from hanlib.models import HAN, BagOfWords, DocumentClassifier


def build(multi_label=False, classes=("neg", "pos"), vectorizer=None, **options):
    """A `DocumentClassifier` on words of the demo corpus; `options` are those of `HAN`.

    By default it reads in one direction, which takes less time to trace.
    """
    keras.utils.set_random_seed(0)
    vectorizer = vectorizer or _vectorizer()
    options = {"bidirectional": False, **options}
    encoder = HAN.from_preset("han_small", vectorizer.vocabulary_size, **options)
    return _drawn(
        DocumentClassifier(vectorizer, encoder, list(classes), multi_label, thresholds=0.4)
    )


def build_bag():
    """A classifier that is exported in a second, without the signature `explain`."""
    return build_with(lambda size: BagOfWords(size, 4))


def build_with(encoder_of):
    """A classifier with the encoder that a function makes for the size of the vocabulary."""
    keras.utils.set_random_seed(0)
    vectorizer = _vectorizer()
    encoder = encoder_of(vectorizer.vocabulary_size)
    return _drawn(DocumentClassifier(vectorizer, encoder, ["neg", "pos"]))


def _vectorizer():
    vectorizer = DocumentVectorizer(max_sentence_words=20)
    vectorizer.adapt([review.text for review in demo.generate(60, seed=0)])
    return vectorizer


def _drawn(classifier):
    """The classifier with weights far from their start: its probabilities differ between texts.

    Recurrent kernels keep their orthogonal start. Noise would give them a spectral radius of 2, and
    the recurrence would amplify rounding errors from step to step in a long document.
    """
    classifier.build()
    rng = np.random.default_rng(0)
    for variable in classifier.trainable_variables:
        noise = rng.normal(0, 0.3, variable.shape).astype("float32")
        if not variable.path.endswith("recurrent_kernel"):
            variable.assign(variable + noise)
    return classifier
