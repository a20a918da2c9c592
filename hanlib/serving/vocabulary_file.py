"""The vocabulary of an export: an asset of the SavedModel with one word per line."""

from pathlib import Path

import tensorflow as tf

from hanlib.atomic_files import naming
from hanlib.layers.texts import encode

# Characters that TensorFlow's line reader treats as line ends or drops.
_NOT_IN_A_LINE = (b"\n", b"\r")


class VocabularyFile(tf.Module):
    """The words of a vectorizer as a lookup table, read from a file when the model is loaded.

    If a word contains a line break, which only a custom `split_words` can produce, all words are
    stored in the graph instead of the file.

    Args:
        vectorizer: A `DocumentVectorizer` with a vocabulary.
        folder: Where `vocabulary.txt` is written; `tf.saved_model.save` copies it to `assets/`.

    >>> import tempfile
    >>> from hanlib.layers import DocumentVectorizer
    >>> vectorizer = DocumentVectorizer(vocabulary=["good", "bad"])
    >>> VocabularyFile(vectorizer, tempfile.mkdtemp()).lookup(tf.constant(["bad", "new"])).numpy()
    array([3, 0], dtype=int32)
    """

    def __init__(self, vectorizer, folder):
        super().__init__()
        self.first = 1 + vectorizer.oov_buckets
        words = [encode(word) for word in vectorizer.get_vocabulary()[self.first :]]
        # `lookup` adds `first` to the index, so that unknown words get 0.
        self.table = tf.lookup.StaticHashTable(self._initializer(words, folder), -self.first)

    def _initializer(self, words, folder):
        if any(mark in word for word in words for mark in _NOT_IN_A_LINE):
            indices = tf.range(len(words), dtype=tf.int64)
            return tf.lookup.KeyValueTensorInitializer(tf.constant(words, tf.string), indices)
        path = Path(folder) / "vocabulary.txt"
        with naming(path):
            path.write_bytes(b"".join(word + b"\n" for word in words))
        return tf.lookup.TextFileInitializer(
            str(path),
            *(tf.string, tf.lookup.TextFileIndex.WHOLE_LINE),
            *(tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER),
        )

    def lookup(self, words):
        """The ids `<int32>[n]` of words `<string>[n]`; 0 for unknown words."""
        return tf.cast(self.table.lookup(words), tf.int32) + self.first
