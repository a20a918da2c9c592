"""A text with labels for spans of it, such as sentences, chunks or words."""

from dataclasses import dataclass

from hanlib.evidence.chunks import chunks, is_bio
from hanlib.evidence.spans import sentence_span


@dataclass(frozen=True)
class LabeledSpan:
    """A span of a text, and its label.

    Attributes:
        start, end: Half-open span of characters in the text; None if it was not found, which only
            happens if custom text functions rewrite words.
        text: The text of the span.
        label: The label; of a chunk, its kind.
        probability: The probability of the label; of a chunk, that of its least certain word.

    >>> LabeledSpan(0, 4, "Rain", "NP", 0.9).label
    'NP'
    """

    start: int | None
    end: int | None
    text: str
    label: str
    probability: float


@dataclass(frozen=True)
class LabeledText:
    """A text and its labeled spans, which a notebook displays as colored marks.

    Attributes:
        text: The text.
        spans: The `LabeledSpan`s in order.
        classes: All labels that a span could have.

    >>> result = LabeledText("Rain falls", (LabeledSpan(0, 4, "Rain", "NP", 0.9),), ("NP", "VP"))
    >>> result.to_dict()["spans"][0]["label"]
    'NP'
    >>> "<mark" in result.to_html()
    True
    """

    text: str
    spans: tuple
    classes: tuple

    def to_dict(self):
        """The record as JSON values."""
        return {"text": self.text, "spans": [dict(vars(span)) for span in self.spans]}

    def to_html(self, page=True, title=None):
        """The text with a colored mark for each span, and a legend; all text is escaped.

        Args:
            page: Whether to return a complete page; otherwise one element with its style sheet.
            title: Title of the page.
        """
        from hanlib.evidence.labeled_text_html import labeled_text_html

        return labeled_text_html(self, page, title)

    def _repr_html_(self):
        return self.to_html(page=False)


def joined(items):
    """Sentences or words as one text, joined by spaces, and the span of each in it.

    >>> joined(["Rain", "falls"])
    ('Rain falls', [(0, 4), (5, 10)])
    """
    spans, start = [], 0
    for item in items:
        spans.append((start, start + len(item)))
        start += len(item) + 1
    return " ".join(items), spans


def labeled_sentences(text, spans, labels, probabilities, classes):
    """The record of a text whose sentences are labeled.

    Args:
        text: The text.
        spans, labels, probabilities: One of each per sentence.
        classes: All labels.

    >>> labeled_sentences("Why? It is.", [(0, 4), (5, 11)], ["aim", "result"], [0.9, 0.8],
    ...                   ["aim", "result"]).spans[1]
    LabeledSpan(start=5, end=11, text='It is.', label='result', probability=0.8)
    """
    parts = zip(spans, labels, probabilities, strict=True)
    return LabeledText(
        text, tuple(_labeled(text, *part) for part in parts), tuple(map(str, classes))
    )


def labeled_words(text, spans, lengths, labels, probabilities, classes):
    """The record of a text whose words are labeled: chunks if the labels are in the BIO scheme.

    Args:
        text, classes: As in `labeled_sentences`.
        spans, labels, probabilities: One of each per word.
        lengths: The words of each sentence.

    >>> labeled_words("New York rains", [(0, 3), (4, 8), (9, 14)], [3], ["B-NP", "I-NP", "B-VP"],
    ...               [0.9, 0.7, 0.8], ["B-NP", "I-NP", "B-VP", "I-VP", "O"]).spans[0]
    LabeledSpan(start=0, end=8, text='New York', label='NP', probability=0.7)
    """
    bio, found, first = is_bio(classes), [], 0
    for length in lengths:
        of_sentence = labels[first : first + length]
        for label, start, stop in chunks(of_sentence) if bio else _single(of_sentence):
            inside = slice(first + start, first + stop)
            span = sentence_span(spans[inside])
            found.append(_labeled(text, span, label, min(probabilities[inside])))
        first += length
    kinds = {str(name)[2:] for name in classes if name != "O"} if bio else map(str, classes)
    return LabeledText(text, tuple(found), tuple(sorted(kinds)))


def _single(labels):
    return [(label, index, index + 1) for index, label in enumerate(labels)]


def _labeled(text, span, label, probability):
    start, end = span
    inside = "" if start is None else text[start:end]
    return LabeledSpan(start, end, inside, str(label), float(probability))
