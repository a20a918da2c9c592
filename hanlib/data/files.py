"""Reads a labelled corpus from files as streams."""

import itertools
import operator
import warnings
from dataclasses import dataclass

import numpy as np

from hanlib.checks import check_integer
from hanlib.data import labels
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
from hanlib.data.row_reader import RowReader
from hanlib.data.scan import count_splits, scan
from hanlib.data.scan_outcome import Outcome, key_of
from hanlib.data.sources import find_source
from hanlib.data.splitting import SPLITS, TEST, TRAIN, VALIDATION, HashedSplit, draw, held_out
from hanlib.data.text_lines import Encoding

# What reading found is kept in a cache for so many documents: fewer are read fast.
LEAST_KEPT = 50_000
# Files of fewer bytes are read by this process: starting others would take longer.
LEAST_PARALLEL = 20_000_000


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


def load_files(path, options: FileOptions, jobs=1, cache=None, progress=None) -> Corpus:
    """Reads a file, folder or pattern as a `Corpus`.

    Args:
        path, jobs, cache, progress: see `hanlib.data.load`.
        options: the other arguments of `load`.
    """
    source = find_source(path, Encoding(options.encoding, options.encoding_errors))
    read = _row_reader(source, options)
    limit = check_integer("max_bad_rows", options.max_bad_rows, 0, error=DataError)
    state, digest = source.state(), source.digest()
    jobs = jobs if source.size() >= LEAST_PARALLEL else 1
    key = None if None in (cache, digest) else key_of(digest, read, options)
    found = None if key is None else Outcome.read(cache, key)
    if found is None:
        found = _outcome(source, read, options, limit, jobs, progress)
        if source.state() != state:
            raise DataError(f"{source.name} was changed while it was read: load it again")
        if key is not None and sum(found.sizes) >= LEAST_KEPT:
            found.write(cache, key)
    separator = read.separator if read.multi_label and not options.label_separator else None
    check_classes(source.name, found.classes, sum(found.sizes), separator)
    unseen = [name for name, number in found.counts[TRAIN].items() if not number]
    _warn_of_unseen(unseen, source.name)
    found.bad.warn()
    shards = found.shards(source, read)
    return Corpus(
        *(source.name, found.classes, read.multi_label, _splits(shards, read, found), found.bad),
        shards=shards,
        digest=digest and key_of(digest, read, options),
    )


def _outcome(source, read, options, limit, jobs, progress):
    """Reads all rows once; twice, if there are too many to draw the splits from."""
    found, bad, rows = scan(source, read, limit, jobs, progress)
    _check_usable(found, bad, read)
    check_integer("seed", options.seed, 0, error=DataError)
    classes = labels.sorted_classes(found.classes)
    validation, test = _held_out(found, options)
    if found.train_rows is None:
        training = found.sizes[TRAIN]
        hashed = HashedSplit(options.seed, validation / training, test / training)
        outcome = Outcome(classes, rows, bad, hashed=hashed)
        counted = count_splits(outcome.shards(source, read), jobs, progress)
        return outcome.counted(*counted)
    # Stratified if each document has one label, and purely random otherwise.
    of_rows = None if read.multi_label else np.array(found.train_labels, np.int32)
    assignment = draw(found.sizes[TRAIN], validation, test, options.seed, of_rows)
    sizes = found.sizes[:]
    for code, drawn in enumerate(np.bincount(assignment, minlength=3).tolist()):
        sizes[code] = drawn if code == TRAIN else sizes[code] + drawn
    outcome = Outcome(classes, rows, bad, assignment=assignment)
    return outcome.counted(sizes, found.class_counts(assignment))


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


def _check_usable(found, bad, read):
    documents = sum(found.sizes)
    if not bad.rows:
        raise DataError(f"{bad.source} must hold rows with text and label. Received: no rows")
    if bad.count > documents:
        raise DataError(f"most rows of {bad.source} cannot be used. Received: {bad}")
    if not found.sizes[TRAIN]:
        raise DataError(
            f"{bad.source} must hold training documents. Received: none named train among "
            f"{documents:,} documents"
        )
    needed = 1 if read.multi_label else 2
    if len(found.classes) < needed:
        came = ", ".join(repr(name) for name in found.classes) or "none"
        raise DataError(
            f"`label_column` must hold at least {needed} different class name(s). "
            f"Received: {came} in column {read.label!r} of {bad.source}"
        )


def _held_out(found, options):
    """The numbers of training rows to hold out for validation and test."""
    rows = found.sizes[TRAIN]
    test = held_out("test_split", options.test_split, rows)
    if test and found.sizes[TEST]:
        raise DataError(
            f"`test_split` must be left out if the file has a test split. "
            f"Received: test_split={options.test_split!r}"
        )
    if found.sizes[VALIDATION]:
        return 0, test
    return held_out("validation_split", options.validation_split, rows - test), test


def _warn_of_unseen(classes, source):
    if classes:
        shown = ", ".join(classes[:10]) + (", ..." if len(classes) > 10 else "")
        warnings.warn(
            f"{source}: {len(classes)} classes occur in validation or test but in no training "
            f"document, so no model can learn them; they stay in `classes`: {shown}",
            DataWarning,
            stacklevel=4,
        )


def _splits(shards, read, found):
    def stream(code, part):
        return lambda: map(part, _documents(shards, code))

    def evidence(code):
        return None if read.evidence is None else stream(code, operator.itemgetter(3))

    return {
        name: Split(
            *(stream(code, operator.itemgetter(1, 2)), found.sizes[code], found.counts[code]),
            evidence(code),
        )
        for code, name in enumerate(SPLITS)
        if found.sizes[code]
    }


def _documents(shards, wanted):
    return (row for shard in shards for row in shard if row[0] == wanted)
