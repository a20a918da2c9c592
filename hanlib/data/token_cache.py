"""Documents that are tokenised once, in memory or on disk."""

import contextlib
import itertools
import json
import os
import shutil
from pathlib import Path

import numpy as np

from hanlib.data.batch_plan import plan_batches
from hanlib.data.corpus import DataError
from hanlib.data.token_arrays import (
    FileArray,
    MemoryArray,
    flat_tokens,
    gather_runs,
    offsets_of,
    pad_runs,
)

_ARRAYS = ("ids", "words_per_sentence", "sentences_per_document", "lengths", "labels")
_VERSION = 1


class TokenCache:
    """Tokenised documents and their labels, in flat arrays in memory or on disk.

    `TokenBatches` makes batches of it.

    `build` makes one, `open` opens one that was built in a directory. With a directory the memory
    needed is 24 bytes a document, whatever its length.

    Attributes:
        documents: number of documents.
        words: number of words in all.
        lengths: `<int64>[documents]`, words a document.
        labels: `<int32>[documents]`, or `<float32>[documents, classes]` in a multi-label corpus.

    >>> ids = {"good": 2, "bad": 3}
    >>> def vectorize(texts):  # one sentence a text
    ...     words = [[ids[word] for word in text.split()] for text in texts]
    ...     return sum(words, []), [len(row) for row in words], [1] * len(texts)
    >>> examples = [("good good bad", "pos"), ("bad", "neg")]
    >>> cache = TokenCache.build(examples, vectorize, encode_label=["neg", "pos"].index)
    >>> cache.documents, cache.words, cache.lengths.tolist()
    (2, 4, [3, 1])
    >>> cache.padded([1, 0])["ids"].tolist()
    [[3, 0, 0], [2, 2, 3]]
    """

    def __init__(self, arrays, directory=None):
        self._ids = arrays["ids"]
        self._words_per_sentence = arrays["words_per_sentence"]
        self.labels = arrays["labels"]
        self.lengths = np.asarray(arrays["lengths"], np.int64)
        self.directory = directory
        self._word_offsets = offsets_of(self.lengths)
        self._sentence_offsets = offsets_of(arrays["sentences_per_document"])

    @classmethod
    def build(
        cls, examples, vectorize, *, encode_label, directory=None, batch_size=256, progress=None
    ) -> "TokenCache":
        """Tokenises all documents once.

        Args:
            examples: iterable of `(text, label)`, read once, as a stream.
            vectorize: function of a list of texts that gives their ids: a `tf.RaggedTensor`
                `[documents, (sentences), (words)]`, or three flat arrays `(ids,
                words_per_sentence, sentences_per_document)`.
            encode_label: function of a label that gives an integer, or `<float32>[classes]`.
            directory: folder to write to; it must not exist yet, or be empty. It appears only when
                it is complete. None keeps everything in memory.
            batch_size: texts that are given to `vectorize` at once.
            progress: function that is called with the number of documents done, after each batch.

        Raises:
            DataError: what `vectorize` gives does not fit together, or the folder is in use.
        """
        if directory is None:
            arrays = _write(examples, vectorize, encode_label, batch_size, progress, _in_memory)
            return cls({name: array.finish() for name, array in arrays.items()})
        directory = Path(directory)
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise DataError(
                f"`directory` must not exist yet, or be empty. Received: {str(directory)!r}; "
                "TokenCache.open opens a cache that was built before"
            )
        with _appearing(directory) as folder, contextlib.ExitStack() as files:

            def create(name, dtype, row_shape=()):
                path = folder / f"{name}.npy"
                return files.enter_context(FileArray(path, dtype, row_shape))

            arrays = _write(examples, vectorize, encode_label, batch_size, progress, create)
            for array in arrays.values():
                array.finish()
            (folder / "cache.json").write_text(json.dumps({"version": _VERSION}))
        return cls.open(directory)

    @classmethod
    def open(cls, directory) -> "TokenCache":
        """Opens a cache that `build` wrote; ids stay on disk and are mapped into memory.

        Raises:
            DataError: the folder holds no complete cache.
        """
        directory = Path(directory)
        try:
            version = json.loads((directory / "cache.json").read_text())["version"]
            arrays = {name: _mapped(directory / f"{name}.npy") for name in _ARRAYS}
        except (OSError, ValueError, KeyError) as error:
            raise DataError(
                f"`directory` must hold a complete token cache. Received: {str(directory)!r} "
                f"({error})"
            ) from error
        if version != _VERSION:
            raise DataError(f"`directory` must hold a cache of version 1. Received: {version}")
        return cls(arrays, directory)

    @property
    def documents(self) -> int:
        return len(self.lengths)

    @property
    def words(self) -> int:
        return int(self._word_offsets[-1])

    def plan(self, batch_size, *, seed=None, epoch=0, max_batch_words=None) -> list[np.ndarray]:
        """The documents of each batch, as indexes: every document exactly once.

        Batches hold documents of similar length and come in random order, the same for the same
        `(seed, epoch)`. With `seed=None` the order is by length, for evaluation; results in the
        order of the documents are then

            in_order = np.empty_like(results); in_order[np.concatenate(plan)] = results

        Args:
            batch_size: most documents a batch.
            seed: integer or None.
            epoch: integer of at least 0.
            max_batch_words: most words a batch, or None; a longer document is a batch by itself.
        """
        return plan_batches(
            self.lengths, batch_size, seed=seed, epoch=epoch, max_batch_words=max_batch_words
        )

    def flat(self, indexes):
        """The documents at `indexes`, laid end to end.

        Returns:
            `(ids, words_per_sentence, sentences_per_document)`, `<int>` each.
        """
        indexes = np.asarray(indexes, np.int64)
        ids = gather_runs(self._ids, self._word_offsets, indexes)
        words = gather_runs(self._words_per_sentence, self._sentence_offsets, indexes)
        sentences = self._sentence_offsets[indexes + 1] - self._sentence_offsets[indexes]
        return ids, words, sentences

    def padded(self, indexes):
        """The documents at `indexes` as a token batch: plain arrays, one row a document.

        Returns:
            A dict of `ids` `<int32>[documents, most words]`, the words of a document end to end,
            and `row_lengths` `<int32>[documents, most sentences]`, both with zeros behind.
        """
        ids, words, sentences = self.flat(indexes)
        return {
            "ids": pad_runs(ids, self.lengths[np.asarray(indexes, np.int64)]),
            "row_lengths": pad_runs(words, sentences),
        }


