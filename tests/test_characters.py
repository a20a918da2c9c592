"""Whether words are characters, and what a run makes of it."""

import itertools

import keras
import numpy as np
import pytest

from hanlib.data import Corpus, Split
from hanlib.text import split_words
from hanlib.training import Recipe, regions, train
from hanlib.training.characters import words_are_characters
from hanlib.training.compared_models import recipe_of

CHINESE = [("酒店的房间很大。早餐不错!", "1"), ("房间太小了,早餐很差。不会再来。", "0")] * 8


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["房间不错，WiFi 很快。"], True),
        (["この映画はとても面白かった。"], True),
        (["A film about 北京 and its people."], False),
        (["영화가 정말 재미있었다."], False),
        (["レビューサイト"], False),
        (["!!! 12 ..."], False),
        ([""], False),
        ([], False),
    ],
)
def test_languages(texts, expected):
    assert words_are_characters(texts) == expected


def test_it_agrees_with_the_words_of_the_text_graph():
    text = "酒店〇年々，𠮷野家 ABC カタカナ ひらがな 2004年。"
    words = [word.decode() for word in split_words([text]).flat_values.numpy()]
    letters = [word for word in words if words_are_characters([word, "a"][:1])]
    assert letters == [word for word in words if len(word) == 1 and word not in "，。"]
    assert len(letters) > 8


def test_only_the_first_texts_are_read():
    assert words_are_characters(itertools.chain(["很好"] * 1_000, ["A b c " * 9_000]))
    assert words_are_characters(["好" * 1_000 + " a b c" * 1_000])


@pytest.mark.usefixtures("eager_module")
def test_a_han_of_characters_reads_region_embeddings(tmp_path, monkeypatch):
    monkeypatch.setattr(regions, "_STEPS", (2, 2))
    splits = {"train": Split(lambda: iter(CHINESE), 16), "validation": Split(lambda: iter(CHINESE))}
    corpus = Corpus("hotels", ("0", "1"), False, splits)
    recipe = Recipe(preset="han_small", epochs=1, min_count=1, batch_size=16, adversarial_norm=0.0)
    train(corpus, recipe, tmp_path)
    recipe = Recipe.from_json((tmp_path / "recipe.json").read_text())
    assert recipe.region_dim == 100
    classifier = keras.models.load_model(tmp_path / "model.keras")
    assert classifier.encoder.region_dim == 100
    assert np.abs(classifier.encoder.region_table.embeddings.numpy()[2:]).max() > 0
    assert classifier.predict_label(["早餐不错。"])[0] in corpus.classes


def test_compared_models_have_no_regions_that_only_one_could_read():
    for model in ("han", "bigru", "ngrams"):
        recipe = recipe_of(model, Recipe(), seed=0)
        assert not recipe.for_documents(16, characters=True).region_dim
    assert recipe_of("han", Recipe(region_dim=7), seed=0).region_dim == 7
