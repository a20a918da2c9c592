"""Reads a labelled corpus from files; one streaming pass finds classes, sizes and bad rows."""

import itertools
import operator
import warnings
from array import array
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from hanlib.checks import check_integer
from hanlib.data import labels
from hanlib.data.bad_rows import BadRows
from hanlib.data.columns import (
    EVIDENCE_NAMES,
    LABEL_NAMES,
    SPLIT_NAMES,
    TEXT_NAMES,
    find_column,
)
from hanlib.data.corpus import Corpus, DataError, DataWarning, Split
from hanlib.data.evidence import is_evidence
from hanlib.data.label_hints import check_classes
from hanlib.data.row_reader import BadRow, RowReader
from hanlib.data.sources import find_source
from hanlib.data.splitting import SPLITS, TRAIN, VALIDATION, draw, held_out
from hanlib.data.text_lines import Encoding

# More classes than this mean that the label column is probably wrong.
MAX_CLASSES = 20_000


@dataclass(frozen=True)
class FileOptions:
    """How to read files: the keyword arguments of `load`, which documents them."""

    text_column: str | None = None
    label_column: str | None = None
    split_column: str | bool | None = None
    evidence_column: str | bool | None = None
    multi_label: bool | None = None
    label_separator: str | None = None
    validation_split: float | int | None = 0.1
    test_split: float | int | None = None
    seed: int = 0
    encoding: str = "utf-8"
    encoding_errors: str = "strict"
    max_bad_rows: int = 100


@dataclass
class _Scan:
    """The result of one pass over the rows. Rows without a split count as training rows."""

    sizes: list[int] = field(default_factory=lambda: [0, 0, 0])
    classes: dict[str, int] = field(default_factory=dict)
    # The number of documents by class in the validation and test splits of the source.
    held_out: list[Counter] = field(default_factory=lambda: [Counter(), Counter(), Counter()])
    # One entry per label of a training row, which takes 12 bytes.
    train_rows: array = field(default_factory=lambda: array("q"))
    train_labels: array = field(default_factory=lambda: array("i"))

    def add(self, label, split):
        names = (label,) if isinstance(label, str) else label
        indices = [self.classes.setdefault(name, len(self.classes)) for name in names]
        if len(self.classes) > MAX_CLASSES:
            raise DataError(
                f"`label_column` must hold class names. Received: more than {MAX_CLASSES:,} "
                f"different values, such as {names[-1]!r}"
            )
        if split in (None, TRAIN):
            self.train_rows.extend([self.sizes[TRAIN]] * len(indices))
            self.train_labels.extend(indices)
        else:
            self.held_out[split].update(indices)
        self.sizes[split or TRAIN] += 1

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


def load_files(path, options: FileOptions) -> Corpus:
    """Reads a file or folder as a `Corpus`; `FileOptions` holds the arguments of `load`."""
    source = find_source(path, Encoding(options.encoding, options.encoding_errors))
    read = _row_reader(source, options)
    limit = check_integer("max_bad_rows", options.max_bad_rows, 0, error=DataError)
    bad = BadRows(source.name, limit)
    state = source.state()
    scan = _scan(source, read, bad)
    _check_usable(scan, bad, read)
    separator = read.separator if read.multi_label and not options.label_separator else None
    check_classes(source.name, scan.classes, sum(scan.sizes), separator)
    assignment = _assign(scan, options, read.multi_label)
    counts = scan.class_counts(assignment)
    unseen = [name for name, number in counts[TRAIN].items() if not number]
    _warn_of_unseen(unseen, source.name)
    bad.warn()
    splits = _splits(source, state, read, scan, assignment, counts)
    classes = labels.sorted_classes(scan.classes)
    return Corpus(source.name, classes, read.multi_label, splits, bad)


def _row_reader(source, options):
    columns = source.columns()
    if not columns:
        raise DataError(f"{source.name} must hold rows with a text and a label. Received: no rows")
    text = find_column("text_column", options.text_column, TEXT_NAMES, columns, source.name)
    label = find_column("label_column", options.label_column, LABEL_NAMES, columns, source.name)
    split = None
    if options.split_column is not False:
        split = find_column(
            *("split_column", options.split_column, SPLIT_NAMES, columns, source.name),
            required=False,
        )
    if text == label:
        raise DataError(f"`label_column` must differ from `text_column`. Received: {text!r} twice")
    multi_label = options.multi_label
    if multi_label is None:
        multi_label = options.label_separator is not None or _holds_lists(source, label)
    separator = options.label_separator or labels.DEFAULT_SEPARATOR
    evidence = _evidence_column(source, options.evidence_column, columns)
    return RowReader(text, label, split, evidence, bool(multi_label), separator)


