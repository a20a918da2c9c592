"""The record of all hyperparameters."""

import dataclasses

import pytest

from hanlib.training import DATASET_DEFAULTS, Recipe, RecipeError


def test_json_round_trip():
    recipe = Recipe(units=7, cell="mgu", validation_split=500, per_label=True, dropout=0.25)
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe().epochs = 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 2.5),
        ("epochs", True),
        ("batch_size", -1),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("learning_rate", "fast"),
        ("dropout", 1.0),
        ("warmup_share", -0.1),
        ("decay", "linear"),
        ("lowercase", "yes"),
        ("seed", -1),
        ("preset", 3),
        ("normalizer", "hardmax"),
        ("max_tokens", 2),
        ("validation_split", -0.5),
    ],
)
def test_a_wrong_value_names_the_field_and_what_came(name, value):
    with pytest.raises(RecipeError, match=f"`{name}` must be .* Received: "):
        Recipe(**{name: value})


def test_an_unknown_key_is_an_error_that_names_the_closest():
    with pytest.raises(RecipeError, match="no field 'learning_rte': did you mean 'learning_rate'"):
        Recipe.from_json('{"learning_rte": 0.1}')
    with pytest.raises(RecipeError, match="known are encoder, preset"):
        Recipe.from_dict({"zzzz": 1})


@pytest.mark.parametrize("text", ["", "[1]", "{", "3"])
def test_what_is_no_json_object_is_an_error(text):
    with pytest.raises(RecipeError, match="must be a JSON object"):
        Recipe.from_json(text)


def test_overrides_take_the_types_of_the_fields():
    recipe = (
        Recipe()
        .with_overrides(
            ["epochs=3", "learning_rate=1e-3", "lowercase=false", "units=none", "cell=lstm"]
        )
        .with_overrides(["validation_split=200", "max_batch_words=5000"])
    )
    assert (recipe.epochs, recipe.learning_rate, recipe.lowercase) == (3, 1e-3, False)
    assert (recipe.units, recipe.cell, recipe.validation_split) == (None, "lstm", 200)
    assert recipe.max_batch_words == 5000
    assert Recipe().with_overrides(["validation_split=0.2"]).validation_split == 0.2


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("epochs", "takes field=value"),
        ("epoch=3", "did you mean 'epochs'"),
        ("epochs=three", "`epochs` must be a whole number, at least 1, or none. Received: 'three'"),
        ("epochs=1.5", "`epochs` must be a whole number"),
        ("lowercase=maybe", "`lowercase` must be true or false"),
        ("dropout=1.5", "`dropout` must be a number, from 0 to less than 1, or none"),
    ],
)
def test_a_wrong_override_is_clear(assignment, message):
    with pytest.raises(RecipeError, match=message):
        Recipe().with_overrides([assignment])


def test_every_field_has_a_meaning_and_stands_in_the_docs():
    for field in dataclasses.fields(Recipe):
        assert field.metadata["meaning"]
        assert field.name in Recipe.__doc__


@pytest.mark.parametrize("name", DATASET_DEFAULTS)
def test_the_defaults_of_data_sets_are_recipes(name):
    assert Recipe.for_dataset(name, epochs=2).epochs == 2


def test_only_given_fields_replace_those_of_the_preset():
    assert Recipe().encoder_arguments(classes=3) == {}
    arguments = Recipe(units=5, per_label=True).encoder_arguments(classes=3)
    assert arguments == {"units": 5, "labels": 3}


@pytest.mark.parametrize("beside", ["mean", "max", "mean+max"])
def test_what_stands_beside_the_attention_is_a_name(beside):
    recipe = Recipe().with_overrides([f"beside={beside}"])
    assert recipe.encoder_arguments(classes=3) == {"beside": tuple(beside.split("+"))}
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert recipe.with_overrides(["beside=none"]) == Recipe()


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        (22_500, (64, 1.0, 4, 2)),
        (1_000_000, (64, 1.0, 4, 2)),
        (None, (64, 1.0, 4, 2)),
        (8_643, (64, 1.0, 11, 2)),
        (4_500, (64, 1.0, 20, 5)),
        (3_000, (32, 0.5**0.5, 15, 3)),
        (1_500, (16, 0.5, 15, 3)),
        (10, (16, 0.5, 20, 5)),
    ],
)
def test_few_documents_get_smaller_batches_and_more_epochs(documents, expected):
    assert numbers_of(Recipe().for_documents(documents)) == expected


