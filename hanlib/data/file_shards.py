"""One file of a corpus, with the split of each of its documents."""

from dataclasses import dataclass

from hanlib.data.corpus import DataError
from hanlib.data.row_reader import BadRow, RowReader
from hanlib.data.sources import ClassFolders, TabularSource
from hanlib.data.splitting import TRAIN, HashedSplit


@dataclass(frozen=True)
class FileShard:
    """Streams `(split code, text, label, evidence)` of the usable rows of one file.

    It can be iterated repeatedly, and in another process.

    Attributes:
        source: a source of one part.
        state: the `state` of the source when it was scanned.
        read: the `RowReader`.
        assigned: one byte per training row, its split; None with `hashed`.
        hashed: the `HashedSplit` of the training rows, or None.
    """

    source: TabularSource | ClassFolders
    state: tuple
    read: RowReader
    assigned: bytes | None = None
    hashed: HashedSplit | None = None

    def __iter__(self):
        if self.source.state() != self.state:
            raise DataError(f"{self.source.name} was changed after it was loaded: load it again")
        training_row = -1
        for _, named, row in self.source.rows(self.read.columns):
            try:
                text, label, split, evidence = self.read(row, named)
            except BadRow:
                continue
            if split in (None, TRAIN):
                training_row += 1
                hashed = self.hashed
                split = self.assigned[training_row] if hashed is None else hashed.code(text)
            yield split, text, label, evidence
