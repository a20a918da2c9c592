"""Training runs: from a corpus to a folder with a model."""

import contextlib
import dataclasses
import functools
import os
import tempfile
import time
from pathlib import Path

import keras
import tensorflow as tf

from hanlib import atomic_files
from hanlib.checks import check_integer
from hanlib.data import batches_of
from hanlib.training import (
    class_weights,
    open_run,
    requirements,
    results,
    self_training,
    starting_model,
)
from hanlib.training.builders import build_encoder
from hanlib.training.calibration import calibrate
from hanlib.training.characters import words_are_characters
from hanlib.training.errors import TrainingError
from hanlib.training.fingerprint import Fingerprint
from hanlib.training.fit_batches import fit
from hanlib.training.ngram_part import add_ngrams, longest_ngram
from hanlib.training.preparation import prepare
from hanlib.training.pretraining import check_encoder
from hanlib.training.progress import silent
from hanlib.training.word_vectors import with_width
from hanlib.training.workers import SharedCheckpoint, Workers


def train(
    corpus,
    recipe,
    output,
    *,
    resume=False,
    progress=None,
    dataset=None,
    test=False,
    export=None,
    start=None,
    strategy=None,
    cache=None,
    jobs=1,
):
    """Trains a classifier on a corpus and writes the model and its records to a folder.

    The vocabulary and, with `recipe.vectors="own"`, the initial word vectors are learned from the
    training texts (and, for vectors, the unlabelled ones) only. The weights of the epoch with the
    best validation result are kept. Then a linear model of n-grams is fitted, and its logits are
    added to those of the network (see `recipe.ngrams`).

    With `recipe.self_train` all this happens twice: first for a teacher, in the folder `teacher/`
    of `output` (`recipe.ensemble` teachers in folders of it, with a seed each). Their mean
    probabilities are the soft labels of `corpus.unlabelled`, and the student, which is the result,
    learns from the labelled and the unlabelled texts.

    The folder contains

        model.keras     the `DocumentClassifier`; load it with `keras.models.load_model` after
                        `import hanlib.models`
        recipe.json     the `Recipe`
        metrics.json    the returned record
        history.json    one object per epoch
        dataset.json    a description of the training data

    These files are moved to the folder at the end, when all of them are complete; until then an
    existing model stays. During the run, `checkpoint/` in the folder holds the state, written every
    `recipe.checkpoint_steps` steps. With `resume`, a run that was killed at any time continues from
    there and ends with the same weights, bit for bit. The same seed, data, recipe and machine give
    the same weights, unless `recipe.minutes` ends training. For this purpose, `train` calls
    `keras.utils.set_random_seed` and enables TensorFlow's deterministic operations, both for the
    whole process.

    Args:
        corpus: a `hanlib.data.Corpus`.
        recipe: a `Recipe`.
        output: the folder; created if it does not exist.
        resume: whether to continue an unfinished run. If there is none, a new run starts; a
            finished run is left unchanged.
        progress: a `ProgressLine`, or None for no output.
        dataset: a JSON object to store in dataset.json with the description of the corpus.
        test: whether to measure the test split too, once, at the end.
        export: function `(classifier, folder)` that writes further files to the folder of complete
            results, such as a SavedModel to `folder/serving/1`.
        start: a trained `DocumentClassifier` with the classes of the corpus and the encoder of the
            recipe, whose weights are the initial ones. Its words keep their ids; words that are
            new in the corpus are added, up to `recipe.max_tokens`.
        strategy: a `tf.distribute.MirroredStrategy` for several devices, or a
            `MultiWorkerMirroredStrategy` for several workers; None for one device. Every step
            trains on `recipe.batch_size` documents, which the replicas share, so the result is that
            of one device up to rounding (with dropout: up to other random numbers). All workers
            call this function with the same arguments and data. Worker 0, the chief, writes to
            `output`; the others use a temporary folder.
        cache: the folder for the tokens of a corpus from files, which other runs on the same files
            use again (see `hanlib.training.sharded_corpus`). None: a corpus of more than 200,000
            training documents is tokenized to the folder `cache` beside `output`, on a worker that
            is not the chief to a temporary one; the tokens of a smaller one are in memory. A
            resumed run has the folder of the run before.
        jobs: number of processes that split files into words. The result does not depend on it.
            With several, a script needs `if __name__ == "__main__":`.

    Returns:
        None on a worker that is not the chief. Else a dict: metrics on `validation` (see
        `evaluate`; only if there is a validation split) and `train`, `best_epoch`, `epochs`,
        `parameters`, `vocabulary_size`, `seconds`, ... With n-grams also `ngrams` (their `number`,
        the `weights` of network and n-grams, and what the network, the n-grams and both reach on
        validation), with `recipe.vectors` also `vectors`, how many words have one; with
        `recipe.calibrate` `temperature`; with `recipe.self_train` `teachers`, the metrics of each
        on validation.

    Raises:
        TrainingError: the corpus cannot be used for training, `resume` does not match the run, the
            recipe cannot be trained on several devices, or another worker was lost.
        RecipeError: the encoder of the recipe cannot be built.

    >>> import tempfile
    >>> from hanlib.data import Corpus, Split
    >>> from hanlib.training import Recipe
    >>> examples = [("A good film. Go!", "good"), ("A bad film. Stay.", "bad")] * 8
    >>> splits = {"train": Split(lambda: iter(examples), 16)}
    >>> corpus = Corpus("films", ("bad", "good"), False, splits)
    >>> recipe = Recipe(preset="han_small", bidirectional=False, epochs=1, adversarial_norm=0.0)
    >>> record = train(corpus, recipe, tempfile.mkdtemp())
    >>> record["epochs"], record["documents"]
    (1, {'train': 16})
    """
    strategy = strategy or tf.distribute.get_strategy()
    workers = Workers(strategy)
    with contextlib.ExitStack() as stack:
        stack.enter_context(workers.lost_as_errors())
        if not workers.chief:
            # Whether a run is resumed is up to the chief.
            output, resume = stack.enter_context(tempfile.TemporaryDirectory()), False
        return _train(
            *(corpus, recipe, Path(output), resume, progress or silent, dataset, test, export),
            *(start, workers, cache, check_integer("jobs", jobs, error=TrainingError)),
        )


