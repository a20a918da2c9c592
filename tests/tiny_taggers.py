"""Small models that label sentences or words, fitted once per module."""

import keras
import numpy as np
from eager import eagerly

from hanlib.layers import DocumentVectorizer
from hanlib.metrics import ChunkF1, ItemAccuracy
from hanlib.models import HAN, FlatRecurrent, SentenceClassifier, TokenClassifier

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


def sentence_classifier(crf=False, fitted=True, run_eagerly=False, **options):
    """A `SentenceClassifier` that knows `DOCUMENTS`."""
    keras.utils.set_random_seed(1)
    vectorizer = DocumentVectorizer(max_sentence_words=None)
    vectorizer.adapt([" ".join(sentences) for sentences in DOCUMENTS])
    sizes = {"embedding_dim": 8, "units": 8, "attention_units": 8, "bidirectional": False}
    encoder = HAN(vectorizer.vocabulary_size, **sizes)
    model = SentenceClassifier(
        vectorizer, encoder, ["aim", "method", "other", "result"], crf, **options
    )
    model.compile(keras.optimizers.Adam(0.1), run_eagerly=run_eagerly)
    if fitted:
        # One document of each kind. With so few steps, tracing would take most of the time.
        with eagerly():
            model.fit(DOCUMENTS[:4], LABELS[:4], batch_size=4, epochs=9, verbose=0)
    return model


def assert_alike(found, expected, atol=1e-5):
    """Compares lists with one array per document."""
    assert [len(rows) for rows in found] == [len(rows) for rows in expected]
    for rows, others in zip(found, expected, strict=True):
        np.testing.assert_allclose(rows, others, atol=atol)


SENTENCES = [
    ["Rain", "falls", "in", "New", "York", "."],
    ["New", "rain", "falls", "."],
    ["York", "is", "new"],
    ["Rain"],
] * 8
CHUNKS = [
    ["B-NP", "B-VP", "B-PP", "B-NP", "I-NP", "O"],
    ["B-NP", "I-NP", "B-VP", "O"],
    ["B-NP", "B-VP", "B-ADJP"],
    ["B-NP"],
] * 8
TAGS = [["NN", "VB", "IN", "NNP", "NNP", "."], ["JJ", "NN", "VB", "."], ["NNP", "VB", "JJ"], ["NN"]]
TAGGED = [list(zip(*pair, strict=True)) for pair in zip(SENTENCES, TAGS * 8, strict=True)]


def token_classifier(columns=(), **options):
    """A compiled `TokenClassifier` for `SENTENCES`, or with columns for `TAGGED`."""
    keras.utils.set_random_seed(1)
    vectorizer = DocumentVectorizer(max_sentence_words=None)
    vectorizer.adapt_words(SENTENCES)
    encoder = FlatRecurrent(None, None, units=8, bidirectional=True, pooling="mean")
    classes = sorted({label for row in CHUNKS for label in row})
    options = {"embedding_dim": 8, "feature_dim": 4, "shape_buckets": 100, **options}
    model = TokenClassifier(vectorizer, encoder, classes, columns=columns, **options)
    model.compile(keras.optimizers.Adam(0.1), metrics=[ItemAccuracy(), ChunkF1(classes)])
    return model
