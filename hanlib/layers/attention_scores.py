"""The score functions of `AttentionPooling`, what can stand beside the attention, and checks."""

import re

import tensorflow as tf

from hanlib.ops import scores, softmax

WEIGHTED = ("additive", "dot", "general", "gated")
SCORES = (*WEIGHTED, "mean", "max")
BESIDE = ("mean", "max")


def weight_shapes(score, features, units=None, heads=(), use_bias=True):
    """The weights of a score function.

    Args:
        score: One of `SCORES`.
        features: Size of the states.
        units: Size of the hidden layer; None: that of the states.
        heads: The last axes of the context (see `AttentionPooling.heads`).
        use_bias: Whether there are biases.

    Returns:
        A dict from the name of each weight to its shape and its kind, `"kernel"`, `"bias"` or
        `"context"`, in the order in which they are created and saved.

    >>> weight_shapes("dot", features=4, heads=(2,))
    {'context': ((4, 2), 'context')}
    """
    units = units or features
    found = {}
    if score in ("additive", "general", "gated"):
        found["kernel"] = (features, units), "kernel"
    if score in ("additive", "gated") and use_bias:
        found["bias"] = (units,), "bias"
    if score == "gated":
        found["gate_kernel"] = (features, units), "kernel"
        if use_bias:
            found["gate_bias"] = (units,), "bias"
    if score in WEIGHTED:
        found["context"] = (features if score == "dot" else units, *heads), "context"
    return found


def energies(score, states, kernel, bias, gate_kernel, gate_bias, context):
    """The scores `e` before the softmax; see the table of `AttentionPooling`.

    Args:
        score: One of `SCORES`, except for `"max"`, which has none.
        states: `<float>[words, features]`.
        kernel, bias, gate_kernel, gate_bias, context: Weights, of the dtype of the states; None
            where `weight_shapes` has none.

    Returns:
        `<float>[words]` or `<float>[words, heads]`.

    >>> energies("mean", tf.ones([2, 3]), *[None] * 5).numpy()
    array([0., 0.], dtype=float32)
    """
    if score == "additive":
        return scores.additive_scores(states, kernel, bias, context)
    if score == "dot":
        return scores.dot_scores(states, context)
    if score == "general":
        return scores.general_scores(states, kernel, context)
    if score == "gated":
        return scores.gated_scores(states, kernel, bias, gate_kernel, gate_bias, context)
    return tf.zeros(tf.shape(states)[:1], softmax.accumulation_dtype(states.dtype))


def pool_beside(names, states, segment_ids, num_segments):
    """The mean and the maximum of the states of each row, one after the other.

    Args:
        names: Some of `BESIDE`, at least one.
        states: `<float>[words, features]`.
        segment_ids: `<int>[words]`, the row of each word.
        num_segments: `<int>[]`, the number of rows.

    Returns:
        `<float>[rows, len(names) * features]`, zeros for a row without words.

    >>> states = tf.constant([[1.0, 0.0], [3.0, -2.0]])
    >>> pool_beside(("mean", "max"), states, tf.constant([0, 0]), 1).numpy().tolist()
    [[2.0, -1.0, 3.0, 0.0]]
    """
    rows = segment_ids, num_segments
    parts = [
        softmax.segment_mean(states, *rows)
        if name == "mean"
        else softmax.segment_max(states, *rows)[0]
        for name in names
    ]
    return tf.concat(parts, axis=-1)


def check_beside(beside):
    """Checks the argument `beside` of `AttentionPooling`, and returns it as a tuple.

    Raises:
        ValueError: If it is not a list or tuple of different names in `BESIDE`.

    >>> check_beside(["max"])
    ('max',)
    """
    names = tuple(beside) if isinstance(beside, (list, tuple)) else None
    known = names is not None and all(name in BESIDE for name in names)
    if not known or len(set(names)) < len(names):
        raise ValueError(
            f"`beside` must be a tuple of different names of {', '.join(BESIDE)}. "
            f"Received: beside={beside!r}"
        )
    return names


def check_combination(pooling):
    """Checks that the arguments of an `AttentionPooling` fit together.

    Raises:
        ValueError: If they do not; the message names them.
    """
    fixed = pooling.score not in WEIGHTED
    heads = pooling.labels or pooling.hops > 1
    faults = {
        "`dropout` must be in [0, 1)": not 0 <= pooling.dropout < 1,
        "`penalty` must not be negative": pooling.penalty < 0,
        "`penalty` needs `hops` over 1": pooling.penalty and pooling.hops == 1,
        "`hops` must be 1 with `labels`": pooling.labels and pooling.hops > 1,
        "`hops` and `labels` need a `score` with weights": fixed and heads,
        "`beside` needs a `score` with weights": fixed and pooling.beside,
        "`beside` must be empty with `labels`": pooling.labels and pooling.beside,
        "`dropout` must be 0 for `score` 'max'": pooling.dropout and pooling.score == "max",
    }
    for expected, wrong in faults.items():
        if wrong:
            names = re.findall("`(.+?)`", expected)
            came = ", ".join(f"{name}={getattr(pooling, name)!r}" for name in names)
            raise ValueError(f"{expected}. Received: {came}")
