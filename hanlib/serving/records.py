"""The records of `hanlib predict` and `hanlib score`, with one record per document.

A record is a `dict`: row, the columns of the input, text, then label (or labels) and probabilities.
"""

import json


def record_of(record, model, labels, probabilities):
    """The record of an answer; input columns with the same names as the answer's are renamed.

    >>> class Model:
    ...     classes, multi_label = ["bad", "good"], False
    >>> record_of({"row": 1, "text": "Fine.", "label": "?"}, Model, "good", [0.25, 0.75])
    ... # doctest: +NORMALIZE_WHITESPACE
    {'row': 1, 'text': 'Fine.', 'input_label': '?', 'label': 'good',
     'probabilities': {'bad': 0.25, 'good': 0.75}}
    """
    return joined(record, answer_of(model, labels, probabilities))


def answer_of(model, labels, probabilities):
    """The part of a record that the model adds: label (or labels) and probabilities."""
    answer = {"labels": list(labels)} if model.multi_label else {"label": labels}
    named = dict(zip(map(str, model.classes), map(float, probabilities), strict=True))
    return {**answer, "probabilities": named}


def joined(record, answer):
    """A record with its answer; columns of the input that the answer has too are renamed.

    >>> joined({"row": 1, "label": "?"}, {"label": "good"})
    {'row': 1, 'input_label': '?', 'label': 'good'}
    """
    kept = {f"input_{name}" if name in answer else name: value for name, value in record.items()}
    return {**kept, **answer}


def json_line(record):
    """A record as a line of JSON."""
    line = json.dumps(record, ensure_ascii=False, default=str) + "\n"
    # Lone surrogates, as in an argument that is not valid UTF-8, cannot be encoded.
    return line.encode("utf-8", "replace").decode()


def flat(record):
    """A record with one column per class instead of `probabilities`.

    >>> flat({"row": 1, "probabilities": {"bad": 0.25}})
    {'row': 1, 'probability_bad': 0.25}
    """
    columns = {name: value for name, value in record.items() if name != "probabilities"}
    named = record.get("probabilities", {})
    return {**columns, **{f"probability_{name}": value for name, value in named.items()}}


def cell(name, value):
    """The value of a column of a delimited file."""
    if name.startswith("probability_") and isinstance(value, float):
        return f"{value:.6g}"
    if name == "labels" and isinstance(value, list):
        return "|".join(map(str, value))
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return value
