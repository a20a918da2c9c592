"""Softmax, sparsemax and weighted sums over rows of different lengths, as equations.

A *segment* is one row of a ragged batch. Its entries may be anywhere in the flat tensor (packed
words are ordered by time step), so segments are given by ids that need not be sorted. Everything is
computed in float32 (float64 stays float64), and no function returns NaN: a softmax without entries
is empty or zeros, and an infinite score is replaced by the largest finite number.
"""

import functools

import tensorflow as tf


def accumulation_dtype(dtype):
    """The dtype in which sums over `dtype` are formed: float64 for float64, else float32.

    >>> accumulation_dtype("bfloat16")
    tf.float32
    """
    return tf.float64 if tf.as_dtype(dtype) == tf.float64 else tf.float32


def segment_softmax(scores, segment_ids, num_segments):
    """Softmax within each segment: `p_i = exp(e_i - m) / sum_j exp(e_j - m)`, `m = max_j e_j`.

    The maximum is taken per segment. With one maximum for the batch, a whole row could underflow
    to 0/0.

    Args:
        scores: `<float>[entries]` or `<float>[entries, heads]`.
        segment_ids: `<int>[entries]`, in any order, each in `[0, num_segments)`.
        num_segments: `<int>[]`; segments may be empty.

    Returns:
        Probabilities of the shape and dtype of `scores`.

    >>> segment_softmax(tf.constant([0.0, 5.0, 0.0]), tf.constant([0, 1, 0]), 2).numpy()
    array([0.5, 1. , 0.5], dtype=float32)
    """
    weights = tf.exp(_shifted(scores, segment_ids, num_segments))
    total = tf.math.unsorted_segment_sum(weights, segment_ids, num_segments)
    return tf.cast(weights / tf.gather(total, segment_ids), scores.dtype)


def segment_sparsemax(scores, segment_ids, num_segments):
    """Sparsemax within each segment: the point of the simplex that is nearest to the scores.

    `p_i = max(e_i - t, 0)` with `t = (sum_{S} e_j - 1) / |S|` over the support `S` (Martins and
    Astudillo, 2016). The support is found without sorting: start with every entry within 1 of the
    maximum, drop the entries at or below the threshold, and repeat until none is dropped (Michelot,
    1986). This usually takes a few iterations, for all segments at once. With `S` fixed, the
    derivative of the formula is the exact Jacobian.

    Args and returns: as `segment_softmax`; entries outside the support are exactly zero.

    >>> segment_sparsemax(tf.constant([1.0, 0.5, -3.0]), tf.constant([0, 0, 0]), 1).numpy()
    array([0.75, 0.25, 0.  ], dtype=float32)
    """
    shifted = _shifted(scores, segment_ids, num_segments)

    def over_threshold(support):
        inside = tf.where(support, shifted, 0)
        size = tf.math.unsorted_segment_sum(
            tf.cast(support, shifted.dtype), segment_ids, num_segments
        )
        total = tf.math.unsorted_segment_sum(inside, segment_ids, num_segments)
        threshold = tf.math.divide_no_nan(total - 1, size)
        return shifted - tf.gather(threshold, segment_ids)

    support = _fixed_point(
        lambda support: support & (over_threshold(support) > 0),
        tf.stop_gradient(shifted) > -1,
    )
    return tf.cast(tf.where(support, over_threshold(support), 0), scores.dtype)


def masked_softmax(scores, mask=None, axis=-1):
    """Softmax along one axis over the entries that `mask` keeps; zeros where it keeps none.

    Args:
        scores: `<float>[...]`.
        mask: `<bool>`, broadcastable to `scores`; `None` keeps everything.
        axis: the axis that is normalized.

    Returns:
        Probabilities of the shape and dtype of `scores`, zero where masked.

    >>> mask = [[True, True], [False, False]]
    >>> masked_softmax(tf.constant([[1.0, 1.0], [3.0, 4.0]]), mask).numpy()
    array([[0.5, 0.5], [0. , 0. ]], dtype=float32)
    """
    finite = _finite(scores)
    mask = tf.broadcast_to(True if mask is None else mask, tf.shape(finite))
    kept = tf.where(mask, finite, finite.dtype.min)
    peak = tf.stop_gradient(tf.reduce_max(kept, axis=axis, keepdims=True))
    # Masked entries are replaced before `exp` as well: a gradient through inf * 0 would be NaN.
    weights = tf.where(mask, tf.exp(tf.where(mask, kept - peak, 0)), 0)
    total = tf.reduce_sum(weights, axis=axis, keepdims=True)
    return tf.cast(tf.math.divide_no_nan(weights, total), scores.dtype)


