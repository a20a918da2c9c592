"""Splits raw text into sentences and words, with TensorFlow string ops only.

The same functions run in training, in `tf.data` and in an exported SavedModel, eagerly or in a
graph, so training and serving tokenize text in the same way. Each function takes `<string>` of
any shape, including ragged ones; the functions that split add a new innermost level.
"""

from hanlib.text.long_sentences import split_lengths
from hanlib.text.normalization import normalize
from hanlib.text.sentences import split_sentences
from hanlib.text.words import split_words

__all__ = [
    "normalize",
    "split_lengths",
    "split_sentences",
    "split_words",
]
