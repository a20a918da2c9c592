"""The table of classes that `hanlib train` prints before training."""

import sys
import warnings

# With more classes, only the most and the least frequent ones are shown.
MOST_SHOWN = 20


class ClassWarning(UserWarning):
    """A class without validation documents."""


def describe_classes(corpus, stream=None):
    """Prints the documents per class and split, and the accuracy of the most frequent class.

    Warns about classes without validation documents.
    """
    from rich.console import Console

    counts = {name: split.class_counts() for name, split in corpus.splits.items() if name != "test"}
    console = Console(file=stream or sys.stderr, highlight=False)
    console.print(_table(corpus, counts))
    if not corpus.multi_label:
        console.print(_baseline(counts), soft_wrap=True)
    if "validation" in counts:
        _warn_of_missing(counts)


def _table(corpus, counts):
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("class", overflow="fold")
    for name in counts:
        table.add_column(name, justify="right")
    for name in _shown(list(corpus.classes), counts["train"]):
        numbers = [f"{count.get(name, 0):,}" for count in counts.values()] if name else []
        left_out = f"... {len(corpus.classes) - MOST_SHOWN + 1:,} more"
        table.add_row(Text(str(name) if name is not None else left_out), *numbers)
    return table


def _shown(classes, train):
    """The classes to show, with None in place of the omitted ones."""
    if len(classes) <= MOST_SHOWN:
        return classes
    by_count = sorted(classes, key=lambda name: -train.get(name, 0))
    half = (MOST_SHOWN - 1) // 2
    return [*by_count[: MOST_SHOWN - 1 - half], None, *by_count[-half:]]


def _baseline(counts):
    """The accuracy of always predicting the most frequent class of the training documents."""
    split = "validation" if "validation" in counts else "train"
    name = max(counts["train"], key=counts["train"].get)
    documents = sum(counts[split].values())
    share = counts[split].get(name, 0) / max(documents, 1)
    return f"always answering {name!r} is right for {share:.1%} of the {split} documents"


def _warn_of_missing(counts):
    missing = [n for n, k in counts["train"].items() if k and not counts["validation"].get(n)]
    if missing:
        listed = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
        number = f"{len(missing):,} classes have" if len(missing) > 1 else "1 class has"
        warnings.warn(
            f"{number} no validation documents and cannot be measured: {listed}",
            ClassWarning,
            stacklevel=2,
        )
