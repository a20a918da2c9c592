"""What a corpus and a recipe must have for a training run."""

import dataclasses

from hanlib.training import class_weights
from hanlib.training.errors import TrainingError

# Training documents and unlabelled texts of a run with teachers.
MOST_SELF_TRAINED = 1_000_000


def check_corpus(corpus, recipe):
    """Raises a `TrainingError` if a recipe cannot be trained on a corpus."""
    if recipe.task != "documents":
        raise TrainingError(
            f"`task` must be documents for a corpus of texts. Received: {recipe.task}"
        )
    if "train" not in corpus.splits or corpus.splits["train"].size == 0:
        raise TrainingError("`corpus` must have training documents. Received: none")
    least = 1 if corpus.multi_label else 2
    if len(corpus.classes) < least:
        raise TrainingError(
            f"`corpus` must have at least {least} classes to learn. "
            f"Received: {', '.join(map(str, corpus.classes)) or 'none'}"
        )
    if recipe.class_weight is not None:
        class_weights.parse(recipe.class_weight, corpus.classes)
    if recipe.self_train and corpus.unlabelled is None:
        raise TrainingError("`self_train` needs unlabelled texts: `unlabelled`. Received: none")
    sizes = (corpus.splits["train"].size, corpus.unlabelled and corpus.unlabelled.size)
    if recipe.self_train and sum(size or 0 for size in sizes) > MOST_SELF_TRAINED:
        raise TrainingError(
            f"`self_train` must be false for more than {MOST_SELF_TRAINED:,} documents, whose soft "
            f"labels would be in memory. Received: {sum(size or 0 for size in sizes):,} documents"
        )
    if recipe.calibrate and not (
        "validation" in corpus.splits and corpus.splits["validation"].size
    ):
        raise TrainingError("`calibrate` needs validation documents. Received: none")


def for_replicas(recipe, strategy, progress):
    """The recipe for the replicas of a strategy; one that these cannot train is an error."""
    if strategy.num_replicas_in_sync == 1:
        return recipe
    refused = {
        "adversarial_norm": 0,
        "minutes": "none",
        "self_train": "false",
        "pretrain_epochs": 0,
    }
    for name, allowed in refused.items():
        if getattr(recipe, name):
            raise TrainingError(
                f"`{name}` must be {allowed} on several devices or workers. "
                f"Received: {getattr(recipe, name)!r}"
            )
    if recipe.adversarial_norm is None:
        progress.note("several devices: training is not adversarial (adversarial_norm=0)")
    return dataclasses.replace(recipe, adversarial_norm=0.0)
