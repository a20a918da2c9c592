"""The base class and interface of document encoders."""

import keras
import tensorflow as tf

from hanlib.layers.level_states import LevelStates
from hanlib.layers.word_reader import WordReader
from hanlib.ops.hierarchy import hierarchy, merge_levels
from hanlib.ops.softmax import accumulation_dtype


def pool_states(pooling, states, rows, count, training=None):
    """Pools the states of each row with a layer: the default of `DocumentEncoder.encode`.

    Args:
        pooling: A built `AttentionPooling`.
        states: `<float>[items, features]`.
        rows: `<int32>[items]`, the row of each item.
        count: `<int32>[]`, the number of rows.
        training: Whether dropout is applied.

    Returns:
        `<float>[rows, ...]`, one vector per row.
    """
    return pooling.pool(states, rows, count, training=training)[0]


class DocumentEncoder(WordReader):
    """Base class of encoders, which compute one vector per document from word ids.

    `DocumentClassifier`, training, explanations, export and the command line use an encoder
    through this class only. A subclass defines:

    - `num_levels`: 1 if it reads a document as one sequence of words, 2 if it reads sentences and
      then the document.
    - `has_attention`: Whether each level pools its states with an `AttentionPooling`.
    - `reads_regions`: Whether level 0 reads the word vectors through a `RegionEmbedding`; otherwise
      `region_dim` must be 0.
    - `build(input_shape)`, which calls `build_embedding()`.
    - `encode_level(level, values, lengths, index=None, training=None, pool=pool_states)`: the
      vectors of the rows of a level. Level 0 reads word vectors; level 1 the vectors that level 0
      returned. With `index`, item i of the level is `values[index[i]]`. Items of all rows are
      concatenated without padding. Where a level pools with an `AttentionPooling`, it does so
      by `pool(pooling, states, rows, count, training=training)`, so that explanations can observe
      and replace the pooling.
    - `compute_output_shape(input_shape)` and `get_config()`.

    `docs/extend.md` writes one step by step.

    Args:
        vocabulary_size: Number of word ids, the padding id 0 included. None: the inputs are word
            vectors instead of ids.
        embedding_dim: Width of the word vectors; given together with `vocabulary_size`.
        input_dropout: Share of the word vectors' features set to zero in training.
        embedding_dropout: Share of the distinct words of a batch whose whole vector is set to zero
            in training (Gal and Ghahramani 2016, arXiv 1512.05287).
        embeddings_initializer: Initializer of the word vectors.
        feature_sizes: The number of values of each feature that the ids carry (see
            `hanlib.ops.packed_ids`): `feature_sizes` of the `DocumentVectorizer`. The vector of a
            word is then [E[id]; F[f_1]; ..; F[f_m]].
        feature_dim: Width of the vector of a feature.
        region_dim: Width of a further, fixed vector of each word, which a `RegionEmbedding` reads;
            0 for none. It comes last in the vector of a word.

    Call arguments:
        inputs: Ids `<int>[docs, (sentences), (words)]`, ragged, or dense with 0 as padding. An
            encoder with one level also takes `[docs, (words)]`, and reads the sentences of a
            document as one sequence. Without `vocabulary_size` a last axis of features follows,
            and a vector of zeros is padding.
        mask: `<bool>` of the shape of dense ids, false at words to leave out besides the padding.
        return_attention_scores: Whether the attention of all levels is returned too.
        training: Whether dropout is applied.

    Returns:
        `<float>[docs, features]`, zeros for a document without words. With
        `return_attention_scores` also a list with the scores of each level, words first, in the
        form of the input; zeros on padding and empty rows.

    Raises:
        ValueError: If the arguments or the axes of the input do not fit together.

    >>> class FirstWord(DocumentEncoder):
    ...     def build(self, input_shape):
    ...         self.build_embedding()
    ...
    ...     def encode_level(self, level, values, lengths, index=None, **kwargs):
    ...         first = tf.cumsum(lengths, exclusive=True)
    ...         return tf.gather(values, tf.gather(index, first))
    ...
    ...     def compute_output_shape(self, input_shape):
    ...         return (input_shape[0], self.embedding_dim)
    >>> encoder = FirstWord(vocabulary_size=9, embedding_dim=4)
    >>> encoder(tf.constant([[[2, 3], [4, 0]]])).shape
    TensorShape([1, 4])
    """

    num_levels = 1
    has_attention = False

    def call(self, inputs, mask=None, return_attention_scores=False, training=None):
        if return_attention_scores:
            self.require_attention("return_attention_scores=True")
        found = self.hierarchy(inputs, mask)
        values, index = self.embed(found.words, training)
        lengths = merge_levels(found.lengths, self.num_levels)
        scores = []

        def pool(pooling, states, rows, count, training=None):
            vectors, of_items = pooling.pool(states, rows, count, training=training)
            scores.append(of_items)
            return vectors

        vectors = self.encode(values, lengths, index, training=training, pool=pool)
        if not return_attention_scores:
            return vectors
        return vectors, [found.in_form_of_input(level, of) for level, of in enumerate(scores)]

    def encode(self, values, lengths, index=None, training=None, pool=pool_states):
        """The document vectors of concatenated word vectors.

        Args:
            values: `<float>[words, features]`; with `index`, `[distinct, features]`.
            lengths: The number of items in each row, `<int32>[rows]` for each level, words first.
            index: `<int32>[words]`, the row of `values` that each word uses.
            training: Whether dropout is applied.
            pool: Function with the signature of `pool_states`, called once per level.

        Returns:
            `<float>[docs, features]`.
        """
        for level in range(self.num_levels):
            values = self.encode_level(
                level, values, lengths[level], index, training=training, pool=pool
            )
            index = None
        return values

    def states(self, values, lengths, index=None, training=None):
        """The states of the items of each level: words, then sentences in their document.

        Args:
            values, lengths, index, training: As in `encode`.

        Returns:
            A list with the `LevelStates` of each level, words first.

        Raises:
            ValueError: If the encoder has no attention, because what it pools is then not known.
        """
        self.require_attention("`states`")
        found = []

        def pool(pooling, states, rows, count, training=None):
            vectors = pool_states(pooling, states, rows, count, training=training)
            found.append(LevelStates(states, rows, vectors))
            return vectors

        self.encode(values, lengths, index, training=training, pool=pool)
        return found

    def direction_widths(self, level):
        """The widths of the two parts of the states of a level, for a language model.

        The first part of a state depends on the items up to its own only, the second on the items
        from its own on. A width of 0 means that there is no such part.

        Args:
            level: 0 for words, 1 for sentences.

        Returns:
            Two integers.

        Raises:
            ValueError: If the states do not have such parts.
        """
        raise ValueError(
            "a language model needs an encoder that reads forwards and backwards separately. "
            f"Received: {type(self).__name__}"
        )

    def hierarchy(self, inputs, mask=None):
        """The words, sentences and documents of inputs without their padding.

        Args:
            inputs, mask: As in `call`.

        Returns:
            A `hanlib.ops.hierarchy.Hierarchy`.
        """
        levels = self._levels_of(inputs)
        flat = inputs.flat_values if isinstance(inputs, tf.RaggedTensor) else inputs
        if not self.takes_ids:
            real = tf.reduce_any(tf.reshape(flat, [-1, inputs.shape[-1]]) != 0, axis=-1)
        else:
            real = tf.reshape(flat, [-1]) != 0
        if mask is not None:
            mask = mask.flat_values if isinstance(mask, tf.RaggedTensor) else tf.reshape(mask, [-1])
            real &= tf.cast(mask, tf.bool)
        return hierarchy(inputs, real, levels)

    def _levels_of(self, inputs):
        """The number of levels of the inputs: axes between the documents and the features."""
        features = int(not self.takes_ids)
        levels = inputs.shape.rank - 1 - features
        if levels < 1 or self.num_levels not in (1, levels):
            raise ValueError(
                f"`inputs` must have {self.num_levels + 1 + features} axes for {self.num_levels} "
                f"levels of word {'vectors' if features else 'ids'}. "
                f"Received: inputs of shape {inputs.shape}"
            )
        return levels

    def require_attention(self, what):
        """Raises a `ValueError` that names `what` if the encoder has no attention."""
        if not self.has_attention:
            raise ValueError(
                f"{what} needs an encoder with attention. Received: {type(self).__name__}, "
                "which has none"
            )

    def compute_mask(self, inputs, previous_mask=None):
        return None  # The words are pooled.

    def compute_output_spec(self, inputs, mask=None, return_attention_scores=False, training=None):
        vectors = keras.KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
        if not return_attention_scores:
            return vectors
        self.require_attention("return_attention_scores=True")
        features = int(not self.takes_ids)
        words = inputs.shape[: len(inputs.shape) - features]
        levels = range(self.num_levels)
        return vectors, [
            keras.KerasTensor(
                (*words[: len(words) - k], *self.attention_heads(k)),
                accumulation_dtype(self.compute_dtype).name,
            )
            for k in levels
        ]

    def attention_heads(self, level):
        """The axes that the scores of a level have after those of its items, such as hops."""
        return ()
