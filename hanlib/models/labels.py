"""Encodes labels as targets of a loss, and decodes them."""

import numpy as np
import tensorflow as tf


class Labels:
    """The classes of a classifier in order, and the encoding of labels as targets.

    A label is the name of a class, a string or an integer. If no class name is a number, a label
    may also be the index of a class. If all classes are integers, a label may also be the integer
    as a string, such as `"1"`.

    Single-label targets:

    - one label per document, `[docs]` or `[docs, 1]`;
    - or one row of numbers per document with one column per class: one-hot rows, or soft targets
      from 0 to 1.

    Multi-label targets (`multi_label=True`):

    - one list of labels per document. Integers in a list are always labels, never zeros and ones:
      `[[0, 1]]` is a document with the labels 0 and 1, for any number of classes.
    - or a two-dimensional array, tensor or `DataFrame` of numbers from 0 to 1 with one column per
      class. Rows of floats or booleans in a list are read in the same way.

    Args:
        classes: The names, all strings or all integers. An integer n is short for 0, ..., n-1.
        multi_label: Whether a document may have any number of labels.

    Raises:
        ValueError: If there are fewer than two classes (one, with `multi_label`), or if they are
            not distinct or mix strings and integers. The methods raise it for an unknown label.

    >>> labels = Labels(["bad", "good"])
    >>> labels.encode(["good", "bad", 1]).tolist(), labels.names([0, 1])
    ([1, 0, 1], ['bad', 'good'])
    >>> Labels(["art", "law", "war"], multi_label=True).encode([["law"], [], [0, "war"]]).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 1.0]]
    """

    def __init__(self, classes, multi_label=False):
        if isinstance(classes, (int, np.integer)) and not isinstance(classes, bool):
            classes = range(classes)
        classes = [_plain(name) for name in classes]
        kinds = {type(name) for name in classes}
        if len(kinds) > 1 or not kinds <= {str, int}:
            raise ValueError(
                f"`classes` must be all strings or all integers. Received: classes={classes!r}"
            )
        if len(classes) < (1 if multi_label else 2) or len(set(classes)) < len(classes):
            raise ValueError(
                f"`classes` must be {'one' if multi_label else 'two'} or more distinct names. "
                f"Received: classes={classes!r}"
            )
        self.classes = classes
        self.multi_label = multi_label
        # If the names are numbers, an integer is always a name.
        numbers = any(str(name).lstrip("-").isdecimal() for name in classes)
        self.takes_indexes = kinds == {str} and not numbers
        self._index = {name: index for index, name in enumerate(classes)}
        if kinds == {int}:
            self._index |= {str(name): index for index, name in enumerate(classes)}

    def __len__(self):
        return len(self.classes)

    def index(self, label):
        """The index of one label's class.

        >>> Labels([3, 5]).index(5)
        1
        """
        label = _plain(label)
        for name in (label, str(label)):
            if isinstance(name, (str, int)) and name in self._index:
                return self._index[name]
        if self.takes_indexes and isinstance(label, int) and 0 <= label < len(self):
            return label
        shown = ", ".join(repr(name) for name in self.classes[:20])
        raise ValueError(f"`y` must hold labels among {shown}. Received: {label!r}")

    def names(self, indexes):
        """The class names at the given indices."""
        return [self.classes[index] for index in indexes]

    def encode(self, labels):
        """The targets of a batch.

        Returns:
            `<int32>[docs]`, class indices, for one label per document; `<float32>[docs, classes]`
            for one-hot rows, soft targets and multi-label targets.
        """
        rows = self._numeric_rows(labels)
        if rows is not None:
            return self._checked_rows(rows)
        if isinstance(labels, tf.RaggedTensor):
            labels = labels.to_list()
        if self.multi_label:
            return np.stack([self.encode_document(given) for given in labels] or [self._zeros()])[
                : len(labels)
            ]
        # NumPy would convert a mix of names and indices to strings.
        labels = np.asarray(labels, object if isinstance(labels, (list, tuple)) else None)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim != 1:
            raise ValueError(
                "`y` must hold one label per document; lists need `multi_label=True`. "
                f"Received: y of shape {labels.shape}"
            )
        return np.array([self.index(label) for label in labels], "int32")

    def encode_document(self, label):
        """The target of one document: `<int32>[]`, or with `multi_label` `<float32>[classes]`.

        >>> Labels(["art", "law"], multi_label=True).encode_document(("law",))
        array([0., 1.], dtype=float32)
        """
        if not self.multi_label:
            return np.int32(self.index(label))
        if isinstance(label, (str, bytes)) or not hasattr(label, "__len__"):
            raise ValueError(
                "`y` must hold a list of labels, or a row of numbers, for each document of a "
                f"multi-label classifier. Received: {label!r}"
            )
        row, indexes = self._zeros(), [self.index(name) for name in label]
        if len(set(indexes)) < len(indexes):
            raise ValueError(
                "`y` must name each label of a document once; rows of zeros and ones must come "
                f"as a two-dimensional array. Received: {list(label)!r}"
            )
        row[indexes] = 1
        return row

    def encode_tensor(self, labels):
        """`encode` for a batch of labels in a `tf.data` pipeline."""
        ragged = isinstance(labels, tf.RaggedTensor)
        rows = not ragged and labels.dtype != tf.string and labels.shape.rank == 2
        if rows and (self.multi_label or labels.shape[1] not in (1, None)):
            return tf.ensure_shape(tf.cast(labels, tf.float32), [None, len(self)])

        def encode(*parts):
            values = parts[0].numpy()
            if ragged:
                values = [part.tolist() for part in np.split(values, parts[1].numpy()[1:-1])]
            return self.encode(values)

        parts = [labels.values, labels.row_splits] if ragged else [labels]
        dtype = tf.float32 if self.multi_label else tf.int32
        encoded = tf.py_function(encode, parts, dtype)
        return tf.ensure_shape(encoded, [None, len(self)] if self.multi_label else [None])

    def _zeros(self):
        return np.zeros(len(self), "float32")

    def _numeric_rows(self, labels):
        """Labels as an array if they are rows of numbers, else None."""
        if isinstance(labels, tf.RaggedTensor):
            return None
        if isinstance(labels, (list, tuple)) or _holds_objects(labels):
            kinds = {np.asarray(row).dtype.kind for row in labels if _is_row(row) and len(row)}
            # In lists of a multi-label classifier, integers are labels.
            if not kinds or not kinds <= set("fb" if self.multi_label else "fbiu"):
                return None
            if {np.ndim(row) for row in labels} != {1} or len({len(row) for row in labels}) > 1:
                return None
            array = np.array([np.asarray(row) for row in labels])
        else:
            array = np.asarray(labels)
        if array.ndim != 2 or array.dtype.kind not in "fbiu":
            return None
        return None if array.shape[1] == 1 and not self.multi_label else array

    def _checked_rows(self, rows):
        least, greatest = (rows.min(), rows.max()) if rows.size else (0, 0)
        if rows.shape[1] != len(self):
            raise ValueError(
                f"`y` must have rows of {len(self)} numbers, one per class"
                f"{'' if self.multi_label else ', or one label per document'}. "
                f"Received: rows of {rows.shape[1]}"
            )
        if least < 0 or greatest > 1:
            raise ValueError(
                "`y` must have rows of numbers from 0 to 1. "
                f"Received: numbers from {least} to {greatest}"
            )
        return rows.astype("float32")


def _holds_objects(labels):
    """Whether `labels` is an array or a `Series` of Python objects."""
    return not tf.is_tensor(labels) and str(getattr(labels, "dtype", "")) == "object"


def _is_row(given):
    return hasattr(given, "__len__") and not isinstance(given, (str, bytes))


def _plain(label):
    """A label as `str` or `int`. Bytes, from `tf.data`, are decoded."""
    if isinstance(label, bytes):
        return label.decode("utf-8", "replace")
    if isinstance(label, str):
        return str(label)
    if isinstance(label, (bool, np.bool_)):
        return int(label)
    if isinstance(label, (int, np.integer)):
        return int(label)
    if isinstance(label, (float, np.floating)) and float(label).is_integer():
        return int(label)
    return label
