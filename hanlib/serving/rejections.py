"""Why an exported model rejects a request, from the error of TensorFlow."""

import re

_ASSERTION = re.compile(r"assertion failed: \[(.*)\]\s*\[\[\{\{", re.DOTALL)


def rejection(error):
    """The message of an error of an exported model.

    An assertion of the graph, such as that of a document which is too long, is given without the
    names of nodes that TensorFlow puts around it.

    Args:
        error: A `tf.errors.OpError`.

    >>> import tensorflow as tf
    >>> text = "Graph execution error: assertion failed: [a text is too long] [[{{node Assert}}]]"
    >>> rejection(tf.errors.InvalidArgumentError(None, None, text))
    'a text is too long'
    """
    found = _ASSERTION.search(str(error.message))
    # TensorFlow escapes quotes and backslashes.
    return re.sub(r"\\(['\"\\])", r"\1", found[1]) if found else str(error.message)
