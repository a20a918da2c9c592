"""The splits train, validation and test: their names, and random splits of rows."""

import hashlib
from typing import NamedTuple

import numpy as np

from hanlib.checks import check_integer
from hanlib.data.corpus import DataError

SPLITS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)
_NAMES = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("validation", "valid", "val", "dev", "devel", "development"), VALIDATION),
    **dict.fromkeys(("test", "testing"), TEST),
}


def split_code(name):
    """`TRAIN`, `VALIDATION` or `TEST` for a common name of a split, otherwise None.

    >>> split_code("Dev") == VALIDATION, split_code("holdout")
    (True, None)
    """
    return _NAMES.get(str(name).strip().lower())


def held_out(argument, share, rows):
    """The number of rows to hold out.

    Args:
        argument: name of the option, for messages.
        share: fraction of the rows as a float in [0, 1), or a number of rows; None means 0.
        rows: number of rows to draw from.

    >>> held_out("validation_split", 0.1, 25), held_out("validation_split", 7, 25)
    (2, 7)
    """
    if share is None:
        return 0
    if isinstance(share, bool) or not isinstance(share, (int, float)) or share < 0:
        wrong = True
    else:
        wrong = share >= 1 if isinstance(share, float) else share >= rows
    if wrong:
        raise DataError(
            f"`{argument}` must be a fraction from 0 to less than 1, or a whole number smaller "
            f"than the {rows:,} training documents. Received: {argument}={share!r}"
        )
    if isinstance(share, int):
        return share
    # A positive fraction holds out at least one row.
    return max(round(share * rows), 1) if share and rows > 1 else 0


class HashedSplit(NamedTuple):
    """The split of a text by a hash of it, for more rows than can be drawn from in memory.

    Equal texts are in the same split. The test texts do not depend on `validation`.

    Attributes:
        seed: integer of at least 0.
        validation, test: fractions of the texts.

    >>> split = HashedSplit(seed=0, validation=0.1, test=0.2)
    >>> codes = [split.code(f"text {number}") for number in range(1000)]
    >>> [codes.count(code) for code in (TRAIN, VALIDATION, TEST)]
    [676, 110, 214]
    """

    seed: int
    validation: float
    test: float

    def code(self, text):
        """`TRAIN`, `VALIDATION` or `TEST`."""
        hashed = hashlib.blake2b(text.encode(), digest_size=8, key=str(self.seed).encode())
        number = int.from_bytes(hashed.digest(), "big")
        if number < self.test * 2**64:
            return TEST
        return VALIDATION if number >= (1 - self.validation) * 2**64 else TRAIN


def draw(rows, validation, test, seed, labels=None):
    """Assigns rows to splits: `<int8>[rows]` of `TRAIN`, `VALIDATION` and `TEST`.

    With `labels`, the splits are stratified by class. The test rows do not depend on `validation`.

    Args:
        rows: number of training rows.
        validation, test: numbers of rows to draw.
        seed: an integer of at least 0.
        labels: `<int>[rows]`, the class index of each row, or None.

    >>> draw(10, 2, 3, seed=0).tolist().count(VALIDATION)
    2
    >>> labels = np.array([0] * 18 + [1] * 2)
    >>> sorted(labels[draw(20, 2, 0, seed=0, labels=labels) == VALIDATION].tolist())
    [0, 1]
    """
    check_integer("seed", seed, 0, error=DataError)
    assignment = np.zeros(rows, np.int8)
    order = np.random.default_rng([seed, rows]).permutation(rows)
    for code, number in ((TEST, test), (VALIDATION, validation)):
        left = order[assignment[order] == TRAIN]
        chosen = left[:number] if labels is None else _stratified(left, labels, number)
        assignment[chosen] = code
    return assignment


def _stratified(order, labels, number):
    """The first rows of each class in `order`, `number` in total, in proportion to the classes.

    Of each class with several rows, at least one is taken (if `number` is large enough) and at
    least one is left.
    """
    counts = np.bincount(labels[order])
    quotas = counts * number / max(len(order), 1)
    shares = np.floor(quotas).astype(np.int64)
    if number >= np.count_nonzero(counts > 1):
        shares[(counts > 1) & (shares == 0)] = 1
    # Corrects the total, one row at a time, in the class that is farthest from its quota.
    most = np.maximum(counts - 1, 0)
    while (missing := number - shares.sum()) != 0:
        gap = np.where(shares < most, quotas - shares, -np.inf)
        if missing < 0:
            gap = np.where(shares > 1, shares - quotas, -np.inf)
        if not np.isfinite(gap).any():
            gap = np.where(shares < counts, quotas - shares, -np.inf)
        shares[np.argmax(gap)] += 1 if missing > 0 else -1
    ranks = np.empty(len(order), np.int64)
    by_class = np.argsort(labels[order], kind="stable")
    ranks[by_class] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[ranks < shares[labels[order]]]