def _train(
    corpus,
    recipe,
    output,
    resume,
    progress,
    dataset,
    test,
    export,
    start,
    workers,
    cache,
    jobs,
):
    requirements.check_corpus(corpus, recipe)
    # A teacher learns from fewer documents than its student, and has epochs of its own.
    teacher = {"epochs": recipe.epochs, "patience": recipe.patience}
    recipe = requirements.for_replicas(recipe, workers.strategy, progress)
    if start is not None and recipe.region_dim is None:
        recipe = dataclasses.replace(recipe, region_dim=start.encoder.region_dim or None)
    recipe = recipe.for_documents(
        _documents(corpus, recipe),
        further_texts=start is None and corpus.unlabelled is not None,
        binary=corpus.binary,
        characters=start is None and words_are_characters(corpus.splits["train"].texts()),
    )
    if not resume or recipe.embedding_dim is None:
        recipe = with_width(recipe)
    if start is not None:
        starting_model.check(start, corpus, recipe)
        dataset = {**(dataset or {}), "start": starting_model.digest(start)}
    check_encoder(recipe, build_encoder(recipe, recipe.max_tokens, len(corpus.classes)))
    run = {
        "recipe": recipe.to_dict(),
        "dataset": open_run.describe(corpus, dataset),
        **({"teacher": teacher} if recipe.self_train else {}),
        **({} if cache is None else {"cache": os.path.abspath(cache)}),
    }
    checkpoint = SharedCheckpoint(output, workers)
    output.mkdir(parents=True, exist_ok=True)
    atomic_files.remove_leftovers(output)
    if checkpoint.complete.exists():
        checkpoint.publish()
    finished = resume and checkpoint.run() is None and (output / "model.keras").exists()
    if workers.from_chief(b"finished" if finished else b"") == b"finished":
        return open_run.finished_run(output, run, progress) if workers.chief else None
    workers.check_same("recipe", run["recipe"])
    resumed = open_run.open_run(checkpoint, run, resume, progress)
    if resumed and cache is None:
        cache = checkpoint.run().get("cache")
    began = time.monotonic()
    tf.config.experimental.enable_op_determinism()
    taught = None
    if recipe.self_train:
        own = dataclasses.replace(recipe, **checkpoint.run()["teacher"])
        taught = self_training.teach(
            functools.partial(train, cache=cache, jobs=jobs),
            corpus,
            own,
            checkpoint,
            resumed,
            progress,
            dataset=dataset,
            start=start,
        )
    keras.utils.set_random_seed(recipe.seed)
    fingerprint = Fingerprint(corpus.classes)
    with workers.strategy.scope():
        classifier, caches, found = prepare(
            *(corpus, recipe, checkpoint, progress, fingerprint, start, taught and taught.labels),
            check=lambda: workers.check_same("data set", fingerprint.hexdigest()),
            cache=cache,
            jobs=jobs,
        )
    longest = longest_ngram(recipe.ngrams, classifier.vectorizer)
    if resumed and not checkpoint.has_state:
        progress.note(
            "the run was stopped before its first checkpoint: starting from the beginning"
        )
    validation = caches.get("validation")
    if validation is not None:
        validation = batches_of(validation, recipe.batch_size)
    with workers.strategy.scope():
        workers.copy_from_chief(classifier.weights)
        best = fit(
            *(classifier, recipe, caches["train"], validation),
            *(checkpoint, progress, fingerprint.hexdigest()),
        )
    if not workers.chief:
        return None
    if workers.strategy.num_replicas_in_sync > 1:
        # What follows runs on one device.
        classifier = results.uncompiled_copy(classifier)
    if longest:
        classifier, found["ngrams"] = add_ngrams(
            *(classifier, longest, caches["train"], validation),
            unlabelled=caches.get("unlabelled"),
            seed=recipe.seed,
            weigh=lambda labels: class_weights.weights_of_documents(
                recipe.class_weight, classifier._labels, labels
            ),
            progress=progress,
        )
    if recipe.calibrate:
        found["temperature"] = calibrate(classifier, corpus.splits["validation"])
    record = results.measure(classifier, best, corpus, caches["train"], validation, test, progress)
    record.update(found)
    if taught is not None:
        record["documents"]["train"] -= len(taught.labels)
        record["documents"]["unlabelled"] = len(taught.labels)
        record["teachers"] = taught.records
    record["seconds"] = round(time.monotonic() - began, 2)
    run["dataset"]["fingerprint"] = fingerprint.hexdigest()
    results.write(classifier, best.history, record, run, checkpoint, export, progress)
    return record


def _documents(corpus, recipe):
    """The number of documents of an epoch, or None where it is not known."""
    size = corpus.splits["train"].size
    if size is None or not recipe.self_train:
        return size
    unlabelled = corpus.unlabelled
    return size + (unlabelled.size or sum(1 for _ in unlabelled))
