"""Evidence that people marked in documents: spans of characters, or of words as in ERASER."""

import numbers
import re
from dataclasses import dataclass

from hanlib.data import labels
from hanlib.data.columns import EVIDENCE_NAMES, LABEL_NAMES, find_column
from hanlib.data.corpus import DataError
from hanlib.data.text_lines import Encoding
from hanlib.data.texts import read_rows_of_texts


@dataclass(frozen=True)
class MarkedDocument:
    """A document, and what a person marked in it.

    Attributes:
        text: The text.
        label: A class name, a tuple of them, or None if nobody labeled the document.
        evidence: Half-open `(start, end)` spans of characters, or None if nobody marked the
            document.
        id: The value of the column `id`, or None.
        split: The value of the column `split`, or None.

    >>> MarkedDocument("A superb cast.", "pos", ((2, 8),)).id is None
    True
    """

    text: str
    label: str | tuple | None
    evidence: tuple | None
    id: object = None
    split: object = None


def read_marked(
    path,
    text_column=None,
    label_column=None,
    evidence_column=None,
    encoding="utf-8",
    max_bad_rows=100,
):
    """Streams the documents of a file with their marks, such as one of the page of `hanlib mark`.

    Labels and evidence may be missing, unlike in `hanlib.data.load`.

    Args:
        path: A CSV, TSV, JSONL, Parquet or text file.
        text_column, label_column, evidence_column: Names of the columns; None for those with a
            known name.
        encoding: Encoding of text files.
        max_bad_rows: Maximum number of rows that cannot be read.

    Yields:
        A `MarkedDocument` for each document that is not empty.

    Raises:
        DataError: The file cannot be read, or a row has wrong labels or evidence.

    >>> import io
    >>> rows = io.StringIO('{"text": "A superb cast.", "evidence": [[2, 8]]}')
    >>> rows.name = "marks.jsonl"
    >>> next(read_marked(rows)).evidence
    ((2, 8),)
    """
    rows = read_rows_of_texts(path, text_column, None, Encoding(encoding, "strict"), max_bad_rows)
    for number, column, row in rows:
        text = row[column]
        if not text or not text.strip():
            continue
        label = _value(row, "label_column", label_column, LABEL_NAMES)
        evidence = _value(row, "evidence_column", evidence_column, EVIDENCE_NAMES)
        try:
            label = labels.label_set(label) if labels.is_list(label) else labels.class_name(label)
            if evidence_column is None and not is_evidence(evidence):
                evidence = None  # A column of something else.
            evidence = as_spans(evidence, text)
        except ValueError as error:
            raise DataError(f"{error} in row {number}") from None
        yield MarkedDocument(text, label, evidence, row.get("id"), row.get("split"))


def _value(row, argument, chosen, names):
    column = find_column(argument, chosen, names, list(row), "the file", required=False)
    return row.get(column)


def as_spans(evidence, text):
    """The marked spans of a document, checked.

    Args:
        evidence: a list of spans, or None if nobody marked the document. A span is a half-open
            `[start, end]` of characters, or `[start_word, end_word, start_sentence, end_sentence]`
            as in ERASER (DeYoung et al. 2020), of which the words of `text.split()` count. An
            empty list means that nothing in the document is evidence.
        text: the document.

    Returns:
        A tuple of half-open `(start, end)` spans of characters, or None.

    Raises:
        DataError: `evidence` is not a list of such spans, or a span is not inside the text.

    >>> as_spans([[2, 8]], "A superb cast."), as_spans([[1, 3, 0, 1]], "A superb cast .")
    (((2, 8),), ((2, 13),))
    """
    if evidence is None:
        return None
    if isinstance(evidence, (str, bytes, dict)) or not hasattr(evidence, "__len__"):
        raise DataError(f"`evidence` must be a list of spans. Received: {evidence!r:.80}")
    words = None
    spans = []
    for span in evidence:
        values = _integers(span)
        if len(values) == 2:
            spans.append(_inside(values, len(text), "characters"))
            continue
        words = words or [match.span() for match in re.finditer(r"\S+", text)]
        start, end = _inside(values[:2], len(words), "words")
        spans.append((words[start][0], words[end - 1][1]))
    return tuple(spans)


def is_evidence(value):
    """Whether a value of a column is a list of spans, perhaps with wrong numbers in them.

    >>> is_evidence([[0, 4]]), is_evidence([]), is_evidence("see page 3"), is_evidence([1, 2])
    (True, True, False, False)
    """
    if isinstance(value, (str, bytes, dict)) or not hasattr(value, "__len__"):
        return False
    return all(hasattr(span, "__len__") and not isinstance(span, (str, dict)) for span in value)


def _integers(span):
    whole = hasattr(span, "__len__") and not isinstance(span, (str, bytes, dict))
    values = list(span) if whole else []
    numeric = all(isinstance(v, numbers.Integral) and not isinstance(v, bool) for v in values)
    if len(values) not in (2, 4) or not numeric:
        raise DataError(
            "`evidence` must hold spans [start, end] of characters, or [start_word, end_word, "
            f"start_sentence, end_sentence]. Received: {span!r:.80}"
        )
    return [int(value) for value in values]


def _inside(values, size, units):
    start, end = values
    if not 0 <= start < end <= size:
        raise DataError(
            f"`evidence` must hold spans with 0 <= start < end <= {size}, the {units} of the "
            f"text. Received: [{start}, {end}]"
        )
    return start, end
