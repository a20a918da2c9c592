"""Token batches: plain tensors for transport, the same ids inside the model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from hanlib.models import HAN, DocumentClassifier
from hanlib.ops.token_batch import from_ragged, to_ragged

BATCHES = {
    "usual": [[[5, 6], [7]], [[8]], [[1, 2, 3], [4], [5, 6]]],
    "empty_documents": [[], [[3]], [], [[4, 5]]],
    "no_words": [[], []],
    "empty_rows_inside": [[[], [3], [], [4, 5]], [[6]]],
    "padding_ids_inside": [[[2, 0, 3]], [[0], [4]]],
    "no_documents": [],
}


@pytest.mark.parametrize("name", BATCHES)
@pytest.mark.parametrize("graph", [False, True])
def test_there_and_back(name, graph):
    ids = tf.ragged.constant(BATCHES[name], dtype=tf.int32, ragged_rank=2)
    there = tf.function(from_ragged) if graph else from_ragged
    back = tf.function(to_ragged) if graph else to_ragged
    batch = there(ids)
    assert [part.dtype for part in batch.values()] == [tf.int32, tf.int32]
    assert [part.shape[0] for part in batch.values()] == [len(BATCHES[name])] * 2
    given = back(batch)
    assert given.to_list() == BATCHES[name]
    assert given.row_splits.dtype == tf.int64


def test_more_padding_changes_nothing():
    ids = tf.ragged.constant(BATCHES["usual"], dtype=tf.int32)
    wider = {name: tf.pad(part, [[0, 0], [0, 3]]) for name, part in from_ragged(ids).items()}
    assert to_ragged(wider).to_list() == ids.to_list()


def test_a_model_computes_the_same_bits():
    keras.utils.set_random_seed(0)
    classifier = DocumentClassifier(None, HAN(9, 3, 2, 2), 2)
    ids = tf.ragged.constant(BATCHES["usual"], dtype=tf.int32)
    np.testing.assert_array_equal(classifier(from_ragged(ids)), classifier(ids))
