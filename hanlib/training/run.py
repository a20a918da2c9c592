"""Training runs: from a corpus to a folder with a model."""

import json
import shutil
import time
from pathlib import Path

import keras
import tensorflow as tf

from hanlib import atomic_files
from hanlib.data import TokenBatches, TokenCache
from hanlib.training import results
from hanlib.training.averaged_weights import AveragedWeights
from hanlib.training.best_epoch import BestEpoch
from hanlib.training.builders import (
    build_classifier,
    build_encoder,
    build_vectorizer,
    compile_classifier,
)
from hanlib.training.checkpoint import Checkpoint
from hanlib.training.errors import TrainingError
from hanlib.training.evaluation import label_encoder
from hanlib.training.fingerprint import Fingerprint
from hanlib.training.progress import silent
from hanlib.training.progress_report import ProgressReport
from hanlib.training.step_checkpoint import StepCheckpoint

# If there are more training documents, the tokens are kept on disk, beside the checkpoint.
DOCUMENTS_IN_MEMORY = 200_000


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
):
    """Trains a HAN on a corpus and writes the model and its records to a folder.

    The vocabulary is learned from the training texts only. The weights of the epoch with the best
    validation result are kept. The folder contains

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
    the same weights. For this purpose, `train` calls `keras.utils.set_random_seed` and enables
    TensorFlow's deterministic operations, both for the whole process.

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

    Returns:
        A dict: metrics on `validation` (see `evaluate`; only if there is a validation split) and
        `train`, `best_epoch`, `epochs`, `parameters`, `vocabulary_size`, `seconds`, ...

    Raises:
        TrainingError: the corpus cannot be used for training, or `resume` does not match the run.
        RecipeError: the encoder of the recipe cannot be built.

    >>> import tempfile
    >>> from hanlib.data import Corpus, Split
    >>> from hanlib.training import Recipe
    >>> examples = [("A good film. Go!", "good"), ("A bad film. Stay.", "bad")] * 8
    >>> splits = {"train": Split(lambda: iter(examples), 16)}
    >>> corpus = Corpus("films", ("bad", "good"), False, splits)
    >>> recipe = Recipe(preset="han_small", bidirectional=False, epochs=1)
    >>> record = train(corpus, recipe, tempfile.mkdtemp())
    >>> record["epochs"], record["documents"]
    (1, {'train': 16})
    """
    progress = progress or silent
    output = Path(output)
    _check_corpus(corpus)
    recipe = recipe.for_documents(corpus.splits["train"].size)
    build_encoder(recipe, recipe.max_tokens, len(corpus.classes))
    run = {"recipe": recipe.to_dict(), "dataset": _describe(corpus, dataset)}
    checkpoint = Checkpoint(output)
    output.mkdir(parents=True, exist_ok=True)
    atomic_files.remove_leftovers(output)
    if checkpoint.complete.exists():
        checkpoint.publish()
    if resume and checkpoint.run() is None and (output / "model.keras").exists():
        return _finished_run(output, run, progress)
    resumed = _open_run(checkpoint, run, resume, progress)
    start = time.monotonic()
    keras.utils.set_random_seed(recipe.seed)
    tf.config.experimental.enable_op_determinism()
    fingerprint = Fingerprint(corpus)
    classifier, caches = _prepare(corpus, recipe, checkpoint, progress, fingerprint)
    if resumed and checkpoint.read_state() is None:
        progress.note(
            "the run was stopped before its first checkpoint: starting from the beginning"
        )
    validation = caches.get("validation")
    if validation is not None:
        validation = TokenBatches(validation, recipe.batch_size)
    best = fit(
        *(classifier, recipe, caches["train"], validation),
        *(checkpoint, progress, fingerprint.hexdigest()),
    )
    record = results.measure(classifier, best, corpus, caches["train"], validation, test, progress)
    record["seconds"] = round(time.monotonic() - start, 2)
    run["dataset"]["fingerprint"] = fingerprint.hexdigest()
    results.write(classifier, best.history, record, run, checkpoint, export, progress)
    return record


