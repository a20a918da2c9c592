"""The real items at each level of nested rows, whatever form the rows come in."""

from typing import NamedTuple

import tensorflow as tf


class Hierarchy(NamedTuple):
    """What is real in a batch of nested rows: padding and empty rows are left out.

    With two levels an item of level 0 is a word and its row a sentence; an item of level 1 is a
    sentence that has words and its row a document. Lists have one entry a level, innermost first.

    Attributes:
        words: the real words end to end, `<int>[words]` or `<float>[words, features]`.
        lengths: `<int32>[rows]`, the real items of each row; rows without any are there at the
            top level only.
        places: `<int64>[items]`, the place of each real item among all items of its level.
        shapes: how all items of the level lie in the input: the nested row splits of a ragged
            input, the sizes of a dense one.
    """

    words: tf.Tensor
    lengths: list
    places: list
    shapes: list

    def in_form_of_input(self, level, values):
        """`values` `[items, ...]` of the real items of a level, in the form of the input.

        Padding and empty rows get zeros.
        """
        shape = self.shapes[level]
        if isinstance(shape, tuple):
            all_values = _scatter(values, self.places[level], shape[-1][-1])
            return tf.RaggedTensor.from_nested_row_splits(all_values, shape, validate=False)
        all_values = _scatter(values, self.places[level], tf.reduce_prod(shape))
        return tf.reshape(all_values, tf.concat([shape, tf.shape(values)[1:]], axis=0))


def hierarchy(inputs, real, levels):
    """The real items of `inputs` at each of its levels.

    Args:
        inputs: `[docs, (sentences), (words), ...]`, ragged, or dense with padding; one axis a
            level after the first.
        real: `<bool>[all words]`, which words are real, end to end.
        levels: the number of levels.

    Returns:
        A `Hierarchy`.

    Raises:
        ValueError: if a ragged input is not ragged in all of its levels.

    >>> ids = tf.constant([[[5, 6], [0, 0]], [[7, 0], [8, 9]]])
    >>> found = hierarchy(ids, tf.reshape(ids != 0, [-1]), 2)
    >>> found.words.numpy().tolist(), [lengths.numpy().tolist() for lengths in found.lengths]
    ([5, 6, 7, 8, 9], [[2, 1, 2], [1, 2]])
    """
    words, parents, counts, shapes = _levels(inputs, levels)
    items = tf.where(real)[:, 0]
    words = tf.gather(words, items)
    lengths, places = [], []
    for level, (parent, count) in enumerate(zip(parents, counts, strict=True)):
        places.append(items)
        of_row = tf.math.bincount(tf.gather(parent, items), minlength=count, maxlength=count)
        items = tf.where(of_row > 0)[:, 0]
        lengths.append(of_row if level == levels - 1 else tf.gather(of_row, items))
    return Hierarchy(words, lengths, places, shapes)


def merge_levels(lengths, levels):
    """The lengths at each level for an encoder that has fewer levels than its input.

    Args:
        lengths: the items of each row at each level of the input, innermost first.
        levels: the number of levels to return: 1, or as many as there are.

    Returns:
        `lengths`, or for one level a list with the words of each document.

    >>> (words,) = merge_levels([tf.constant([2, 1, 2]), tf.constant([1, 0, 2])], 1)
    >>> words.numpy().tolist()
    [2, 0, 3]
    """
    if levels == len(lengths):
        return lengths
    merged, *rest = lengths
    for rows in rest:
        parents = tf.repeat(tf.range(tf.size(rows)), rows)
        merged = tf.math.unsorted_segment_sum(merged, parents, tf.size(rows))
    return [merged]


def _levels(inputs, levels):
    """The words end to end; for each level the row of each item, the row count, and the shape."""
    if isinstance(inputs, tf.RaggedTensor):
        if inputs.ragged_rank != levels:
            raise ValueError(
                f"`inputs` must be ragged in its {levels} axes after the first. "
                f"Received: inputs of shape {inputs.shape} and ragged rank {inputs.ragged_rank}"
            )
        parents = [tf.cast(rows, tf.int32) for rows in inputs.nested_value_rowids()]
        splits = inputs.nested_row_splits
        counts = [tf.size(ends) - 1 for ends in splits]
        shapes = [tuple(splits[:axes]) for axes in range(levels, 0, -1)]
        return inputs.flat_values, parents[::-1], counts[::-1], shapes
    shape = tf.shape(inputs)
    counts = [tf.reduce_prod(shape[:axis]) for axis in range(levels, 0, -1)]
    parents = [
        tf.repeat(tf.range(count), shape[axis])
        for count, axis in zip(counts, range(levels, 0, -1), strict=True)
    ]
    rest = [inputs.shape[-1]] if inputs.shape.rank > levels + 1 else []
    shapes = [shape[: axes + 1] for axes in range(levels, 0, -1)]
    return tf.reshape(inputs, [-1, *rest]), parents, counts, shapes


def _scatter(values, places, count):
    """Values of the real items at their places among all `count` items, zeros elsewhere."""
    shape = tf.concat([[tf.cast(count, tf.int32)], tf.shape(values)[1:]], axis=0)
    return tf.scatter_nd(places[:, None], values, tf.cast(shape, tf.int64))
