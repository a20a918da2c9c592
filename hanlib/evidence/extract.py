"""Extracts: the few sentences of a document that its class rests on."""

import dataclasses

from hanlib.evidence import formatting
from hanlib.evidence.characters import on_one_line


@dataclasses.dataclass(frozen=True)
class Extract:
    """Some sentences of a document, and what the classifier makes of them alone.

    Attributes:
        text: The document; None if only its word ids are known.
        label: The label of the document; a tuple of labels for a multi-label classifier.
        target: The class that the extract is for.
        sentences: The chosen `Sentence`s, in the order of the document.
        count: The number of sentences of the document.
        probabilities: `dict` from class name to the probability for the whole document.
        alone: The same for the chosen sentences alone.
        without: The same for the document without them.
        kept: Whether the probability of the target for the extract is within `epsilon` of that for
            the document; None if no `epsilon` was given.
        method: Name of the method that ranked the sentences.
        calls: Number of variants of the document that were classified.

    >>> from hanlib.evidence import Sentence
    >>> extract = Extract("Superb! We sat.", "pos", "pos", (Sentence("Superb!", 0.7),), 2,
    ...     {"pos": 0.9}, {"pos": 0.95}, {"pos": 0.4}, True, "leave_one_out", 4)
    >>> print(extract)
    'pos': 0.900, by 1 of 2 sentences alone 0.950, without them 0.400
      Superb!
    """

    text: str | None
    label: object
    target: object
    sentences: tuple
    count: int
    probabilities: dict
    alone: dict
    without: dict
    kept: bool | None
    method: str
    calls: int

    def to_dict(self):
        """The record as dicts and lists for JSON; probabilities are lists of `[name, value]`."""
        record = dataclasses.asdict(self)
        for name in ("probabilities", "alone", "without"):
            record[name] = [[key, value] for key, value in record[name].items()]
        return record

    def __str__(self):
        whole, alone, without = (
            formatting.number(probabilities[self.target])
            for probabilities in (self.probabilities, self.alone, self.without)
        )
        missed = " (not within epsilon)" if self.kept is False else ""
        heading = (
            f"{self.target!r}: {whole}, by {len(self.sentences)} of {self.count} sentences alone "
            f"{alone}{missed}, without them {without}"
        )
        return "\n".join([heading, *(f"  {on_one_line(s.text)}" for s in self.sentences)])
