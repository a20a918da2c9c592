"""The real items at each level of nested rows, for ragged and dense inputs."""

from typing import NamedTuple

import tensorflow as tf


class Hierarchy(NamedTuple):
    """The real items of a batch of nested rows, without padding and empty rows.

    With two levels, an item of level 0 is a word and its row is a sentence; an item of level 1 is
    a sentence with words and its row is a document. Lists have one entry per level, innermost
    first.

    Attributes:
        words: the concatenated real words, `<int>[words]` or `<float>[words, features]`.
        lengths: `<int32>[rows]`, the number of real items in each row. Only the top level has
            rows of length 0.
        indices: `<int64>[items]`, the index of each real item among all items of its level.
        shapes: the arrangement of all items of the level in the input: the nested row splits of
            a ragged input, the shape of a dense one.
    """

    words: tf.Tensor
    lengths: list
    indices: list
    shapes: list

    def rows(self):
        """The rows of words, whatever the number of levels.

        Returns:
            `<int32>[rows]`, the words of each row; `<int32>[docs]`, the rows of each document. With
            one level every document is one row.

        >>> ids = tf.constant([[5, 6], [7, 0], [0, 0]])
        >>> found = hierarchy(ids, tf.reshape(ids != 0, [-1]), 1)
        >>> [lengths.numpy().tolist() for lengths in found.rows()]
        [[2, 1, 0], [1, 1, 1]]
        """
        row_lengths, *upper = self.lengths
        document_rows = merge_levels(upper, 1)[0] if upper else tf.ones_like(row_lengths)
        return row_lengths, document_rows

    def in_form_of_input(self, level, values):
        """Arranges `values` `[items, ...]` of the real items of a level like the input.

        Padding and empty rows get zeros.
        """
        shape = self.shapes[level]
        if isinstance(shape, tuple):
            all_values = _scatter(values, self.indices[level], shape[-1][-1])
            return tf.RaggedTensor.from_nested_row_splits(all_values, shape, validate=False)
        all_values = _scatter(values, self.indices[level], tf.reduce_prod(shape))
        return tf.reshape(all_values, tf.concat([shape, tf.shape(values)[1:]], axis=0))


def hierarchy(inputs, real, levels):
    """The real items of `inputs` at each of its levels.

    Args:
        inputs: `[docs, (sentences), (words), ...]`, ragged, or dense with padding; one axis per
            level after the first.
        real: `<bool>[all words]`, whether each word is real.
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
    lengths, indices = [], []
    for level, (parent, count) in enumerate(zip(parents, counts, strict=True)):
        indices.append(items)
        of_row = tf.math.bincount(tf.gather(parent, items), minlength=count, maxlength=count)
        items = tf.where(of_row > 0)[:, 0]
        lengths.append(of_row if level == levels - 1 else tf.gather(of_row, items))
    return Hierarchy(words, lengths, indices, shapes)


def merge_levels(lengths, levels):
    """The lengths at each level for an encoder that may have fewer levels than its input.

    Args:
        lengths: the number of items of each row at each level of the input, innermost first.
        levels: the number of levels to return: 1, or `len(lengths)`.

    Returns:
        `lengths`, or for one level a list with the number of words of each document.

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
    """The flat words, and for each level the row of each item, the row count, and the shape."""
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


def _scatter(values, indices, count):
    """The values of all `count` items: `values` at `indices`, zeros elsewhere."""
    shape = tf.concat([[tf.cast(count, tf.int32)], tf.shape(values)[1:]], axis=0)
    return tf.scatter_nd(indices[:, None], values, tf.cast(shape, tf.int64))
