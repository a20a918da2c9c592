"""What every dataset becomes: class names, and splits that stream `(text, label)` pairs."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

Label = str | tuple[str, ...]


class DataError(ValueError):
    """A mistake in a dataset or in how it was asked for; the message says what to change."""


class DataWarning(UserWarning):
    """Something in a dataset that is probably not meant so."""


class Split:
    """A restartable stream of documents: each iteration starts anew.

    Args:
        examples: function without arguments that returns a new iterator of `(text, label)`.
            `text` is a string; `label` a string, or a tuple of strings in a multi-label corpus.
        size: number of documents, or None where it is not known without reading.
        class_counts: documents by class name where they are known without reading, or None.

    >>> split = Split(lambda: iter([("Fine.", "pos"), ("Not fine.", "neg")]), size=2)
    >>> list(split.labels()), list(split.texts()), split.size
    (['pos', 'neg'], ['Fine.', 'Not fine.'], 2)
    """

    def __init__(
        self,
        examples: Callable[[], Iterator[tuple[str, Label]]],
        size: int | None = None,
        class_counts: Mapping[str, int] | None = None,
    ):
        self._examples = examples
        self.size = size
        self._class_counts = class_counts

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

    def class_counts(self) -> Mapping[str, int]:
        """Documents by class name; reads the split once where they are not known.

        >>> Split(lambda: iter([("Fine.", "pos"), ("Good.", "pos")])).class_counts()
        Counter({'pos': 2})
        """
        if self._class_counts is None:
            names = ((label,) if isinstance(label, str) else label for label in self.labels())
            self._class_counts = Counter(name for label in names for name in label)
        return self._class_counts


class Texts:
    """A restartable stream of texts without labels.

    Args:
        texts: function without arguments that returns a new iterator of strings.
        size: number of texts, or None where it is not known without reading.

    >>> list(Texts(lambda: iter(["Fine.", "Not fine."]), size=2))
    ['Fine.', 'Not fine.']
    """

    def __init__(self, texts: Callable[[], Iterator[str]], size: int | None = None):
        self._texts = texts
        self.size = size

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts())

    def __repr__(self):
        return f"Texts(size={self.size})"


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
        unlabelled: `Texts` without labels that were loaded with the corpus, or None.

    >>> split = Split(lambda: iter([("Fine.", "pos")]), size=1)
    >>> Corpus("tiny", ("neg", "pos"), False, {"train": split}).splits["train"].size
    1
    """

    name: str
    classes: tuple[str, ...]
    multi_label: bool
    splits: Mapping[str, Split]
    bad_rows: object | None = field(default=None, compare=False)
    unlabelled: Texts | None = field(default=None, compare=False)
