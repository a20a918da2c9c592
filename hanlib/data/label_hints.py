"""Detects class names that suggest a mistake in the label column."""

import re
import warnings

from hanlib.data.corpus import DataError, DataWarning

# More distinct fractional numbers than this are probably a quantity and not classes.
MAX_FRACTIONS = 20
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def check_classes(source, classes, documents, separator=None):
    """Raises an error for quantities and joined labels, and warns about other likely mistakes.

    Args:
        source: name of the file, for messages.
        classes: the class names.
        documents: number of documents.
        separator: the label separator if it is the default; None if the user chose it or there is
            none.

    Raises:
        DataError: the names are a quantity, or consist of several labels.
    """
    _check_quantity(source, classes)
    if separator is not None:
        _check_joined(classes)
    if classes and all(re.fullmatch(r"-?\d+\.0", name) for name in classes):
        warnings.warn(
            f"{source}: the classes are {', '.join(sorted(classes)[:3])}, ...: pandas writes whole "
            "numbers so where a value is missing. They stay as they are; "
            '`frame["label"].astype("Int64")` before writing the file makes them whole',
            DataWarning,
            stacklevel=4,
        )
    if len(classes) > max(20, documents // 3):
        warnings.warn(
            f"{source}: {len(classes):,} classes in {documents:,} documents, too few documents per "
            "class to learn from: check `label_column`",
            DataWarning,
            stacklevel=4,
        )


def _check_quantity(source, classes):
    fractions = [
        name for name in classes if _NUMBER.fullmatch(name) and float(name) % 1 not in (0.0,)
    ]
    if len(fractions) > MAX_FRACTIONS and all(_NUMBER.fullmatch(name) for name in classes):
        raise DataError(
            f"`label_column` must hold class names. Received: {len(classes):,} different numbers "
            f"in {source}, such as {fractions[0]}, which is a quantity: divide it into a few "
            "ranges and name those"
        )


def _check_joined(classes):
    for mark in (",", ";"):
        joined = [name for name in classes if mark in name]
        parts = {part.strip() for name in classes for part in name.split(mark)}
        if joined and len(parts) < len(classes):
            raise DataError(
                f"`label_separator` must be given: the labels look joined by {mark!r}, as in "
                f"{joined[0]!r}. Pass label_separator={mark!r}"
            )
