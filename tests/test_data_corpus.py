"""Corpora and splits, and how `load` finds out what is meant."""

import subprocess
import sys

import pytest

from hanlib import data
from hanlib.data.splitting import TEST, TRAIN, VALIDATION, draw, held_out


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, hanlib.data; hanlib.data.load('demo'); hanlib.data.describe(); "
        "print([m for m in ('tensorflow', 'keras', 'pyarrow', 'tensorflow_datasets') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_split_starts_anew_with_each_iteration():
    split = data.Split(lambda: iter([("a", "x"), ("b", "y")]), size=2)
    assert list(split) == list(split) == [("a", "x"), ("b", "y")]
    assert list(split.texts()) == ["a", "b"]
    assert list(split.labels()) == ["x", "y"]
    assert "size=2" in repr(split)


def test_two_iterations_of_a_split_do_not_disturb_each_other():
    split = data.Split(lambda: iter([("a", "x"), ("b", "y")]))
    first, second = iter(split), iter(split)
    assert next(first) == next(second)
    assert split.size is None


def test_an_unknown_name_lists_the_catalog_and_says_that_no_file_exists():
    with pytest.raises(data.DataError) as error:
        data.load("imdb")
    message = str(error.value)
    for part in ("demo", "imdb_reviews", "yelp_polarity_reviews", "'imdb'", "file or folder"):
        assert part in message


@pytest.mark.parametrize("dataset", ["", None, 3, "long" * 1000])
def test_what_is_no_name_and_no_path_is_refused(dataset):
    with pytest.raises(data.DataError, match="`dataset` must be"):
        data.load(dataset)


def test_columns_are_refused_for_a_catalog_name():
    with pytest.raises(data.DataError, match="`text_column` is for files and folders"):
        data.load("demo", text_column="text")


def test_a_catalog_name_wins_over_a_file_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    assert data.load("demo").splits["train"].size == 2000


def test_data_error_is_a_value_error():
    assert issubclass(data.DataError, ValueError)


@pytest.mark.parametrize("seed", range(3))
def test_drawing_is_exact_and_keeps_the_test_rows_apart(seed):
    with_validation = draw(100, 10, 20, seed)
    without = draw(100, 0, 20, seed)
    assert [(with_validation == code).sum() for code in (TRAIN, VALIDATION, TEST)] == [70, 10, 20]
    assert ((with_validation == TEST) == (without == TEST)).all()
    assert (with_validation == draw(100, 10, 20, seed)).all()
    assert (with_validation != draw(100, 10, 20, seed + 1)).any()


@pytest.mark.parametrize(
    ("share", "rows", "expected"),
    [
        (0.1, 1000, 100),
        (0.1, 2, 1),
        (0.1, 1, 0),
        (0, 50, 0),
        (0.0, 50, 0),
        (None, 50, 0),
        (5, 9, 5),
    ],
)
def test_held_out_rows(share, rows, expected):
    assert held_out("validation_split", share, rows) == expected


@pytest.mark.parametrize("seed", [-1, 1.5, "a", None])
def test_a_wrong_seed_is_refused(seed):
    with pytest.raises(data.DataError, match="`seed` must be"):
        draw(10, 1, 1, seed)


@pytest.mark.parametrize("share", [1.0, 1.5, -0.1, 10, -1, "half", True])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(data.DataError, match="`validation_split` must be"):
        held_out("validation_split", share, 10)
