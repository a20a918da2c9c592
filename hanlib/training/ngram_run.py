"""A training run of n-grams alone, without a network."""

import time
from pathlib import Path

import keras

from hanlib.data import batches_of
from hanlib.training import class_weights, open_run, results
from hanlib.training.best_epoch import BestEpoch
from hanlib.training.checkpoint import Checkpoint
from hanlib.training.fingerprint import Fingerprint
from hanlib.training.ngram_part import longest_ngram, ngrams_alone
from hanlib.training.preparation import prepare
from hanlib.training.progress import silent


def train_ngrams(corpus, recipe, output, *, progress=None, dataset=None):
    """Fits the linear n-gram part alone and writes it to a folder, like `hanlib.training.train`.

    The network of the recipe keeps its initial weights, and its logits count zero times. The folder
    has the files of an ordinary run; history.json holds one entry, with out-of-fold figures. A
    finished run with the same recipe and data is left unchanged; an unfinished one starts again.

    Args:
        corpus, recipe, output, progress, dataset: see `hanlib.training.train`. The network should
            be small: `encoder="bag_of_words", embedding_dim=1`.

    Returns:
        The record of the run; see `hanlib.training.train`.

    Raises:
        TrainingError: the corpus cannot be used, or the folder holds another run.
    """
    progress, output = progress or silent, Path(output)
    recipe = recipe.for_documents(corpus.splits["train"].size)
    run = {"recipe": recipe.to_dict(), "dataset": open_run.describe(corpus, dataset)}
    checkpoint = Checkpoint(output)
    checkpoint.prepare()
    if checkpoint.run() is None and (output / "model.keras").exists():
        return open_run.finished_run(output, run, progress)
    checkpoint.start(run)
    began, fingerprint = time.monotonic(), Fingerprint(corpus.classes)
    keras.utils.set_random_seed(recipe.seed)
    classifier, caches, _ = prepare(corpus, recipe, checkpoint, progress, fingerprint)
    validation = caches.get("validation")
    if validation is not None:
        validation = batches_of(validation, recipe.batch_size)
    classifier, found = ngrams_alone(
        classifier,
        longest_ngram(recipe.ngrams, classifier.vectorizer),
        caches["train"],
        validation,
        unlabelled=caches.get("unlabelled"),
        seed=recipe.seed,
        weigh=lambda labels: class_weights.weights_of_documents(
            recipe.class_weight, classifier._labels, labels
        ),
        progress=progress,
    )
    best = BestEpoch("micro_f1" if corpus.multi_label else "accuracy")
    entry = {"epoch": 1, "loss": found.pop("loss"), best.monitor: found.pop("score")}
    best.history.append({**entry, "seconds": found["seconds"]})
    record = results.measure(classifier, best, corpus, caches["train"], validation, False, progress)
    record.update(ngrams=found, seconds=round(time.monotonic() - began, 2))
    run["dataset"]["fingerprint"] = fingerprint.hexdigest()
    results.write(classifier, best.history, record, run, checkpoint, None, progress)
    return record
