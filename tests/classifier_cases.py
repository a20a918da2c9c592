"""Documents, their labels, and small classifiers, for the tests of `DocumentClassifier`."""

import numpy as np
import pandas as pd
import tensorflow as tf

from hanlib.models import HAN, BagOfWords, DocumentClassifier

TEXTS = [
    "I loved this film. The end was great!",
    "I hated it.",
    "",
    "Great film. Great end. Great.",
    "This was bad. I left. Never again!",
    "Bad.",
    "I loved the end, not the film.",
]


LABELS = ["positive", "negative", "negative", "positive", "negative", "negative", "positive"]


INDEXES = np.array([1, 0, 0, 1, 0, 0, 1])


WEIGHTS = np.array([1.0, 2.0, 0.5, 0.0, 3.0, 1.0, 0.25])


TOPICS = ["art", "law", "war"]


TOPIC_LISTS = [["art"], [], ["law", "war"], ["art", "law", "war"], ["war"], [], ["law"]]


TOPIC_ROWS = np.array(
    [[1, 0, 0], [0, 0, 0], [0, 1, 1], [1, 1, 1], [0, 0, 1], [0, 0, 0], [0, 1, 0]], "float32"
)


BATCH = 3  # Of seven documents: the last batch is a partial one.


def assert_close(given, expected, atol=1e-5):
    np.testing.assert_allclose(given, expected, rtol=0, atol=atol)


def classifier_of(vectorizer, classes=("negative", "positive"), encoder=None, **kwargs):
    """A small classifier whose probabilities differ well between documents.

    By default of a bag of words, whose graphs are small: most tests do not depend on the encoder.
    """
    encoder = encoder or BagOfWords(vectorizer.vocabulary_size, 5)
    classifier = DocumentClassifier(vectorizer, encoder, list(classes), **kwargs)
    classifier.build()
    rng = np.random.default_rng(3)
    classifier.set_weights([rng.normal(size=w.shape) for w in classifier.get_weights()])
    return classifier


def han_of(vectorizer, labels=None):
    return HAN(vectorizer.vocabulary_size, 5, 3, 4, labels=labels)


def strings_batched():
    return tf.data.Dataset.from_tensor_slices(TEXTS).batch(4)


FORMS = {
    "list": lambda ids: TEXTS,
    "tuple": lambda ids: tuple(TEXTS),
    "bytes": lambda ids: [text.encode() for text in TEXTS],
    "str_array": lambda ids: np.array(TEXTS),
    "object_array": lambda ids: np.array(TEXTS, dtype=object),
    "bytes_array": lambda ids: np.array([text.encode() for text in TEXTS]),
    "tensor": lambda ids: tf.constant(TEXTS),
    "series": lambda ids: pd.Series(TEXTS, index=range(50, 57)),
    "object_series": lambda ids: pd.Series(TEXTS, dtype=object),
    "ragged_ids": lambda ids: ids,
    "lists_of_ids": lambda ids: ids.to_list(),
    "dense_ids": lambda ids: ids.to_tensor(),
    "wide_dense_ids": lambda ids: ids.to_tensor(shape=[None, 5, 11]),
    "int64_array": lambda ids: ids.to_tensor().numpy().astype("int64"),
    "dataset": lambda ids: strings_batched(),
    "dataset_unbatched": lambda ids: strings_batched().unbatch(),
    "dataset_of_ids": lambda ids: tf.data.Dataset.from_tensor_slices(ids).ragged_batch(4),
    "dataset_of_ids_unbatched": lambda ids: tf.data.Dataset.from_tensor_slices(ids),
}
