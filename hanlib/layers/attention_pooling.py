"""Attention pooling: from the states of a row to one vector, or one per hop or label."""

import keras
import tensorflow as tf

from hanlib.checks import check_choice, check_integer
from hanlib.layers import attention_scores
from hanlib.layers.attention_scores import SCORES, WEIGHTED
from hanlib.ops import softmax
from hanlib.ops.rows import flatten, restore

NORMALIZERS = {"softmax": softmax.segment_softmax, "sparsemax": softmax.segment_sparsemax}


@keras.saving.register_keras_serializable("hanlib")
class AttentionPooling(keras.layers.Layer):
    """Weighted sum of the states of a row: `v = sum_i alpha_i h_i`, `alpha = softmax(e)`.

    | `score` | `e_i` | source |
    |---|---|---|
    | `"additive"` | `tanh(W h_i + b) . u` | Yang et al., 2016, equations 5-7 |
    | `"dot"` | `h_i . q` | Luong et al., 2015, with a learned query |
    | `"general"` | `h_i . W q` | Luong et al., 2015, with a learned query |
    | `"gated"` | `(tanh(V h_i + b) * sigmoid(U h_i + c)) . w` | Ilse et al., 2018, equation 9 |
    | `"mean"` | 0, so `alpha_i = 1 / n` | HN-AVE in Yang et al., 2016 |
    | `"max"` | none: the maximum of each feature | HN-MAX in Yang et al., 2016 |

    The states `h` are pooled, not the hidden layer `tanh(W h + b)`. A row without words returns
    zeros. Softmax and sums run in float32 under every 16-bit policy. Nothing is computed for
    padding.

    With `beside`, the mean or the maximum of the states, or both, follow the weighted sum:
    `v = [sum_i alpha_i h_i; mean_i h_i; max_i h_i]` (concat pooling, Howard and Ruder, 2018, arXiv
    1801.06146; the maximum over time is that of Collobert et al., 2011, arXiv 1103.0398).

    Args:
        score: One of the above. `"mean"` and `"max"` have no weights.
        units: Size of the hidden layer of `"additive"`, `"general"` and `"gated"`; by default the
            number of features. The other scores ignore it.
        hops: Number of contexts, whose vectors are concatenated (Lin et al., 2017).
        penalty: Factor of the loss `|A A^T - I|_F^2`, averaged over the rows that have words, which
            makes the hops attend to different words (Lin et al., 2017). It is added with
            `add_loss` and needs `hops > 1`.
        normalizer: `"softmax"`, or `"sparsemax"` for exact zeros (Martins and Astudillo, 2016).
        labels: Number of labels, each with its own context (CAML, Mullenbach et al., 2018). Cannot
            be combined with `hops`.
        dropout: Rate of dropout on the weights `alpha` in training. The returned scores are those
            before dropout.
        use_bias: Whether `"additive"` and `"gated"` add biases.
        beside: What follows the vectors of the contexts, in this order: a tuple of `"mean"` and
            `"max"`, or of one of them. It needs a score with weights, and cannot be combined with
            `labels`. The scores that are returned are those of the attention alone.
        kernel_initializer, bias_initializer, context_initializer: Initializers of W, V and U; of b
            and c; of u, q and w.
        kernel_regularizer, bias_regularizer, context_regularizer: Their regularizers.
        kernel_constraint, bias_constraint, context_constraint: Their constraints.
        seed: Seed of the dropout.

    Call arguments:
        states: `<float>[..., steps, features]`, or a `tf.RaggedTensor`
            `<float>[rows, (steps), features]`.
        mask: `<bool>[..., steps]` for dense states, true for real words; Keras passes the mask of
            the layer before.
        return_attention_scores: Whether to return the weights `alpha` as well.
        training: Whether dropout is applied.

    Returns:
        vectors: `<float>[..., (hops + len(beside)) * features]`; `[..., labels, features]`.
        scores, if asked for: `<float32>[..., steps]`, with a last axis for hops or labels, zero on
            padding, ragged for ragged states; float64 under a float64 policy. For `"max"`, the
            share of the features whose maximum is at that word.

    Raises:
        ValueError: If an argument is out of range, or the size of the features axis is unknown.

    >>> states = tf.constant([[[1.0, 0.0], [3.0, 2.0], [9.0, 9.0]]])
    >>> mask = tf.constant([[True, True, False]])
    >>> pooling = AttentionPooling("mean")
    >>> vectors, scores = pooling(states, mask=mask, return_attention_scores=True)
    >>> vectors.numpy(), scores.numpy()
    (array([[2., 1.]], dtype=float32), array([[0.5, 0.5, 0. ]], dtype=float32))
    """

    def __init__(
        self,
        score="additive",
        units=None,
        hops=1,
        penalty=0.0,
        normalizer="softmax",
        labels=None,
        dropout=0.0,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        context_initializer="glorot_uniform",
        kernel_regularizer=None,
        bias_regularizer=None,
        context_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        context_constraint=None,
        seed=None,
        beside=(),
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.score = check_choice("score", score, SCORES)
        self.units = check_integer("units", units, allow_none=True)
        self.hops = check_integer("hops", hops)
        self.penalty = float(penalty)
        self.normalizer = check_choice("normalizer", normalizer, NORMALIZERS)
        self.labels = check_integer("labels", labels, allow_none=True)
        self.dropout = float(dropout)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.context_initializer = keras.initializers.get(context_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.context_regularizer = keras.regularizers.get(context_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.context_constraint = keras.constraints.get(context_constraint)
        self.seed = seed
        self.beside = attention_scores.check_beside(beside)
        attention_scores.check_combination(self)
        if self.dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)
        self.kernel = self.bias = self.gate_kernel = self.gate_bias = self.context = None
        self.supports_masking = True
        self.supports_jit = False  # The number of real words is known only at run time.

    def build(self, states_shape):
        features = states_shape[-1]
        if features is None:
            came = f"shape={tuple(states_shape)}"
            raise ValueError(f"The last axis of `states` must have a known size. Received: {came}")
        weights = attention_scores.weight_shapes(
            self.score, features, self.units, self.heads, self.use_bias
        )
        for name, (shape, kind) in weights.items():
            setattr(self, name, self._add(name, shape, kind))
        self.built = True

    def call(self, states, mask=None, return_attention_scores=False, training=None):
        vectors, scores = self._pool_any(states, mask, training)
        return (vectors, scores) if return_attention_scores else vectors

    def pool(self, states, segment_ids, num_segments, training=None):
        """Attention pooling on flat words in any order. The layer must have been built.

        Args:
            states: `<float>[words, features]`.
            segment_ids: `<int>[words]`, the row of each word, not necessarily sorted.
            num_segments: `<int>[]`, the number of rows.
            training: Whether dropout is applied.

        Returns:
            vectors `<float>[rows, features]` and scores `<float>[words]`, with further axes for
            hops or labels as in `call`.

        >>> pooling = AttentionPooling("max")
        >>> pooling.build((None, 1))
        >>> words, rows = tf.constant([[1.0], [2.0], [3.0]]), tf.constant([0, 2, 0])
        >>> pooling.pool(words, rows, 3)[0].numpy().tolist()
        [[3.0], [0.0], [2.0]]
        """
        states = tf.cast(states, self.compute_dtype)
        wide = tf.cast(states, softmax.accumulation_dtype(states.dtype))
        if self.score == "max":
            vectors, scores = softmax.segment_max(wide, segment_ids, num_segments)
            return tf.cast(vectors, states.dtype), scores
        normalize = NORMALIZERS[self.normalizer]
        scores = normalize(self._energies(states), segment_ids, num_segments)
        if self.penalty:
            overlap = softmax.mean_overlap(scores, segment_ids, num_segments)
            # Keras sums losses in its default float type, whatever the policy of the layer.
            self.add_loss(self.penalty * tf.cast(overlap, keras.config.floatx()))
        kept = scores
        if training and self.dropout:
            kept = keras.random.dropout(scores, self.dropout, seed=self.seed_generator)
        vectors = softmax.segment_weighted_sum(kept, wide, segment_ids, num_segments)
        if self.hops > 1:
            vectors = tf.reshape(vectors, [-1, self.hops * states.shape[-1]])
        if self.beside:
            further = attention_scores.pool_beside(self.beside, wide, segment_ids, num_segments)
            vectors = tf.concat([vectors, further], axis=-1)
        return tf.cast(vectors, states.dtype), scores

    def compute_mask(self, states, previous_mask=None):
        return None  # The output has no axis of steps.

    def compute_output_shape(self, states_shape):
        *rows, _, features = states_shape
        if self.labels is not None:
            return (*rows, self.labels, features)
        parts = self.hops + len(self.beside)
        return (*rows, features if features is None else parts * features)

    def compute_output_spec(self, states, mask=None, return_attention_scores=False, training=None):
        vectors = keras.KerasTensor(self.compute_output_shape(states.shape), self.compute_dtype)
        if not return_attention_scores:
            return vectors
        dtype = softmax.accumulation_dtype(self.compute_dtype).name
        return vectors, keras.KerasTensor((*states.shape[:-1], *self.heads), dtype)

    def get_config(self):
        config = super().get_config()
        names = "score units hops penalty normalizer labels dropout use_bias seed"
        config.update({name: getattr(self, name) for name in names.split()})
        config["beside"] = list(self.beside)
        for kind in ("initializer", "regularizer", "constraint"):
            serialize = getattr(keras, f"{kind}s").serialize
            for weight in ("kernel", "bias", "context"):
                name = f"{weight}_{kind}"
                value = getattr(self, name)
                config[name] = None if value is None else serialize(value)
        return config

    @property
    def heads(self):
        """The last axes of the scores for several contexts: `()`, `(hops,)` or `(labels,)`."""
        if self.labels is not None:
            return (self.labels,)
        return (self.hops,) if self.hops > 1 else ()

    def _add(self, name, shape, kind):
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=getattr(self, f"{kind}_initializer"),
            regularizer=getattr(self, f"{kind}_regularizer"),
            constraint=getattr(self, f"{kind}_constraint"),
        )

    def energies(self, states):
        """The scores `e` of flat words, before the softmax.

        Args:
            states: `<float>[words, features]`.

        Returns:
            `<float>[words]` or `<float>[words, heads]`.

        Raises:
            ValueError: If the score has no weights: `"mean"` and `"max"`.
        """
        if self.score not in WEIGHTED:
            raise ValueError(
                "`score` must have weights, to be taught. Expected: additive, dot, general or "
                f"gated. Received: score={self.score!r}"
            )
        return self._energies(tf.cast(states, self.compute_dtype))

    def _energies(self, states):
        """`<float>[words, features]` -> `<float>[words]` or `<float>[words, heads]`."""
        # `pool` may be called outside the autocast scope of Keras.
        weights = (self.kernel, self.bias, self.gate_kernel, self.gate_bias, self.context)
        weights = (None if weight is None else tf.cast(weight, states.dtype) for weight in weights)
        return attention_scores.energies(self.score, states, *weights)

    def _pool_any(self, states, mask, training):
        if not isinstance(states, tf.RaggedTensor):
            return self._pool_dense(states, mask, training)
        if mask is not None:
            raise ValueError("`mask` must be None for ragged states: they hold no padding.")
        if states.shape.rank > 3:  # Rows of rows: pool the innermost.
            vectors, scores = self._pool_any(states.values, None, training)
            return states.with_values(vectors), states.with_values(scores)
        vectors, scores = self.pool(states.values, states.value_rowids(), states.nrows(), training)
        return vectors, states.with_values(scores)

    def _pool_dense(self, states, mask, training):
        _check_mask(states, mask)
        lead, steps = tf.shape(states)[:-2], tf.shape(states)[-2]
        rows = tf.reduce_prod(lead)
        by_row = tf.reshape(states, [rows, steps, states.shape[-1]])
        mask = None if mask is None else tf.reshape(mask, [rows, steps])
        words, lengths = flatten(by_row, mask)
        vectors, scores = self.pool(words, tf.repeat(tf.range(rows), lengths), rows, training)
        scores = restore(scores, by_row, mask)  # [rows, steps] or [rows, steps, heads]
        vectors = tf.reshape(vectors, tf.concat([lead, tf.shape(vectors)[1:]], 0))
        scores = tf.reshape(scores, tf.concat([lead, tf.shape(scores)[1:]], 0))
        return tf.ensure_shape(vectors, self.compute_output_shape(states.shape)), scores


def _check_mask(states, mask):
    if mask is not None and not states.shape[:-1].is_compatible_with(mask.shape):
        came = f"mask.shape={mask.shape}, states.shape={states.shape}"
        raise ValueError(
            f"`mask` must have the shape of `states` without the last axis. Received: {came}"
        )
