"""Labels of a document: one class name, or a collection of names if it is multi-label."""


def is_collection(label):
    """Whether a label is a collection of names.

    >>> is_collection(("a", "b")), is_collection("a")
    (True, False)
    """
    return isinstance(label, (tuple, list, set, frozenset))


def label_names(label):
    """The names of a label as a list; empty for None.

    >>> label_names(("a", 1)), label_names("a"), label_names(None)
    (['a', 1], ['a'], [])
    """
    if is_collection(label):
        return list(label)
    return [] if label is None else [label]


def as_strings(label):
    """A label with its names as strings, a `str` or a tuple of `str`.

    >>> as_strings([1, 2]), as_strings(3)
    (('1', '2'), '3')
    """
    return tuple(map(str, label)) if is_collection(label) else str(label)
