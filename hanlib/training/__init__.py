"""Recipes, training runs that can be repeated and resumed, and the callbacks they consist of.

Importing this package does not import TensorFlow: what needs it is loaded when it is first used.
"""

import importlib

from hanlib.training.data_defaults import DATASET_DEFAULTS
from hanlib.training.recipe import Recipe
from hanlib.training.settings import RecipeError
from hanlib.training.task_defaults import item_recipe

_LAZY = {
    "train": "hanlib.training.run",
    "TrainingError": "hanlib.training.errors",
    "evaluate": "hanlib.training.evaluation",
    "FittedNGrams": "hanlib.training.ngrams",
    "fit_ngrams": "hanlib.training.ngrams",
    "MixingWeights": "hanlib.training.mixing",
    "mixing_weights": "hanlib.training.mixing",
    "ProgressLine": "hanlib.training.progress",
    "AveragedWeights": "hanlib.training.averaged_weights",
    "BestEpoch": "hanlib.training.best_epoch",
    "StepCheckpoint": "hanlib.training.step_checkpoint",
    "ProgressReport": "hanlib.training.progress_report",
    "TimeLimit": "hanlib.training.time_limit",
    "compare": "hanlib.training.comparison",
    "train_items": "hanlib.training.items",
    "evaluate_items": "hanlib.training.item_metrics",
}
__all__ = ["DATASET_DEFAULTS", "Recipe", "RecipeError", "item_recipe", *_LAZY]


def __getattr__(name):
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'hanlib.training' has no attribute {name!r}")
