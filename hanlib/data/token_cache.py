"""A cache of tokenized documents, in memory or on disk."""

import contextlib
import itertools
import json
from pathlib import Path

import numpy as np

from hanlib import atomic_files
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
    """Tokenized documents and their labels, in flat arrays in memory or on disk.

    `build` creates a cache, and `open` opens one that was built in a directory. A cache on disk
    takes 24 bytes of memory per document. `TokenBatches` makes batches of a cache.

    Attributes:
        documents: number of documents.
        words: total number of words.
        lengths: `<int64>[documents]`, words per document.
        labels: `<int32>[documents]`, or `<float32>[documents, classes]` in a multi-label corpus.
        has_marks: whether it holds a mark per word, which says whether people marked it as
            evidence.

    >>> ids = {"good": 2, "bad": 3}
    >>> def vectorize(texts):  # one sentence per text
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
        self._marks = arrays.get("marks")
        self.lengths = np.asarray(arrays["lengths"], np.int64)
        self.directory = directory
        self._word_offsets = offsets_of(self.lengths)
        self._sentence_offsets = offsets_of(arrays["sentences_per_document"])

    @classmethod
    def build(
        cls,
        examples,
        vectorize,
        *,
        encode_label,
        mark=None,
        directory=None,
        batch_size=256,
        progress=None,
    ) -> "TokenCache":
        """Tokenizes all documents.

        Args:
            examples: iterable of `(text, label)`, which is read once, as a stream.
            vectorize: function that converts a list of texts to ids: a `tf.RaggedTensor`
                `[documents, (sentences), (words)]`, or three flat arrays `(ids,
                words_per_sentence, sentences_per_document)`.
            encode_label: function that converts a label to an integer or to `<float32>[classes]`.
            mark: function `(texts, evidence)` to a mark per word, `<int8>[words]`: 1 for evidence,
                0 for other words, -1 if that is unknown. The examples are then `(text, label,
                evidence)`. None: no marks.
            directory: folder to write to, which must not exist or be empty. It is renamed into
                place when it is complete. None keeps everything in memory.
            batch_size: number of texts in each call of `vectorize`.
            progress: function that is called with the number of documents done, after each batch.

        Raises:
            DataError: the output of `vectorize` is inconsistent, or the folder is not empty.
        """
        if directory is None:
            arrays = _write(
                examples, vectorize, encode_label, mark, batch_size, progress, _in_memory
            )
            return cls({name: array.finish() for name, array in arrays.items()})
        directory = Path(directory)
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise DataError(
                f"`directory` must not exist yet, or be empty. Received: {str(directory)!r}; "
                "TokenCache.open opens a cache that was built before"
            )
        with atomic_files.creating(directory) as folder, contextlib.ExitStack() as files:

            def create(name, dtype, row_shape=()):
                path = folder / f"{name}.npy"
                return files.enter_context(FileArray(path, dtype, row_shape))

            arrays = _write(examples, vectorize, encode_label, mark, batch_size, progress, create)
            for array in arrays.values():
                array.finish()
            (folder / "cache.json").write_text(json.dumps({"version": _VERSION}))
        return cls.open(directory)

    @classmethod
    def open(cls, directory) -> "TokenCache":
        """Opens a cache that `build` wrote; ids stay on disk and are mapped into memory.

        Raises:
            DataError: the folder does not contain a complete cache.
        """
        directory = Path(directory)
        try:
            version = json.loads((directory / "cache.json").read_text())["version"]
            arrays = {name: _mapped(directory / f"{name}.npy") for name in _ARRAYS}
            if (directory / "marks.npy").exists():
                arrays["marks"] = _mapped(directory / "marks.npy")
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

    @property
    def has_marks(self) -> bool:
        return self._marks is not None

    def plan(self, batch_size, *, seed=None, epoch=0, max_batch_words=None) -> list[np.ndarray]:
        """The indices of the documents in each batch; each document occurs exactly once.

        A batch contains documents of similar length. The order of the batches is random and
        determined by `(seed, epoch)`. With `seed=None` documents are sorted by length, for
        evaluation; results are then put into the order of the documents by

            in_order = np.empty_like(results); in_order[np.concatenate(plan)] = results

        Args:
            batch_size: maximum number of documents in a batch.
            seed: integer or None.
            epoch: non-negative integer.
            max_batch_words: maximum number of words in a batch, or None; a longer document is a
                batch by itself.
        """
        return plan_batches(
            self.lengths, batch_size, seed=seed, epoch=epoch, max_batch_words=max_batch_words
        )

    def flat(self, indices):
        """The documents at `indices`, laid end to end.

        Returns:
            `(ids, words_per_sentence, sentences_per_document)`, `<int>` each.
        """
        indices = np.asarray(indices, np.int64)
        ids = gather_runs(self._ids, self._word_offsets, indices)
        words = gather_runs(self._words_per_sentence, self._sentence_offsets, indices)
        sentences = self._sentence_offsets[indices + 1] - self._sentence_offsets[indices]
        return ids, words, sentences

    def padded(self, indices):
        """The documents at `indices` as a token batch: plain arrays with one row per document.

        Returns:
            A dict of `ids` `<int32>[documents, most words]`, the concatenated words of a document,
            and `row_lengths` `<int32>[documents, most sentences]`, both zero-padded; with marks
            also `marks` `<int8>[documents, most words]`.
        """
        ids, words, sentences = self.flat(indices)
        indices = np.asarray(indices, np.int64)
        lengths = self.lengths[indices]
        batch = {"ids": pad_runs(ids, lengths), "row_lengths": pad_runs(words, sentences)}
        if self.has_marks:
            marks = gather_runs(self._marks, self._word_offsets, indices)
            batch["marks"] = pad_runs(marks, lengths)
        return batch


def _in_memory(name, dtype, row_shape=()):
    return MemoryArray(dtype, row_shape)


def _mapped(path):
    array = np.load(path, allow_pickle=False)[:0] if _is_empty(path) else None
    return np.load(path, mmap_mode="r", allow_pickle=False) if array is None else array


def _is_empty(path):
    # An array without elements cannot be mapped into memory.
    with Path(path).open("rb") as file:
        np.lib.format.read_magic(file)
        return 0 in np.lib.format.read_array_header_1_0(file)[0]


def _write(examples, vectorize, encode_label, mark, batch_size, progress, create):
    """Appends all documents, batch by batch, to arrays made by `create(name, dtype, shape)`."""
    arrays = {name: create(name, np.int32) for name in _ARRAYS if name != "labels"}
    if mark is not None:
        arrays["marks"] = create("marks", np.int8)
    examples, done = iter(examples), 0
    while batch := list(itertools.islice(examples, batch_size)):
        texts, labels, *evidence = zip(*batch, strict=True)
        ids, words, sentences = flat_tokens(vectorize(list(texts)))
        if len(sentences) != len(texts):
            raise DataError(
                "`vectorize` must give one document per text. Received: "
                f"{len(sentences)} documents for {len(texts)} texts"
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
        if mark is not None:
            arrays["marks"].append(_checked_marks(mark(list(texts), list(*evidence)), ids))
        done += len(texts)
        if progress is not None:
            progress(done)
    if "labels" not in arrays:
        arrays["labels"] = create("labels", np.int32)
    return arrays


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
