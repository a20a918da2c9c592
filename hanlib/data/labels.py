"""Converts labels as they are written in files to class names."""

import json
import math

DEFAULT_SEPARATOR = "|"


class BadLabel(ValueError):
    """A value that is not a label; the message gives the reason for the report on bad rows."""


def class_name(value):
    """The class name of one value, or None if the value is missing.

    >>> class_name(4), class_name(4.0), class_name(True), class_name(" pos "), class_name("")
    ('4', '4', 'true', 'pos', None)
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        return value.strip() or None
    raise BadLabel(f"label of type {type(value).__name__}")


def single_label(value):
    """The one class name of a document in a corpus with exactly one label each."""
    if isinstance(value, (list, tuple)):
        raise BadLabel("a list of labels where one is expected; for lists pass multi_label=True")
    name = class_name(value)
    if name is None:
        raise BadLabel("no label")
    return name


def label_set(value, separator=DEFAULT_SEPARATOR):
    """The distinct class names of a document with any number of labels, in order.

    A string is a JSON list, or names separated by `separator`.

    >>> label_set("sport|news"), label_set('["a, b", 3]'), label_set([]), label_set(None)
    (('sport', 'news'), ('a, b', '3'), (), ())
    """
    if isinstance(value, str):
        value = _json_list(value) if _bracketed(value) else value.split(separator)
    elif not isinstance(value, (list, tuple)):
        value = [value]
    names = (class_name(item) for item in value)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def is_list(value):
    """Whether a value is a list, or a string with a JSON list.

    >>> is_list(["news"]), is_list('["news"]'), is_list("[news]"), is_list("news")
    (True, True, False, False)
    """
    if not isinstance(value, str):
        return isinstance(value, (list, tuple))
    try:
        return _bracketed(value) and isinstance(_json_list(value), list)
    except BadLabel:
        return False


def _bracketed(text):
    return text.strip()[:1] == "[" and text.strip()[-1:] == "]"


def _json_list(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BadLabel(f"label is not a JSON list: {error}") from None


def sorted_classes(names):
    """Class names in numeric order if all are integers, otherwise in alphabetical order.

    >>> sorted_classes({"10", "9"}), sorted_classes({"pos", "neg", "10"})
    (('9', '10'), ('10', 'neg', 'pos'))
    """
    names = list(names)
    try:
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    except ValueError:
        return tuple(sorted(names))