def fit(
    classifier,
    recipe,
    train,
    validation,
    checkpoint,
    progress,
    fingerprint=None,
    compiled=False,
):
    """Trains a classifier according to a recipe, from the state in the checkpoint if there is one.

    Args:
        classifier: a built `DocumentClassifier`.
        recipe: a `Recipe` in which `epochs` and `patience` are numbers.
        train: a `hanlib.data.TokenCache`.
        validation: `hanlib.data.TokenBatches`, or None.
        checkpoint: a `Checkpoint` that was started.
        progress: as in `train`.
        fingerprint: see `StepCheckpoint`.
        compiled: whether the classifier is already compiled.

    Returns:
        The `BestEpoch` with the records of the epochs.
    """
    batches = TokenBatches(
        train,
        recipe.batch_size,
        seed=recipe.seed,
        max_batch_words=recipe.max_batch_words,
        epochs=recipe.epochs,
    )
    if not compiled:
        compile_classifier(classifier, recipe, batches.steps * recipe.epochs)
    monitor = "micro_f1" if classifier.multi_label else "accuracy"
    best = BestEpoch(monitor, recipe.patience, store=checkpoint)
    callbacks = [
        AveragedWeights(),
        best,
        StepCheckpoint(checkpoint, recipe.checkpoint_steps, best, fingerprint, progress.note),
        ProgressReport(progress, best, validation),
    ]
    classifier.fit(
        batches,
        epochs=recipe.epochs,
        validation_data=validation,
        callbacks=callbacks,
        verbose=0,
    )
    return best


def _check_corpus(corpus):
    if "train" not in corpus.splits or corpus.splits["train"].size == 0:
        raise TrainingError("`corpus` must have training documents. Received: none")
    least = 1 if corpus.multi_label else 2
    if len(corpus.classes) < least:
        raise TrainingError(
            f"`corpus` must have at least {least} classes to learn. "
            f"Received: {', '.join(map(str, corpus.classes)) or 'none'}"
        )


def _describe(corpus, dataset):
    sizes = {name: split.size for name, split in corpus.splits.items()}
    return {
        **(dataset or {}),
        "name": corpus.name,
        "classes": list(corpus.classes),
        "multi_label": corpus.multi_label,
        "documents": sizes,
    }


def _finished_run(output, run, progress):
    recorded = {
        "recipe": json.loads((output / "recipe.json").read_text(encoding="utf-8")),
        "dataset": json.loads((output / "dataset.json").read_text(encoding="utf-8")),
    }
    recorded["dataset"].pop("fingerprint", None)
    _check_same(recorded, run, "the finished run")
    progress.note(f"the run in {output} is finished: nothing to resume")
    return json.loads((output / "metrics.json").read_text(encoding="utf-8"))


def _open_run(checkpoint, run, resume, progress):
    """Returns whether an unfinished run is resumed; otherwise starts a new one."""
    recorded = checkpoint.run() if resume else None
    if recorded is not None:
        _check_same(recorded, run, "the checkpoint")
        return True
    if checkpoint.directory.exists() and not resume:
        progress.note(
            "discarding the checkpoint of an unfinished run (--resume would go on with it)"
        )
    elif resume:
        progress.note("no unfinished run to resume: starting from the beginning")
    checkpoint.start(run)
    return False


def _check_same(recorded, run, where):
    for part in ("recipe", "dataset"):
        # Converted to JSON and back, which turns tuples into lists.
        old, new = recorded[part], json.loads(json.dumps(run[part]))
        differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        if differing:
            listed = "; ".join(
                f"{name} is {old.get(name)!r} there and {new.get(name)!r} now" for name in differing
            )
            raise TrainingError(
                f"`resume` needs the {part} of {where}: {listed}. "
                "Leave out `resume` to start a new run"
            )


def _prepare(corpus, recipe, checkpoint, progress, fingerprint):
    """The untrained classifier and the tokenised splits."""
    train, size = corpus.splits["train"], corpus.splits["train"].size
    vectorizer = build_vectorizer(recipe)
    try:
        vectorizer.adapt(
            (text for text, _ in fingerprint.watch(train)),
            progress=lambda done: progress("vocabulary", done, size),
        )
    except ValueError as error:
        raise TrainingError(f"no vocabulary can be learned: {error}") from error
    vectorize = tf.function(vectorizer, input_signature=[tf.TensorSpec([None], tf.string)])
    caches = {
        name: _tokenise(name, fingerprint, corpus, vectorize, checkpoint, progress)
        for name in ("train", "validation")
        if name in corpus.splits
    }
    classifier = build_classifier(recipe, vectorizer, list(corpus.classes), corpus.multi_label)
    return classifier, caches


def _tokenise(name, fingerprint, corpus, vectorize, checkpoint, progress):
    split = corpus.splits[name]
    directory = None
    if split.size is None or split.size > DOCUMENTS_IN_MEMORY:
        directory = checkpoint.directory / f"tokens-{name}"
        for leftover in checkpoint.directory.glob(f"tokens-{name}*"):
            shutil.rmtree(leftover)
    return TokenCache.build(
        split if name == "train" else fingerprint.watch(split),
        lambda texts: vectorize(tf.constant([text.encode("utf-8", "replace") for text in texts])),
        encode_label=label_encoder(corpus.classes, corpus.multi_label),
        directory=directory,
        progress=lambda done: progress(f"tokenising {name}", done, split.size),
    )
