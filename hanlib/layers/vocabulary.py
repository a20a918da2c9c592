"""The vocabulary of a layer: learned from texts or given, and the lookup of words."""

import collections
import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.layers.texts import batches, decode, encode
from hanlib.layers.vocabulary_words import (
    add_counts,
    checked_keys,
    most_frequent,
    special_tokens,
)
from hanlib.ops.model_graph import model_graph

_NO_VOCABULARY = (
    "This DocumentVectorizer has no vocabulary yet: call `adapt(texts)` on the training texts, or "
    "`set_vocabulary(words)`, before it is used."
)


class VocabularyLayer(keras.layers.Layer):
    """Base class of `DocumentVectorizer`: learns the words of texts, and looks words up.

    A subclass implements `_flat_words(texts)`: from texts `<string>[docs]` to their words
    `<string>[words]`, end to end.

    Args:
        max_tokens, min_count, oov_buckets, lowercase: See `DocumentVectorizer`.
    """

    # Maximum number of distinct words that `adapt` counts; beyond it the rarest are dropped.
    max_counted_words = 2_000_000

    def __init__(self, max_tokens=30_000, min_count=1, oov_buckets=1, lowercase=True, **kwargs):
        super().__init__(**kwargs)
        self.oov_buckets = check_integer("oov_buckets", oov_buckets)
        self.max_tokens = check_integer(
            "max_tokens", max_tokens, 2 + self.oov_buckets, allow_none=True
        )
        self.min_count = check_integer("min_count", min_count)
        self.lowercase = bool(lowercase)
        # An array, because Keras and TensorFlow would wrap and track each word of a list.
        self._words = None
        # The content of this table can be replaced, also for functions that are traced already.
        with tf.init_scope(), tf.device("CPU"):
            self._table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int32, 0)

    def adapt(self, texts, progress=None):
        """Learns the vocabulary in one pass, in memory that does not grow with the number of texts.

        Use training texts only, so that words which occur only in validation texts are unknown.
        Beyond `max_counted_words` distinct words, the rarest ones so far are dropped, and the
        counts of rare words become lower bounds.

        Args:
            texts: a list, array, `DataFrame` column or iterable of `str`, or a `tf.data.Dataset` of
                strings or of `(text, ...)` tuples, batched or not.
            progress: function that is called after each batch with the number of texts read.

        Raises:
            TypeError: if `texts` holds something other than text.
            ValueError: if no word occurs `min_count` times.
        """
        documents = 0

        def report(number):
            nonlocal documents
            documents = number
            if progress is not None:
                progress(number)

        counts = self.count_words(texts, report)
        self.adapt_counts(counts, "texts", f"{documents} texts with {len(counts)} distinct words")

    def count_words(self, texts, progress=None):
        """How often each word occurs in texts; part of `adapt`, for texts in several parts.

        Args:
            texts, progress: see `adapt`.

        Returns:
            A dict from word, as `bytes` in the form in which it is looked up, to count. Add up the
            dicts of several parts with `add_counts`, and pass the sum to `adapt_counts`.

        >>> from hanlib.layers import DocumentVectorizer
        >>> DocumentVectorizer().count_words(["Good, good."])
        {b'good': 2, b',': 1, b'.': 1}
        """
        if not hasattr(self, "_count_graph"):
            self._count_graph = model_graph(self._count, tf.TensorSpec([None], tf.string))
        counts, documents = {}, 0
        for batch in batches(texts):
            documents += int(batch.shape[0])
            words, occurrences = self._count_graph(batch)
            found = zip(words.numpy(), occurrences.numpy().tolist(), strict=True)
            add_counts(counts, found, most=self.max_counted_words)
            if progress is not None:
                progress(documents)
        return counts

    def adapt_counts(self, counts, argument="counts", received=None):
        """Makes the most frequent words the vocabulary.

        Args:
            counts: a dict from word, as `count_words` returns it, to the number of its occurrences.
            argument, received: what the error message names.

        Raises:
            ValueError: if no word occurs `min_count` times.
        """
        most = None if self.max_tokens is None else self._capacity()
        words = most_frequent(counts, self.min_count, most)
        if not words:
            raise ValueError(
                f"`{argument}` must hold words that occur at least min_count={self.min_count} "
                f"times. Received: {received or f'{len(counts)} distinct words'}"
            )
        self._set_words(words)

    def adapt_words(self, sentences):
        """Learns the vocabulary of texts that are split into words already.

        Args:
            sentences: an iterable of lists of `str`.

        Raises:
            ValueError: if no word occurs `min_count` times.

        >>> from hanlib.layers import DocumentVectorizer
        >>> vectorizer = DocumentVectorizer()
        >>> vectorizer.adapt_words([["New", "York", "Times"], ["new", "times"]])
        >>> vectorizer.get_vocabulary()
        ['', '[UNK]', 'new', 'times', 'york']
        """
        counts = collections.Counter(encode(word) for words in sentences for word in words if word)
        self.adapt_counts(self.key_counts(counts), "sentences")

    def key_counts(self, counts):
        """Counts of words as they are written, as counts for `adapt_counts`.

        Args:
            counts: a dict from word, as `bytes`, to the number of its occurrences.

        >>> from hanlib.layers import DocumentVectorizer
        >>> DocumentVectorizer().key_counts({b"Good": 2, b"good": 1})
        {b'good': 3}
        """
        found = {}
        keys = self._keys(tf.constant(list(counts), tf.string)).numpy().tolist()
        add_counts(found, zip(keys, counts.values(), strict=True), most=self.max_counted_words)
        return found

    @property
    def vocabulary_size(self):
        """The number of ids, including padding and unknown words."""
        self._require_vocabulary()
        return 1 + self.oov_buckets + len(self._words)

    def get_vocabulary(self):
        """All tokens as `str`, indexed by id: `""`, `"[UNK]"` (or `"[UNK_1]"`, ...), the words."""
        self._require_vocabulary()
        return special_tokens(self.oov_buckets) + [decode(word) for word in self._words]

    def set_vocabulary(self, words):
        """Replaces the vocabulary by `words`, most frequent first.

        The result of `get_vocabulary` is accepted as well. With `lowercase`, words are stored in
        lower case. Functions and models that are traced already use the new words.

        Raises:
            TypeError: if `words` is not a list of strings.
            ValueError: if there are none or too many, or if one is empty or repeated (with
                `lowercase`, also if two differ only in case).
        """
        if isinstance(words, (str, bytes)):
            raise TypeError(f"`words` must be a list of strings. Received: words={words!r}")
        words, special = list(words), special_tokens(self.oov_buckets)
        if words[: len(special)] == special:
            words = words[len(special) :]
        words = checked_keys(words, lambda words: self._keys(tf.constant(words)).numpy().tolist())
        if self.max_tokens is not None and len(words) > self._capacity():
            raise ValueError(
                f"`words` must hold at most {self._capacity()} words, because "
                f"max_tokens={self.max_tokens} includes padding and unknown words. "
                f"Received: {len(words)} words"
            )
        self._set_words(words)

    def words(self, ids):
        """Converts ids to words.

        Args:
            ids: a list, array or tensor of ids, ragged or not.

        Returns:
            Nested lists of `str`.
        """
        vocabulary = self.get_vocabulary()

        def spell(ids):
            if isinstance(ids, list):
                return [spell(item) for item in ids]
            return vocabulary[ids % len(vocabulary)]  # An id may carry features.

        return spell(
            ids.to_list() if isinstance(ids, tf.RaggedTensor) else np.asarray(ids).tolist()
        )

    def save_assets(self, dir_path):
        """Writes the vocabulary as JSON, since words may contain newlines; for `model.save`."""
        if self._words is not None:
            words = [decode(word) for word in self._words]
            (Path(dir_path) / "vocabulary.json").write_text(json.dumps(words), encoding="ascii")

    def load_assets(self, dir_path):
        """Reads the vocabulary; for `keras.models.load_model`."""
        path = Path(dir_path) / "vocabulary.json"
        if path.exists():
            self._set_words([encode(word) for word in json.loads(path.read_text("ascii"))])

    def _count(self, texts):
        """The distinct words of texts `<string>[n]`, and the number of occurrences of each."""
        distinct, _, counts = tf.unique_with_counts(self._flat_words(texts))
        return self._keys(distinct), counts

    def _lookup(self, words, table):
        """The ids `<int32>[n]` of words `<string>[n]`."""
        with tf.control_dependencies(self._check_vocabulary()):
            # Most words occur more than once in a batch; each is looked up once.
            distinct, index = tf.unique(words)
        keys = self._keys(distinct)
        ids = (table or self._table).lookup(keys)
        buckets = tf.strings.to_hash_bucket_fast(keys, self.oov_buckets)
        ids = tf.where(ids == 0, tf.cast(buckets, tf.int32) + 1, ids)
        # The lookup loses the static shape.
        return tf.reshape(tf.gather(ids, index), tf.shape(words))

    def _keys(self, words):
        """Words in the form in which they are looked up."""
        if not self.lowercase:
            return words
        words = tf.strings.regex_replace(words, "[’ʼ＇]", "'")
        return tf.strings.lower(words, encoding="utf-8")

    def _capacity(self):
        """The maximum number of words in the vocabulary."""
        return self.max_tokens - 1 - self.oov_buckets

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
        """Checks now if eager; in a graph when it runs, since the vocabulary may be set later."""
        if tf.executing_eagerly():
            self._require_vocabulary()
        if self._words is not None:
            return []
        return [tf.debugging.assert_positive(self._table.size(), message=_NO_VOCABULARY)]
