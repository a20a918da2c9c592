"""Which documents are held out, and the labels that are refused or questioned."""

import csv

import numpy as np
import pytest

from hanlib.data import DataError, DataWarning, load
from hanlib.data.splitting import TEST, TRAIN, VALIDATION, draw


@pytest.mark.parametrize(("validation", "test"), [(20, 0), (7, 13), (3, 0), (1, 1), (90, 5)])
def test_every_class_has_its_share(validation, test):
    labels = np.repeat([0, 1, 2, 3], [140, 50, 8, 2])
    assignment = draw(200, validation, test, 5, labels)
    assert np.bincount(assignment, minlength=3)[VALIDATION] == validation
    assert np.bincount(assignment, minlength=3)[TEST] == test
    assert (np.bincount(labels[assignment == TRAIN], minlength=4) > 0).all()
    of_class = np.bincount(labels[assignment == VALIDATION], minlength=4)
    if validation >= 4:
        assert (of_class[:3] > 0).all()
        assert np.abs(of_class - np.array([140, 50, 8, 2]) * validation / 200).max() < 4
    np.testing.assert_array_equal(draw(200, validation, test, 5, labels), assignment)
    # The test rows do not depend on the others.
    np.testing.assert_array_equal(draw(200, 0, test, 5, labels) == TEST, assignment == TEST)


def test_other_seeds_draw_other_documents():
    labels = np.repeat([0, 1], 100)
    drawn = [draw(200, 20, 0, seed, labels) for seed in (0, 1)]
    assert (drawn[0] != drawn[1]).any()
    # Rows are drawn by chance within a class.
    assert set(np.flatnonzero(drawn[0] == VALIDATION)) - set(range(10)) - set(range(100, 110))


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def test_a_rare_class_is_in_validation_and_counted(tmp_path):
    rows = [(f"A film, {n}.", "good") for n in range(95)]
    rows += [(f"Not a film, {n}.", "odd") for n in range(3)]
    corpus = load(write(tmp_path / "films.csv", rows))
    assert corpus.splits["train"].class_counts() == {"good": 86, "odd": 2}
    assert corpus.splits["validation"].class_counts() == {"good": 9, "odd": 1}
    for split in corpus.splits.values():
        counted = {name: list(split.labels()).count(name) for name in corpus.classes}
        assert split.class_counts() == counted


def test_a_quantity_is_no_class(tmp_path):
    rows = [(f"Film {n}.", f"{n / 7:.3f}") for n in range(60)]
    with pytest.raises(DataError, match=r"60 different numbers.*which is a quantity"):
        load(write(tmp_path / "films.csv", rows))
    # Few of them may be classes, such as half stars.
    stars = [(text, str(n % 9 / 2)) for n, (text, _) in enumerate(rows)]
    assert len(load(write(tmp_path / "stars.csv", stars)).classes) == 9


def test_numbers_that_pandas_changed_and_too_many_classes_are_questioned(tmp_path):
    rows = [(f"Film {n}.", f"{n % 3}.0") for n in range(60)]
    with pytest.warns(DataWarning, match=r"0\.0, 1\.0, 2\.0.*astype"):
        load(write(tmp_path / "films.csv", rows))
    names = [(f"Film {n}.", f"name {n}") for n in range(60)]
    with pytest.warns(DataWarning, match="60 classes in 60 documents"):
        load(write(tmp_path / "names.csv", names))


def test_labels_joined_by_another_mark_are_refused(tmp_path):
    joined = ["a", "b", "a,b", "c,a", "a,b,c"] * 4
    path = write(tmp_path / "films.csv", [(f"Film {n}.", j) for n, j in enumerate(joined)])
    with pytest.raises(DataError, match=r"`label_separator` must be given.*joined by ','"):
        load(path, multi_label=True)
    assert load(path, label_separator=",").classes == ("a", "b", "c")
    # A comma in a name is no mistake.
    names = ["Paris, France", "Rome|Oslo", "Oslo", "Rome"] * 4
    path = write(tmp_path / "towns.csv", [(f"Film {n}.", j) for n, j in enumerate(names)])
    assert len(load(path, multi_label=True).classes) == 3


def test_texts_without_labels(tmp_path):
    path = write(tmp_path / "films.csv", [(f"Film {n}.", "ab"[n % 2]) for n in range(20)])
    (tmp_path / "more.txt").write_text("One.\n\nTwo.\n")
    (tmp_path / "more.jsonl").write_text('{"id": 1, "text": "Three."}\n')
    assert load(path).unlabelled is None
    corpus = load(path, unlabelled=[tmp_path / "more.txt", tmp_path / "more.jsonl"])
    for _ in range(2):
        assert list(corpus.unlabelled) == ["One.", "Two.", "Three."]
    assert list(load(unlabelled=tmp_path / "more.txt").unlabelled) == ["One.", "Two."]
    with pytest.raises(DataError, match=r"`unlabelled` must be a file.*none.txt"):
        load(path, unlabelled=tmp_path / "none.txt")
    (tmp_path / "blank.txt").write_text("\n \n")
    with pytest.raises(DataError, match="`unlabelled` must hold at least one text"):
        load(path, unlabelled=tmp_path / "blank.txt")
