"""What a level of an encoder computed, for models that label items in place of documents."""

from typing import NamedTuple

import tensorflow as tf


class LevelStates(NamedTuple):
    """What a level computed for a batch.

    Attributes:
        states: `<float>[items, features]`, the state of each item in the context of its row.
        rows: `<int32>[items]`, the row of each item.
        vectors: `<float>[rows, ...]`, the pooled vector of each row.
    """

    states: tf.Tensor
    rows: tf.Tensor
    vectors: tf.Tensor
