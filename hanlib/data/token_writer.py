"""Writes tokenized documents to flat arrays, in memory or on disk."""

import contextlib
import json
from pathlib import Path

import numpy as np

from hanlib import atomic_files
from hanlib.data.corpus import DataError
from hanlib.data.token_arrays import FileArray, MemoryArray, flat_tokens, offsets_of

# The arrays of a cache, and the version of its files.
ARRAYS = ("ids", "words_per_sentence", "sentences_per_document", "lengths", "labels", "blocks")
VERSION = 2
# Documents per block; see `TokenShards`.
BLOCK = 256


class TokenWriter:
    """Appends tokenized documents to a cache; a context manager.

    Args:
        encode_label, directory: see `TokenCache.build`.
        with_marks: whether there is a mark per word.
        block: number of documents per block.

    >>> with TokenWriter(int) as writer:
    ...     writer.add(([7, 8], [2], [1]), labels=[0])
    ...     arrays = writer.finish()
    >>> arrays["ids"].tolist(), arrays["blocks"].tolist()
    ([7, 8], [[1, 1, 2, 2]])
    """

    def __init__(self, encode_label, with_marks=False, directory=None, block=BLOCK):
        self._encode_label, self._with_marks, self._block = encode_label, with_marks, block
        self._directory = None if directory is None else _checked_directory(directory)
        self._open, self._folder, self._arrays = contextlib.ExitStack(), None, {}

    def __enter__(self):
        if self._directory is not None:
            self._folder = self._open.enter_context(atomic_files.creating(self._directory))
        for name in ARRAYS:
            if name not in ("labels", "blocks"):
                self._create(name, np.int32)
        self._create("blocks", np.int64, (4,))
        if self._with_marks:
            self._create("marks", np.int8)
        return self

    def __exit__(self, *error):
        # The files are closed, and then the folder is renamed into place if there is no error.
        return self._open.__exit__(*error)

    def add(self, vectorized, labels, marks=None):
        """Appends some documents, in blocks of which only the last one may be smaller.

        Args:
            vectorized: their tokens; see `flat_tokens`.
            labels: a list of their labels.
            marks: the marks of their words, `<int8>[words]`.
        """
        ids, words, sentences = flat_tokens(vectorized)
        if len(sentences) != len(labels):
            raise DataError(
                "`vectorize` must give one document per text. Received: "
                f"{len(sentences)} documents for {len(labels)} texts"
            )
        encoded = _encoded(labels, self._encode_label)
        if "labels" not in self._arrays:
            self._create("labels", encoded.dtype, encoded.shape[1:])
        sentence_ends = offsets_of(sentences)
        word_ends = offsets_of(words)[sentence_ends]
        lengths = np.diff(word_ends)
        self._arrays["ids"].append(ids)
        self._arrays["words_per_sentence"].append(words)
        self._arrays["sentences_per_document"].append(sentences)
        self._arrays["lengths"].append(lengths)
        self._arrays["labels"].append(encoded)
        starts = np.arange(0, len(lengths), self._block)
        ends = np.minimum(starts + self._block, len(lengths))
        longest = np.maximum.reduceat(lengths, starts) if len(starts) else starts
        sizes = (ends - starts, *(at[ends] - at[starts] for at in (sentence_ends, word_ends)))
        self._arrays["blocks"].append(np.stack([*sizes, longest], axis=1))
        if self._with_marks:
            self._arrays["marks"].append(_checked_marks(marks, ids))

    def finish(self):
        """Completes the cache; the arrays by name where it is in memory."""
        if "labels" not in self._arrays:
            self._create("labels", np.int32)
        finished = {name: array.finish() for name, array in self._arrays.items()}
        if self._folder is not None:
            (self._folder / "cache.json").write_text(json.dumps({"version": VERSION}))
        return finished

    def _create(self, name, dtype, row_shape=()):
        if self._folder is None:
            self._arrays[name] = MemoryArray(dtype, row_shape)
        else:
            array = FileArray(self._folder / f"{name}.npy", dtype, row_shape)
            self._arrays[name] = self._open.enter_context(array)


def _checked_directory(directory):
    directory = Path(directory)
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise DataError(
            f"`directory` must not exist yet, or be empty. Received: {str(directory)!r}; "
            "TokenCache.open opens a cache that was built before"
        )
    return directory


def _checked_marks(marks, ids):
    if len(marks) != len(ids):
        raise DataError(
            f"`mark` must give one mark per word. Received: {len(marks)} for {len(ids)} words"
        )
    return marks


def _encoded(labels, encode_label):
    """`<int32>[batch]` or `<float32>[batch, classes]`."""
    encoded = [encode_label(label) for label in labels]
    shapes = {np.shape(value) for value in encoded}
    if len(shapes) > 1 or len(next(iter(shapes))) > 1:
        raise DataError(
            "`encode_label` must give one integer, or vectors of one length. "
            f"Received: shapes {sorted(shapes)}"
        )
    encoded = np.asarray(encoded)
    return encoded.astype(np.int32 if encoded.ndim == 1 else np.float32)
