"""The report of an export check."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Difference:
    """The difference between an export and its model in one output.

    Attributes:
        figure: The compared output, such as "embed: vectors".
        way: The batching of the documents.
        largest: The largest difference; for names and words, the number of documents that differ.
        allowed: The tolerance.

    >>> Difference("embed: vectors", "together", float("nan"), 1e-5).passed
    False
    """

    figure: str
    way: str
    largest: float
    allowed: float

    @property
    def passed(self):
        """Whether the difference is a number within tolerance."""
        return bool(self.largest <= self.allowed)


@dataclasses.dataclass(frozen=True)
class CheckReport:
    """The result of `check`, which prints as a short table.

    Attributes:
        differences: The `Difference`s.
        megabytes: Size of the export on disk.
        megabytes_saved: The size that word vectors in float16 save, 0 if they are in float32.
        documents_a_second: Documents per second by signature, in batches of 64 plain documents.

    >>> print(CheckReport([Difference("embed: vectors", "together", 0.5, 1e-5)], 1.5, 0, {}))
                    together  allowed
    embed: vectors   5.0e-01    1e-05  DIFFERS
    size on disk: 1.5 MB
    the export does not answer as the model does
    """

    differences: list
    megabytes: float
    megabytes_saved: float
    documents_a_second: dict

    @property
    def passed(self):
        """Whether every difference is within tolerance."""
        return all(difference.passed for difference in self.differences)

    def __str__(self):
        said = "answers" if self.passed else "does not answer"
        size = f"size on disk: {self.megabytes:.1f} MB"
        if self.megabytes_saved:
            size += f", {self.megabytes + self.megabytes_saved:.1f} MB without --half"
        lines = [*self._table(), size, *self._speeds()]
        return "\n".join([*lines, f"the export {said} as the model does"])

    def _table(self):
        ways = list(dict.fromkeys(difference.way for difference in self.differences))
        rows = {}
        for difference in self.differences:
            rows.setdefault(difference.figure, {})[difference.way] = difference
        width = max(map(len, rows), default=0)
        yield "  ".join([" " * width, *(f"{way:>8}" for way in ways), "allowed"])
        for figure, found in rows.items():
            # A signature need not be asked in each way.
            shown = [f"{found[way].largest:.1e}" if way in found else "" for way in ways]
            cells = [f"{cell:>{max(8, len(way))}}" for cell, way in zip(shown, ways, strict=True)]
            allowed = next(iter(found.values())).allowed
            mark = "" if all(d.passed for d in found.values()) else "  DIFFERS"
            yield "  ".join([f"{figure:<{width}}", *cells, f"{allowed:>7.0e}"]) + mark

    def _speeds(self):
        speeds = self.documents_a_second
        for name, speed in speeds.items():
            times = speeds.get("serving_default", speed) / speed
            yield f"{name}: {speed:,.0f} documents/s, {times:.2f} x the time of serving_default"
