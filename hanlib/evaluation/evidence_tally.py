"""The mean score of one word, phrase or sentence over many documents, with an interval."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Contribution:
    """The mean score of a word, phrase or sentence for a class over many documents.

    Attributes:
        text: The sentence, or the word or phrase in lower case.
        mean: The mean of its scores.
        count: Number of occurrences.
        documents: Number of documents that contain it.
        example: The sentence in which its absolute score is largest.
        document: Index of that document among the explanations.
        low, high: The 95 % interval of the mean; None if it occurs in one document only.

    >>> Contribution("superb", 0.4, 12, 11, "A superb cast.", 3).count
    12
    """

    text: str
    mean: float
    count: int
    documents: int
    example: str
    document: int
    low: float | None = None
    high: float | None = None


class Tally:
    """The running sums of one word, phrase or sentence.

    The occurrences in a document depend on each other, so the interval of the mean treats documents
    as the sample. With n_d occurrences and a sum of scores S_d in document d, D documents, and
    m = Σ S_d / Σ n_d (a ratio estimate, Cochran 1977, equation 6.13):

        standard error² = D / (D - 1) Σ (S_d - m n_d)² / (Σ n_d)²

    >>> tally = Tally()
    >>> for document, score in enumerate([0.2, 0.4]):
    ...     tally.add(score, "Superb!", document)
    >>> contribution = tally.contribution("superb")
    >>> round(contribution.mean, 3), round(contribution.low, 3), round(contribution.high, 3)
    (0.3, 0.104, 0.496)
    """

    __slots__ = (
        *("_of_last", "_squares", "count", "document", "documents", "example", "furthest"),
        *("last", "total"),
    )

    def __init__(self):
        self.total, self.count, self.documents, self.last = 0.0, 0, 0, None
        self.furthest, self.example, self.document = -1.0, "", -1
        # Sum and count of the last document; Σ S², Σ S n and Σ n² of the documents before it.
        self._of_last, self._squares = (0.0, 0), (0.0, 0.0, 0.0)

    def add(self, score, example, document):
        """Adds an occurrence; those of a document come one after the other."""
        if document != self.last:
            self._squares = self._with_last()
            self._of_last, self.last = (0.0, 0), document
            self.documents += 1
        self._of_last = (self._of_last[0] + score, self._of_last[1] + 1)
        self.total += score
        self.count += 1
        if abs(score) > self.furthest:
            self.furthest, self.example, self.document = abs(score), example, document

    def contribution(self, text):
        """The `Contribution` of the occurrences so far."""
        mean = self.total / self.count
        half = self._half_width(mean)
        ends = (None, None) if half is None else (mean - half, mean + half)
        return Contribution(
            text, mean, self.count, self.documents, self.example, self.document, *ends
        )

    def _half_width(self, mean):
        if self.documents < 2:
            return None
        squares, products, counts = self._with_last()
        spread = max(squares - 2 * mean * products + mean**2 * counts, 0.0)
        return 1.96 * math.sqrt(spread * self.documents / (self.documents - 1)) / self.count

    def _with_last(self):
        total, count = self._of_last
        squares, products, counts = self._squares
        return squares + total**2, products + total * count, counts + count**2


def is_number(score):
    """Whether a score is a finite number.

    >>> is_number(0.5), is_number(None), is_number(math.nan)
    (True, False, False)
    """
    return score is not None and math.isfinite(score)
