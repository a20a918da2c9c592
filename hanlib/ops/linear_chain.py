"""Sums and maxima over all paths of a linear chain, for rows of unequal length without padding.

    score(y) = start[y_1] + Σ_t logits[t, y_t] + Σ_t transitions[y_(t-1), y_t] + end[y_T]

A path gives each item of a row one label. The items of all rows are concatenated; a `Packing` says
where the rows are. The cost is items x labels².
"""

import tensorflow as tf

from hanlib.ops.packing import pack, permute

# The score of a label that is ruled out: exp of it is zero, and sums of it stay finite.
_RULED_OUT = -1e30


def path_scores(labels, logits, lengths, transitions, start, end):
    """The sum of the scores of one path per row.

    Args:
        labels: `<int32>[items]`, the path of each row.
        logits: `<float>[items, labels]`, row-major.
        lengths: `<int32>[rows]`, items per row.
        transitions: `<float>[labels, labels]`, from the earlier label to the later one.
        start, end: `<float>[labels]`, scores of the first and of the last label of a row.

    Returns:
        `<float>[]`.

    >>> zeros = tf.zeros([2])
    >>> float(path_scores([0, 1], tf.eye(2), [2], tf.ones([2, 2]), zeros, zeros))  # 1 + 1 + 1
    3.0
    """
    labels, lengths = tf.convert_to_tensor(labels), tf.convert_to_tensor(lengths)
    rows = tf.repeat(tf.range(tf.size(lengths)), lengths)
    items = tf.gather(logits, labels, axis=1, batch_dims=1)
    pairs = tf.gather_nd(transitions, tf.stack([labels[:-1], labels[1:]], axis=1))
    pairs *= tf.cast(rows[:-1] == rows[1:], pairs.dtype)
    last = tf.boolean_mask(tf.cumsum(lengths), lengths > 0) - 1
    first = tf.boolean_mask(tf.cumsum(lengths, exclusive=True), lengths > 0)
    ends = [(start, first), (end, last)]
    of_ends = [tf.gather(score, tf.gather(labels, where)) for score, where in ends]
    return tf.add_n([tf.reduce_sum(part) for part in (items, pairs, *of_ends)])


def log_partition(logits, packing, transitions, start, end):
    """The sum over the rows of log Σ_y exp score(y).

    Its gradient with respect to `logits` is the marginal probability of each label at each item.

    Args:
        logits: `<float>[items, labels]`, row-major.
        packing: The `hanlib.ops.packing.Packing` of the rows.
        transitions, start, end: As in `path_scores`.

    Returns:
        `<float>[]`.

    >>> from hanlib.ops.packing import pack
    >>> zeros = tf.zeros([2])
    >>> total = log_partition(tf.zeros([3, 2]), pack([2, 1]), tf.zeros([2, 2]), zeros, zeros)
    >>> f"{float(total):.4f}"  # log 4 + log 2
    '2.0794'
    """
    return tf.reduce_sum(_log_partitions(logits, packing, transitions, start, end))


def label_scores(items, logits, lengths, transitions, start, end):
    """The score of each label of some items, whatever the labels of the other items.

        z_k = log Σ exp score(y), over the paths y of the item's row with label k at the item

    The softmax of z is the marginal probability of each label. Unlike that of `marginals`, its
    gradient with respect to the logits needs no second derivative.

    Args:
        items: `<int32>[n]`, indices of items in `logits`.
        logits: `<float>[items, labels]`, row-major.
        lengths: `<int32>[rows]`, items per row.
        transitions, start, end: As in `path_scores`.

    Returns:
        `<float>[n, labels]`.

    >>> zeros = tf.zeros([2])
    >>> scores = label_scores([1], tf.eye(2), [2], tf.zeros([2, 2]), zeros, zeros)
    >>> f"{float(scores[0, 1] - scores[0, 0]):.4f}"
    '1.0000'
    """
    items, lengths = tf.convert_to_tensor(items), tf.convert_to_tensor(lengths)
    labels = logits.shape[-1]
    starts = tf.cumsum(lengths, exclusive=True)
    row = tf.gather(tf.repeat(tf.range(tf.size(lengths)), lengths), items)  # [n]
    # One copy of the row for each label of each item.
    first, length, at = (
        tf.repeat(values, labels)
        for values in (tf.gather(starts, row), tf.gather(lengths, row), items)
    )
    copied = tf.gather(logits, tf.ragged.range(first, first + length).flat_values)
    ruled_out = _RULED_OUT * (1 - tf.eye(labels, dtype=logits.dtype))
    where = tf.cumsum(length, exclusive=True) + at - first
    copied = tf.tensor_scatter_nd_add(
        copied, where[:, tf.newaxis], tf.tile(ruled_out, [tf.size(items), 1])
    )
    sums = _log_partitions(copied, pack(length), transitions, start, end)
    longest_first = tf.argsort(length, direction="DESCENDING", stable=True)
    sums = tf.gather(sums, tf.math.invert_permutation(longest_first))
    return tf.reshape(sums, [-1, labels])


