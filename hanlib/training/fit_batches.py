"""Trains a compiled model on batches, with the callbacks that every run has."""

from hanlib.training.averaged_weights import AveragedWeights
from hanlib.training.best_epoch import BestEpoch
from hanlib.training.progress_report import ProgressReport
from hanlib.training.step_checkpoint import StepCheckpoint
from hanlib.training.time_limit import TimeLimit


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
