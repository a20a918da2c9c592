"""Measures one finished run of a comparison."""

import hashlib
import itertools
import json
import time

import keras
import numpy as np
import tensorflow as tf

from hanlib import atomic_files
from hanlib.evaluation import Predictions, errors_by_length
from hanlib.ops.model_graph import model_graph

_FILE = "comparison.json"
_COST = ("cpu_seconds", "peak_memory")
_WINDOW, _BATCH = 1_024, 64


def measure_run(folder, examples, split, progress, cost=None):
    """What a comparison says about the run in a folder; kept there in comparison.json.

    Args:
        folder: The `Path` of the results of `hanlib.training.train`.
        examples: The documents to measure, a `hanlib.data.Split`.
        split: Its name.
        progress: See `hanlib.training.train`.
        cost: The `RunCost` of the whole training; None if it was not measured now.

    Returns:
        A JSON object. `score` is the accuracy, or micro-F1 with several labels per document.
        `curve` has for each epoch the seconds of training until then and the score on validation.
        `training_speed` and `speed` are in documents per second; `speed` includes tokenization.
        `cpu_seconds` and `prediction_cpu_seconds` are processor time, the former of the whole run;
        `peak_memory` is in bytes. Both are None if unknown, as for a run that was resumed.
        `by_length` counts the documents whose labels are all right, in five groups by length.
    """
    metrics = (folder / "metrics.json").read_bytes()
    # The same model and documents need not be measured again.
    key = {"split": split, "run": hashlib.blake2b(metrics, digest_size=16).hexdigest()}
    kept = _read(folder / _FILE) or {}
    if kept.get("key") == key:
        return kept["measured"]
    paid = {name: getattr(cost, name, None) for name in _COST}
    if cost is None and kept.get("key", {}).get("run") == key["run"]:
        paid = {name: kept["measured"].get(name) for name in _COST}
    metrics, history = json.loads(metrics), _read(folder / "history.json")
    classifier = keras.models.load_model(folder / "model.keras", compile=False)
    predictions, speed, cpu_seconds = _predict(classifier, examples, progress)
    measured = {
        "score": _score(predictions),
        "parameters": _parameters(classifier),
        "vocabulary_size": metrics["vocabulary_size"],
        "epochs": metrics["epochs"],
        "best_epoch": metrics["best_epoch"],
        "seconds": sum(entry["seconds"] for entry in history),
        "training_speed": _training_speed(history, metrics["documents"]["train"]),
        "speed": speed,
        "prediction_cpu_seconds": cpu_seconds,
        **paid,
        "curve": _curve(history, metrics),
        "by_length": _by_length(predictions),
    }
    text = json.dumps({"key": key, "measured": measured}, indent=2) + "\n"
    atomic_files.write_text(folder / _FILE, text)
    return measured


def _read(path):
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _predict(classifier, examples, progress):
    """`Predictions` of labelled documents, the documents per second, and the processor time."""

    def answer(texts):
        ids = classifier.vectorizer(texts)
        words = ids.merge_dims(1, 2) if ids.ragged_rank > 1 else ids
        return classifier(ids, training=False), words.row_lengths()

    answer = model_graph(answer, tf.TensorSpec([None], tf.string))
    rows, lengths, labels, seconds, cpu_seconds = [], [], [], 0.0, 0.0
    for window in _windows(examples):
        if not rows:  # The first call traces the function.
            answer(tf.constant(window[0][0]))
        for texts, given in window:
            began, cpu_began = time.monotonic(), time.process_time()
            probabilities, words = answer(tf.constant(texts))
            rows.append(probabilities.numpy())
            seconds += time.monotonic() - began
            cpu_seconds += time.process_time() - cpu_began
            lengths.append(words.numpy())
            labels += given
        progress("measuring", len(labels), examples.size)
    rows = np.concatenate(rows)
    predicted = classifier.labels_of(rows)
    if classifier.multi_label:
        predicted, labels = (
            [tuple(label) for label in predicted],
            [tuple(label) for label in labels],
        )
    predictions = Predictions(
        tuple(classifier.classes), rows, labels, predicted, np.concatenate(lengths)
    )
    return predictions, len(labels) / max(seconds, 1e-9), cpu_seconds


def _windows(examples):
    """Lists of batches `(texts, labels)` of documents of similar length."""
    examples = iter(examples)
    while window := list(itertools.islice(examples, _WINDOW)):
        window.sort(key=lambda example: len(example[0]))
        batches = [window[start : start + _BATCH] for start in range(0, len(window), _BATCH)]
        yield [
            ([text.encode("utf-8", "replace") for text, _ in batch], [label for _, label in batch])
            for batch in batches
        ]


def _score(predictions):
    """Accuracy, or micro-F1 with several labels per document."""
    if not predictions.multi_label:
        return float(predictions.correct.mean())
    truth, given = predictions.truth, predictions.given
    return float(2 * (truth & given).sum() / max(truth.sum() + given.sum(), 1))


def _parameters(classifier):
    """The number of weights; of n-grams alone without the network, which does not count."""
    if classifier.ngrams is None:
        return int(classifier.count_params())
    return sum(int(np.prod(w.shape)) for w in (classifier.ngrams.kernel, classifier.ngrams.bias))


def _training_speed(history, documents):
    """Documents per second, without the first epoch if there are several: it traces graphs."""
    if len(history) < 2 or "steps" not in history[0]:
        return documents * len(history) / max(sum(e["seconds"] for e in history), 1e-9)
    steps = history[-1]["steps"] - history[0]["steps"]
    seconds = sum(entry["seconds"] for entry in history[1:])
    return documents * steps / history[0]["steps"] / max(seconds, 1e-9)


def _curve(history, metrics):
    """`[seconds of training, score on validation]` after each epoch."""
    name = "validation_micro_f1" if metrics["multi_label"] else "validation_accuracy"
    seconds = list(itertools.accumulate(entry["seconds"] for entry in history))
    scores = [entry.get(name) for entry in history]
    if scores == [None] and "validation" in metrics:  # N-grams are validated at the end.
        scores = [metrics["validation"][name.removeprefix("validation_")]]
    return [list(point) for point in zip(seconds, scores, strict=True) if None not in point]


def _by_length(predictions):
    found = errors_by_length(predictions)
    columns = (found.shortest, found.longest, found.counts, found.counts - found.errors)
    names = ("shortest", "longest", "documents", "right")
    return [dict(zip(names, map(int, row), strict=True)) for row in zip(*columns, strict=True)]
