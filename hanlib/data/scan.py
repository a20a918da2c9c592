"""One pass over the rows of files, which finds classes, sizes and bad rows."""

import functools
from array import array
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from hanlib.data import labels
from hanlib.data.bad_rows import BadRows
from hanlib.data.corpus import DataError
from hanlib.data.processes import map_in_processes
from hanlib.data.row_reader import BadRow
from hanlib.data.splitting import SPLITS, TRAIN

# More classes than this mean that the label column is probably wrong.
MAX_CLASSES = 20_000
# Up to this many training rows, the splits are drawn: exact and stratified. With more, a hash of
# the text decides, which needs no memory.
MAX_DRAWN = 1_000_000
_REPORTED = 1_000


@dataclass
class Scan:
    """The result of the pass. Rows without a split count as training rows.

    Attributes:
        sizes: documents of train, validation and test.
        classes: index by class name, in the order in which they occur.
        held_out: documents by class index in the validation and test splits of the source.
        train_rows, train_labels: one entry per label of a training row, which takes 12 bytes; None
            with more than `MAX_DRAWN` training rows.
    """

    sizes: list[int] = field(default_factory=lambda: [0, 0, 0])
    classes: dict[str, int] = field(default_factory=dict)
    held_out: list[Counter] = field(default_factory=lambda: [Counter(), Counter(), Counter()])
    train_rows: array | None = field(default_factory=lambda: array("q"))
    train_labels: array | None = field(default_factory=lambda: array("i"))

    def add(self, label, split):
        """Counts one document."""
        names = (label,) if isinstance(label, str) else label
        indices = [self._index(name) for name in names]
        if split in (None, TRAIN):
            if self.train_rows is not None:
                self.train_rows.extend([self.sizes[TRAIN]] * len(indices))
                self.train_labels.extend(indices)
        else:
            self.held_out[split].update(indices)
        self.sizes[split or TRAIN] += 1
        self._forget()

    def merge(self, other):
        """Adds the scan of the files that follow."""
        index_of = np.array([self._index(name) for name in other.classes], np.int32)
        if self.train_rows is not None and other.train_rows is not None:
            rows = np.array(other.train_rows, np.int64) + self.sizes[TRAIN]
            self.train_rows.extend(rows.tolist())
            self.train_labels.extend(index_of[np.array(other.train_labels, np.int32)].tolist())
        else:
            self.train_rows = self.train_labels = None
        for code in range(len(SPLITS)):
            self.sizes[code] += other.sizes[code]
            for index, number in other.held_out[code].items():
                self.held_out[code][int(index_of[index])] += number
        self._forget()

    def class_counts(self, assignment):
        """One `dict` per split, from class name, in class order, to the number of documents."""
        found = np.array(self.train_labels, np.int32)
        split_of = assignment[np.array(self.train_rows, np.int64)]
        order = {name: self.classes[name] for name in labels.sorted_classes(self.classes)}
        counts = []
        for code in range(len(SPLITS)):
            drawn = np.bincount(found[split_of == code], minlength=len(self.classes))
            counts.append(
                {n: int(drawn[index]) + self.held_out[code][index] for n, index in order.items()}
            )
        return counts

    def _index(self, name):
        index = self.classes.setdefault(name, len(self.classes))
        if len(self.classes) > MAX_CLASSES:
            raise DataError(
                f"`label_column` must hold class names. Received: more than {MAX_CLASSES:,} "
                f"different values, such as {name!r}"
            )
        return index

    def _forget(self):
        if self.sizes[TRAIN] > MAX_DRAWN:
            self.train_rows = self.train_labels = None


def scan(source, read, limit, jobs=1, progress=None):
    """Reads all rows of a source.

    Args:
        source: a `TabularSource` or `ClassFolders`.
        read: a `RowReader`.
        limit: maximum number of bad rows.
        jobs, progress: see `map_in_processes`.

    Returns:
        A `Scan`; `BadRows`; and the number of training rows of each part of the source.

    Raises:
        DataError: there are more bad rows than `limit`, or too many classes.
    """
    function = functools.partial(_scan_part, read=read, limit=limit)
    found, bad, rows = Scan(), BadRows(source.name, limit), []
    for part, of_part in map_in_processes(function, source.parts(), jobs, progress):
        found.merge(part)
        bad.merge(of_part)
        rows.append(part.sizes[TRAIN])
    return found, bad, rows


def _scan_part(part, report, read, limit):
    found, bad = Scan(), BadRows(part.name, limit)
    for file, named, row in part.rows(read.columns):
        bad.rows += 1
        if bad.rows % _REPORTED == 0:
            report(_REPORTED)
        try:
            _, label, split, _ = read(row, named)
        except BadRow as problem:
            bad.add(file, row.line, str(problem))
        else:
            found.add(label, split)
    report(bad.rows % _REPORTED)
    return found, bad


def count_splits(shards, jobs=1, progress=None):
    """Sizes and class counts of the splits of `FileShard`s: a list of three `Counter`s each.

    Returns:
        A list of three integers, and a list of three `Counter`s by class name.
    """
    sizes, counts = [0, 0, 0], [Counter(), Counter(), Counter()]
    for of_part, by_class in map_in_processes(_count_part, shards, jobs, progress):
        for code in range(len(SPLITS)):
            sizes[code] += of_part[code]
            counts[code].update(by_class[code])
    return sizes, counts


def _count_part(shard, report):
    sizes, counts = [0, 0, 0], [Counter(), Counter(), Counter()]
    for code, _, label, _ in shard:
        sizes[code] += 1
        counts[code].update((label,) if isinstance(label, str) else label)
        if sum(sizes) % _REPORTED == 0:
            report(_REPORTED)
    report(sum(sizes) % _REPORTED)
    return sizes, counts
