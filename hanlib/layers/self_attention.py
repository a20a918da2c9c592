"""Self-attention within rows of different lengths."""

import keras
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.ops.rows import flatten, restore
from hanlib.ops.scores import scaled_dot_product_scores
from hanlib.ops.softmax import accumulation_dtype, masked_softmax

# Maximum number of scores of a block of rows, including padding, for one head: a few MB.
BLOCK_SCORES = 2**18


@keras.saving.register_keras_serializable("hanlib")
class SelfAttention(keras.layers.Layer):
    """Scaled dot-product self-attention, one head or several (Vaswani et al., 2017, section 3.2).

    `head = softmax(Q K^T / sqrt(key_dim)) V` with `Q = H W_q + b_q`, `K = H W_k + b_k`,
    `V = H W_v + b_v`, and `output = concat(heads) W_o + b_o`. Words attend to the words of their
    own row. `keras.layers.MultiHeadAttention` is not used: for a row without words its results
    with and without scores differ, NaN in padding affects real words, and its float16 products
    overflow.

    Projections run on the real words only. Scores are computed in blocks of rows of similar length.
    Memory therefore grows with the sum of the squared lengths in training and with the largest
    block in inference, not with the number of rows times the square of the longest one.

    Args:
        num_heads: Number of heads.
        key_dim: Size of the queries and keys of a head; by default `features / num_heads`.
        value_dim: Size of the values of a head; by default `key_dim`.
        output_dim: Size of the output; by default the number of features.
        use_bias: Whether the four projections add a bias.
        dropout: Rate of dropout on the attention weights in training. The returned scores are
            those before dropout.
        kernel_initializer, bias_initializer: Initializers of the four kernels and biases.
        kernel_regularizer, bias_regularizer: Their regularizers.
        kernel_constraint, bias_constraint: Their constraints.
        seed: Seed of the dropout.

    Call arguments:
        states: `<float>[rows, steps, features]`, or a `tf.RaggedTensor`
            `<float>[rows, (steps), features]`.
        mask: `<bool>[rows, steps]` for dense states, true for real words; Keras passes the mask of
            the layer before.
        return_attention_scores: Whether to return the attention weights as well.
        training: Whether dropout is applied.

    Returns:
        `<float>[rows, steps, output_dim]`, zeros on padding, ragged for ragged states; if asked for
        also the scores `<float32>[rows, steps, steps, num_heads]`: query, key, head (float64 under
        a float64 policy), zeros on padding, or `<float32>[rows, (steps), (steps), num_heads]`.

    Raises:
        ValueError: If an argument is out of range, or the size of the features axis is unknown.

    >>> layer = SelfAttention(num_heads=2, output_dim=3)
    >>> rows = tf.RaggedTensor.from_row_lengths(tf.ones([3, 4]), [1, 0, 2])
    >>> layer(rows).shape, layer(rows.to_tensor()).shape
    (TensorShape([3, None, 3]), TensorShape([3, 2, 3]))
    """

    def __init__(
        self,
        num_heads=1,
        key_dim=None,
        value_dim=None,
        output_dim=None,
        use_bias=True,
        dropout=0.0,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_heads = check_integer("num_heads", num_heads)
        self.key_dim = check_integer("key_dim", key_dim, allow_none=True)
        self.value_dim = check_integer("value_dim", value_dim, allow_none=True)
        self.output_dim = check_integer("output_dim", output_dim, allow_none=True)
        self.use_bias = use_bias
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must be in [0, 1). Received: dropout={dropout}")
        self.dropout = float(dropout)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.seed = seed
        if self.dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True
        self.supports_jit = False  # The number of real words is known only at run time.

    def build(self, states_shape):
        features = states_shape[-1]
        if len(states_shape) != 3 or features is None:
            raise ValueError(
                "`states` must have the axes rows, steps, features, the last of known size. "
                f"Received: shape={tuple(states_shape)}"
            )
        if self.key_dim is None and features % self.num_heads:
            raise ValueError(
                "`num_heads` must divide the number of features if `key_dim` is not given. "
                f"Received: num_heads={self.num_heads}, features={features}"
            )
        key_dim = self.key_dim or features // self.num_heads
        value_dim = self.value_dim or key_dim
        self.sizes = [self.num_heads * size for size in (key_dim, key_dim, value_dim)]
        projections = zip(("query", "key", "value"), self.sizes, strict=True)
        self.inputs_to_heads = [
            self._add_projection(name, features, size) for name, size in projections
        ]
        self.heads_to_output = self._add_projection(
            "output", self.sizes[-1], self.output_dim or features
        )
        self.built = True

    def call(self, states, mask=None, return_attention_scores=False, training=None):
        if isinstance(states, tf.RaggedTensor) and mask is not None:
            raise ValueError("`mask` must be None for ragged states: they hold no padding.")
        words, row_lengths = flatten(states, mask)
        outputs, scores = self._attend(words, row_lengths, training, return_attention_scores)
        outputs = restore(outputs, states, mask)
        if not return_attention_scores:
            return outputs
        if not isinstance(states, tf.RaggedTensor):
            scores = _pad_scores(scores, states, mask)
        return outputs, scores

    def attend(self, states, row_lengths, training=None):
        """Self-attention on the concatenated words of rows. The layer must have been built.

        Args:
            states: `<float>[words, features]`.
            row_lengths: `<int>[rows]`, words per row.
            training: Whether dropout is applied.

        Returns:
            `<float>[words, output_dim]`.

        >>> layer = SelfAttention(output_dim=3)
        >>> layer.build((None, None, 4))
        >>> layer.attend(tf.ones([3, 4]), tf.constant([1, 0, 2])).shape
        TensorShape([3, 3])
        """
        return self._attend(states, row_lengths, training, with_scores=False)[0]

    def compute_output_shape(self, states_shape):
        return (*states_shape[:-1], self.output_dim or states_shape[-1])

    def compute_output_spec(self, states, mask=None, return_attention_scores=False, training=None):
        outputs = keras.KerasTensor(self.compute_output_shape(states.shape), self.compute_dtype)
        if not return_attention_scores:
            return outputs
        rows, steps, _ = states.shape
        dtype = accumulation_dtype(self.compute_dtype).name
        return outputs, keras.KerasTensor((rows, steps, steps, self.num_heads), dtype)

    def get_config(self):
        config = super().get_config()
        names = "num_heads key_dim value_dim output_dim use_bias dropout seed"
        config.update({name: getattr(self, name) for name in names.split()})
        for kind in ("initializer", "regularizer", "constraint"):
            serialize = getattr(keras, f"{kind}s").serialize
            for weight in ("kernel", "bias"):
                name = f"{weight}_{kind}"
                value = getattr(self, name)
                config[name] = None if value is None else serialize(value)
        return config

    def _add_projection(self, name, inputs, outputs):
        """A kernel and its bias, or `None` for the bias."""
        shapes = {"kernel": (inputs, outputs), "bias": (outputs,)}
        return [
            self.add_weight(
                name=f"{name}_{weight}",
                shape=shape,
                initializer=getattr(self, f"{weight}_initializer"),
                regularizer=getattr(self, f"{weight}_regularizer"),
                constraint=getattr(self, f"{weight}_constraint"),
            )
            if weight == "kernel" or self.use_bias
            else None
            for weight, shape in shapes.items()
        ]

    def _project(self, states, kernel, bias):
        """`H W + b`, also outside the autocast scope of Keras."""
        projected = tf.matmul(states, tf.cast(kernel, states.dtype))
        return projected if bias is None else projected + tf.cast(bias, states.dtype)

    def _attend(self, states, row_lengths, training, with_scores):
        """Flat outputs, and ragged scores `[rows, (steps), (steps), heads]` or `None`."""
        states = tf.cast(states, self.compute_dtype)
        projected = tf.concat([self._project(states, *p) for p in self.inputs_to_heads], axis=-1)
        order = tf.argsort(row_lengths, direction="DESCENDING")
        rows = tf.gather(tf.RaggedTensor.from_row_lengths(projected, row_lengths), order)
        seed = self.seed_generator.next() if training and self.dropout else None

        def attend_block(block, start):
            # A different mask for each block.
            block_seed = None if seed is None else tf.cast(seed, tf.int32) + start
            return self._attend_block(block, block_seed, with_scores)

        dtype = accumulation_dtype(states.dtype)
        values, scores = _by_blocks(attend_block, rows, [self.sizes[-1], self.num_heads], dtype)
        inverse = tf.argsort(order)
        outputs = tf.gather(rows.with_values(values), inverse).values
        outputs = self._project(tf.cast(outputs, states.dtype), *self.heads_to_output)
        if not with_scores:
            return outputs, None
        lengths = rows.row_lengths()
        scores = tf.RaggedTensor.from_row_lengths(scores, tf.repeat(lengths, lengths))
        return outputs, tf.gather(rows.with_values(scores), inverse)

    def _attend_block(self, block, seed, with_scores):
        """Ragged projections of some rows -> `<float>[words, values]`, `<float>[pairs, heads]`."""
        real = tf.sequence_mask(block.row_lengths())  # [rows, steps]
        parts = tf.split(block.to_tensor(), self.sizes, axis=-1)
        queries, keys, values = (_split_heads(part, self.num_heads) for part in parts)
        scores = scaled_dot_product_scores(queries, keys)  # [rows, heads, steps, steps]
        scores = masked_softmax(scores, real[:, tf.newaxis, tf.newaxis, :])
        kept = scores
        if seed is not None:
            kept = tf.nn.experimental.stateless_dropout(scores, self.dropout, seed)
        outputs = tf.matmul(kept, tf.cast(values, kept.dtype))  # [rows, heads, steps, size]
        outputs = tf.boolean_mask(tf.transpose(outputs, [0, 2, 1, 3]), real)
        outputs = tf.reshape(outputs, [-1, self.sizes[-1]])
        if not with_scores:
            return outputs, tf.zeros([0, self.num_heads], scores.dtype)
        pairs = real[:, :, tf.newaxis] & real[:, tf.newaxis, :]
        return outputs, tf.boolean_mask(tf.transpose(scores, [0, 2, 3, 1]), pairs)


def _by_blocks(function, rows, widths, dtype):
    """Applies `function` to blocks of ragged rows, longest first, and concatenates its results."""
    lengths = tf.cast(rows.row_lengths(), tf.int32)
    filled = tf.math.count_nonzero(lengths, dtype=tf.int32)

    def step(start, number, *results):
        longest = tf.reduce_max(tf.concat([lengths[start : start + 1], [1]], 0))
        end = start + tf.maximum(BLOCK_SCORES // longest // longest, 1)
        written = function(rows[start:end], start)
        results = [result.write(number, one) for result, one in zip(results, written, strict=True)]
        return end, number + 1, *results

    results = [
        tf.TensorArray(dtype, 0, dynamic_size=True, infer_shape=False, element_shape=[None, width])
        for width in widths
    ]
    # At least one step runs, since an empty TensorArray cannot be concatenated.
    _, _, *results = tf.while_loop(
        lambda start, number, *_: (number == 0) | (start < filled), step, [0, 0, *results]
    )
    return [tf.ensure_shape(r.concat(), [None, w]) for r, w in zip(results, widths, strict=True)]


def _split_heads(projected, num_heads):
    """`<float>[rows, steps, heads * size]` -> `<float>[rows, heads, steps, size]`."""
    rows, steps, size = tf.unstack(tf.shape(projected))
    by_head = tf.reshape(projected, [rows, steps, num_heads, size // num_heads])
    return tf.transpose(by_head, [0, 2, 1, 3])


def _pad_scores(scores, states, mask):
    """Ragged scores -> `<float>[rows, steps, steps, heads]` with zeros at padding."""
    rows, steps, _ = tf.unstack(tf.shape(states))
    heads = scores.shape[-1]
    if mask is None:
        return tf.reshape(scores.flat_values, [rows, steps, steps, heads])
    mask = tf.cast(mask, tf.bool)
    pairs = mask[:, :, tf.newaxis] & mask[:, tf.newaxis, :]
    shape = tf.stack([rows, steps, steps, heads])
    return tf.scatter_nd(tf.where(pairs), scores.flat_values, tf.cast(shape, tf.int64))
