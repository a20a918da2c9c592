"""Converts documents of the types that scikit-learn accepts."""

import numpy as np


def as_texts(X):
    """Converts `X` to a list of strings.

    Args:
        X: A list, an array or a Series of strings, or one column of strings: a DataFrame, or an
            array `[documents, 1]`.

    Raises:
        ValueError: If `X` is of another type.

    >>> as_texts(np.array([["Good."], ["Bad."]]))
    ['Good.', 'Bad.']
    """
    if isinstance(X, (str, bytes)):
        raise ValueError(
            "`X` must be a list of documents, not a single string; write [text]. "
            f"Received: {X!r:.80}"
        )
    values = np.asarray(X, dtype=object)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        columns = f", columns {list(X.columns)}" if hasattr(X, "columns") else ""
        raise ValueError(
            "`X` must be a list, an array or a Series of strings, or one column of strings. "
            f"Received: {type(X).__name__} of shape {values.shape}{columns}"
        )
    for index, text in enumerate(values):
        if not isinstance(text, (str, bytes)):
            raise ValueError(f"`X` must hold only strings. Received: X[{index}]={text!r:.80}")
    return values.tolist()