def segment_weighted_sum(weights, states, segment_ids, num_segments):
    """`v_s = sum_{i in s} w_i h_i`: attention pooling with given weights.

    Heads are computed one at a time, in the forward and the backward pass, so memory is that of one
    `[entries, features]` product for any number of heads (for instance one per label).

    Args:
        weights: `<float>[entries]` or `<float>[entries, heads]`.
        states: `<float>[entries, features]`, of the dtype of `weights`.
        segment_ids: `<int>[entries]`, in any order.
        num_segments: `<int>[]`.

    Returns:
        `<float>[num_segments, features]` or `<float>[num_segments, heads, features]`; zeros for a
        segment without entries.

    >>> weights = tf.constant([0.5, 0.5, 1.0])
    >>> states = tf.constant([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
    >>> segment_weighted_sum(weights, states, tf.constant([0, 0, 1]), 2).numpy()
    array([[0.5, 0.5], [2. , 2. ]], dtype=float32)
    """
    entries = (weights, states, segment_ids)
    specs = (tf.TensorSpec([None, *part.shape[1:]], part.dtype) for part in entries)
    return _weighted_sum(*specs)(*entries, tf.cast(num_segments, tf.int32))


# Traced once per process: TensorFlow never frees the graph that a custom gradient is traced in.
@functools.cache
def _weighted_sum(*entries):
    """`segment_weighted_sum` as a graph function of entries of these types."""
    sum_and_gradient = _of_one_head if entries[0].shape.rank == 1 else _by_head

    def run(weights, states, segment_ids, num_segments):
        @tf.custom_gradient
        def weighted_sum(weights, states):
            return sum_and_gradient(weights, states, segment_ids, num_segments)

        return weighted_sum(weights, states)

    signature = [*entries, tf.TensorSpec([], tf.int32)]
    return tf.function(run, input_signature=signature, autograph=False)


def _of_one_head(weights, states, segment_ids, num_segments):
    """The sums, and their gradient, which skips the check of `tf.gather` for negative ids."""

    def gradient(upstream):
        upstream = tf.gather(upstream, segment_ids)
        d_weights = tf.reduce_sum(states * upstream, axis=-1)
        return d_weights, weights[:, tf.newaxis] * upstream

    weighted = weights[:, tf.newaxis] * states
    return tf.math.unsorted_segment_sum(weighted, segment_ids, num_segments), gradient


def _by_head(weights, states, segment_ids, num_segments):
    """The sums, and their gradient, one head at a time."""

    def one_head(head_weights):
        return _of_one_head(head_weights, states, segment_ids, num_segments)[0]

    def gradient(upstream):
        def weights_of_head(head_upstream):
            return tf.reduce_sum(states * tf.gather(head_upstream, segment_ids), axis=-1)

        def add_head(total, head):
            head_weights, head_upstream = head
            return total + head_weights[:, tf.newaxis] * tf.gather(head_upstream, segment_ids)

        upstream = tf.transpose(upstream, [1, 0, 2])  # [heads, segments, features]
        heads = (tf.transpose(weights), upstream)
        return (
            tf.transpose(tf.map_fn(weights_of_head, upstream)),
            tf.foldl(add_head, heads, tf.zeros_like(states)),
        )

    vectors = tf.map_fn(one_head, tf.transpose(weights))  # [heads, segments, features]
    return tf.transpose(vectors, [1, 0, 2]), gradient


