"""A layer that turns raw documents into word ids."""

import weakref

import keras
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.layers import word_columns
from hanlib.layers.text_functions import (
    TEXT_FUNCTIONS,
    check_text_function,
    sentences_and_words,
    serialize_text_function,
    words_of_sentences,
)
from hanlib.layers.texts import as_strings, decode, encode, one_dimension
from hanlib.layers.token_features import TokenFeatures
from hanlib.layers.tokens import tokens_of
from hanlib.layers.vocabulary import VocabularyLayer
from hanlib.ops import packed_ids
from hanlib.ops.model_graph import model_graph
from hanlib.text.word_case import CASES, word_case


@keras.saving.register_keras_serializable("hanlib")
class DocumentVectorizer(VocabularyLayer):
    """Turns `<string>[docs]` into ragged word ids `<int32>[docs, (sentences), (words)]`.

    Id 0 is padding and does not occur in the result; ids 1 to `oov_buckets` are unknown words.
    The words of the vocabulary follow by falling frequency, and alphabetically if equally frequent.

    With `word_case` or `columns`, the ids also carry features of the words (see
    `hanlib.ops.packed_ids`), which an encoder with `feature_sizes=vectorizer.feature_sizes` reads.

    Args:
        max_tokens: the maximum number of ids, including padding and unknown words; `None` for no
            limit.
        min_count: words that occur less often in the texts given to `adapt` are unknown.
        oov_buckets: the number of ids for unknown words. A hash of the word selects its id.
        max_sentence_words: the maximum number of words in a row. A longer sentence continues in the
            next row; nothing is truncated. `None` for no limit.
        lowercase: whether words are looked up regardless of case and of the shape of the apostrophe
            (`Don’t` is `don't`). `Tokens.words` is not changed.
        normalize, split_sentences, split_words: functions that replace those of `hanlib.text`, with
            the same shapes. They must be registered with
            `keras.saving.register_keras_serializable` if the layer is to be saved.
        vocabulary: the words, most frequent first, instead of `adapt`; see `set_vocabulary`.
        word_case: whether the ids carry the case of each word and whether it holds digits (see
            `hanlib.text.word_case`). They are computed in the graph.
        columns: a list of the known values of each given column of the words, such as the part of
            speech (see `hanlib.layers.column_values`). Such a layer reads words with their values,
            by `ids`, and no texts.

    Raises:
        ValueError, TypeError: if an argument is invalid.
        RuntimeError: if the layer is called without a vocabulary (`tf.errors.InvalidArgumentError`
            in a graph).

    >>> from hanlib.layers.vectorizer import DocumentVectorizer
    >>> vectorizer = DocumentVectorizer()
    >>> vectorizer.adapt(["Good food. Good prices!", "Bad food."])
    >>> vectorizer.get_vocabulary()
    ['', '[UNK]', '.', 'food', 'good', '!', 'bad', 'prices']
    >>> vectorizer(["Good music! Bad food."]).to_list()
    [[[4, 1, 5], [6, 3, 2]]]
    """

    def __init__(
        self,
        max_tokens=30_000,
        min_count=1,
        oov_buckets=1,
        max_sentence_words=60,
        lowercase=True,
        normalize="default",
        split_sentences="default",
        split_words="default",
        vocabulary=None,
        word_case=False,
        columns=(),
        name=None,
        **kwargs,
    ):
        super().__init__(max_tokens, min_count, oov_buckets, lowercase, name=name, **kwargs)
        self.max_sentence_words = check_integer(
            "max_sentence_words", max_sentence_words, allow_none=True
        )
        self.normalize = check_text_function("normalize", normalize)
        self.split_sentences = check_text_function("split_sentences", split_sentences)
        self.split_words = check_text_function("split_words", split_words)
        self.word_case = bool(word_case)
        # Not a list, whose items Keras would wrap and track.
        self._features = TokenFeatures(0, tuple(tuple(values) for values in columns))
        self.supports_jit = False
        # Keras must not convert the input, which may be a list or an array of objects.
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        if vocabulary is not None:
            self.set_vocabulary(vocabulary)
        self.built = True

    def call(self, text):
        """`<string>[docs]` or `<string>[docs, 1]` -> ragged `<int32>[docs, (sentences), (words)]`.

        Raises:
            ValueError: if `text` has another shape; a single text must come in a list.
        """
        tokens = self.tokenize(text)
        return tokens.ragged(tokens.ids)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], None, None)

    def compute_output_spec(self, text, **kwargs):
        shape = self.compute_output_shape(text.shape)
        return keras.KerasTensor(
            shape, dtype="int32", ragged=True, ragged_rank=2, row_splits_dtype=tf.int64
        )

    @property
    def compute_dtype(self):
        # As in `keras.layers.TextVectorization`: a `Sequential` without `Input` reads it.
        return "string"

    @property
    def variable_dtype(self):
        return "string"

    @property
    def columns(self):
        """The known values of each given column."""
        return [list(values) for values in self._features.columns]

    @property
    def feature_sizes(self):
        """The number of values of each feature that the ids carry."""
        return [*([len(CASES)] if self.word_case else []), *self._features.sizes]

    def tables(self):
        """A lookup table per given column, for an export; see `TokenFeatures.tables`."""
        return self._features.tables()

    def ids(self, documents):
        """The ids of documents that are split into words; see `call`.

        Args:
            documents: a list of documents. Each is a list of words, or a list of sentences that are
                lists of words. With `columns`, each word is a tuple of the word and its values.

        Raises:
            ValueError: if a word does not have a value for each column.

        >>> vectorizer = DocumentVectorizer(vocabulary=["good"], columns=[["JJ", "NN"]])
        >>> ids = vectorizer.ids([[("So", "RB"), ("good", "JJ")], []])
        >>> ids.to_list(), vectorizer.words(ids)
        ([[[1, 5]], []], [[['[UNK]', 'good']], []])
        """
        words, values, *lengths = word_columns.flat_documents(documents, len(self.columns))
        ragged = as_strings(words) if words else tf.zeros([0], tf.string)
        for level in lengths:
            ragged = tf.RaggedTensor.from_row_lengths(ragged, tf.constant(level, tf.int64))
        columns = self._features.indices(values) if values else None
        tokens = self.tokenize_words(ragged, columns=columns)
        return tokens.ragged(tokens.ids)

    def split(self, texts):
        """The words of texts: a list with a list of words (`str`) per sentence for each text.

        >>> DocumentVectorizer(vocabulary=["good"]).split(["So good. Go!", ""])
        [[['So', 'good', '.'], ['Go', '!']], []]
        """
        _, words = self._sentences_and_words(one_dimension(as_strings(texts)))
        return [
            [[word.decode("utf-8", "replace") for word in sentence] for sentence in document]
            for document in words.to_list()
        ]

    def tokenize(self, text, table=None):
        """Splits a batch of texts into sentences and words, and looks the words up.

        The result is the same eagerly, in a `tf.function` and in `tf.data`.

        Args:
            text: `<string>[docs]` or `<string>[docs, 1]`.
            table: an object with `lookup(words)`, from distinct words `<string>[n]` (lowercased if
                `lowercase` is set) to `<int32>[n]`, 0 for unknown words. `None` for the layer's own
                vocabulary; an export reads its vocabulary from a file instead.

        Returns:
            `Tokens`.

        Raises:
            ValueError: if `text` has another shape.
            RuntimeError: if there is no vocabulary yet.

        >>> vectorizer = DocumentVectorizer(vocabulary=["good"])
        >>> tokens = vectorizer.tokenize(["So good. Go!"])
        >>> tokens.words.numpy().tolist(), tokens.ids.numpy().tolist()
        ([b'So', b'good', b'.', b'Go', b'!'], [1, 2, 1, 1, 1])
        >>> tokens.sentences.numpy().tolist()
        [b'So good.', b'Go!']
        """
        if self._features.columns:
            raise ValueError(
                f"`text` must be words with values of {len(self._features.columns)} columns (see "
                "`DocumentVectorizer.ids`): this model does not read texts. Received: texts"
            )
        text = one_dimension(as_strings(text))
        if table is None and tf.executing_eagerly():
            self._require_vocabulary()
            return _traced(self)(text)
        return self._tokenize(text, table)

    def tokenize_sentences(self, sentences, table=None):
        """As `tokenize`, for documents that are split into sentences already.

        Each sentence stays one sentence. One without words gets an empty word, which is unknown.

        Args:
            sentences: ragged `<string>[docs, (sentences)]`.
            table: as in `tokenize`.

        >>> vectorizer = DocumentVectorizer(vocabulary=["good"])
        >>> vectorizer.tokenize_sentences(tf.ragged.constant([["So good. Go!", ""]])).words.numpy()
        array([b'So', b'good', b'.', b'Go', b'!', b''], dtype=object)
        """
        if self._features.columns:
            raise ValueError("`sentences` must be words with values of columns. Received: texts")
        words = words_of_sentences(sentences.values, self.normalize, self.split_words)
        return self._tokens(sentences, sentences.with_values(words), table)

    def tokenize_words(self, words, table=None, columns=None):
        """As `tokenize`, for documents that are split into words already.

        Args:
            words: ragged `<string>[docs, (sentences), (words)]`, or of documents of one sentence
                each `<string>[docs, (words)]`; the words are not changed.
            table: as in `tokenize`.
            columns: `<int32>[words, columns]`, the indices of the values of given columns (see
                `hanlib.layers.TokenFeatures`).

        >>> vectorizer = DocumentVectorizer(vocabulary=["good"])
        >>> tokens = vectorizer.tokenize_words(tf.ragged.constant([["So", "good"], []]))
        >>> tokens.ids.numpy().tolist(), tokens.document_sentences.numpy().tolist()
        ([1, 2], [1, 0])
        """
        if words.ragged_rank == 1:
            ones = tf.ones([words.nrows()], tf.int64)
            words = tf.RaggedTensor.from_row_lengths(words, ones)
        sentences = tf.strings.reduce_join(words.values, axis=-1, separator=" ")
        return self._tokens(words.with_values(sentences), words, table, columns)

    def get_config(self):
        """The arguments, including the vocabulary."""
        functions = {
            name: serialize_text_function(name, getattr(self, name)) for name in TEXT_FUNCTIONS
        }
        return {
            **super().get_config(),
            "max_tokens": self.max_tokens,
            "min_count": self.min_count,
            "oov_buckets": self.oov_buckets,
            "max_sentence_words": self.max_sentence_words,
            "lowercase": self.lowercase,
            **functions,
            "word_case": self.word_case,
            "columns": self.columns,
            "vocabulary": None if self._words is None else [decode(w) for w in self._words],
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        vocabulary = config.pop("vocabulary", None)
        for name in TEXT_FUNCTIONS:
            if isinstance(config.get(name), dict):
                config[name] = keras.saving.deserialize_keras_object(config[name])
        vectorizer = cls(**config)
        if vocabulary is not None:
            # Not `set_vocabulary`: each word must keep its id.
            vectorizer._set_words([encode(word) for word in vocabulary])
        return vectorizer

    def _tokenize(self, text, table=None):
        return self._tokens(*self._sentences_and_words(text), table)

    def _tokens(self, sentences, words, table, columns=None):
        tokens = tokens_of(sentences, words, self.max_sentence_words)
        ids = self._lookup(tokens.words, table)
        features = [
            *([word_case(tokens.words)[:, tf.newaxis]] if self.word_case else []),
            *([] if columns is None else [tf.convert_to_tensor(columns)]),
        ]
        if features:
            size = self._table.size() + 1 + self.oov_buckets if table is None else None
            size = self.vocabulary_size if size is None else tf.cast(size, tf.int32)
            ids = packed_ids.pack(ids, tf.concat(features, axis=1), size, self.feature_sizes)
        return tokens._replace(ids=ids)

    def _flat_words(self, texts):
        return self._sentences_and_words(texts)[1].flat_values

    def _sentences_and_words(self, text):
        return sentences_and_words(text, self.normalize, self.split_sentences, self.split_words)


_TRACED = weakref.WeakKeyDictionary()


def _traced(vectorizer):
    """`tokenize` as one graph for any number of texts; Keras must not track or save it."""
    if vectorizer not in _TRACED:
        reference = weakref.ref(vectorizer)
        _TRACED[vectorizer] = model_graph(
            lambda text: reference()._tokenize(text), tf.TensorSpec([None], tf.string)
        )
    return _TRACED[vectorizer]
