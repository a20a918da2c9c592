"""A Transformer encoder over windows of a document's words."""

import keras
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.layers import AttentionPooling
from hanlib.layers.document_encoder import DocumentEncoder, pool_states
from hanlib.text import split_lengths


@keras.saving.register_keras_serializable("hanlib")
class Transformer(DocumentEncoder):
    """A Transformer encoder (Vaswani et al., NIPS 2017, arXiv 1706.03762) with pre-normalization.

        x = embedding + position
        x = x + MultiHeadAttention(LayerNorm(x))
        x = x + W_2 gelu(W_1 LayerNorm(x))       `depth` times
        v = pooling(LayerNorm(x_1) .. LayerNorm(x_T))

    The attention is `keras.layers.MultiHeadAttention`. A document is split into windows of `window`
    words, and words attend only to the words of their own window. The length of documents is
    therefore not limited, and the cost is linear in it. The pooling runs over the whole document.
    The attention layer needs dense input, so the last window of each document is padded.

    Args:
        vocabulary_size: Number of word ids, including padding.
        embedding_dim: Width of the word vectors. The states are as wide as those with the
            features of a word beside them.
        num_heads: Number of attention heads; must divide the width of the states.
        depth: Number of blocks.
        hidden_dim: Width of the hidden layer of a block; None: four times that width.
        window: Number of words in a window.
        pooling: A score of `AttentionPooling`.
        dropout: Dropout rate after the attention and after the hidden layer.
        **kwargs: See `DocumentEncoder`.

    Call arguments and returns: See `hanlib.layers.DocumentEncoder`.

    Raises:
        ValueError: If an argument is out of range.

    >>> encoder = Transformer(100, embedding_dim=8, num_heads=2, window=4)
    >>> encoder(tf.ragged.constant([[[2, 3, 4], [5, 6]], []], dtype=tf.int32)).shape
    TensorShape([2, 8])
    """

    has_attention = True

    def __init__(
        self,
        vocabulary_size,
        embedding_dim=128,
        num_heads=4,
        depth=2,
        hidden_dim=None,
        window=256,
        pooling="additive",
        dropout=0.1,
        **kwargs,
    ):
        super().__init__(vocabulary_size, embedding_dim, **kwargs)
        self.num_heads = check_integer("num_heads", num_heads)
        self.depth = check_integer("depth", depth)
        self.hidden_dim = check_integer("hidden_dim", hidden_dim, allow_none=True)
        self.window = check_integer("window", window)
        self.width = self.input_width((None, embedding_dim))
        if self.width % num_heads:
            raise ValueError(
                "`num_heads` must divide `embedding_dim` and the features of a word beside it. "
                f"Received: num_heads={num_heads}, a width of {self.width}"
            )
        self.dropout = dropout
        policy = self.dtype_policy
        self.positions = keras.layers.Embedding(window, self.width, dtype=policy)
        self.blocks = [self._block() for _ in range(depth)]
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype=policy)
        self.pooling = AttentionPooling(pooling, dtype=policy)

    def _block(self):
        policy, width = self.dtype_policy, self.width
        return [
            keras.layers.LayerNormalization(epsilon=1e-6, dtype=policy),
            keras.layers.MultiHeadAttention(
                self.num_heads, width // self.num_heads, dropout=self.dropout, dtype=policy
            ),
            keras.layers.LayerNormalization(epsilon=1e-6, dtype=policy),
            keras.layers.Dense(self.hidden_dim or 4 * width, activation="gelu", dtype=policy),
            keras.layers.Dense(width, dtype=policy),
            keras.layers.Dropout(self.dropout, dtype=policy),
        ]

    def build(self, input_shape):
        self.build_embedding()
        states = (None, None, self.width)
        self.positions.build((None,))
        for norm, attention, hidden_norm, hidden, output, _ in self.blocks:
            norm.build(states)
            attention.build(states, states)
            hidden_norm.build(states)
            hidden.build(states)
            output.build((*states[:2], hidden.units))
        self.norm.build(states)
        self.pooling.build(states)
        self.built = True

    def encode_level(self, level, values, lengths, index=None, training=None, pool=pool_states):
        """The document vectors; see `DocumentEncoder`."""
        count = tf.size(lengths)
        words = values if index is None else tf.gather(values, index)
        states = self._attend(words, self._windows(lengths), training)
        return pool(
            self.pooling, states, tf.repeat(tf.range(count), lengths), count, training=training
        )

    def _windows(self, lengths):
        """The number of words in each window, `<int32>[windows]`, without empty ones."""
        _, windows = split_lengths(lengths, self.window)
        return tf.boolean_mask(windows, windows > 0)

    def _attend(self, words, windows, training):
        """`<float>[words, features]` -> the same; words attend within their window."""
        dense = tf.RaggedTensor.from_row_lengths(words, tf.cast(windows, tf.int64), validate=False)
        dense = dense.to_tensor()
        dense = tf.ensure_shape(dense, [None, None, self.width])
        mask = tf.sequence_mask(windows, tf.shape(dense)[1])
        states = dense + self.positions(tf.range(tf.shape(dense)[1]))
        for norm, attention, hidden_norm, hidden, output, drop in self.blocks:
            normal = norm(states)
            pairs = mask[:, tf.newaxis, :]
            attended = attention(normal, normal, attention_mask=pairs, training=training)
            states = states + drop(attended, training=training)
            change = output(hidden(hidden_norm(states)))
            states = states + drop(change, training=training)
        return tf.boolean_mask(self.norm(states), mask)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.width)

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "depth": self.depth,
            "hidden_dim": self.hidden_dim,
            "window": self.window,
            "pooling": self.pooling.score,
            "dropout": self.dropout,
        }