def _in_memory(name, dtype, row_shape=()):
    return MemoryArray(dtype, row_shape)


@contextlib.contextmanager
def _appearing(directory):
    """A folder to write to that gets its name `directory` at the end, if all went well."""
    partial = directory.with_name(f"{directory.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        yield partial
        if directory.exists():
            directory.rmdir()
        os.replace(partial, directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _mapped(path):
    array = np.load(path, allow_pickle=False)[:0] if _is_empty(path) else None
    return np.load(path, mmap_mode="r", allow_pickle=False) if array is None else array


def _is_empty(path):
    # An array without elements cannot be mapped into memory.
    with Path(path).open("rb") as file:
        np.lib.format.read_magic(file)
        return 0 in np.lib.format.read_array_header_1_0(file)[0]


def _write(examples, vectorize, encode_label, batch_size, progress, create):
    """Appends all documents, batch by batch, to arrays made by `create(name, dtype, shape)`."""
    arrays = {name: create(name, np.int32) for name in _ARRAYS if name != "labels"}
    examples, done = iter(examples), 0
    while batch := list(itertools.islice(examples, batch_size)):
        texts, labels = zip(*batch, strict=True)
        ids, words, sentences = flat_tokens(vectorize(list(texts)))
        if len(sentences) != len(texts):
            raise DataError(
                f"`vectorize` must give one document a text. Received: {len(sentences)} documents "
                f"for {len(texts)} texts"
            )
        encoded = _encoded(labels, encode_label)
        if "labels" not in arrays:
            arrays["labels"] = create("labels", encoded.dtype, encoded.shape[1:])
        word_ends = offsets_of(words)[offsets_of(sentences)]
        arrays["ids"].append(ids)
        arrays["words_per_sentence"].append(words)
        arrays["sentences_per_document"].append(sentences)
        arrays["lengths"].append(np.diff(word_ends))
        arrays["labels"].append(encoded)
        done += len(texts)
        if progress is not None:
            progress(done)
    if "labels" not in arrays:
        arrays["labels"] = create("labels", np.int32)
    return arrays


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
