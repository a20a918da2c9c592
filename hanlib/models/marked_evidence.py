"""The evidence that people marked, as a mark for each word that the model reads."""

import numpy as np
import tensorflow as tf

from hanlib.data.evidence import as_spans
from hanlib.evidence.marks import UNKNOWN, marks_of_words
from hanlib.layers.documents import as_documents, is_text


def checked_evidence(x, evidence):
    """The argument `evidence` of `fit` as spans of characters.

    Args:
        x: The documents, a list or array of strings.
        evidence: For each document a list of spans (see `hanlib.data.evidence.as_spans`), or None.

    Returns:
        A list with a tuple of `(start, end)`, or None, for each document.

    Raises:
        ValueError: If the documents are not strings, or `evidence` does not fit them; the message
            names the document.

    >>> checked_evidence(["Good film.", "Bad."], [[(0, 4)], None])
    [((0, 4),), None]
    """
    if isinstance(x, tf.data.Dataset) or not is_text(x):
        raise ValueError(
            "`evidence` needs documents as strings in a list or an array. "
            f"Received: x={type(x).__name__}"
        )
    texts = as_documents(x).numpy().tolist()
    if not hasattr(evidence, "__len__") or len(evidence) != len(texts):
        came = f"{len(evidence)} entries" if hasattr(evidence, "__len__") else repr(evidence)
        raise ValueError(
            f"`evidence` must have one entry per document, {len(texts)}. Received: {came}"
        )
    checked = []
    for number, (text, spans) in enumerate(zip(texts, evidence, strict=True)):
        try:
            checked.append(as_spans(spans, text.decode("utf-8", "replace")))
        except ValueError as error:
            raise ValueError(f"{error} in document {number} (counted from 0)") from None
    return checked


def marks_of_texts(vectorizer, texts, evidence):
    """A mark for each word of some documents, end to end.

    Args:
        vectorizer: A `DocumentVectorizer`.
        texts: A list or tensor of strings.
        evidence: For each a tuple of spans of characters, or None.

    Returns:
        `<int8>[words]`: 1 for words that the spans overlap, 0 for others, -1 without evidence.

    >>> from hanlib.layers import DocumentVectorizer
    >>> vectorizer = DocumentVectorizer(vocabulary=["good"])
    >>> marks_of_texts(vectorizer, ["Good film.", "Bad."], [[(0, 4)], None]).tolist()
    [1, 0, 0, -1, -1]
    """
    x = as_documents(texts)
    tokens = vectorizer.tokenize(x)
    lengths = tokens.ragged(tokens.words).merge_dims(1, 2).row_lengths().numpy()
    marks = np.full(int(lengths.sum()), UNKNOWN, np.int8)
    words, start = tokens.words.numpy(), 0
    for index, (length, spans) in enumerate(zip(lengths, evidence, strict=True)):
        if spans is not None:
            written = [word.decode("utf-8", "replace") for word in words[start : start + length]]
            text = x[index].numpy().decode("utf-8", "replace")
            marks[start : start + length] = marks_of_words(text, written, spans)
        start += length
    return marks
