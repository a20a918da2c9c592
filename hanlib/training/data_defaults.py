"""Values of a recipe that depend on the data: the data set and its number of documents."""

import math

# Fields that differ from the defaults, by data set. The demo's 2,000 short reviews need a small
# model and more epochs.
DATASET_DEFAULTS = {
    "demo": {
        "preset": "han_small",
        "epochs": 10,
        "batch_size": 32,
        "learning_rate": 3e-3,
        "min_count": 1,
        "adversarial_norm": 0.0,
        "patience": 3,
    },
}
# The minimum number of training steps if `epochs` is not given. Two classes need fewer: with more
# steps the learning rate is still high when the network begins to overfit. Of eight topics of
# Reuters, 700 steps learned less than 1,400. (docs/accuracy.md has the figures.)
LEAST_STEPS = 1_400
LEAST_STEPS_OF_TWO_CLASSES = 600
# If `batch_size` is not given, it is halved from 64, at most to 16, until an epoch has this many
# steps. With fewer steps, and a perturbation that is large beside the initial word vectors, the
# first epochs learn little. To compare, run `python benchmarks/small_data.py imdb reuters8
# --variant default: --variant as-for-many:batch_size=64,adversarial_norm=1`.
LEAST_STEPS_PER_EPOCH = 60
# The size of region embeddings, if there are further texts to learn them from, or words are
# characters, which say little without those around them.
REGION_DIM = 100


def numbers_for(recipe, documents, further_texts, binary, characters):
    """The numbers that `Recipe.for_documents` describes, by field; those of the recipe are kept."""
    batch_size = recipe.batch_size or _batch_size(documents)
    norm, epochs = recipe.adversarial_norm, recipe.epochs
    if norm is None:
        norm = math.sqrt(batch_size / 64)
    if epochs is None:
        least = LEAST_STEPS_OF_TWO_CLASSES if binary else LEAST_STEPS
        steps = max(-(-(documents or least * batch_size) // batch_size), 1)
        steps = recipe.steps_per_epoch or steps
        epochs = min(max(-(-least // steps), 4), 20)
    patience = recipe.patience or max(epochs // 4, 2)
    return {
        "batch_size": batch_size,
        "adversarial_norm": norm,
        "epochs": epochs,
        "patience": patience,
        "region_dim": _region_dim(recipe, further_texts, characters),
    }


def _region_dim(recipe, further_texts, characters):
    takes_them = recipe.task == "documents" and recipe.encoder == "han"
    takes_them = takes_them and not recipe.pretrain_epochs
    helped_by_them = characters or (recipe.vectors == "own" and further_texts)
    if recipe.region_dim is None and takes_them and helped_by_them:
        return REGION_DIM
    return recipe.region_dim


def _batch_size(documents):
    for batch_size in (64, 32):
        if documents is None or documents >= LEAST_STEPS_PER_EPOCH * batch_size:
            return batch_size
    return 16
