"""The recipes of models of documents that are split."""

from hanlib.training.recipe import Recipe

# Fields of the recipe that differ from its defaults, by task.
TASK_DEFAULTS = {
    "documents": {},
    "sentences": {"max_sentence_words": None, "epochs": 6, "batch_size": 16, "patience": 4},
    "tokens": {
        "encoder": "flat_recurrent",
        "embedding_dim": 100,
        "units": 100,
        "input_dropout": 0.3,
        "embedding_dropout": 0.2,
        "weight_dropout": 0.1,
        "dropout": 0.3,
        "learning_rate": 3e-3,
        "adversarial_norm": 0.0,
        "max_sentence_words": None,
        "epochs": 12,
        "batch_size": 32,
    },
}


def item_recipe(task, **values):
    """The recipe of a task, updated by the given values.

    >>> item_recipe("tokens", epochs=2).encoder
    'flat_recurrent'
    """
    return Recipe.from_dict({"task": task, **TASK_DEFAULTS[task], **values})
