"""Trains the same classifier on one device and on two; for test_fit.py."""

import json

import keras
import numpy as np
import tensorflow as tf
import tiny_run

from hanlib.layers import DocumentVectorizer, NGramLinear
from hanlib.models import BagOfWords, DocumentClassifier
from hanlib.optimizers import LazyAdam

TEXTS = [
    "A great film. Great end!",
    "I hated it.",
    "Great. Great end.",
    "This was bad. I left.",
] * 2
LABELS = ["good", "bad", "good", "bad"] * 2


def trained(strategy, eager=False):
    """The history of a run, and probabilities."""
    keras.utils.set_random_seed(0)
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(TEXTS)
    with strategy.scope():
        encoder = BagOfWords(vectorizer.vocabulary_size, 4)
        ngrams = NGramLinear(2, 2, vectorizer.vocabulary_size)
        ngrams.assign([3, 4], [[1.0, 0.0], [0.0, 2.0]], [0.5, 0.0])
        classifier = DocumentClassifier(vectorizer, encoder, ["bad", "good"], ngrams=ngrams)
        optimizer = LazyAdam(0.01, global_clipnorm=0.05, use_ema=True)
        classifier.compile(optimizer, run_eagerly=eager)
        # Batches of 3, 3 and 1 documents: the replicas get shares of different sizes, and none.
        history = classifier.fit(
            *(TEXTS[:7], LABELS[:7]),
            validation_data=(TEXTS, LABELS),
            batch_size=3,
            epochs=2,
            verbose=0,
        ).history
        # One replica gets nothing of the last batch.
        assert np.isfinite(
            classifier.evaluate(TEXTS[:5], LABELS[:5], batch_size=4, verbose=0)
        ).all()
        return {**history, "probabilities": classifier.predict(TEXTS, verbose=0).tolist()}


def main():
    """Prints what both learned, as JSON; the process has not used TensorFlow yet."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    tiny_run.unoptimized_graphs()
    two = trained(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
    # A few steps take less time than their graphs.
    one = trained(tf.distribute.get_strategy(), eager=True)
    print(json.dumps([one, two]))
