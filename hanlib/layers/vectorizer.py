"""Raw documents to word ids, inside the model: the vocabulary travels with it."""

import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from hanlib import text as text_ops
from hanlib.layers.texts import as_strings, batches, decode, encode, one_dimension

_TEXT_FUNCTIONS = {
    "normalize": text_ops.normalize,
    "split_sentences": text_ops.split_sentences,
    "split_words": text_ops.split_words,
}
_NO_VOCABULARY = (
    "This DocumentVectorizer has no vocabulary yet: call `adapt(texts)` on the training texts, or "
    "`set_vocabulary(words)`, before it is used."
)


@keras.saving.register_keras_serializable("hanlib")
class DocumentVectorizer(keras.layers.Layer):
    """Turns `<string>[docs]` into ragged word ids `<int32>[docs, (sentences), (words)]`.

    Id 0 is padding and never stands in the result; ids 1 to `oov_buckets` are unknown words; then
    follow the words by falling frequency, equally frequent ones in alphabetical order.

    Args:
        max_tokens: the greatest number of ids, padding and unknown included; `None`: no limit.
        min_count: words seen less often than this while adapting are unknown.
        oov_buckets: ids for unknown words; with several, a word always gets the same one.
        max_sentence_words: a longer sentence is continued in the next row, never cut; `None`: no
            limit.
        lowercase: look words up without regard to case and to the shape of the apostrophe
            (`Don’t` is `don't`). Surface forms keep both.
        normalize, split_sentences, split_words: functions in place of those of `hanlib.text`, with
            the same shapes. They must be registered with
            `keras.saving.register_keras_serializable` if the layer is to be saved.
        vocabulary: the words, from the most frequent on, instead of `adapt`.

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

    # Beyond so many different words, `adapt` forgets the rarest of those it has seen so far.
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
        self.oov_buckets = _check_integer("oov_buckets", oov_buckets, 1)
        self.max_tokens = _check_integer("max_tokens", max_tokens, 2 + oov_buckets, or_none=True)
        self.min_count = _check_integer("min_count", min_count, 1)
        self.max_sentence_words = _check_integer(
            "max_sentence_words", max_sentence_words, 1, or_none=True
        )
        self.lowercase = bool(lowercase)
        self.normalize = _check_function("normalize", normalize)
        self.split_sentences = _check_function("split_sentences", split_sentences)
        self.split_words = _check_function("split_words", split_words)
        self.supports_jit = False
        # Strings come in as they are: lists, object arrays, tensors.
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        # An array, because Keras and TensorFlow would wrap and track every word of a list.
        self._words = None
        self._vocabulary_given = vocabulary is not None
        # A table whose content can be replaced: functions traced before see the new vocabulary.
        with tf.init_scope(), tf.device("CPU"):
            self._table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int32, 0)
        if vocabulary is not None:
            self.set_vocabulary(vocabulary)
            self._vocabulary_given = True
        self.built = True

    def call(self, text):
        """`<string>[docs]` or `<string>[docs, 1]` -> ragged `<int32>[docs, (sentences), (words)]`.

        Raises:
            ValueError: if `text` has another shape; a single text must come in a list.
        """
        return self.lookup(self.surface(text))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], None, None)

    def compute_output_spec(self, text, **kwargs):
        shape = self.compute_output_shape(text.shape)
        return keras.KerasTensor(
            shape, dtype="int32", ragged=True, ragged_rank=2, row_splits_dtype=tf.int64
        )

    def surface(self, text):
        """The words as they stand in the text, `<string>[docs, (sentences), (words)]`.

        The rows are those of the ids.
        """
        words = self._words_of(self._sentences_of(text))
        if self.max_sentence_words is None:
            return words
        return text_ops.continue_rows(words, self.max_sentence_words)

    def sentences(self, text):
        """The sentence to which each row belongs, `<string>[docs, (sentences)]`.

        A sentence that is continued in the next row stands at each of its rows.
        """
        sentences = self._sentences_of(text)
        if self.max_sentence_words is None:
            return sentences
        lengths = self._words_of(sentences).values.row_lengths()
        rows = text_ops.rows_needed(lengths, self.max_sentence_words)
        ends = tf.concat([[0], tf.cumsum(rows)], axis=0)
        return tf.RaggedTensor.from_row_splits(
            tf.repeat(sentences.values, rows), tf.gather(ends, sentences.row_splits)
        )

    def sentences_and_rows(self, text):
        """Each sentence once, and the words of its rows.

        Returns:
            `<string>[docs, (sentences)]`; `<int64>[sentences]`, the number of rows of each, end to
            end; and the rows as `surface` gives them, `<string>[docs, (rows), (words)]`.
        """
        sentences = self._sentences_of(text)
        words = self._words_of(sentences)
        if self.max_sentence_words is None:
            return sentences, tf.ones_like(words.values.row_lengths()), words
        rows = text_ops.rows_needed(words.values.row_lengths(), self.max_sentence_words)
        return sentences, rows, text_ops.continue_rows(words, self.max_sentence_words)

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
        """Learns the vocabulary, in one pass and in memory that the number of texts does not touch.

        Give it training texts only: words that only occur in validation texts must be unknown.
        Beyond `max_counted_words` different words it forgets the rarest so far, so that the counts
        of rare words become lower bounds.

        Args:
            texts: a list, array or iterable (a generator, say) of `str`, or a `tf.data.Dataset` of
                strings or of `(text, ...)` tuples, in batches or one by one.
            progress: called after every batch with the number of texts read so far.

        Raises:
            TypeError: if `texts` holds something that is not text.
            ValueError: if there was no word in them that occurs `min_count` times.
        """
        counts, documents = {}, 0
        for words, occurrences, documents in self._counted(texts):
            for word, number in zip(words, occurrences, strict=True):
                counts[word] = counts.get(word, 0) + number
            counts = _pruned(counts, self.max_counted_words)
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

        What `get_vocabulary` returns is welcome too. Functions and models that were traced before
        use the new words.

        Raises:
            TypeError: if `words` is not a list of strings.
            ValueError: if there are none, one comes twice or is empty, or there are too many.
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
        words = [encode(word) for word in words]
        if not words:
            raise ValueError("`words` must hold at least one word. Received: none")
        if len(set(words)) < len(words) or b"" in words:
            raise ValueError("`words` must be different from each other and not empty")
        if self.max_tokens is not None and len(words) > self._room():
            raise ValueError(
                f"`words` must hold at most {self._room()} words, for max_tokens={self.max_tokens} "
                f"counts padding and unknown words too. Received: {len(words)} words"
            )
        self._set_words(words)

    def get_config(self):
        """The arguments, with the vocabulary that was learned or given."""
        functions = {name: _serialize(name, getattr(self, name)) for name in _TEXT_FUNCTIONS}
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
        for name in _TEXT_FUNCTIONS:
            if isinstance(config.get(name), dict):
                config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)

    def save_assets(self, dir_path):
        """Called by `model.save`: writes the vocabulary, as JSON, for words may hold newlines."""
        if self._words is not None:
            words = [decode(word) for word in self._words]
            (Path(dir_path) / "vocabulary.json").write_text(json.dumps(words), encoding="ascii")

    def load_assets(self, dir_path):
        """Called by `keras.models.load_model`."""
        path = Path(dir_path) / "vocabulary.json"
        if path.exists():
            given = self._vocabulary_given
            self._set_words([encode(word) for word in json.loads(path.read_text("ascii"))])
            self._vocabulary_given = given

    def _sentences_of(self, text):
        text = one_dimension(as_strings(text))
        return self._function("split_sentences")(self._function("normalize")(text))

    def _words_of(self, sentences):
        words = self._function("split_words")(sentences)
        if not isinstance(words, tf.RaggedTensor) or words.ragged_rank != 2:
            raise ValueError(
                "`split_sentences` and `split_words` must each add one ragged level, to "
                f"[docs, (sentences), (words)]. Received: {words.shape} from {self.split_words}"
            )
        return words

    def _function(self, name):
        function = getattr(self, name)
        return _TEXT_FUNCTIONS[name] if function == "default" else function

    def _keys(self, words):
        if not self.lowercase:
            return words
        words = tf.strings.regex_replace(words, "[’ʼ＇]", "'")
        return tf.strings.lower(words, encoding="utf-8")

    def _counted(self, texts):
        """For each batch its words, how often each occurs, and the texts read so far."""
        count = tf.function(self._count, input_signature=[tf.TensorSpec([None], tf.string)])
        documents = 0
        for batch in batches(texts):
            documents += int(batch.shape[0])
            words, occurrences = count(batch)
            yield words.numpy(), occurrences.numpy().tolist(), documents

    def _count(self, texts):
        words = self._words_of(self._sentences_of(texts)).flat_values
        distinct, _, counts = tf.unique_with_counts(words)
        return self._keys(distinct), counts

    def _room(self):
        return self.max_tokens - 1 - self.oov_buckets

    def _special_tokens(self):
        if self.oov_buckets == 1:
            return ["", "[UNK]"]
        return ["", *(f"[UNK_{bucket}]" for bucket in range(1, self.oov_buckets + 1))]

    def _set_words(self, words):
        self._words = np.array(words, dtype=object)
        self._vocabulary_given = False
        first = 1 + self.oov_buckets
        with tf.init_scope():
            self._table.remove(self._table.export()[0])
            ids = tf.range(first, first + len(words), dtype=tf.int32)
            self._table.insert(tf.constant(words, tf.string), ids)

    def _require_vocabulary(self):
        if self._words is None:
            raise RuntimeError(_NO_VOCABULARY)

    def _check_vocabulary(self):
        """Raises now where that is possible; a graph checks when it runs, it may be loaded late."""
        if tf.executing_eagerly():
            self._require_vocabulary()
        if self._words is not None:
            return []
        return [tf.debugging.assert_positive(self._table.size(), message=_NO_VOCABULARY)]


def _pruned(counts, most):
    """The counts without the rarest words, where there are more than `most`."""
    floor = 0
    while len(counts) > most:
        floor += 1
        counts = {word: number for word, number in counts.items() if number > floor}
    return counts


def _check_integer(name, value, least, or_none=False):
    if or_none and value is None:
        return None
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        value_is_wrong = True
    else:
        value_is_wrong = value < least
    if value_is_wrong:
        none = ", or None" if or_none else ""
        raise ValueError(
            f"`{name}` must be an integer of at least {least}{none}. Received: {name}={value}"
        )
    return int(value)


def _check_function(name, function):
    if function != "default" and not callable(function):
        raise TypeError(f'`{name}` must be "default" or a function. Received: {name}={function!r}')
    return function


def _serialize(name, function):
    if function == "default":
        return function
    kind = function if hasattr(function, "__name__") else type(function)
    registered = keras.saving.get_registered_name(kind)
    if keras.saving.get_registered_object(registered) is not kind:
        raise ValueError(
            f"`{name}` must be a function registered with "
            '`@keras.saving.register_keras_serializable("my_package")` to be saved with the layer. '
            f"Received: {name}={function!r}"
        )
    return keras.saving.serialize_keras_object(function)
