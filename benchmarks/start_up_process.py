"""The processes that `start_up.py` measures, and what it measures them with."""

import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
TEXTS = ["The soup was cold. We will not come back.", "Good soup! A good evening."]


class Stages:
    """Seconds of each stage; each ends where the next begins."""

    def __init__(self):
        self.seconds, self.last = {}, time.perf_counter()

    def end(self, stage):
        now = time.perf_counter()
        self.seconds[stage], self.last = now - self.last, now


def keras_stages(path):
    """What `hanlib predict` does with a `.keras` file, step by step."""
    clock = Stages()
    from hanlib.cli.quiet import start_tensorflow

    start_tensorflow()
    clock.end("import tensorflow")
    import keras

    clock.end("import keras")
    import hanlib.models  # noqa: F401

    clock.end("import hanlib.models")
    classifier = keras.models.load_model(path, compile=False)
    forward = sys.modules["tensorflow"].function(
        lambda ids: classifier(ids, training=False), reduce_retracing=True
    )
    clock.end("load model")
    for name, text in zip(("first answer (tracing)", "second answer"), TEXTS, strict=True):
        forward(classifier.vectorizer([text])).numpy()
        clock.end(name)
    return clock.seconds


def saved_model_stages(path):
    """A server's start: TensorFlow, the SavedModel, the first texts."""
    clock = Stages()
    import tensorflow as tf

    clock.end("import tensorflow")
    serve = tf.saved_model.load(path).signatures["serving_default"]
    clock.end("load SavedModel")
    for name, text in zip(("first answer", "second answer"), TEXTS, strict=True):
        serve(text=tf.constant([text]))["probabilities"].numpy()
        clock.end(name)
    return clock.seconds


def write(path):
    """Writes an untrained model of the paper's sizes."""
    from hanlib.layers import DocumentVectorizer
    from hanlib.models import HAN, DocumentClassifier

    vectorizer = DocumentVectorizer(vocabulary=["", "[UNK]", *(f"w{n}" for n in range(29_998))])
    encoder = HAN.from_preset("han_paper", vectorizer.vocabulary_size)
    classifier = DocumentClassifier(vectorizer, encoder, ["neg", "pos"])
    classifier.build()
    classifier.save(path)


def export(path, directory):
    """Exports a model as a SavedModel."""
    from hanlib.cli.model_file import load_classifier
    from hanlib.serving import export_saved_model

    export_saved_model(load_classifier(path), directory)


if __name__ == "__main__":
    kind, *paths = sys.argv[1:]
    jobs = {"keras": keras_stages, "saved_model": saved_model_stages}
    jobs |= {"write": write, "export": export}
    print(json.dumps(jobs[kind](*paths)))
