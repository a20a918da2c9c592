"""The vocabulary of an export: an asset of the SavedModel, one word a line."""

from pathlib import Path

import tensorflow as tf

from hanlib.layers.texts import encode
from hanlib.serving.versions import naming

# What ends a line, and what TensorFlow's reader of lines drops.
_NOT_IN_A_LINE = (b"\n", b"\r")


class VocabularyFile(tf.Module):
    """The words of a vectorizer as a table that is read from a file when the model is loaded.

    Words that hold a line break, which only a user's own `split_words` can make, cannot stand in a
    file of lines: then all words become part of the graph instead.

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
        # A number of lines below the first word: the sum is 0, an unknown word.
        self.table = tf.lookup.StaticHashTable(self._initializer(words, folder), -self.first)

    def _initializer(self, words, folder):
        if any(mark in word for word in words for mark in _NOT_IN_A_LINE):
            lines = tf.range(len(words), dtype=tf.int64)
            return tf.lookup.KeyValueTensorInitializer(tf.constant(words, tf.string), lines)
        path = Path(folder) / "vocabulary.txt"
        with naming(path):
            path.write_bytes(b"".join(word + b"\n" for word in words))
        return tf.lookup.TextFileInitializer(
            str(path),
            *(tf.string, tf.lookup.TextFileIndex.WHOLE_LINE),
            *(tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER),
        )

    def lookup(self, words):
        """The ids of words `<string>[n]`, `<int32>[n]`; 0 where a word is unknown."""
        return tf.cast(self.table.lookup(words), tf.int32) + self.first
