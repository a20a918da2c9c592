"""Trains a model on batches as a recipe says, with the callbacks that every run has."""

from hanlib.data import batches_of
from hanlib.training import class_weights
from hanlib.training.averaged_weights import AveragedWeights
from hanlib.training.best_epoch import BestEpoch
from hanlib.training.builders import compile_classifier
from hanlib.training.progress_report import ProgressReport
from hanlib.training.step_checkpoint import StepCheckpoint
from hanlib.training.time_limit import TimeLimit


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
        recipe: a `Recipe` from `Recipe.for_documents`.
        train: a `hanlib.data.TokenCache`, or `TokenShards`.
        validation: `hanlib.data.TokenBatches`, or None.
        checkpoint: a `Checkpoint` that was started.
        progress: see `hanlib.training.train`.
        fingerprint: see `StepCheckpoint`.
        compiled: whether the classifier is already compiled.

    Returns:
        The `BestEpoch` with the records of the epochs.
    """
    batches = batches_of(
        train,
        recipe.batch_size,
        seed=recipe.seed,
        max_batch_words=recipe.max_batch_words,
        epochs=recipe.epochs,
        weights=class_weights.weights_of(recipe.class_weight, classifier._labels, train),
        steps_per_epoch=recipe.steps_per_epoch,
    )
    if not compiled:
        compile_classifier(classifier, recipe, batches.steps * recipe.epochs)
    monitor = "micro_f1" if classifier.multi_label else "accuracy"
    return fit_batches(
        classifier, recipe, batches, validation, checkpoint, progress, monitor, fingerprint
    )


def fit_batches(
    model, recipe, batches, validation, checkpoint, progress, monitor, fingerprint=None
):
    """Trains a compiled model, from the state in the checkpoint if there is one.

    Args:
        model: a compiled `TextModel`.
        recipe: a `Recipe` from `Recipe.for_documents`.
        batches: `hanlib.data.TokenBatches` of the training documents.
        validation: `TokenBatches`, or None.
        checkpoint: a `Checkpoint` that was started.
        progress: see `hanlib.training.train`.
        monitor: the metric that chooses the best epoch.
        fingerprint: see `StepCheckpoint`.

    Returns:
        The `BestEpoch` with the records of the epochs.
    """
    best = BestEpoch(monitor, recipe.patience, store=checkpoint)
    limit = None if recipe.minutes is None else TimeLimit(recipe.minutes, best)
    callbacks = [
        AveragedWeights(),
        best,
        StepCheckpoint(checkpoint, recipe.checkpoint_steps, best, fingerprint, progress.note),
        ProgressReport(progress, best, validation, limit),
        *([] if limit is None else [limit]),
    ]
    model.fit(
        batches,
        epochs=recipe.epochs,
        validation_data=validation,
        callbacks=callbacks,
        verbose=0,
    )
    return best
