"""What reading all rows of a corpus found, kept in a cache for the next time."""

import contextlib
import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hanlib import atomic_files
from hanlib.data.bad_rows import BadRows
from hanlib.data.file_shards import FileShard
from hanlib.data.splitting import HashedSplit

_VERSION = 1


@dataclass
class Outcome:
    """Classes, splits and bad rows of a corpus from files.

    Attributes:
        classes: class names in order.
        rows: training rows of each part of the source.
        bad: a `BadRows`.
        assignment: `<int8>[training rows]`, their splits; None with `hashed`.
        hashed: the `HashedSplit` of the training rows, or None.
        sizes: documents of train, validation and test.
        counts: documents by class name in each of the three.
    """

    classes: tuple
    rows: list
    bad: BadRows
    assignment: np.ndarray | None = None
    hashed: HashedSplit | None = None
    sizes: list = field(default_factory=list)
    counts: list = field(default_factory=list)

    def counted(self, sizes, counts):
        """The outcome with sizes and counts."""
        ordered = [{name: of_split.get(name, 0) for name in self.classes} for of_split in counts]
        return dataclasses.replace(self, sizes=sizes, counts=ordered)

    def shards(self, source, read):
        """The `FileShard`s of the source."""
        parts, starts = source.parts(), np.cumsum([0, *self.rows])
        made = []
        for number, part in enumerate(parts):
            own = None
            if self.assignment is not None:
                own = self.assignment[starts[number] : starts[number + 1]].tobytes()
            made.append(FileShard(part, part.state(), read, own, self.hashed))
        return made

    def write(self, cache, key):
        """Writes the outcome to the folder `cache`."""
        header = {
            "classes": list(self.classes),
            "rows": self.rows,
            "bad": dataclasses.asdict(self.bad),
            "hashed": self.hashed,
            "sizes": self.sizes,
            "counts": self.counts,
        }
        Path(cache).mkdir(parents=True, exist_ok=True)
        assignment = np.zeros(0, np.int8) if self.assignment is None else self.assignment
        with atomic_files.replacing(_path(cache, key)) as temporary:
            np.savez(temporary, header=json.dumps(header), assignment=assignment)

    @classmethod
    def read(cls, cache, key):
        """The outcome that was written under the key, or None."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            with np.load(_path(cache, key), allow_pickle=False) as arrays:
                found, assignment = json.loads(str(arrays["header"])), arrays["assignment"]
            found["bad"]["examples"] = [tuple(row) for row in found["bad"]["examples"]]
            hashed = found.pop("hashed")
            return cls(
                **{**found, "classes": tuple(found["classes"]), "bad": BadRows(**found["bad"])},
                assignment=assignment if hashed is None else None,
                hashed=hashed and HashedSplit(*hashed),
            )
        return None


def key_of(digest, read, options):
    """The key of a corpus: a digest of its files and of the arguments it is loaded with."""
    parts = (_VERSION, digest, dataclasses.asdict(read), dataclasses.asdict(options))
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def _path(cache, key):
    return Path(cache) / f"rows-{key}.npz"
