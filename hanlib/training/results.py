"""Measures a completed run, and writes its files."""

import json
import os
import platform
import shutil

import keras
import tensorflow as tf

import hanlib
from hanlib.training.evaluation import Measurement, evaluate


def record_of(model, best, corpus):
    """What the records of all kinds of runs contain.

    Args:
        model: the trained model, with the weights of the best epoch.
        best: the `BestEpoch` of the run.
        corpus: the `Corpus` or `ItemCorpus`.
    """
    chosen = best.history[best.best_epoch() - 1]
    return {
        "dataset": corpus.name,
        "classes": list(corpus.classes),
        "best_epoch": chosen["epoch"],
        "epochs": len(best.history),
        "train": {name: chosen[name] for name in ("loss", best.monitor)},
        "parameters": model.count_params(),
        "vocabulary_size": model.vectorizer.vocabulary_size,
        "versions": versions(),
    }


def measure(classifier, best, corpus, train, validation, test, progress):
    """Measures the classifier and returns the record of the run.

    Args:
        classifier, best, corpus: as in `record_of`, for a `DocumentClassifier`.
        train: `TokenCache` of the training documents.
        validation: `TokenBatches`, or None.
        test: whether to measure the test split as well.
        progress: see `hanlib.training.train`.
    """
    record = {
        **record_of(classifier, best, corpus),
        "multi_label": corpus.multi_label,
        "documents": {"train": train.documents},
        "thresholds": list(classifier.thresholds) if corpus.multi_label else None,
    }
    if validation is not None:
        record["documents"]["validation"] = validation.documents
        record["validation"] = _validate(classifier, validation, progress)
    if test and "test" in corpus.splits:
        size = corpus.splits["test"].size
        record["test"] = evaluate(
            classifier,
            corpus.splits["test"],
            progress=lambda done: progress("measuring test", done, size),
        )
        record["documents"]["test"] = record["test"]["documents"]
    return record


def versions():
    """The versions that a run used, by name."""
    return {
        "hanlib": hanlib.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "python": platform.python_version(),
    }


def _validate(classifier, validation, progress):
    measurement = Measurement(classifier)
    for batch, labels in validation.dataset():
        measurement.add(batch, labels)
        progress("measuring validation", measurement.documents, validation.documents)
    return measurement.metrics()


def write(classifier, history, record, run, checkpoint, export, progress):
    """Writes all results to a temporary folder, and then renames each into place."""
    staged = checkpoint.directory / "complete-partial"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    uncompiled_copy(classifier).save(staged / "model.keras")
    files = {"recipe": run["recipe"], "metrics": record, "history": history}
    for name, content in (*files.items(), ("dataset", run["dataset"])):
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        (staged / f"{name}.json").write_text(text, encoding="utf-8")
    if export is not None:
        progress.note("exporting")
        export(classifier, staged)
    os.replace(staged, checkpoint.complete)
    checkpoint.publish()


def uncompiled_copy(classifier):
    """A copy of the classifier on one device, without the optimizer: it would triple the file."""
    copy = type(classifier).from_config(classifier.get_config())
    copy.build()
    copy.set_weights(classifier.get_weights())
    return copy
