"""A linear model of the word n-grams of a document, as a layer."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.layers.ngram_keys import check_key_range, ngram_keys
from hanlib.ops.hierarchy import hierarchy


@keras.saving.register_keras_serializable("hanlib")
class NGramLinear(keras.layers.Layer):
    """Logits that are a sum over the distinct n-grams of a document.

        z = b + sum_g K[g]        over the known n-grams g that occur in the document

    An n-gram counts once, however often it occurs, and lies within one row: the innermost axis of
    the ids. With the weights of
    `hanlib.training.fit_ngrams` this is the NB-weighted logistic regression of Wang and Manning
    (ACL 2012, P12-2018), section 2.3, with the ratios multiplied into K. Everything is a standard
    TensorFlow op on weights of known size: the layer is saved and exported as any other.

    The kernel and the bias can be trained only if the layer is made with `trainable=True`: setting
    `trainable` later, on this layer or on a model that holds it, does not unfreeze them. The
    n-grams are never trained. The weights are float32 under every dtype policy.

    Args:
        ngrams: Number of known n-grams.
        classes: Number of classes.
        vocabulary_size: Number of word ids, the padding id 0 included.
        max_ngram: Words of the longest n-gram. All shorter ones are looked up too.
        unknown_words: Ids from 1 to this stand for unknown words: no n-gram contains them. It is
            `oov_buckets` of the `DocumentVectorizer`. 0: unknown words are words like others.
        trainable: Whether gradients may change the kernel and the bias.

    Call arguments:
        inputs: Ids `<int>[docs, (sentences), (words)]` or `<int>[docs, (words)]`, ragged, or dense
            with 0 as padding.

    Returns:
        `<float32>[docs, classes]`; the bias for a document without known n-grams.

    Raises:
        ValueError: If an argument is out of range, or the keys of n-grams would not fit into int64.

    >>> layer = NGramLinear(ngrams=2, classes=1, vocabulary_size=10, max_ngram=2)
    >>> layer.assign(keys=[3, 43], kernel=[[1.0], [2.0]], bias=[0.5])
    >>> layer(tf.ragged.constant([[[3, 4], [3]], [[4, 3]], []], dtype=tf.int32)).numpy().tolist()
    [[3.5], [1.5], [0.5]]
    >>> words, row_lengths, document_rows = [3, 4, 3], [2, 1], [2]
    >>> layer.contributions(words, row_lengths, document_rows, targets=[0]).numpy().tolist()
    [1.5, 1.0, 0.5]
    """

    def __init__(
        self,
        ngrams,
        classes,
        vocabulary_size,
        max_ngram=3,
        unknown_words=1,
        trainable=False,
        **kwargs,
    ):
        super().__init__(trainable=trainable, **kwargs)
        self._made_trainable = bool(trainable)
        self.ngrams = check_integer("ngrams", ngrams)
        self.classes = check_integer("classes", classes)
        self.vocabulary_size = check_integer("vocabulary_size", vocabulary_size, 2)
        self.max_ngram = check_integer("max_ngram", max_ngram)
        self.unknown_words = check_integer("unknown_words", unknown_words, 0)
        check_key_range(self.vocabulary_size, self.max_ngram)
        self.supports_jit = False  # The number of n-grams is known only when the graph runs.
        self.build()

    def build(self, input_shape=None):
        """Makes the weights: `kernel`, `bias`, and the sorted `keys` of the known n-grams."""
        shape, trainable = [self.ngrams, self.classes], self._made_trainable
        self.kernel = self._add("kernel", shape, "float32", trainable)
        self.bias = self._add("bias", shape[1:], "float32", trainable)
        self.keys = self._add("keys", shape[:1], "int64", trainable=False)
        self.built = True

    def _add(self, name, shape, dtype, trainable):
        return self.add_weight(
            name=name,
            shape=shape,
            dtype=dtype,
            initializer="zeros",
            trainable=trainable,
            autocast=False,
        )

    def assign(self, keys, kernel, bias):
        """Sets all weights.

        Args:
            keys: `<int64>[ngrams]`, in increasing order; see `hanlib.layers.ngram_keys`.
            kernel: `<float32>[ngrams, classes]`.
            bias: `<float32>[classes]`.

        Raises:
            ValueError: If a shape is wrong, or the keys do not increase.
        """
        keys = np.asarray(keys, np.int64)
        if keys.ndim == 1 and (np.diff(keys) <= 0).any():
            raise ValueError("`keys` must increase. Received: keys that do not")
        for weight, value in ((self.keys, keys), (self.kernel, kernel), (self.bias, bias)):
            weight.assign(value)

    def scale(self, factor):
        """Multiplies the logits by a number."""
        for weight in (self.kernel, self.bias):
            weight.assign(weight * factor)

    def call(self, inputs):
        flat = inputs.flat_values if isinstance(inputs, tf.RaggedTensor) else inputs
        found = hierarchy(inputs, tf.reshape(flat, [-1]) != 0, levels=inputs.shape.rank - 1)
        return self.logits(found.words, *found.rows())

    def logits(self, words, row_lengths, document_rows, gates=None):
        """The logits of documents whose words lie end to end.

        Args:
            words: `<int32>[words]`, ids without padding.
            row_lengths: `<int32>[rows]`, words per row.
            document_rows: `<int32>[docs]`, rows per document.
            gates: `<float32>[words]`, one factor g per word, or None for ones. The weight of an
                n-gram is divided equally among its occurrences, and within each equally among its
                words; each share is multiplied by the gate of its word. The logits are linear in
                the gates, so that their gradient at a gate is the contribution of that word.

        Returns:
            `<float32>[docs, classes]`.
        """
        documents = tf.size(document_rows)
        document, row, first, length = self._occurrences(words, row_lengths, document_rows)
        distinct_document, distinct_row, which, count = self._distinct(document, row)
        weights = tf.gather(tf.convert_to_tensor(self.kernel), distinct_row)
        if gates is not None:
            # Each occurrence once for each of its words.
            word = tf.ragged.range(first, first + length).flat_values
            occurrence = tf.repeat(tf.range(tf.size(first)), length)
            sums = tf.math.unsorted_segment_sum(tf.gather(gates, word), occurrence, tf.size(first))
            sums /= tf.cast(length, tf.float32)
            kept = tf.math.unsorted_segment_sum(sums, which, tf.size(count))
            weights *= (kept / tf.cast(count, tf.float32))[:, None]
        sums = tf.math.unsorted_segment_sum(weights, distinct_document, documents)
        return sums + tf.convert_to_tensor(self.bias)

    def present(self, words, row_lengths, document_rows):
        """The known n-grams of each document, each once.

        Args:
            words, row_lengths, document_rows: As in `logits`.

        Returns:
            `<int64>[distinct]` twice: the documents, and the rows of the kernel.
        """
        document, row, _, _ = self._occurrences(words, row_lengths, document_rows)
        document, row, _, _ = self._distinct(document, row)
        return document, row

    def contributions(self, words, row_lengths, document_rows, targets):
        """The part that each word has in the logit of its document's target class.

        The contributions of a document and the bias sum to the logit; see `gates` in `logits`.

        Args:
            words, row_lengths, document_rows: As in `logits`.
            targets: `<int32>[docs]`, a class for each document.

        Returns:
            `<float32>[words]`; 0 for a word that is in no known n-gram.
        """
        gates = tf.ones([tf.size(words)])
        with tf.GradientTape() as tape:
            tape.watch(gates)
            logits = self.logits(words, row_lengths, document_rows, gates)
            own = tf.gather(logits, tf.cast(targets, tf.int32), batch_dims=1)
        return tf.convert_to_tensor(tape.gradient(own, gates))

    def _occurrences(self, words, row_lengths, document_rows):
        """The known n-grams as they occur.

        Returns:
            `[occurrences]` each: the document, the row of the kernel (both int64), the position of
            the first word and the number of words (both int32).
        """
        documents = tf.range(tf.size(document_rows), dtype=tf.int64)
        document_of_word = tf.repeat(tf.repeat(documents, document_rows), row_lengths)
        known = tf.convert_to_tensor(self.keys)
        parts = []
        for length in range(1, self.max_ngram + 1):
            keys, first = ngram_keys(
                words, row_lengths, length, self.vocabulary_size, self.unknown_words
            )
            row = tf.minimum(tf.searchsorted(known, keys, out_type=tf.int64), self.ngrams - 1)
            found = tf.gather(known, row) == keys
            first, row = tf.boolean_mask(first, found), tf.boolean_mask(row, found)
            lengths = tf.fill([tf.size(first)], length)
            parts.append((tf.gather(document_of_word, first), row, first, lengths))
        return tuple(tf.concat(part, axis=0) for part in zip(*parts, strict=True))

    def _distinct(self, document, row):
        """Each n-gram of each document once.

        Returns:
            The documents and rows, `<int64>[distinct]` each; `<int32>[occurrences]`, which of them
            each occurrence is; and `<int32>[distinct]`, how often each occurs.
        """
        pairs, which, count = tf.unique_with_counts(document * self.ngrams + row)
        return pairs // self.ngrams, pairs % self.ngrams, which, count

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.classes)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), "float32")

    def get_config(self):
        return {
            **super().get_config(),
            "trainable": self.trainable and self._made_trainable,
            "ngrams": self.ngrams,
            "classes": self.classes,
            "vocabulary_size": self.vocabulary_size,
            "max_ngram": self.max_ngram,
            "unknown_words": self.unknown_words,
        }
