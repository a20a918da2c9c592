"""The pairs of classes that a request names, looked up in the graph of an export."""

import tensorflow as tf

from hanlib.explain.margins import PREDICTED, RUNNER_UP
from hanlib.explain.targets import listed

_UNKNOWN = -3
_LONGEST_NAME = 80


def class_pairs(classes, target, against, documents):
    """Targets of a contrast as `hanlib.explain.margins` takes them, `<int32>[docs, 2]`.

    Args:
        classes: The names of the classes, `bytes`, at least two.
        target: `<string>[docs]`, the class A of each document; "" for the most probable one.
        against: `<string>[docs]`, the class B; "" for the most probable class other than A.
        documents: The number of documents.

    Raises:
        tf.errors.InvalidArgumentError: If a name is not a class, A and B of a document are the
            same name, or there is not one name per document.

    >>> class_pairs([b"neg", b"pos"], tf.constant(["pos", ""]), tf.constant(["", "neg"]), 2).numpy()
    array([[ 1, -2],
           [-1,  0]], dtype=int32)
    >>> class_pairs([b"neg", b"pos"], tf.constant(["x"]), tf.constant([""]), 1)
    ... # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    InvalidArgumentError: `target` must be empty or one of the classes neg, pos. Received: x
    """
    sizes = tf.size(target), tf.size(against)
    check = _check(
        (sizes[0] == documents) & (sizes[1] == documents),
        *("`target` and `against` must have one class per document. Received: ", sizes[0]),
        *(" and ", sizes[1], " classes for ", documents, " documents"),
    )
    with tf.control_dependencies([check]):
        target, against = tf.identity(target), tf.identity(against)
    own = _indices(classes, target, PREDICTED)
    other = _indices(classes, against, RUNNER_UP)
    same = tf.boolean_mask(target, (own == other) & (own >= 0))
    checks = [
        _check_known(classes, "target", target, own),
        _check_known(classes, "against", against, other),
        _check(
            tf.size(same) == 0,
            *("`against` must be another class than `target`. Received: both are ", _first(same)),
        ),
    ]
    with tf.control_dependencies(checks):
        return tf.stack([own, other], axis=1)


def _indices(classes, given, empty):
    """The index of each name, `empty` for "", and `_UNKNOWN` if there is no such class."""
    found = given[:, tf.newaxis] == tf.constant(classes)
    index = tf.argmax(tf.cast(found, tf.int32), axis=1, output_type=tf.int32)
    index = tf.where(tf.reduce_any(found, axis=1), index, _UNKNOWN)
    return tf.where(given == "", empty, index)


def _check_known(classes, argument, given, indices):
    unknown = tf.boolean_mask(given, indices == _UNKNOWN)
    names = listed([name.decode() for name in classes])
    expected = f"`{argument}` must be empty or one of the classes {names}. Received: "
    return _check(tf.size(unknown) == 0, expected, _first(unknown))


def _first(names):
    """The first of the names, shortened, or "" if there is none."""
    return tf.strings.reduce_join(tf.strings.substr(names[:1], 0, _LONGEST_NAME))


def _check(condition, *parts):
    """An assertion whose message is the parts joined."""
    parts = [part if isinstance(part, str) else _text(part) for part in parts]
    return tf.debugging.Assert(condition, [tf.strings.join(parts)])


def _text(part):
    part = tf.convert_to_tensor(part)
    return part if part.dtype == tf.string else tf.strings.as_string(part)
