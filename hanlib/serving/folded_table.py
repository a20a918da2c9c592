"""The projected inputs of all words as one table, in place of word vectors and input kernels."""

import functools
import itertools
import math

import tensorflow as tf

from hanlib.layers import HierarchicalEncoder
from hanlib.layers.recurrent_encoder import is_packed
from hanlib.serving.half_precision import copy_to_export
from hanlib.serving.stored_table import StoredTable


def with_folded_table(classifier, half_precision=False):
    """Copies a classifier without its vectorizer, with a folded table of its words.

    The first layer of the word level computes `W x + b` for each word x, with the input kernel and
    bias of each direction. x depends on the word alone, so the results of the whole vocabulary can
    be computed once. Row i of the folded table has the projected inputs of word i, one block of
    `units` numbers for each input of each direction: 300 numbers for a bidirectional GRU of 50
    units. The encoder of the copy looks them up in place of the word vectors, and its cells read
    their blocks in place of a product.

    Args:
        classifier: A built `DocumentClassifier`.
        half_precision: Whether the table is stored in float16.

    Returns:
        A `DocumentClassifier` without vectorizer, and the list of its variables.

    Raises:
        ValueError: If the encoder cannot be folded (see `check_foldable`).

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classifier = DocumentClassifier(None, HAN(9, 200, units=50), 2)
    >>> classifier.build()
    >>> with_folded_table(classifier)[0].encoder.embedding.embeddings.shape
    TensorShape([9, 300])
    """
    check_foldable(classifier.encoder)
    copy = copy_to_export(classifier)
    encoder, embedding = copy.encoder, copy.encoder.embedding
    dtype = encoder.levels[0].recurrent.compute_dtype
    cells = _input_cells(encoder)
    blocks = [cell.project(tf.cast(embedding.embeddings, dtype)) for cell in cells]
    values = list(itertools.chain(*blocks))
    first = 0
    for cell, of_cell in zip(cells, blocks, strict=True):
        own = slice(first, first + len(of_cell))
        cell.project = functools.partial(_blocks, count=len(values), own=own)
        first = own.stop
    stored = tf.float16 if half_precision else dtype
    encoder.embedding = StoredTable(tf.concat(values, axis=-1), stored, dtype)
    folded = {id(variable) for variable in _folded_variables(encoder, embedding)}
    kept = [variable for variable in copy.weights if id(variable) not in folded]
    return copy, [*kept, encoder.embedding.embeddings]


def check_foldable(encoder):
    """Raises a `ValueError` unless the word level starts with a recurrence that can be folded.

    >>> from hanlib.models import BagOfWords
    >>> check_foldable(BagOfWords(9))
    Traceback (most recent call last):
    ValueError: `fold` needs a recurrence of a GatedCell over word vectors. Received: BagOfWords
    """
    what = _received(encoder)
    if what:
        raise ValueError(
            f"`fold` needs a recurrence of a GatedCell over word vectors. Received: {what}"
        )


def table_sizes(encoder, half_precision=False):
    """The bytes of the folded table, and of the word vectors and input kernels that it replaces.

    Args:
        encoder: A built encoder that can be folded.
        half_precision: Whether the table is stored in float16.
    """
    dtype = encoder.levels[0].recurrent.compute_dtype
    one = tf.zeros([1, encoder.embedding_dim], dtype)
    columns = sum(cell.units * len(cell.project(one)) for cell in _input_cells(encoder))
    bytes_each = 2 if half_precision else tf.as_dtype(dtype).size
    replaced = _folded_variables(encoder, encoder.embedding)
    replaced = sum(math.prod(v.shape) * tf.as_dtype(v.dtype).size for v in replaced)
    return bytes_each * encoder.vocabulary_size * columns, replaced


def described(encoder, half_precision=False):
    """A sentence with the sizes of `table_sizes`, for the command and the model card."""
    table, replaced = table_sizes(encoder, half_precision)
    stored = " in float16" if half_precision else ""
    return (
        f"a folded table{stored} of {table / 1e6:.1f} MB replaces {replaced / 1e6:.1f} MB of word "
        "vectors and input kernels"
    )


def _received(encoder):
    """What an encoder has in place of a recurrence that can be folded, or None."""
    name = type(encoder).__name__
    if not isinstance(encoder, HierarchicalEncoder):
        return name
    if not encoder.takes_ids:
        return f"{name} of word vectors that are given"
    if encoder.feature_sizes:
        return f"{name} of words with further features (`word_case` or columns)"
    level = encoder.levels[0]
    if level.regions is not None:
        return f"{name} with region embeddings"
    if level.self_attention is not None:
        return f"{name} with a self-attention before the recurrence"
    if level.recurrent is None:
        return f"{name} without a recurrence over words"
    cell = level.recurrent.cells[0]
    return None if is_packed(cell) else f"{name} with the Keras cell {type(cell).__name__}"


def _input_cells(encoder):
    """The cells that read words: one for each direction."""
    recurrent = encoder.levels[0].recurrent
    return recurrent.cells[: recurrent.directions]


def _folded_variables(encoder, embedding):
    return [embedding.embeddings, *(cell.kernel for cell in _input_cells(encoder))]


def _blocks(inputs, count, own):
    """The projected inputs of a cell, `<float>[words, units]` each, from rows of the table."""
    return tf.split(inputs, count, axis=-1)[own]