def marginals(logits, packing, transitions, start, end):
    """The probability of each label at each item, `<float>[items, labels]`; see `log_partition`.

    >>> from hanlib.ops.packing import pack
    >>> zeros = tf.zeros([2])
    >>> marginals(tf.zeros([3, 2]), pack([2, 1]), tf.zeros([2, 2]), zeros, zeros).numpy()[0]
    array([0.5, 0.5], dtype=float32)
    """
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = log_partition(logits, packing, transitions, start, end)
    return tape.gradient(total, logits)


def best_paths(logits, packing, transitions, start, end):
    """The path with the highest score of each row (Viterbi), `<int32>[items]`, row-major.

    Args: As `log_partition`.

    >>> from hanlib.ops.packing import pack
    >>> zeros = tf.zeros([2])
    >>> best_paths(tf.eye(2), pack([2]), 9 * tf.eye(2)[::-1], zeros, zeros).numpy().tolist()
    [0, 1]
    """

    def step(running, emitted):
        pairs = running[:, :, tf.newaxis] + transitions
        back = tf.argmax(pairs, axis=1, output_type=tf.int32)
        return tf.reduce_max(pairs, axis=1) + emitted, (back,)

    labels = logits.shape[-1]
    last, (backs,) = _forward(step, logits, packing, start, (labels,))
    final = tf.argmax(last + end, axis=-1, output_type=tf.int32)
    packed = tf.cond(
        tf.size(final) > 0,
        lambda: _backward(final, backs, packing.batch_sizes),
        lambda: final,
    )
    order = tf.math.invert_permutation(packing.forward)
    return tf.gather(packed, order)


def _log_partitions(logits, packing, transitions, start, end):
    """log Σ_y exp score(y) of each row with items, the longest row first, `<float>[rows]`."""

    def step(running, emitted):
        pairs = running[:, :, tf.newaxis] + transitions
        return tf.reduce_logsumexp(pairs, axis=1) + emitted, ()

    last, _ = _forward(step, logits, packing, start, ())
    return tf.reduce_logsumexp(last + end, axis=-1)


def _forward(step, logits, packing, start, kept):
    """Runs `step` over the items of the rows; row i is the i-th longest.

    Args:
        step: Function of the states of the running rows and the logits of their next items; returns
            the new states, and a tuple with what is kept of the step.
        kept: The width of each thing that is kept.

    Returns:
        `<float>[rows, labels]`, the state after the last item of each row with items, and a tuple
        of `TensorArray`s by step.
    """
    sizes = packing.batch_sizes
    order = packing.forward
    packed = permute(logits, order, tf.math.invert_permutation(order))
    starts = tf.cumsum(sizes, exclusive=True)
    first = tf.concat([sizes, [0]], axis=0)[0]
    arrays = tuple(_steps(tf.size(sizes), [None, width]) for width in kept)

    def body(t, states, *arrays):
        running = sizes[t]
        emitted = packed[starts[t] : starts[t] + running]
        new, found = step(states[:running], emitted)
        states = tf.concat([new, states[running:]], axis=0)
        return t + 1, states, *(a.write(t, f) for a, f in zip(arrays, found, strict=True))

    initial = start + packed[:first]
    invariant = tf.TensorShape([None, logits.shape[-1]])
    shapes = (tf.TensorShape([]), invariant, *(tf.TensorShape(None) for _ in arrays))
    _, states, *arrays = tf.while_loop(
        lambda t, *_: t < tf.size(sizes), body, (1, initial, *arrays), shape_invariants=shapes
    )
    return states, tuple(arrays)


def _backward(final, backs, sizes):
    """The labels of packed items, `<int32>[items]`, from the last labels and the back pointers."""

    def body(t, labels, found):
        running = labels[: sizes[t]]
        found = found.write(t, running)

        def previous():
            before = tf.gather(backs.read(t), running, axis=1, batch_dims=1)
            return tf.concat([before, labels[sizes[t] :]], axis=0)

        return t - 1, tf.cond(t > 0, previous, lambda: labels), found

    shapes = (tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape(None))
    found = _steps(tf.size(sizes), [None], tf.int32)
    state = (tf.size(sizes) - 1, final, found)
    *_, found = tf.while_loop(lambda t, *_: t >= 0, body, state, shape_invariants=shapes)
    return tf.reshape(found.concat(), [-1])


def _steps(size, shape, dtype=tf.int32):
    return tf.TensorArray(
        dtype, size, element_shape=shape, infer_shape=False, clear_after_read=False
    )
