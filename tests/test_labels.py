"""Labels as people write them, to numbers and back."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from hanlib.models import Labels

NAMES = ["bad", "fair", "good"]


@pytest.mark.parametrize(
    "given",
    [
        ["good", "bad", "fair"],
        ("good", "bad", "fair"),
        np.array(["good", "bad", "fair"]),
        np.array(["good", "bad", "fair"], dtype=object),
        pd.Series(["good", "bad", "fair"], index=[7, 8, 9]),
        [b"good", b"bad", b"fair"],
        tf.constant(["good", "bad", "fair"]),
        [2, 0, 1],
        np.array([2, 0, 1], "int64"),
        np.array([2.0, 0.0, 1.0], "float32"),
        np.array([[2], [0], [1]]),
        ["good", 0, "fair"],
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_way_to_write_one_label(given):
    encoded = Labels(NAMES).encode(given)
    assert encoded.dtype == np.int32
    assert encoded.tolist() == [2, 0, 1]


@pytest.mark.parametrize("classes", [2, 3])
def test_integers_in_lists_are_labels_whatever_the_number_of_classes(classes):
    encoded = Labels(classes, multi_label=True).encode([[0, 1], [1]])
    assert encoded.tolist() == [[1, 1, 0][:classes], [0, 1, 0][:classes]]
    with pytest.raises(ValueError, match="`y` must have rows of 4 numbers"):
        Labels(4, multi_label=True).encode(np.array([[0, 1]]))


@pytest.mark.parametrize(
    "given", [[[0, 1, 0], [1, 0, 0]], [[0.2, 0.5, 0.3], [1, 0, 0]], np.eye(3, dtype="int64")]
)
def test_one_hot_rows_and_soft_targets(given):
    encoded = Labels(NAMES).encode(given)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded, np.asarray(given, "float32"))
    dataset = tf.data.Dataset.from_tensors(np.array(given)).map(Labels(NAMES).encode_tensor)
    np.testing.assert_array_equal(next(iter(dataset)), encoded)


def test_names_come_back():
    labels = Labels(NAMES)
    assert labels.names(labels.encode(["fair", "good"])) == ["fair", "good"]
    assert len(labels) == 3


@pytest.mark.parametrize(
    ("classes", "given", "expected"),
    [
        (3, [2, 0], [2, 0]),
        (2, [True, False], [1, 0]),
        (np.int64(2), np.array([1, 0]), [1, 0]),
        # Star ratings: an integer is the name of a class, not its index.
        ([1, 2, 3, 4, 5], [5, 1], [4, 0]),
        ([1, 2, 3], [3.0, 1.0], [2, 0]),
        (["1", "2", "3"], [3, "1"], [2, 0]),
        # The only meaning that a numeral can have.
        (2, ["1", "0"], [1, 0]),
        ([3, 5], np.array(["5", "3"]), [1, 0]),
        ([-1, 1], [1, -1], [1, 0]),
    ],
)
def test_integer_classes(classes, given, expected):
    assert Labels(classes).encode(given).tolist() == expected


def test_names_of_integer_classes_are_integers():
    assert Labels([3, 5]).names([1, 0]) == [5, 3]
    assert Labels(np.array([3, 5])).classes == [3, 5]
    assert type(Labels(np.array([3, 5])).classes[0]) is int
    assert type(Labels(np.array(["a", "b"])).classes[0]) is str


@pytest.mark.parametrize(
    "given",
    [
        [["good"], [], ["bad", "good"]],
        [("good",), (), {"good": 1, "bad": 1}.keys() and ["good", "bad"]],
        [np.array(["good"]), np.array([]), np.array(["good", "bad"])],
        [[2], [], [0, 2]],
        np.array([[0, 0, 1], [0, 0, 0], [1, 0, 1]]),
        np.array([[0, 0, 1], [0, 0, 0], [1, 0, 1]], "float64"),
        np.array([[0, 0, 1], [0, 0, 0], [1, 0, 1]], bool),
        [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 1.0]],
        pd.DataFrame([[0, 0, 1], [0, 0, 0], [1, 0, 1]], columns=NAMES),
        tf.constant([[0, 0, 1], [0, 0, 0], [1, 0, 1]]),
        tf.ragged.constant([["good"], [], ["bad", "good"]]),
        pd.Series([["good"], [], ["bad", "good"]]),
    ],
    ids=range(12),
)
def test_every_way_to_write_several_labels(given):
    encoded = Labels(NAMES, multi_label=True).encode(given)
    assert encoded.dtype == np.float32
    assert encoded.tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 1]]


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        (tf.constant(["good", "bad"]), [2, 0]),
        (tf.constant([1, 2], tf.int64), [1, 2]),
        (tf.constant([[1], [2]]), [1, 2]),
    ],
)
def test_one_label_in_a_dataset(batch, expected):
    dataset = tf.data.Dataset.from_tensors(batch).map(Labels(NAMES).encode_tensor)
    assert dataset.element_spec.shape.as_list() == [None]
    assert next(iter(dataset)).numpy().tolist() == expected


@pytest.mark.parametrize(
    "batch",
    [
        tf.ragged.constant([["good"], [], ["bad", "good"]]),
        tf.ragged.constant([[2], [], [0, 2]]),
        tf.constant([[0, 0, 1], [0, 0, 0], [1, 0, 1]]),
    ],
    ids=["names", "indexes", "rows"],
)
def test_several_labels_in_a_dataset(batch):
    labels = Labels(NAMES, multi_label=True)
    dataset = tf.data.Dataset.from_tensors(batch).map(labels.encode_tensor)
    assert dataset.element_spec.shape[-1] == 3
    assert next(iter(dataset)).numpy().tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 1]]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["a"], r"`classes` must be two or more distinct names. Received: classes=\['a'\]"),
        (1, r"`classes` must be two or more"),
        (["a", "b", "a"], r"`classes` must be two or more distinct names"),
        (["a", 1], r"`classes` must be all strings or all integers"),
        ([0.5, 1.5], r"`classes` must be all strings or all integers"),
        ([], r"`classes` must be"),
    ],
)
def test_classes_that_make_no_sense(classes, message):
    with pytest.raises(ValueError, match=message):
        Labels(classes)


def test_one_class_is_enough_for_several_labels():
    assert Labels(["spam"], multi_label=True).encode([["spam"], []]).tolist() == [[1], [0]]


@pytest.mark.parametrize(
    ("classes", "multi_label", "given", "message"),
    [
        (NAMES, False, ["great"], r"`y` must hold labels among 'bad', 'fair', 'good'.*'great'"),
        (NAMES, False, [3], r"`y` must hold labels among .*Received: 3"),
        (NAMES, False, [-1], r"`y` must hold labels among .*Received: -1"),
        (NAMES, False, [0.5], r"`y` must hold labels among .*Received: .*0.5"),
        (NAMES, False, [None], r"`y` must hold labels among .*Received: None"),
        ([1, 2, 3], False, [0], r"`y` must hold labels among 1, 2, 3. Received: 0"),
        (NAMES, False, [["good", "bad"]], r"`y` must hold one label per document"),
        (NAMES, False, [["good"], ["bad", "fair"]], r"`y` must hold labels among .*'good'"),
        (NAMES, True, ["good"], r"`y` must hold a list of labels.*Received: 'good'"),
        (NAMES, True, [2], r"`y` must hold a list of labels.*Received: 2"),
        (NAMES, True, [["great"]], r"`y` must hold labels among .*'great'"),
        (NAMES, False, [[0.5, 0.5]], r"`y` must have rows of 3 numbers.*Received: rows of 2"),
        (NAMES, False, [[-0.5, 1.0, 0.5]], r"`y` must have rows of numbers from 0 to 1"),
        (NAMES, True, [[0, 0, 1]], r"name each label of a document once; rows of zeros and ones"),
        (3, False, ["01"], r"`y` must hold labels among 0, 1, 2. Received: '01'"),
        (NAMES, True, [[0.0, 1.0]], r"`y` must have rows of 3 numbers"),
    ],
)
def test_labels_that_are_none(classes, multi_label, given, message):
    with pytest.raises(ValueError, match=message):
        Labels(classes, multi_label).encode(given)


def test_a_long_list_of_classes_is_cut_in_the_message():
    with pytest.raises(ValueError, match="Received: 'x'") as error:
        Labels(1000).encode(["x"])
    assert len(str(error.value)) < 200
