"""Reports rows that could not be used, and stops if there are too many of them."""

import warnings
from dataclasses import dataclass, field

from hanlib.data.corpus import DataError

_KEPT, _SHOWN = 1000, 5


class BadRowsWarning(UserWarning):
    """Some rows of a file were left out; the message has their number and the first ones."""


@dataclass
class BadRows:
    """Counts and reports the rows that were left out.

    Attributes:
        source: name of the file or folder.
        limit: the maximum number of bad rows.
        count: bad rows so far.
        rows: all rows so far, good and bad.
        examples: the first 1,000 bad rows as `(file name, line, problem)`; lines count from 1.

    >>> bad = BadRows("reviews.csv", limit=2)
    >>> bad.add("reviews.csv", 7, "no label"); bad.rows = 90
    >>> print(bad)
    reviews.csv: left out 1 of 90 rows: line 7: no label
    """

    source: str
    limit: int
    count: int = 0
    rows: int = 0
    examples: list[tuple[str, int, str]] = field(default_factory=list)

    def add(self, file, line, problem):
        """Counts one bad row; raises `DataError` if the limit is exceeded."""
        self.count += 1
        if len(self.examples) < _KEPT:
            self.examples.append((file, line, problem))
        self._check()

    def merge(self, other):
        """Adds the rows of the files that follow; raises `DataError` as `add` does."""
        self.count, self.rows = self.count + other.count, self.rows + other.rows
        self.examples = [*self.examples, *other.examples][:_KEPT]
        self._check()

    def _check(self):
        if self.count > self.limit:
            raise DataError(
                f"{self.source} has more bad rows than `max_bad_rows` allows. Expected: at most "
                f"{self.limit}. Received: {self.count} in the first {self.rows:,} rows: "
                f"{self._listed()}"
            )

    def warn(self):
        """Issues a `BadRowsWarning` if rows were left out."""
        if self.count:
            warnings.warn(str(self), BadRowsWarning, stacklevel=3)

    def _listed(self):
        shown = [
            f"{f'{file} ' if file != self.source else ''}line {line}: {problem}"
            for file, line, problem in self.examples[:_SHOWN]
        ]
        if self.count > _SHOWN:
            shown.append(f"and {self.count - _SHOWN:,} more")
        return "; ".join(shown)

    def __str__(self):
        return f"{self.source}: left out {self.count:,} of {self.rows:,} rows: {self._listed()}"
