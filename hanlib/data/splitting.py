"""Train, validation, test: their many names, and drawing rows for them where a file has none."""

import numpy as np

from hanlib.data.corpus import DataError

SPLITS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)
_NAMES = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("validation", "valid", "val", "dev", "devel", "development"), VALIDATION),
    **dict.fromkeys(("test", "testing"), TEST),
}


def split_code(name):
    """`TRAIN`, `VALIDATION` or `TEST` for any usual name of it, else None.

    >>> split_code("Dev") == VALIDATION, split_code("holdout")
    (True, None)
    """
    return _NAMES.get(str(name).strip().lower())


def held_out(argument, share, rows):
    """The number of rows that `share` stands for.

    Args:
        argument: name of the option, for messages.
        share: part of the rows as a float in [0, 1), or a number of rows; None means 0.
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
    # A fraction that rounds to nothing still asks for a split.
    return max(round(share * rows), 1) if share and rows > 1 else 0


def draw(rows, validation, test, seed):
    """Assigns each of `rows` training rows: `<int8>[rows]` of `TRAIN`, `VALIDATION`, `TEST`.

    `validation` and `test` are numbers of rows. The test rows do not depend on `validation`.

    >>> draw(10, 2, 3, seed=0).tolist().count(VALIDATION)
    2
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise DataError(f"`seed` must be an integer of at least 0. Received: seed={seed!r}")
    assignment = np.zeros(rows, np.int8)
    order = np.random.default_rng([seed, rows]).permutation(rows)
    assignment[order[:test]] = TEST
    assignment[order[test : test + validation]] = VALIDATION
    return assignment
