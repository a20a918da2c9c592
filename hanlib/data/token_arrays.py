"""Flat arrays that grow by appending, in memory or in `.npy` files, and functions on runs."""

from pathlib import Path

import numpy as np

from hanlib.data.corpus import DataError


class MemoryArray:
    """An array that grows by appending, in memory."""

    def __init__(self, dtype, row_shape=()):
        self._chunks = [np.zeros((0, *row_shape), dtype)]

    def append(self, rows):
        self._chunks.append(np.asarray(rows, self._chunks[0].dtype))

    def finish(self):
        array = np.concatenate(self._chunks)
        self._chunks = []
        return array


class FileArray:
    """An array that grows by appending to an `.npy` file, with constant memory.

    It is a context manager that closes the file. Only `finish` makes the file readable.
    """

    def __init__(self, path, dtype, row_shape=()):
        self._file = Path(path).open("wb")  # noqa: SIM115
        self._dtype, self._row_shape, self._rows = np.dtype(dtype), row_shape, 0
        self._write_header()
        self._header_bytes = self._file.tell()

    def _write_header(self):
        # NumPy reserves space in the header for growth of the first dimension.
        np.lib.format.write_array_header_1_0(
            self._file,
            {
                "descr": np.lib.format.dtype_to_descr(self._dtype),
                "fortran_order": False,
                "shape": (self._rows, *self._row_shape),
            },
        )

    def append(self, rows):
        rows = np.ascontiguousarray(rows, self._dtype)
        self._rows += len(rows)
        self._file.write(memoryview(rows).cast("B") if rows.size else b"")

    def finish(self):
        self._file.seek(0)
        self._write_header()
        if self._file.tell() != self._header_bytes:
            raise AssertionError("the header of an .npy file did not keep its length")
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()


class StoredArray:
    """An `.npy` file of which some rows are read at a time; nothing stays in memory.

    Attributes:
        rows: number of rows.
        dtype, row_shape: of one row.
    """

    def __init__(self, path):
        self._path = Path(path)
        with self._path.open("rb") as file:
            np.lib.format.read_magic(file)
            shape, _, self.dtype = np.lib.format.read_array_header_1_0(file)
            self._header_bytes = file.tell()
        self.rows, self.row_shape = shape[0], shape[1:]

    def read(self, start, stop):
        """The rows from `start` to `stop`, as an array."""
        width = int(np.prod(self.row_shape, dtype=np.int64))
        offset = self._header_bytes + int(start) * width * self.dtype.itemsize
        values = np.fromfile(self._path, self.dtype, int(stop - start) * width, offset=offset)
        return values.reshape(-1, *self.row_shape)


class TranslatedArray:
    """A `StoredArray` of indices, read as the values that a table has at these indices.

    The table stays on disk as well: a read takes from it what it needs.

    Args:
        indices: the `StoredArray`.
        table: path of an `.npy` file, `[values]`.
    """

    def __init__(self, indices, table):
        self._indices, self._table = indices, table
        self.rows, self.row_shape, self.dtype = indices.rows, indices.row_shape, indices.dtype

    def read(self, start, stop):
        """The rows from `start` to `stop`, as an array."""
        indices = self._indices.read(start, stop)
        # An empty file cannot be mapped into memory, but then there are no indices.
        return np.load(self._table, mmap_mode="r")[indices] if indices.size else indices


def flat_tokens(vectorized):
    """Converts the output of a vectorizer to flat int32 arrays.

    Args:
        vectorized: `<int32>[documents, (sentences), (words)]` as a `tf.RaggedTensor`, or the
            triple `(ids[words], words_per_sentence[sentences], sentences_per_document[documents])`.

    Returns:
        The triple.

    >>> ids, words, sentences = flat_tokens(([5, 6, 7], [2, 1], [2, 0]))
    >>> sentences.tolist()
    [2, 0]
    """
    if hasattr(vectorized, "nested_row_lengths"):
        lengths = [np.asarray(level) for level in vectorized.nested_row_lengths()]
        if len(lengths) != 2:
            raise DataError(
                "`vectorize` must give ragged ids [documents, (sentences), (words)]. Received: "
                f"{len(lengths)} ragged dimensions"
            )
        parts = (np.asarray(vectorized.flat_values), lengths[1], lengths[0])
    else:
        parts = tuple(np.asarray(part) for part in vectorized)
    return _checked_parts(parts)


def _checked_parts(parts):
    shapes = [part.shape for part in parts]
    fits = len(parts) == 3 and all(part.ndim == 1 for part in parts)
    if fits:
        ids, words, sentences = parts
        fits = words.sum() == len(ids) and sentences.sum() == len(words)
    if not fits:
        raise DataError(
            "`vectorize` must give a ragged tensor or (ids[words], words_per_sentence[sentences], "
            f"sentences_per_document[documents]) that agree. Received: shapes {shapes}"
        )
    return tuple(part.astype(np.int32, copy=False) for part in parts)


def offsets_of(lengths):
    """The start of each run, and the end of the last: `<int64>[runs + 1]`.

    >>> offsets_of(np.array([2, 0, 3])).tolist()
    [0, 2, 2, 5]
    """
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def gather_runs(values, offsets, runs):
    """The runs `values[offsets[r]:offsets[r + 1]]` for each `r` in `runs`, concatenated.

    >>> gather_runs(np.array([10, 11, 12, 13]), np.array([0, 1, 4]), np.array([1, 0])).tolist()
    [11, 12, 13, 10]
    """
    starts = offsets[runs]
    lengths = offsets[runs + 1] - starts
    ends = np.cumsum(lengths)
    # Position in `values` = position in the result + (start of the run - its start there).
    shifts = np.repeat(starts - (ends - lengths), lengths)
    return values[shifts + np.arange(len(shifts))]


def pad_runs(values, lengths):
    """Converts concatenated runs to the zero-padded rows of one array, `[runs, longest, ...]`.

    >>> pad_runs(np.array([7, 8, 9]), np.array([1, 0, 2])).tolist()
    [[7, 0], [0, 0], [8, 9]]
    """
    padded = np.zeros([len(lengths), lengths.max(initial=0), *values.shape[1:]], values.dtype)
    padded[np.arange(padded.shape[1]) < lengths[:, None]] = values
    return padded
