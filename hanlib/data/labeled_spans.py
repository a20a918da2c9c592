"""Labels of words from labeled spans of characters."""

import itertools

from hanlib.data.corpus import DataError


class SpanReader:
    """Turns texts with labeled spans into sentences of words with labels in the BIO scheme.

    A word belongs to a span if it has a character of it. A span that begins or ends inside a word,
    and one that goes beyond its sentence, are counted; a span goes on in the next sentence as a
    chunk of its own.

    Args:
        split_text: Function from a text to a list of sentences, each a list of `(word, start, end)`
            with the half-open span of characters of the word in the text, such as
            `hanlib.models.words_with_spans`.

    >>> def split_text(text):
    ...     return [[("New", 0, 3), ("York", 4, 8), ("wins", 9, 13)]]
    >>> reader = SpanReader(split_text)
    >>> reader.sentences("New York wins", [{"start": 0, "end": 6, "label": "LOC"}], "line 1")
    [(['New', 'York', 'wins'], ['B-LOC', 'I-LOC', 'O'])]
    >>> reader.notes()
    ["1 of 1 spans begin or end inside a word, which is labeled whole (first: 'New Yo' in line 1)"]
    """

    def __init__(self, split_text):
        self._split_text = split_text
        self._spans, self._cut, self._crossing, self._without = 0, [], [], []

    def sentences(self, text, spans, where):
        """The sentences of a text as a list of `(words, labels)`.

        Args:
            text: The text.
            spans: A list of `{"start": .., "end": .., "label": ..}`.
            where: What the text is called in messages.

        Raises:
            DataError: A span is not as described, is outside the text, or overlaps another.
        """
        spans = _checked(text, spans, where)
        sentences = self._split_text(text)
        labels = [["O"] * len(sentence) for sentence in sentences]
        for start, end, label in spans:
            self._mark(sentences, labels, start, end, label, f"{text[start:end]!r:.40} in {where}")
        self._spans += len(spans)
        return [
            ([word for word, *_ in sentence], of_words)
            for sentence, of_words in zip(sentences, labels, strict=True)
        ]

    def _mark(self, sentences, labels, start, end, label, named):
        touched = 0
        for sentence, of_words in zip(sentences, labels, strict=True):
            inside = [
                index
                for index, (_, first, stop) in enumerate(sentence)
                if first is not None and first < end and stop > start
            ]
            for index in inside:
                prefix = "B" if index == inside[0] else "I"
                if of_words[index] == "O":  # A word between two spans belongs to the first.
                    of_words[index] = f"{prefix}-{label}"
            touched += bool(inside)
            if any(sentence[i][1] < start or sentence[i][2] > end for i in inside):
                self._cut.append(named)
        if touched > 1:
            self._crossing.append(named)
        if not touched:
            self._without.append(named)

    def notes(self):
        """What was unusual, with counts: a list of sentences."""
        found = {
            "begin or end inside a word, which is labeled whole": self._cut,
            "go beyond their sentence, and are divided": self._crossing,
            "hold no word, and are left out": self._without,
        }
        return [
            f"{len(named):,} of {self._spans:,} spans {what} (first: {named[0]})"
            for what, named in found.items()
            if named
        ]


def _checked(text, spans, where):
    """The spans as sorted `(start, end, label)`."""
    expected = '{"start": .., "end": .., "label": ..}'
    if not isinstance(spans, list):
        raise DataError(f"`spans` of {where} must be a list. Received: {spans!r:.60}")
    found = []
    for span in spans:
        try:
            start, end, label = span["start"], span["end"], span["label"]
        except (TypeError, KeyError):
            raise DataError(
                f"a span of {where} must be {expected}. Received: {span!r:.60}"
            ) from None
        numbers = all(isinstance(n, int) and not isinstance(n, bool) for n in (start, end))
        if not numbers or not 0 <= start < end <= len(text):
            raise DataError(
                f"`start` and `end` of a span of {where} must be positions in its text of "
                f"{len(text)} characters. Received: {start!r} to {end!r}"
            )
        if not isinstance(label, (str, int)) or not str(label):
            raise DataError(f"`label` of a span of {where} must be a name. Received: {label!r}")
        found.append((start, end, str(label)))
    found.sort()
    for (first, stop, _), (start, end, _) in itertools.pairwise(found):
        if start < stop:
            raise DataError(
                f"the spans of {where} must not overlap. Received: {first} to {stop} and "
                f"{start} to {end}"
            )
    return found
