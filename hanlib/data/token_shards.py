"""Tokenized documents in several folders on disk, of which a part is in memory at a time."""

import numpy as np

from hanlib.data.batch_plan import cut
from hanlib.data.token_arrays import StoredArray, TranslatedArray
from hanlib.data.token_cache import TokenCache, open_arrays

# What is read into memory at once, in blocks of 256 documents and in words (4 bytes each).
ROUND_BLOCKS = 400
ROUND_WORDS = 16_000_000
# The columns of a table of blocks: the folder, where the block starts in its files, and its size.
_PART, _FIRST, _SIZE = 0, slice(1, 4), slice(4, 7)
_DOCUMENTS, _SENTENCES, _WORDS, _LONGEST = 4, 5, 6, 7
_OF_DOCUMENTS = ("sentences_per_document", "lengths", "labels")


class TokenShards:
    """Tokenized documents in folders of `TokenCache.build`, for more than fits into memory.

    A block is a batch of documents that was tokenized together. Memory holds 64 bytes per block,
    and one round: some blocks that were chosen at random from all folders.

    Attributes:
        documents, words: their numbers.
        longest: number of words of the longest document.
        label_dtype, label_shape: of one label.
        has_marks: see `TokenCache`.

    >>> import tempfile
    >>> from pathlib import Path
    >>> def vectorize(texts):  # one word per text
    ...     return [len(text) for text in texts], [1] * len(texts), [1] * len(texts)
    >>> folders = [Path(tempfile.mkdtemp()) / name for name in "ab"]
    >>> for folder in folders:
    ...     built = TokenCache.build(
    ...         [("a", 0), ("bb", 1), ("ccc", 0)], vectorize, encode_label=int, directory=folder)
    >>> shards = TokenShards.open(folders)
    >>> shards.documents, [round.documents for round in shards.rounds(seed=0)]
    (6, [6])
    >>> shards.load().labels.tolist()
    [0, 1, 0, 0, 1, 0]
    """

    def __init__(self, folders, table):
        self.folders, self._table = folders, table

    @classmethod
    def open(cls, folders, tables=None):
        """The documents in some folders, in this order.

        Args:
            folders: the paths of the folders.
            tables: for each folder the path of an `.npy` file, `<int32>[words]`. The ids in the
                folder are indices of this table, which has the ids to read instead. None: they are
                what they are.

        Raises:
            DataError: a folder does not contain a complete cache.
        """
        tables = tables or [None] * len(folders)
        folders = [_Folder(path, table) for path, table in zip(folders, tables, strict=True)]
        tables = [folder.table(number) for number, folder in enumerate(folders)]
        return cls(folders, np.concatenate([np.zeros([0, 8], np.int64), *tables]))

    @property
    def documents(self):
        return int(self._table[:, _DOCUMENTS].sum())

    @property
    def words(self):
        return int(self._table[:, _WORDS].sum())

    @property
    def longest(self):
        return int(self._table[:, _LONGEST].max(initial=0))

    @property
    def has_marks(self):
        return "marks" in self.folders[0].arrays

    @property
    def label_dtype(self):
        return self._labelled().dtype

    @property
    def label_shape(self):
        return self._labelled().row_shape

    def rounds(self, seed=None, epoch=0):
        """The parts that are in memory one after the other; each block is in one of them.

        Args:
            seed: integer that chooses the blocks of a round, with `epoch`; None: in order.
            epoch: non-negative integer.

        Returns:
            A list of `TokenShards`.
        """
        blocks = np.arange(len(self._table))
        if seed is not None:
            blocks = np.random.default_rng([seed, epoch]).permutation(blocks)
        words = self._table[:, _WORDS]
        return [self._of(chosen) for chosen in cut(blocks, words, ROUND_BLOCKS, ROUND_WORDS)]

    def sample(self, words, seed=0):
        """Random blocks with at most so many words; all, if there are fewer."""
        if self.words <= words:
            return self
        blocks = np.random.default_rng(seed).permutation(len(self._table))
        kept = np.cumsum(self._table[blocks, _WORDS]) <= words
        kept[0] = True
        return self._of(blocks[kept])

    def load(self):
        """The documents as a `TokenCache` in memory."""
        names = list(self.folders[0].arrays)
        names.remove("blocks")
        return TokenCache({name: self._read(name) for name in names})

    def lengths(self):
        """`<int32>[documents]`, words per document."""
        return self._read("lengths")

    def label_counts(self, classes):
        """How many documents have each class: `<float64>[classes]`."""
        counts = np.zeros(classes)
        for part in self.rounds():
            labels = part._read("labels")
            if labels.ndim == 1:
                counts += np.bincount(labels, minlength=classes)
            else:
                counts += labels.sum(axis=0, dtype=np.float64)
        return counts

    def _of(self, blocks):
        return TokenShards(self.folders, self._table[np.sort(blocks)])

    def _labelled(self):
        """The labels of a folder that has some: of none, the type is not known."""
        arrays = [folder.arrays["labels"] for folder in self.folders]
        return next((array for array in arrays if array.rows), arrays[0])

    def _read(self, name):
        """The rows of an array of all blocks, end to end; neighboring blocks are read at once."""
        column = 0 if name in _OF_DOCUMENTS else 1 if name == "words_per_sentence" else 2
        parts, first = self._table[:, _PART], self._table[:, _FIRST][:, column]
        ends = first + self._table[:, _SIZE][:, column]
        starts_run = np.ones(len(first), bool)
        starts_run[1:] = (parts[1:] != parts[:-1]) | (first[1:] != ends[:-1])
        (begin,) = np.nonzero(starts_run)
        (end,) = np.nonzero(np.roll(starts_run, -1))
        runs = zip(parts[begin], first[begin], ends[end], strict=True)
        found = [self.folders[part].arrays[name].read(start, end) for part, start, end in runs]
        array = self._labelled() if name == "labels" else self.folders[0].arrays[name]
        return np.concatenate([np.zeros([0, *array.row_shape], array.dtype), *found])


class _Folder:
    """The arrays of a folder by name, as `StoredArray`s."""

    def __init__(self, path, table):
        self.arrays = open_arrays(path, StoredArray)
        if table is not None:
            self.arrays["ids"] = TranslatedArray(self.arrays["ids"], table)

    def table(self, part):
        """`<int64>[blocks, 8]`: see `_PART` and the following."""
        blocks = self.arrays["blocks"].read(0, self.arrays["blocks"].rows)
        sizes = blocks[:, :3]
        return np.concatenate(
            [np.full([len(blocks), 1], part), np.cumsum(sizes, axis=0) - sizes, blocks], axis=1
        )
