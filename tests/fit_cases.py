"""Documents with labels of every kind, and small classifiers of them, for the tests of `fit`."""

import classifier_cases
import keras
import numpy as np

from hanlib.layers import DocumentVectorizer
from hanlib.models import HAN, DocumentClassifier

TEXTS = [*classifier_cases.TEXTS, "A bad end."]
LABELS = ["good", "bad", "bad", "good", "bad", "bad", "good", "bad"]
INDEXES = np.append(classifier_cases.INDEXES, 0)
TOPICS = np.array(
    [[1, 0, 1], [0, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 1], [0] * 3]
)


def vectorizer_of_texts():
    """A `DocumentVectorizer` that knows the words of `TEXTS`."""
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(TEXTS)
    return vectorizer


def make(vectorizer, classes=("bad", "good"), multi_label=False, seed=3, **options):
    """A classifier that is not compiled; `options` are those of `HAN`."""
    keras.utils.set_random_seed(seed)
    encoder = HAN(vectorizer.vocabulary_size, 4, 3, 3, bidirectional=False, **options)
    return DocumentClassifier(vectorizer, encoder, list(classes), multi_label)
