"""What every dataset becomes: class names, and splits that stream `(text, label)` pairs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

Label = str | tuple[str, ...]


class DataError(ValueError):
    """A mistake in a dataset or in how it was asked for; the message says what to change."""


class Split:
    """A restartable stream of documents: each iteration starts anew.

    Args:
        examples: function without arguments that returns a new iterator of `(text, label)`.
            `text` is a string; `label` a string, or a tuple of strings in a multi-label corpus.
        size: number of documents, or None where it is not known without reading.

    >>> split = Split(lambda: iter([("Fine.", "pos"), ("Not fine.", "neg")]), size=2)
    >>> list(split.labels()), list(split.texts()), split.size
    (['pos', 'neg'], ['Fine.', 'Not fine.'], 2)
    """

    def __init__(
        self, examples: Callable[[], Iterator[tuple[str, Label]]], size: int | None = None
    ):
        self._examples = examples
        self.size = size

    def __iter__(self) -> Iterator[tuple[str, Label]]:
        return iter(self._examples())

    def __repr__(self):
        return f"Split(size={self.size})"

    def texts(self) -> Iterator[str]:
        """A new stream of the texts alone."""
        return (text for text, _ in self)

    def labels(self) -> Iterator[Label]:
        """A new stream of the labels alone, in the order of `texts`."""
        return (label for _, label in self)


@dataclass(frozen=True)
class Corpus:
    """A labelled dataset.

    Attributes:
        name: the catalog name, or the name of the file or folder.
        classes: names of the classes; the position is the index that a model uses. Numeric names
            are in numeric order, others in alphabetical order or as the catalog gives them.
        multi_label: whether a document has a tuple of labels (possibly none) and not exactly one.
        splits: "train" always; "validation" and "test" where they exist.
        bad_rows: report on rows that were left out, a `BadRows`, or None where there are no rows.

    >>> split = Split(lambda: iter([("Fine.", "pos")]), size=1)
    >>> Corpus("tiny", ("neg", "pos"), False, {"train": split}).splits["train"].size
    1
    """

    name: str
    classes: tuple[str, ...]
    multi_label: bool
    splits: Mapping[str, Split]
    bad_rows: object | None = field(default=None, compare=False)
