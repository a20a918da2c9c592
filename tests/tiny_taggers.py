"""Small models that label sentences or words, fitted once per module."""

import keras
import numpy as np

from hanlib.layers import DocumentVectorizer
from hanlib.models import HAN, SentenceClassifier

# The label of a sentence follows from its words and its position.
DOCUMENTS = [
    ["We ask why.", "We measure it.", "It rises."],
    ["Rain falls.", "We ask how.", "We measure rain."],
    ["It rises.", ""],
    ["Why not?"],
] * 8
LABELS = [
    ["aim", "method", "result"],
    ["result", "aim", "method"],
    ["result", "other"],
    ["aim"],
] * 8


def sentence_classifier(crf=False, fitted=True):
    """A `SentenceClassifier` that knows `DOCUMENTS`."""
    keras.utils.set_random_seed(1)
    vectorizer = DocumentVectorizer(max_sentence_words=None)
    vectorizer.adapt([" ".join(sentences) for sentences in DOCUMENTS])
    sizes = {"embedding_dim": 8, "units": 8, "attention_units": 8, "bidirectional": False}
    encoder = HAN(vectorizer.vocabulary_size, **sizes)
    model = SentenceClassifier(vectorizer, encoder, ["aim", "method", "other", "result"], crf=crf)
    model.compile(keras.optimizers.Adam(0.03))
    if fitted:
        model.fit(DOCUMENTS, LABELS, batch_size=8, epochs=6, verbose=0)
    return model


def assert_alike(found, expected, atol=1e-5):
    """Compares lists with one array per document."""
    assert [len(rows) for rows in found] == [len(rows) for rows in expected]
    for rows, others in zip(found, expected, strict=True):
        np.testing.assert_allclose(rows, others, atol=atol)
