"""Labels as people write them, to what a loss takes, and back."""

import numpy as np
import tensorflow as tf


class Labels:
    """The classes of a classifier, in order, and the way from labels to them.

    A label is the name of a class, as a string or an integer, or, where no class is named by a
    number, the place of a class. With `multi_label` a document has any number of them: a list of
    labels, or one row of zeros and ones as wide as the classes.

    Args:
        classes: The names, all strings or all integers; an integer n stands for 0 .. n-1.
        multi_label: Whether a document has any number of labels.

    Raises:
        ValueError: If the classes are fewer than two (one, with `multi_label`), not all of a
            kind, or not distinct; and, from the methods, if a label is not among them.

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
        # Where the names are numbers, an integer is a name, never a place.
        numbers = any(str(name).lstrip("-").isdecimal() for name in classes)
        self.by_place = kinds == {str} and not numbers
        self._place = {name: place for place, name in enumerate(classes)}

    def __len__(self):
        return len(self.classes)

    def place(self, label):
        """The place of one label's class.

        >>> Labels([3, 5]).place(5)
        1
        """
        label = _plain(label)
        for name in (label, str(label)):
            if isinstance(name, (str, int)) and name in self._place:
                return self._place[name]
        if self.by_place and isinstance(label, int) and 0 <= label < len(self):
            return label
        shown = ", ".join(repr(name) for name in self.classes[:20])
        raise ValueError(f"`y` must hold labels among {shown}. Received: {label!r}")

    def encode(self, labels):
        """`<int32>[docs]` places, or with `multi_label` `<float32>[docs, classes]` of 0 and 1."""
        if isinstance(labels, tf.RaggedTensor):
            labels = labels.to_list()
        if not self.multi_label:
            # Of names and places side by side NumPy would make strings.
            labels = np.asarray(labels, object if isinstance(labels, (list, tuple)) else None)
            if labels.ndim == 2 and labels.shape[1] == 1:
                labels = labels[:, 0]
            if labels.ndim != 1:
                raise ValueError(
                    "`y` must hold one label a document; `multi_label=True` takes lists. "
                    f"Received: y of shape {labels.shape}"
                )
            return np.array([self.place(label) for label in labels], "int32")
        rows = np.zeros([len(labels), len(self)], "float32")
        for row, given in zip(rows, labels, strict=True):
            row[:] = self._row(given)
        return rows

    def _row(self, given):
        if isinstance(given, (str, bytes)) or not hasattr(given, "__len__"):
            raise ValueError(
                "`y` must hold a list of labels, or a row of zeros and ones, for each document "
                f"of a multi-label classifier. Received: {given!r}"
            )
        values = np.asarray(given)
        if values.dtype.kind in "fb" or (
            values.dtype.kind in "iu" and len(values) == len(self) and set(values) <= {0, 1}
        ):
            if len(values) != len(self) and len(values):
                raise ValueError(
                    f"`y` must have rows of {len(self)} zeros and ones. "
                    f"Received: a row of {len(values)}"
                )
            return values if len(values) else np.zeros(len(self))
        row = np.zeros(len(self))
        row[[self.place(label) for label in given]] = 1
        return row

    def encode_tensor(self, labels):
        """The same in a `tf.data` pipeline, for a batch of labels."""
        ragged = isinstance(labels, tf.RaggedTensor)
        if labels.dtype != tf.string and not ragged and labels.shape.rank == 2 and self.multi_label:
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

    def names(self, places):
        """The class names at the given places."""
        return [self.classes[place] for place in places]


def _plain(label):
    """A label as `str` or `int`; bytes are text, as `tf.data` gives them."""
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
