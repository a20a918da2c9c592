"""Extracts in the JSON format of the ERASER benchmark (DeYoung et al. 2020)."""

import bisect
import re


def eraser_record(extract, docid):
    """An `Extract` as a prediction for ERASER's `metrics.py`, one JSON object per line.

    Tokens are those of `text.split()`, as in ERASER's documents. Spans are half-open, and a token
    belongs to a sentence if any of its characters does.

    Args:
        extract: An `Extract` with text.
        docid: Name of the document, also used as `annotation_id`.

    Returns:
        A `dict` of strings, numbers and lists: annotation_id, classification,
        classification_scores, rationales (docid, hard_rationale_predictions with start_token and
        end_token), sufficiency_classification_scores (of the extract alone) and
        comprehensiveness_classification_scores (of the document without it).

    Raises:
        ValueError: If the extract has no text, or a sentence has no span.

    >>> from hanlib.evidence import Extract, Sentence
    >>> sentence = Sentence("Superb cast!", 0.7, (), 8, 20)
    >>> extract = Extract("We sat. Superb cast!", "pos", "pos", (sentence,), 2, {"pos": 0.9},
    ...     {"pos": 0.95}, {"pos": 0.4}, True, "leave_one_out", 4)
    >>> eraser_record(extract, "a")["rationales"][0]["hard_rationale_predictions"]
    [{'start_token': 2, 'end_token': 4}]
    """
    if extract.text is None or any(sentence.start is None for sentence in extract.sentences):
        raise ValueError("`extract` must have a text in which its sentences have spans")
    spans = [match.span() for match in re.finditer(r"\S+", extract.text)]
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    found = []
    for sentence in extract.sentences:
        first = bisect.bisect_right(ends, sentence.start)
        last = bisect.bisect_left(starts, sentence.end)
        if found and found[-1]["end_token"] >= first:
            found[-1]["end_token"] = max(last, found[-1]["end_token"])
        elif last > first:
            found.append({"start_token": first, "end_token": last})
    return {
        "annotation_id": str(docid),
        "classification": str(extract.target),
        "classification_scores": _scores(extract.probabilities),
        "rationales": [{"docid": str(docid), "hard_rationale_predictions": found}],
        "sufficiency_classification_scores": _scores(extract.alone),
        "comprehensiveness_classification_scores": _scores(extract.without),
    }


def _scores(probabilities):
    return {str(name): float(value) for name, value in probabilities.items()}
