"""The processes that `start_up.py` measures, and what it measures them with."""

import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
TEXTS = ["The soup was cold. We will not come back.", "Good soup! A good evening."]


class Stages:
    """What each stage takes; each ends where the next begins."""

    def __init__(self):
        self.found, self.last = {}, self._now()

    def end(self, stage):
        now = self._now()
        self.found[stage] = {name: now[name] - self.last[name] for name in now}
        self.last = now

    def _now(self):
        return {"s": time.perf_counter(), "CPU s": time.process_time()}


class TrainingStages(Stages):
    """The graphs that are traced, too."""

    traced = 0

    def count_graphs(self):
        from tensorflow.python.eager.polymorphic_function import tracing_compilation
        from tensorflow.python.framework import func_graph

        trace = func_graph.func_graph_from_py_func

        def traced(*arguments, **options):
            self.traced += 1
            return trace(*arguments, **options)

        for module in (func_graph, tracing_compilation.func_graph_module):
            module.func_graph_from_py_func = traced

    def _now(self):
        return {**super()._now(), "graphs traced": self.traced}


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
    return clock.found


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
    return clock.found


def training_stages():
    """From the start of Python to the predictions of a first model, with the default recipe."""
    clock = TrainingStages()
    from hanlib.cli.quiet import start_tensorflow

    start_tensorflow()
    from hanlib.data import load
    from hanlib.training import Recipe, builders

    clock.end("imports")
    clock.count_graphs()
    corpus, recipe = load("demo"), Recipe()
    texts, labels = zip(*list(corpus.splits["train"])[:256], strict=True)
    texts, labels = list(texts), list(labels)
    clock.end("256 documents of the demo")
    vectorizer = builders.build_vectorizer(recipe)
    vectorizer.adapt(texts)
    clock.end("vocabulary")
    classifier = builders.build_classifier(recipe, vectorizer, list(corpus.classes), False)
    builders.compile_classifier(classifier, recipe, steps=100)
    clock.end("classifier")
    for name in ("first", "second"):
        classifier.fit(texts, labels, batch_size=256, verbose=0)
        clock.end(f"`fit`, {name} step")
    classifier.evaluate(texts, labels, batch_size=256, verbose=0)
    clock.end("first `evaluate`")
    for name in ("first", "second"):
        classifier.predict(texts[:1], verbose=0)
        clock.end(f"{name} `predict`")
    return clock.found


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
    jobs = {"keras": keras_stages, "saved_model": saved_model_stages, "train": training_stages}
    jobs |= {"write": write, "export": export}
    print(json.dumps(jobs[kind](*paths)))