@pytest.mark.parametrize(
    ("documents", "epochs"),
    [(22_500, 4), (None, 4), (10_000, 4), (4_500, 9), (3_000, 7), (1_500, 7), (500, 19), (100, 20)],
)
def test_two_classes_need_fewer_epochs(documents, epochs):
    two = Recipe().for_documents(documents, binary=True)
    more = Recipe().for_documents(documents, binary=False)
    assert two.epochs == epochs
    assert two.patience == max(epochs // 4, 2)
    assert more == Recipe().for_documents(documents)
    assert (two.batch_size, two.adversarial_norm) == (more.batch_size, more.adversarial_norm)


def test_given_numbers_are_kept():
    recipe = Recipe(batch_size=8, adversarial_norm=0.1, epochs=7, patience=1).for_documents(10)
    assert numbers_of(recipe) == (8, 0.1, 7, 1)


def test_further_texts_give_region_embeddings_beside_own_vectors():
    own = Recipe(vectors="own")
    for documents in (1_000, 22_500, None):
        assert own.for_documents(documents, further_texts=True).region_dim == 100
    for recipe, further_texts in (
        (own, False),
        (Recipe(), True),
        (Recipe(vectors="own", encoder="transformer"), True),
        (Recipe(vectors="own", pretrain_epochs=1), True),
        (Recipe(vectors="own", task="tokens"), True),
    ):
        assert recipe.for_documents(1_000, further_texts).region_dim is None
    off = Recipe(vectors="own", region_dim=0)
    assert off.for_documents(1_000, further_texts=True).region_dim == 0


def test_characters_give_region_embeddings():
    assert Recipe().for_documents(1_000, characters=True).region_dim == 100
    assert Recipe().for_documents(1_000).region_dim is None
    for recipe in (
        Recipe(encoder="flat_recurrent"),
        Recipe(pretrain_epochs=1),
        Recipe(task="sentences"),
    ):
        assert recipe.for_documents(1_000, characters=True).region_dim is None
    assert Recipe(region_dim=0).for_documents(1_000, characters=True).region_dim == 0


def numbers_of(recipe):
    return recipe.batch_size, recipe.adversarial_norm, recipe.epochs, recipe.patience


def test_a_recipe_without_an_encoder_is_one_of_a_han():
    assert Recipe.from_json('{"units": 5}').encoder == "han"
    assert Recipe().with_overrides(["encoder=transformer"]).encoder == "transformer"


def test_the_fields_of_an_encoder_get_the_names_of_its_arguments():
    recipe = Recipe(encoder="transformer", score="mean", self_attention_heads=2, depth=1)
    found = {"pooling": "mean", "num_heads": 2, "depth": 1}
    assert recipe.encoder_arguments(classes=3) == found


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"encoder": "bert"}, "`encoder` must be a name, one of han, flat_recurrent"),
        ({"encoder": "bag_of_words", "cell": "gru"}, "`cell` must not be given with encoder bag"),
        ({"encoder": "transformer", "per_label": True}, "`per_label` must not be given"),
        ({"encoder": "transformer", "beside": "max"}, "`beside` must not be given with encoder tr"),
        (
            {"beside": "min"},
            r"`beside` must be a name, one of max, mean, mean\+max, or none. Received: 'min'",
        ),
        ({"beside": "max", "per_label": True}, "`beside` must be none with `per_label`. .*=max"),
    ],
)
def test_an_encoder_that_does_not_exist_or_does_not_take_a_field(values, message):
    with pytest.raises(RecipeError, match=message):
        Recipe(**values)


@pytest.mark.parametrize("encoder", ["han", "flat_recurrent", "bag_of_words", "transformer"])
def test_every_preset_fits_every_encoder(encoder):
    from hanlib.presets import PRESETS
    from hanlib.training.builders import build_encoder

    for preset in PRESETS:
        made = build_encoder(Recipe(encoder=encoder, preset=preset), 9, 2)
        assert made.embedding_dim == PRESETS[preset]["embedding_dim"]
        assert made.input_dropout == PRESETS[preset].get("input_dropout", 0.0)