def segment_mean(states, segment_ids, num_segments):
    """`v_s = 1/n sum_{i in s} h_i`, over the n entries of each segment.

    Args:
        states: `<float>[entries, features]`.
        segment_ids: `<int>[entries]`, in any order.
        num_segments: `<int>[]`.

    Returns:
        `<float>[num_segments, features]`, zeros for a segment without entries.

    >>> segment_mean(tf.constant([[3.0], [1.0]]), tf.constant([0, 0]), 2).numpy().tolist()
    [[2.0], [0.0]]
    """
    return tf.math.unsorted_segment_mean(states, segment_ids, num_segments)


def segment_max(states, segment_ids, num_segments):
    """`v_s = max_{i in s} h_i` per feature, and the share of features that each entry contributes.

    Args:
        states: `<float>[entries, features]`.
        segment_ids: `<int>[entries]`, in any order.
        num_segments: `<int>[]`.

    Returns:
        `<float>[num_segments, features]`, zeros for a segment without entries, and the shares
        `<float>[entries]`, which sum to one in each segment. If several entries attain the maximum
        of a feature, it is divided evenly among them. The shares have no gradient.

    >>> states = tf.constant([[3.0, 0.0], [1.0, 2.0], [1.0, 0.0]])
    >>> vectors, shares = segment_max(states, tf.constant([0, 0, 0]), 1)
    >>> vectors.numpy(), shares.numpy()
    (array([[3., 2.]], dtype=float32), array([0.5, 0.5, 0. ], dtype=float32))
    """
    peak = tf.math.unsorted_segment_max(states, segment_ids, num_segments)
    reached = tf.stop_gradient(tf.cast(states == tf.gather(peak, segment_ids), states.dtype))
    count = tf.math.unsorted_segment_sum(reached, segment_ids, num_segments)
    shares = tf.reduce_mean(reached / tf.gather(count, segment_ids), axis=-1)
    ones = tf.ones_like(states[:, :1])
    filled = tf.math.unsorted_segment_sum(ones, segment_ids, num_segments) > 0
    return tf.where(filled, peak, 0), shares


def mean_overlap(weights, segment_ids, num_segments):
    """`|A A^T - I|_F^2`, averaged over the segments: how much the heads overlap.

    A is `[heads, entries of the segment]` (Lin et al., 2017, equation 8). Segments without entries
    are not counted.

    Args:
        weights: `<float>[entries, heads]`.
        segment_ids: `<int>[entries]`, in any order.
        num_segments: `<int>[]`.

    Returns:
        `<float>[]`; zero if every segment is empty.

    >>> weights = tf.constant([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> mean_overlap(weights, tf.constant([0, 0, 2]), 3).numpy()
    np.float32(1.0)
    """
    products = weights[:, :, tf.newaxis] * weights[:, tf.newaxis, :]  # [entries, heads, heads]
    gram = tf.math.unsorted_segment_sum(products, segment_ids, num_segments)
    excess = gram - tf.eye(tf.shape(weights)[-1], dtype=weights.dtype)
    overlap = tf.reduce_sum(tf.square(excess), axis=[-2, -1])
    ones = tf.ones_like(weights[:, 0])
    filled = tf.math.unsorted_segment_max(ones, segment_ids, num_segments) > 0
    total = tf.reduce_sum(tf.where(filled, overlap, 0))
    return tf.math.divide_no_nan(total, tf.reduce_sum(tf.cast(filled, total.dtype)))


def _finite(scores):
    """`scores` in the accumulation dtype, infinities replaced by the largest finite numbers."""
    dtype = accumulation_dtype(scores.dtype)
    return tf.clip_by_value(tf.cast(scores, dtype), dtype.min, dtype.max)


def _shifted(scores, segment_ids, num_segments):
    """Scores minus the maximum of their segment; the maximum has no gradient."""
    finite = _finite(scores)
    peak = tf.math.unsorted_segment_max(tf.stop_gradient(finite), segment_ids, num_segments)
    return finite - tf.gather(peak, segment_ids)


def _fixed_point(shrink, kept):
    """Applies `shrink`, which may only drop entries, until the boolean tensor does not change."""
    _, kept = tf.while_loop(
        lambda before, kept: tf.reduce_any(before != kept),
        lambda before, kept: (kept, shrink(kept)),
        (kept, shrink(kept)),
    )
    return kept
