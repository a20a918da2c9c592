"""A hierarchy of level encoders: from words to sentences to documents."""

import keras

from hanlib.layers.document_encoder import DocumentEncoder, pool_states
from hanlib.layers.level_encoder import LevelEncoder, as_layer
from hanlib.layers.saved_by_0_1 import accept_paths_of_0_1, rename_dropouts


@keras.saving.register_keras_serializable("hanlib")
class HierarchicalEncoder(DocumentEncoder):
    """Encodes documents through any number of levels (Yang et al., NAACL 2016, N16-1174).

    Level 0 encodes the words of each sentence as a sentence vector, level 1 encodes the sentences
    of each document as a document vector, and so on: the input has one axis per level after the
    first axis. Padding and empty rows are dropped before a level is computed, and each distinct
    word of the batch is embedded and projected once.

    With a single level, a document is read as one sequence of words; see `DocumentEncoder`.

    Args:
        levels: The `LevelEncoder`s, innermost first.
        vocabulary_size, embedding_dim, input_dropout, embedding_dropout, embeddings_initializer,
            region_dim: See `DocumentEncoder`. With `region_dim`, the first level needs `regions`.

    Call arguments and returns: See `DocumentEncoder`.

    Raises:
        ValueError: If `levels` is empty, `region_dim` is given without `regions`, or the input does
            not have one axis for each level.

    >>> import tensorflow as tf
    >>> from hanlib.layers.recurrent_encoder import RecurrentEncoder
    >>> encoder = HierarchicalEncoder(
    ...     [LevelEncoder(RecurrentEncoder("gru", units=4)) for level in range(2)],
    ...     vocabulary_size=10, embedding_dim=3)
    >>> encoder(tf.ragged.constant([[[2, 3], [4]], []], dtype=tf.int32)).shape
    TensorShape([2, 8])
    """

    has_attention = True
    reads_regions = True

    def __init__(self, levels, vocabulary_size=None, embedding_dim=None, **kwargs):
        super().__init__(vocabulary_size, embedding_dim, **kwargs)
        self.levels = [as_layer("levels", level, LevelEncoder) for level in levels]
        if not self.levels or None in self.levels:
            raise ValueError(
                f"`levels` must be a list of at least one LevelEncoder. Received: levels={levels!r}"
            )

        if self.region_dim and self.levels[0].regions is None:
            raise ValueError(
                f"`region_dim` must be 0 for {type(self).__name__}, whose first level has no "
                f"RegionEmbedding. Received: {self.region_dim}"
            )

    @property
    def num_levels(self):
        return len(self.levels)

    def build(self, input_shape):
        self.build_embedding()
        shape = (None, None, self.input_width(input_shape))
        for level in self.levels:
            if not level.built:
                level.build(shape)
            shape = (None, *level.compute_output_shape(shape))
        self.built = True

    def encode_level(self, level, values, lengths, index=None, training=None, pool=pool_states):
        """The vectors of the rows of a level; see `DocumentEncoder`."""
        return self.levels[level].encode(values, lengths, index, training=training, pool=pool)

    def direction_widths(self, level):
        """The widths of the forward and the backward states; see `DocumentEncoder`."""
        layer = self.levels[level]
        recurrent = layer.recurrent
        mixed = layer.self_attention is not None or layer.regions is not None
        if recurrent is None or mixed or (recurrent.bidirectional and recurrent.depth > 1):
            raise ValueError(
                "a language model needs levels with a recurrence, without self-attention and "
                "regions, and of depth 1 if bidirectional. "
                f"Received: level {level} of {type(self).__name__}, "
                "which differs"
            )
        return recurrent.units, recurrent.units if recurrent.bidirectional else 0

    def attention_heads(self, level):
        return self.levels[level].pooling.heads

    def compute_output_shape(self, input_shape):
        shape = (None, None, self.input_width(input_shape))
        for level in self.levels:
            shape = (None, *level.compute_output_shape(shape))
        return (input_shape[0], *shape[2:])

    def load_own_variables(self, store):
        accept_paths_of_0_1(store)
        super().load_own_variables(store)

    @classmethod
    def from_config(cls, config):
        return cls(**rename_dropouts(config))

    def get_config(self):
        levels = [keras.saving.serialize_keras_object(level) for level in self.levels]
        return {**super().get_config(), "levels": levels}
