"""Word vectors from files: GloVe, word2vec and fastText."""

import gzip
import io
from pathlib import Path

import numpy as np

from hanlib.embeddings.word_vectors import WordVectors

_GZIP, _PICKLE = b"\x1f\x8b", b"\x80"
# The longest word of a binary file, bytes.
_LONGEST_WORD = 1_000
# The maximum size of a vector; a file that names a larger one is taken for broken.
_WIDEST = 10_000


class VectorFileError(ValueError):
    """A file that does not hold word vectors; the message says where and why."""


def vector_width(path):
    """The size of the vectors in a file; reads only its beginning.

    Raises:
        VectorFileError: the file holds no vectors.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "glove.txt")
    >>> written = path.write_text("film 0.5 1.5 -1\\nplot 1 2 3\\n")
    >>> vector_width(path)
    3
    """
    with _opened(path) as file:
        return _layout(path, file)[0]


def read_vectors(path, vocabulary, *, lowercase=False, progress=None):
    """Reads the vectors of a vocabulary's words from a file; memory holds no others.

    The file is text with a word and its vector per line, with a first line of two counts (word2vec,
    fastText) or without (GloVe), or the binary format of word2vec. Each may be compressed by
    gzip. gensim's own files hold pickled objects and are refused; `KeyedVectors.
    save_word2vec_format` writes a file that can be read.

    Args:
        path: The file.
        vocabulary: The words as `str`; the index is the id. Empty ones have no vector.
        lowercase: Whether a word of the file also stands for its lower-case form, where the file
            has no vector for that form itself. Of several, the first is taken.
        progress: Function that is called with the number of vectors read.

    Returns:
        `WordVectors`.

    Raises:
        VectorFileError: a damaged file, with the line or vector.
        OSError: the file cannot be opened.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "vectors.txt")
    >>> written = path.write_text("2 2\\nfilm 0.5 1.5\\nPlot 1 2\\n")
    >>> found = read_vectors(path, ["", "[UNK]", "plot", "film"], lowercase=True)
    >>> found.vectors.tolist()
    [[0.0, 0.0], [0.0, 0.0], [1.0, 2.0], [0.5, 1.5]]
    """
    ids = {word.encode("utf-8", "replace"): row for row, word in enumerate(vocabulary) if word}
    with _opened(path) as file:
        width, count, binary = _layout(path, file)
        pairs = (_binary if binary else _text)(path, file, width, count)
        vectors = np.zeros([len(vocabulary), width], np.float32)
        known, exact = np.zeros([2, len(vocabulary)], bool)
        try:
            for done, (word, numbers) in enumerate(pairs, start=1):
                row = ids.get(word)
                is_exact = row is not None
                if row is None and lowercase:
                    row = ids.get(word.decode("utf-8", "replace").lower().encode())
                if row is not None and not exact[row] and (is_exact or not known[row]):
                    vectors[row] = numbers()
                    known[row], exact[row] = True, is_exact
                if progress is not None and done % 10_000 == 0:
                    progress(done)
        except (EOFError, gzip.BadGzipFile, ValueError) as error:
            if isinstance(error, VectorFileError):
                raise
            raise VectorFileError(f"{path} cannot be read: {error}") from error
    return WordVectors(vectors, known)


def _opened(path):
    file = Path(path).open("rb")  # noqa: SIM115 - closed by the reader around it.
    start = file.peek(2)[:2]
    return io.BufferedReader(gzip.GzipFile(fileobj=file, mode="rb")) if start == _GZIP else file


def _layout(path, file):
    """Width, number of vectors (None: not stated) and whether the file is binary.

    The file is then behind a line of counts, if there is one.
    """
    try:
        start = file.peek(1)[:1]
        if start == _PICKLE:
            raise VectorFileError(
                f"{path} is a pickled file, which is not read: write it anew with gensim's "
                "`KeyedVectors.save_word2vec_format`"
            )
        line = file.readline(64 * _WIDEST)
    except (EOFError, OSError) as error:
        raise VectorFileError(f"{path} cannot be read: {error}") from error
    parts = line.split()
    if len(parts) == 2 and all(part.isdigit() for part in parts):
        count, width = map(int, parts)
        if not 1 <= width <= _WIDEST:
            raise VectorFileError(f"{path}, line 1: a width from 1 to {_WIDEST}, not {width}")
        return width, count, _is_binary(file, width)
    numbers = line.rstrip().split(b" ")[1:]
    if not numbers or len(numbers) > _WIDEST or not _are_numbers(numbers):
        raise VectorFileError(
            f"{path} holds no word vectors: the first line must be a word and its numbers, or the "
            f"number of words and the width. Received: {line[:40].decode('utf-8', 'replace')!r}"
        )
    _go_back(file, len(line))
    return len(numbers), None, False


def _go_back(file, size):
    # Both kinds of file can be read again from the start.
    file.seek(file.tell() - size)


def _are_numbers(parts):
    try:
        return bool(np.isfinite([float(part) for part in parts]).all())
    except ValueError:
        return False


def _is_binary(file, width):
    """Whether what follows a line of counts is not a line of text."""
    start = file.tell()
    parts = file.readline(64 * width + _LONGEST_WORD).rstrip().split(b" ")
    file.seek(start)
    # A line of text in a wrong width is text still.
    return bool(parts[-1]) and not _are_numbers(parts[1:])


def _text(path, file, width, count):
    """Yields `(word, function that parses its numbers)` a line."""
    lines = enumerate(file, start=1 + (count is not None))
    for number, line in lines:
        line = line.rstrip(b" \r\n")
        if not line:
            continue
        found = line.count(b" ")
        if found < width:
            raise VectorFileError(
                f"{path}, line {number}: {width} numbers are expected. Received: {found}"
            )
        # Some words of GloVe hold spaces.
        word, _, numbers = line.partition(b" ") if found == width else _after_spaces(line, width)
        yield word, lambda numbers=numbers, number=number: _parsed(path, number, numbers, width)


def _after_spaces(line, width):
    parts = line.rsplit(b" ", width)
    return parts[0], b" ", b" ".join(parts[1:])


def _parsed(path, number, numbers, width):
    try:
        vector = np.array(numbers.split(), np.float32)
    except ValueError:
        vector = np.array([np.nan])
    if len(vector) != width or not np.isfinite(vector).all():
        raise VectorFileError(f"{path}, line {number}: {width} finite numbers are expected")
    return vector


def _binary(path, file, width, count):
    """Yields `(word, function that parses its numbers)` a vector."""
    for number in range(1, count + 1):
        word = bytearray()
        while (sign := file.read(1)) != b" ":
            if not sign or len(word) > _LONGEST_WORD:
                raise VectorFileError(f"{path}, vector {number} of {count}: the file is damaged")
            # Some writers end a vector with a line break.
            if sign != b"\n" or word:
                word += sign
        data = file.read(4 * width)
        if len(data) < 4 * width:
            raise VectorFileError(f"{path}, vector {number} of {count}: the file ends too early")
        yield bytes(word), lambda data=data, number=number: _unpacked(path, number, data)


def _unpacked(path, number, data):
    vector = np.frombuffer(data, "<f4")
    if not np.isfinite(vector).all():
        raise VectorFileError(f"{path}, vector {number}: finite numbers are expected")
    return vector
