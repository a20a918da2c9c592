"""The models that `compare` knows, each as changes to one common recipe."""

import dataclasses
import difflib

from hanlib.presets import PRESETS
from hanlib.training.encoder_fields import ENCODER_FIELDS
from hanlib.training.settings import RecipeError

_LAST = {"encoder": "flat_recurrent", "bidirectional": False, "score": "last"}


@dataclasses.dataclass(frozen=True)
class ComparedModel:
    """A model of the comparison.

    Attributes:
        about: What it is, in one line.
        fields: Fields of the recipe that differ from the common one.

    >>> MODELS["gru"].fields["cell"]
    'gru'
    """

    about: str
    fields: dict


MODELS = {
    "rnn": ComparedModel("plain RNN (Elman), last state", {**_LAST, "cell": "elman"}),
    "lstm": ComparedModel("LSTM, last state", {**_LAST, "cell": "lstm"}),
    "gru": ComparedModel("GRU, last state", {**_LAST, "cell": "gru"}),
    "bigru": ComparedModel(
        "bidirectional GRU over the document, with attention: a HAN without sentences",
        {"encoder": "flat_recurrent", "cell": "gru", "bidirectional": True, "score": "additive"},
    ),
    "han": ComparedModel("HAN of Yang et al. 2016", {"encoder": "han"}),
    "han_article": ComparedModel(
        "HAN with self-attention, stacked GRU in one direction and an output gate",
        {
            "encoder": "han",
            "cell": "output_gate_gru",
            "depth": 2,
            "bidirectional": False,
            "self_attention_heads": 1,
        },
    ),
    # A rate for the vectors of a level is too high inside of each block.
    "transformer": ComparedModel(
        "Transformer encoder, with attention pooling", {"encoder": "transformer", "dropout": 0.1}
    ),
    "bag_of_words": ComparedModel("mean of the word vectors", {"encoder": "bag_of_words"}),
    "ngrams": ComparedModel("linear model of word n-grams", {"encoder": "bag_of_words"}),
}


def check_models(names):
    """Returns the names of models as a list, without repetitions.

    Raises:
        RecipeError: no model is named, or one does not exist; the message suggests the closest.

    >>> check_models(["han", "gru", "han"])
    ['han', 'gru']
    """
    names = list(dict.fromkeys(names))
    if not names:
        raise RecipeError(f"`models` must name at least one of {', '.join(MODELS)}. Received: none")
    for name in names:
        if name not in MODELS:
            close = difflib.get_close_matches(str(name), MODELS, n=1, cutoff=0.4)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise RecipeError(f"`models` must be of {', '.join(MODELS)}. Received: {name!r}{hint}")
    return names


def check_budget(seeds, budget):
    """Checks the number of seeds and the minutes of a comparison.

    Raises:
        RecipeError: one of them is too small.

    >>> check_budget(seeds=3, budget=None)
    """
    if seeds < 1:
        raise RecipeError(f"`seeds` must be at least 1. Received: {seeds}")
    if budget is not None and not budget > 0:
        raise RecipeError(f"`budget` must be greater than 0, in minutes. Received: {budget}")


def recipe_of(model, recipe, seed, budget=None, documents=None, binary=False):
    """The recipe of one run of a comparison.

    The fields of `recipe` that the encoder does not take are left out. A recurrence in one
    direction has twice the units, so that all recurrent networks have states of the same width.

    With a budget, training has a constant learning rate with averaged weights and ends after
    `budget` minutes: a schedule over epochs would still be at a high rate where a slow model has to
    stop. The warmup takes as many steps as it does without a budget.

    Args:
        model: A name in `MODELS`.
        recipe: The common `Recipe`.
        seed: The seed of the run.
        budget: Minutes of training, or None for the epochs of the recipe.
        documents: Number of training documents, or None if unknown.
        binary: Whether each document has one of two classes.

    >>> from hanlib.training import Recipe
    >>> found = recipe_of("gru", Recipe(hops=2, epochs=3), seed=1)
    >>> found.encoder, found.units, found.hops, found.ngrams, found.seed, found.epochs
    ('flat_recurrent', 100, None, 0, 1, 3)
    """
    fields = MODELS[model].fields
    common = {
        name: None
        for name in ENCODER_FIELDS["han"]
        if name not in ENCODER_FIELDS[fields["encoder"]]
    }
    values = {**common, **fields, "seed": seed, "ngrams": 0}
    if fields["encoder"] != "han":
        values["per_label"] = False
    else:
        # Only a HAN can read them: the networks should differ in nothing but their encoder.
        values["region_dim"] = recipe.region_dim or 0
    if fields.get("bidirectional") is False:
        values["units"] = 2 * (recipe.units or PRESETS.get(recipe.preset, {}).get("units", 50))
    if model == "ngrams":
        # Beside the n-grams there is no network: word vectors of one number stand for it.
        values.update(ngrams=recipe.ngrams or None, embedding_dim=1, vectors=None)
    elif budget is not None:
        usual = recipe.for_documents(documents, binary=binary).epochs
        values.update(
            minutes=budget,
            epochs=MOST_EPOCHS,
            patience=MOST_EPOCHS,
            decay="constant",
            warmup_share=recipe.warmup_share * usual / MOST_EPOCHS,
        )
    return dataclasses.replace(recipe, **values)


# The limit of epochs where minutes are given.
MOST_EPOCHS = 1_000
