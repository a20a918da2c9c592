"""A labelled dataset: class names, and splits that stream `(text, label)` pairs."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

Label = str | tuple[str, ...]


class DataError(ValueError):
    """A problem with a dataset or with the arguments; the message says what to change."""


class DataWarning(UserWarning):
    """Something in a dataset that is probably unintended."""


class Split:
    """A stream of documents that can be iterated repeatedly.

    Args:
        examples: function without arguments that returns a new iterator of `(text, label)`.
            `text` is a string; `label` is a string, or a tuple of strings in a multi-label corpus.
        size: number of documents, or None if unknown.
        class_counts: number of documents by class name, or None if unknown.
        evidence: function without arguments that returns a new iterator of the evidence in each
            document, as `as_spans` gives it; None if no document has any.

    >>> split = Split(lambda: iter([("Fine.", "pos"), ("Not fine.", "neg")]), size=2)
    >>> list(split.labels()), list(split.texts()), split.size
    (['pos', 'neg'], ['Fine.', 'Not fine.'], 2)
    """

    def __init__(
        self,
        examples: Callable[[], Iterator[tuple[str, Label]]],
        size: int | None = None,
        class_counts: Mapping[str, int] | None = None,
        evidence: Callable[[], Iterator] | None = None,
    ):
        self._examples = examples
        self._evidence = evidence
        self.size = size
        self._class_counts = class_counts

    def __iter__(self) -> Iterator[tuple[str, Label]]:
        return iter(self._examples())

    def __repr__(self):
        return f"Split(size={self.size})"

    def texts(self) -> Iterator[str]:
        """A new iterator over the texts."""
        return (text for text, _ in self)

    def labels(self) -> Iterator[Label]:
        """A new iterator over the labels, in the order of `texts`."""
        return (label for _, label in self)

    @property
    def has_evidence(self) -> bool:
        """Whether people marked evidence in documents."""
        return self._evidence is not None

    def evidence(self) -> Iterator:
        """A new iterator over the marked spans of each document, None where there are none.

        >>> split = Split(lambda: iter([("Fine.", "pos")]), evidence=lambda: iter([((0, 4),)]))
        >>> list(split.evidence())
        [((0, 4),)]
        """
        if self._evidence is None:
            return (None for _ in self)
        return iter(self._evidence())

    def class_counts(self) -> Mapping[str, int]:
        """The number of documents by class name; reads the split once if it is unknown.

        >>> Split(lambda: iter([("Fine.", "pos"), ("Good.", "pos")])).class_counts()
        Counter({'pos': 2})
        """
        if self._class_counts is None:
            names = ((label,) if isinstance(label, str) else label for label in self.labels())
            self._class_counts = Counter(name for label in names for name in label)
        return self._class_counts


class Texts:
    """A stream of texts without labels that can be iterated repeatedly.

    Args:
        texts: function without arguments that returns a new iterator of strings.
        size: number of texts, or None if unknown.

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
        classes: the class names, in the order of a model's outputs. Numeric names are in numeric
            order, others in alphabetical order or in the order of the catalog.
        multi_label: whether a document has a tuple of labels (possibly empty) instead of one label.
        splits: "train", and "validation" and "test" if they exist.
        bad_rows: a `BadRows` report on rows that were left out; None for catalog datasets.
        unlabelled: `Texts` without labels, or None.
        shards: for a corpus from files a `hanlib.data.file_shards.FileShard` per file, which gives
            the documents of all splits, and can do so in other processes; otherwise None.
        digest: a digest of the files and of how they are read, or None. It does not read them (see
            `hanlib.data.sources.TabularSource.digest`).

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
    shards: list | None = field(default=None, compare=False)
    digest: str | None = field(default=None, compare=False)

    @property
    def binary(self):
        """Whether each document has one of two classes."""
        return not self.multi_label and len(self.classes) == 2
