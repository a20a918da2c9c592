"""The classes of a data set, as `hanlib train` shows them before it starts."""

import sys
import warnings

# More classes than this are shown as the most and the least frequent ones.
MOST_SHOWN = 20


class ClassWarning(UserWarning):
    """A class that cannot be judged."""


def describe_classes(corpus, stream=None):
    """Writes documents per class and split, and how often the most frequent class is right.

    Warns of classes without validation documents.
    """
    from rich.console import Console

    counts = {name: split.class_counts() for name, split in corpus.splits.items() if name != "test"}
    console = Console(file=stream or sys.stderr, highlight=False)
    console.print(_table(corpus, counts))
    if not corpus.multi_label:
        console.print(_baseline(counts), soft_wrap=True)
    if "validation" in counts:
        _warn_of_unjudged(counts)


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
    """The classes to show; None stands for those that are left out."""
    if len(classes) <= MOST_SHOWN:
        return classes
    by_count = sorted(classes, key=lambda name: -train.get(name, 0))
    half = (MOST_SHOWN - 1) // 2
    return [*by_count[: MOST_SHOWN - 1 - half], None, *by_count[-half:]]


def _baseline(counts):
    """How often the most frequent class of the training documents is right."""
    split = "validation" if "validation" in counts else "train"
    name = max(counts["train"], key=counts["train"].get)
    documents = sum(counts[split].values())
    share = counts[split].get(name, 0) / max(documents, 1)
    return f"always answering {name!r} is right for {share:.1%} of the {split} documents"


def _warn_of_unjudged(counts):
    unjudged = [n for n, k in counts["train"].items() if k and not counts["validation"].get(n)]
    if unjudged:
        listed = ", ".join(map(str, unjudged[:10])) + (", ..." if len(unjudged) > 10 else "")
        number = f"{len(unjudged):,} classes have" if len(unjudged) > 1 else "1 class has"
        warnings.warn(
            f"{number} no validation documents, so the validation figures say nothing about them: "
            f"{listed}",
            ClassWarning,
            stacklevel=2,
        )
