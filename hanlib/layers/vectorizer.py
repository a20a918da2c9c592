"""From raw documents to word ids, as a layer that holds the vocabulary."""

import json
import weakref
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.layers.text_functions import (
    TEXT_FUNCTIONS,
    check_text_function,
    serialize_text_function,
    text_function,
)
from hanlib.layers.texts import as_strings, batches, decode, encode, one_dimension
from hanlib.layers.tokens import Tokens, sums
from hanlib.layers.word_counts import add_counts
from hanlib.text import split_lengths

_NO_VOCABULARY = (
    "This DocumentVectorizer has no vocabulary yet: call `adapt(texts)` on the training texts, or "
    "`set_vocabulary(words)`, before it is used."
)


@keras.saving.register_keras_serializable("hanlib")
class DocumentVectorizer(keras.layers.Layer):
    """Turns `<string>[docs]` into ragged word ids `<int32>[docs, (sentences), (words)]`.

    Id 0 is padding and does not occur in the result; ids 1 to `oov_buckets` are unknown words; the
    words follow by falling frequency, equally frequent ones in alphabetical order.

    Args:
        max_tokens: the maximum number of ids, padding and unknown included; `None`: no limit.
        min_count: words seen less often than this while adapting are unknown.
        oov_buckets: ids for unknown words; with several, a word always gets the same one.
        max_sentence_words: a longer sentence is continued in the next row, never cut; `None`: no
            limit.
        lowercase: look words up regardless of case and of the shape of the apostrophe (`Don’t` is
            `don't`). `Tokens.words` keeps both.
        normalize, split_sentences, split_words: functions in place of those of `hanlib.text`, with
            the same shapes. They must be registered with
            `keras.saving.register_keras_serializable` if the layer is to be saved.
        vocabulary: the words, most frequent first, instead of `adapt`; see `set_vocabulary`.

    Raises:
        ValueError, TypeError: for arguments out of range.
        RuntimeError: if it is called before it has a vocabulary (inside a graph that was traced
            before: `tf.errors.InvalidArgumentError`).

    >>> from hanlib.layers.vectorizer import DocumentVectorizer
    >>> vectorizer = DocumentVectorizer()
    >>> vectorizer.adapt(["Good food. Good prices!", "Bad food."])
    >>> vectorizer.get_vocabulary()
    ['', '[UNK]', '.', 'food', 'good', '!', 'bad', 'prices']
    >>> vectorizer(["Good music! Bad food."]).to_list()
    [[[4, 1, 5], [6, 3, 2]]]
    """

    # With more different words than this, `adapt` forgets the rarest so far.
    max_counted_words = 2_000_000

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
        name=None,
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.oov_buckets = check_integer("oov_buckets", oov_buckets)
        self.max_tokens = check_integer(
            "max_tokens", max_tokens, 2 + self.oov_buckets, allow_none=True
        )
        self.min_count = check_integer("min_count", min_count)
        self.max_sentence_words = check_integer(
            "max_sentence_words", max_sentence_words, allow_none=True
        )
        self.lowercase = bool(lowercase)
        self.normalize = check_text_function("normalize", normalize)
        self.split_sentences = check_text_function("split_sentences", split_sentences)
        self.split_words = check_text_function("split_words", split_words)
        self.supports_jit = False
        # Strings come in as they are: lists, object arrays, tensors.
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        # An array, because Keras and TensorFlow would wrap and track every word of a list.
        self._words = None
        # A table whose content can be replaced: functions traced before see the new vocabulary.
        with tf.init_scope(), tf.device("CPU"):
            self._table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int32, 0)
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

    def tokenize(self, text, table=None):
        """Words, ids, rows and sentences of a batch of texts.

        The result is the same eagerly, in a `tf.function` and in `tf.data`.

        Args:
            text: `<string>[docs]` or `<string>[docs, 1]`.
            table: see `lookup`.

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
        text = one_dimension(as_strings(text))
        if table is None and tf.executing_eagerly():
            self._require_vocabulary()
            return _traced(self)(text)
        return self._tokenize(text, table)

    def surface(self, text):
        """The words as they are written, `<string>[docs, (rows), (words)]`; see `tokenize`."""
        tokens = self._split(one_dimension(as_strings(text)))
        return tokens.ragged(tokens.words)

    def sentences_and_rows(self, text):
        """Each sentence once, and the words of its rows.

        Returns:
            `<string>[docs, (sentences)]`; `<int64>[sentences]`, the rows of each; and the words as
            `surface` gives them.
        """
        tokens = self._split(one_dimension(as_strings(text)))
        sentences = tf.RaggedTensor.from_row_lengths(
            tokens.sentences, tf.cast(tokens.document_sentences, tf.int64), validate=False
        )
        return sentences, tf.cast(tokens.sentence_rows, tf.int64), tokens.ragged(tokens.words)

    def lookup(self, words, table=None):
        """The ids of words, `<string>` of any shape, ragged too -> `<int32>` of the same shape.

        Args:
            words: as they stand in the text.
            table: what looks up distinct words `<string>[n]`, in lower case where the layer has
                `lowercase`, and gives `<int32>[n]`, 0 for unknown ones (an export keeps its words
                in a file); `None`: the layer's own.
        """
        if isinstance(words, tf.RaggedTensor):
            return words.with_flat_values(self.lookup(words.flat_values, table))
        words = tf.convert_to_tensor(words, dtype=tf.string)
        with tf.control_dependencies(self._check_vocabulary()):
            # Most words of a batch occur in it more than once: look each up once.
            distinct, index = tf.unique(tf.reshape(words, [-1]))
        keys = self._keys(distinct)
        ids = (table or self._table).lookup(keys)
        buckets = tf.strings.to_hash_bucket_fast(keys, self.oov_buckets)
        ids = tf.where(ids == 0, tf.cast(buckets, tf.int32) + 1, ids)
        return tf.reshape(tf.gather(ids, index), tf.shape(words))

    def words(self, ids):
        """The words of ids (a list, array or tensor, ragged too) as nested lists of `str`."""
        vocabulary = self.get_vocabulary()

        def spell(ids):
            return [spell(item) for item in ids] if isinstance(ids, list) else vocabulary[ids]

        return spell(
            ids.to_list() if isinstance(ids, tf.RaggedTensor) else np.asarray(ids).tolist()
        )

    def adapt(self, texts, progress=None):
        """Learns the vocabulary in one pass, in memory that does not grow with the number of texts.

        Give it training texts only: words that only occur in validation texts must be unknown.
        Beyond `max_counted_words` different words the rarest so far are forgotten, and the counts
        of rare words become lower bounds.

        Args:
            texts: a list, array, column of a DataFrame or iterable (a generator, say) of `str`, or
                a `tf.data.Dataset` of strings or of `(text, ...)` tuples, batched or not.
            progress: called after every batch with the number of texts read so far.

        Raises:
            TypeError: if `texts` holds something that is not text.
            ValueError: if there was no word in them that occurs `min_count` times.
        """
        count = tf.function(self._count, input_signature=[tf.TensorSpec([None], tf.string)])
        counts, documents = {}, 0
        for batch in batches(texts):
            documents += int(batch.shape[0])
            add_counts(counts, *count(batch), most=self.max_counted_words)
            if progress is not None:
                progress(documents)
        kept = [(-number, word) for word, number in counts.items() if number >= self.min_count]
        if not kept:
            raise ValueError(
                f"`texts` must hold words that occur at least min_count={self.min_count} times. "
                f"Received: {documents} texts with {len(counts)} different words"
            )
        words = [word for _, word in sorted(kept)]
        self._set_words(words if self.max_tokens is None else words[: self._room()])

    @property
    def vocabulary_size(self):
        """The number of ids, padding and unknown included."""
        self._require_vocabulary()
        return 1 + self.oov_buckets + len(self._words)

    def get_vocabulary(self):
        """The words as `str`; the index is the id: `""`, `"[UNK]"` (`"[UNK_1]"`...), words."""
        self._require_vocabulary()
        return self._special_tokens() + [decode(word) for word in self._words]

    def set_vocabulary(self, words):
        """Replaces the vocabulary by `words`, most frequent first.

        The result of `get_vocabulary` is accepted too. With `lowercase`, words are stored in the
        form in which they are looked up, as `adapt` does. Functions and models that were traced
        before use the new words.

        Raises:
            TypeError: if `words` is not a list of strings.
            ValueError: if there are none or too many, or if one is empty or repeated (with
                `lowercase`, also if two differ in case only).
        """
        if isinstance(words, (str, bytes)):
            raise TypeError(f"`words` must be a list of strings. Received: words={words!r}")
        words = list(words)
        for word in words:
            if not isinstance(word, (str, bytes)):
                raise TypeError(f"`words` must hold strings. Received: {word!r}")
        special = self._special_tokens()
        if words[: len(special)] == special:
            words = words[len(special) :]
        words = self._distinct_keys(words)
        if self.max_tokens is not None and len(words) > self._room():
            raise ValueError(
                f"`words` must hold at most {self._room()} words, for max_tokens={self.max_tokens} "
                f"counts padding and unknown words too. Received: {len(words)} words"
            )
        self._set_words(words)

    def get_config(self):
        """The arguments, with the vocabulary that was learned or given."""
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
            # As it was saved: each word keeps its id.
            vectorizer._set_words([encode(word) for word in vocabulary])
        return vectorizer

    def save_assets(self, dir_path):
        """Called by `model.save`: writes the vocabulary, as JSON, for words may hold newlines."""
        if self._words is not None:
            words = [decode(word) for word in self._words]
            (Path(dir_path) / "vocabulary.json").write_text(json.dumps(words), encoding="ascii")

    def load_assets(self, dir_path):
        """Called by `keras.models.load_model`."""
        path = Path(dir_path) / "vocabulary.json"
        if path.exists():
            self._set_words([encode(word) for word in json.loads(path.read_text("ascii"))])

    def _tokenize(self, text, table=None):
        tokens = self._split(text)
        return tokens._replace(ids=self.lookup(tokens.words, table))

    def _split(self, text):
        """`Tokens` without ids."""
        sentences, words = self._sentences_and_words(text)
        lengths = tf.cast(words.values.row_lengths(), tf.int32)
        # A user's own functions may make sentences without words.
        kept = lengths > 0
        document_sentences = sums(tf.cast(kept, tf.int32), tf.cast(words.row_lengths(), tf.int32))
        sentence_rows, row_lengths = split_lengths(
            tf.boolean_mask(lengths, kept), self.max_sentence_words
        )
        sentences = tf.boolean_mask(sentences.values, kept)
        return Tokens(
            words.flat_values, None, row_lengths, sentence_rows, document_sentences, sentences
        )

    def _sentences_and_words(self, text):
        text = text_function("normalize", self.normalize)(text)
        sentences = text_function("split_sentences", self.split_sentences)(text)
        words = text_function("split_words", self.split_words)(sentences)
        if not isinstance(words, tf.RaggedTensor) or words.ragged_rank != 2:
            raise ValueError(
                "`split_sentences` and `split_words` must each add one ragged level, to "
                f"[docs, (sentences), (words)]. Received: {words.shape} from {self.split_words}"
            )
        return sentences, words

    def _keys(self, words):
        if not self.lowercase:
            return words
        words = tf.strings.regex_replace(words, "[’ʼ＇]", "'")
        return tf.strings.lower(words, encoding="utf-8")

    def _count(self, texts):
        """The distinct words of texts `<string>[n]`, and how often each occurs."""
        _, words = self._sentences_and_words(texts)
        distinct, _, counts = tf.unique_with_counts(words.flat_values)
        return self._keys(distinct), counts

    def _distinct_keys(self, words):
        """Words in the form in which they are looked up, as bytes; each must occur once."""
        if not words:
            raise ValueError("`words` must hold at least one word. Received: none")
        keys = self._keys(tf.constant([encode(word) for word in words])).numpy().tolist()
        first = {}
        for word, key in zip(words, keys, strict=True):
            if not key:
                raise ValueError("`words` must not hold an empty word. Received: ''")
            if key in first:
                case = ", regardless of case (lowercase=True)" if first[key] != word else ""
                raise ValueError(
                    f"`words` must be different from each other{case}. "
                    f"Received: {first[key]!r} and {word!r}"
                )
            first[key] = word
        return keys

    def _room(self):
        return self.max_tokens - 1 - self.oov_buckets

    def _special_tokens(self):
        if self.oov_buckets == 1:
            return ["", "[UNK]"]
        return ["", *(f"[UNK_{bucket}]" for bucket in range(1, self.oov_buckets + 1))]

    def _set_words(self, words):
        self._words = np.array(words, dtype=object)
        first = 1 + self.oov_buckets
        with tf.init_scope():
            self._table.remove(self._table.export()[0])
            ids = tf.range(first, first + len(words), dtype=tf.int32)
            self._table.insert(tf.constant(words, tf.string), ids)

    def _require_vocabulary(self):
        if self._words is None:
            raise RuntimeError(_NO_VOCABULARY)

    def _check_vocabulary(self):
        """Raises at once if eager; a graph checks when it runs, since words may be loaded later."""
        if tf.executing_eagerly():
            self._require_vocabulary()
        if self._words is not None:
            return []
        return [tf.debugging.assert_positive(self._table.size(), message=_NO_VOCABULARY)]


_TRACED = weakref.WeakKeyDictionary()


def _traced(vectorizer):
    """`tokenize` as one graph for every number of texts, which Keras must not track or save."""
    if vectorizer not in _TRACED:
        reference = weakref.ref(vectorizer)
        _TRACED[vectorizer] = tf.function(
            lambda text: reference()._tokenize(text),
            input_signature=[tf.TensorSpec([None], tf.string)],
            autograph=False,
        )
    return _TRACED[vectorizer]
