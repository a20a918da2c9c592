"""The report of `hanlib evaluate --html`: predictions of all documents, explanations of some."""

import datetime
import importlib.metadata
import itertools
import random

import hanlib
from hanlib.evidence.label_names import as_strings

_WINDOW = 512


def write_page(path, classifier, examples, title, about, method, explained, progress):
    """Writes the report, and returns the number of listed documents.

    Args:
        path, title, about: See `hanlib.evaluation.write_report`.
        classifier: A `DocumentClassifier`.
        examples: A `Split`: `(text, label)` pairs that can be read repeatedly.
        method: Name of the explanation method.
        explained: Maximum number of documents that are explained and listed.
        progress: Function that is called with the stage and the number of documents done.
    """
    from hanlib.evaluation import write_report

    predictions = _predictions(classifier, examples, progress)
    chosen = _chosen(predictions, explained)
    explanations = _explanations(classifier, examples, chosen, method, progress)
    facts = {**about, "Date": datetime.date.today().isoformat(), "Versions": _versions()}
    return write_report(explanations, path, title, facts, predictions)


def _predictions(classifier, examples, progress):
    import numpy as np
    import tensorflow as tf

    from hanlib.evaluation import Predictions
    from hanlib.ops.model_graph import model_graph

    forward = model_graph(lambda ids: classifier(ids, training=False))
    rows, labels, true_labels, lengths = [], [], [], []
    examples = iter(examples)
    while window := list(itertools.islice(examples, _WINDOW)):
        texts, given = zip(*window, strict=True)
        ids = classifier.vectorizer(
            tf.constant([text.encode("utf-8", "replace") for text in texts])
        )
        probabilities = forward(ids).numpy()
        rows.append(probabilities)
        labels += map(as_strings, classifier.labels_of(probabilities))
        true_labels += map(as_strings, given)
        while ids.ragged_rank > 1:
            ids = ids.merge_dims(1, 2)
        lengths.append(ids.row_lengths().numpy())
        progress("predicting", len(true_labels))
    classes = tuple(map(str, classifier.classes))
    rows, lengths = np.concatenate(rows), np.concatenate(lengths)
    return Predictions(classes, rows, true_labels, labels, lengths)


def _chosen(predictions, most):
    """Indices of the documents to explain: the most confident errors, and a random sample."""
    count = len(predictions.true_labels)
    if count <= most:
        return set(range(count))
    wrong = [index for index, right in enumerate(predictions.correct) if not right]
    worst = sorted(wrong, key=lambda index: -predictions.confidence[index])[: most // 4]
    others = sorted(set(range(count)) - set(worst))
    return {*worst, *random.Random(0).sample(others, most - len(worst))}


def _explanations(classifier, examples, chosen, method, progress):
    from hanlib.explain import explain_stream

    picked = (example for index, example in enumerate(examples) if index in chosen)
    texts, labels = itertools.tee(picked)
    made = explain_stream(
        classifier,
        (text for text, _ in texts),
        method,
        true_labels=(label for _, label in labels),
    )
    for count, explanation in enumerate(made, 1):
        yield explanation
        progress("explaining", count)


def _versions():
    packages = [("TensorFlow", "tensorflow"), ("Keras", "keras")]
    found = [f"hanlib {hanlib.__version__}"]
    for name, package in packages:
        try:
            found.append(f"{name} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:  # tensorflow-cpu and others.
            continue
    return ", ".join(found)
