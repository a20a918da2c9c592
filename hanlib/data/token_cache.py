"""A cache of tokenized documents, in memory or on disk."""

import itertools
import json
from pathlib import Path

import numpy as np

from hanlib.data.batch_plan import plan_batches
from hanlib.data.corpus import DataError
from hanlib.data.token_arrays import gather_runs, offsets_of, pad_runs
from hanlib.data.token_writer import ARRAYS, BLOCK, VERSION, TokenWriter


class TokenCache:
    """Tokenized documents and their labels, in flat arrays in memory or on disk.

    `build` creates a cache, and `open` opens one that was built in a directory. A cache on disk
    takes 24 bytes of memory per document; `TokenShards` opens it with less. `TokenBatches` makes
    batches of a cache.

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
        batch_size=BLOCK,
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
        with TokenWriter(encode_label, mark is not None, directory, batch_size) as writer:
            examples, done = iter(examples), 0
            while batch := list(itertools.islice(examples, batch_size)):
                texts, labels, *evidence = map(list, zip(*batch, strict=True))
                marks = None if mark is None else mark(texts, *evidence)
                writer.add(vectorize(texts), labels, marks)
                done += len(batch)
                if progress is not None:
                    progress(done)
            arrays = writer.finish()
        return cls(arrays) if directory is None else cls.open(directory)

    @classmethod
    def of_texts(cls, caches) -> "TokenCache":
        """The documents of several caches in memory, with label 0 and without marks.

        >>> cache = TokenCache.build([("a", 5)], lambda texts: ([7], [1], [1]), encode_label=int)
        >>> joined = TokenCache.of_texts([cache, cache])
        >>> joined.documents, joined.labels.tolist()
        (2, [0, 0])
        """
        parts = [cache.flat(np.arange(cache.documents)) for cache in caches]
        ids, words, sentences = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        lengths = np.concatenate([cache.lengths for cache in caches])
        return cls(
            {
                "ids": ids,
                "words_per_sentence": words,
                "sentences_per_document": sentences,
                "lengths": lengths,
                "labels": np.zeros(len(lengths), np.int32),
            }
        )

    @classmethod
    def open(cls, directory) -> "TokenCache":
        """Opens a cache that `build` wrote; ids stay on disk and are mapped into memory.

        Raises:
            DataError: the folder does not contain a complete cache.
        """
        return cls(open_arrays(directory, _mapped), Path(directory))

    def rounds(self, seed=None, epoch=0):
        """The parts that are in memory one after the other: this cache."""
        return [self]

    def load(self):
        """The cache itself; see `TokenShards.load`."""
        return self

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


def open_arrays(directory, open_array):
    """The arrays of a cache on disk by name, each opened by `open_array(path)`.

    Raises:
        DataError: the folder does not contain a complete cache.
    """
    directory = Path(directory)
    try:
        version = json.loads((directory / "cache.json").read_text())["version"]
        if version != VERSION:
            raise DataError(
                f"`directory` must hold a cache of version {VERSION}. Received: {version}"
            )
        arrays = {name: open_array(directory / f"{name}.npy") for name in ARRAYS}
        if (directory / "marks.npy").exists():
            arrays["marks"] = open_array(directory / "marks.npy")
    except (OSError, KeyError, json.JSONDecodeError) as error:
        raise DataError(
            f"`directory` must hold a complete token cache. Received: {str(directory)!r} ({error})"
        ) from error
    return arrays


def _mapped(path):
    array = np.load(path, allow_pickle=False)[:0] if _is_empty(path) else None
    return np.load(path, mmap_mode="r", allow_pickle=False) if array is None else array


def _is_empty(path):
    # An array without elements cannot be mapped into memory.
    with Path(path).open("rb") as file:
        np.lib.format.read_magic(file)
        return 0 in np.lib.format.read_array_header_1_0(file)[0]