def _evidence_column(source, chosen, columns):
    """The column of the evidence; one that was not named must look like spans."""
    if chosen is False:
        return None
    if chosen is not None:
        return find_column("evidence_column", chosen, EVIDENCE_NAMES, columns, source.name)
    found = [column for column in columns if column.strip().lower() in EVIDENCE_NAMES]
    if len(found) != 1:
        return None
    value = _first_value(source, found[0])
    return found[0] if value is not None and is_evidence(value) else None


def _holds_lists(source, column):
    """Whether the first non-empty label is a list."""
    value = _first_value(source, column)
    return value is not None and labels.is_list(value)


def _first_value(source, column):
    """The first value of a column in 10,000 rows that is not empty, or None."""
    for _, _, row in itertools.islice(source.rows([column]), 10_000):
        value = row.record.get(column) if row.record else None
        if value is not None and not (isinstance(value, str) and value == ""):
            return value
    return None


def _scan(source, read, bad):
    scan = _Scan()
    for file, named, row in source.rows(read.columns):
        bad.rows += 1
        try:
            _, label, split, _ = read(row, named)
        except BadRow as problem:
            bad.add(file, row.line, str(problem))
        else:
            scan.add(label, split)
    return scan


def _check_usable(scan, bad, read):
    documents = sum(scan.sizes)
    if not bad.rows:
        raise DataError(f"{bad.source} must hold rows with text and label. Received: no rows")
    if bad.count > documents:
        raise DataError(f"most rows of {bad.source} cannot be used. Received: {bad}")
    if not scan.sizes[TRAIN]:
        raise DataError(
            f"{bad.source} must hold training documents. Received: none named train among "
            f"{documents:,} documents"
        )
    needed = 1 if read.multi_label else 2
    if len(scan.classes) < needed:
        came = ", ".join(repr(name) for name in scan.classes) or "none"
        raise DataError(
            f"`label_column` must hold at least {needed} different class name(s). "
            f"Received: {came} in column {read.label!r} of {bad.source}"
        )


def _assign(scan, options, multi_label):
    """The split of each training row after drawing validation and test: `<int8>[training rows]`.

    The split is stratified if each document has one label, and purely random otherwise.
    """
    rows = scan.sizes[TRAIN]
    test = held_out("test_split", options.test_split, rows)
    if test and scan.sizes[2]:
        raise DataError(
            f"`test_split` must be left out if the file has a test split. "
            f"Received: test_split={options.test_split!r}"
        )
    validation = 0
    if not scan.sizes[VALIDATION]:
        validation = held_out("validation_split", options.validation_split, rows - test)
    of_rows = None if multi_label else np.array(scan.train_labels, np.int32)
    return draw(rows, validation, test, options.seed, of_rows)


def _warn_of_unseen(classes, source):
    if classes:
        shown = ", ".join(classes[:10]) + (", ..." if len(classes) > 10 else "")
        warnings.warn(
            f"{source}: {len(classes)} classes occur in validation or test but in no training "
            f"document, so no model can learn them; they stay in `classes`: {shown}",
            DataWarning,
            stacklevel=4,
        )


def _splits(source, state, read, scan, assignment, counts):
    sizes = scan.sizes[:]
    for code, drawn in enumerate(np.bincount(assignment, minlength=3).tolist()):
        sizes[code] = drawn if code == TRAIN else sizes[code] + drawn

    def stream(code, part):
        return lambda: map(part, _documents(source, state, read, assignment, code))

    def evidence(code):
        return None if read.evidence is None else stream(code, operator.itemgetter(2))

    return {
        name: Split(
            stream(code, operator.itemgetter(0, 1)), sizes[code], counts[code], evidence(code)
        )
        for code, name in enumerate(SPLITS)
        if sizes[code]
    }


def _documents(source, state, read, assignment, wanted):
    """Streams `(text, label, evidence)` of one split, without bad rows."""
    if source.state() != state:
        raise DataError(f"{source.name} was changed after it was loaded: load it again")
    training_row = -1
    for _, named, row in source.rows(read.columns):
        try:
            text, label, split, evidence = read(row, named)
        except BadRow:
            continue
        if split in (None, TRAIN):
            training_row += 1
            split = assignment[training_row]
        if split == wanted:
            yield text, label, evidence
