"""Chunks of words from labels in the BIO scheme, and their precision, recall and F1."""

import collections
from typing import NamedTuple


class Chunk(NamedTuple):
    """A chunk of words: its kind, its first word, and the word after its last.

    >>> Chunk("NP", 0, 2).kind
    'NP'
    """

    kind: str
    start: int
    stop: int


def is_bio(classes):
    """Whether labels are in the BIO scheme: "O", and names that start with "B-" or "I-".

    >>> is_bio(["B-NP", "I-NP", "O"]), is_bio(["NN", "O"])
    (True, False)
    """
    names = [str(name) for name in classes]
    return any(name[:2] == "B-" for name in names) and all(
        name == "O" or name[:2] in ("B-", "I-") for name in names
    )


def chunks(labels):
    """The chunks of one sentence, as the evaluation script of CoNLL-2000 and seqeval find them.

    A chunk starts at "B-", and at an "I-" that does not continue a chunk of its kind.

    Args:
        labels: One label per word.

    Returns:
        A list of `Chunk`.

    >>> for chunk in chunks(["B-NP", "I-NP", "O", "I-VP"]):
    ...     print(chunk)
    Chunk(kind='NP', start=0, stop=2)
    Chunk(kind='VP', start=3, stop=4)
    """
    found, before = [], None
    for index, label in enumerate(map(str, labels)):
        prefix, _, kind = label.partition("-")
        if prefix not in ("B", "I"):
            before = None
        elif prefix == "I" and kind == before:
            found[-1] = found[-1]._replace(stop=index + 1)
        else:
            found.append(Chunk(kind, index, index + 1))
            before = kind
    return found


def chunk_scores(truth, given):
    """Precision, recall and F1 of chunks: one is right if kind, start and end are.

    Args:
        truth, given: One list of labels per sentence.

    Returns:
        A dict of `precision`, `recall`, `f1` and `support` (the true chunks) over all chunks;
        `per_kind`, a dict of the same by kind; and the means over the kinds, `macro`, and weighted
        by their support, `weighted`. These are the figures of seqeval's report.

    >>> scores = chunk_scores([["B-NP", "I-NP", "B-VP"]], [["B-NP", "O", "B-VP"]])
    >>> scores["precision"], scores["recall"], scores["per_kind"]["VP"]["f1"]
    (0.5, 0.5, 1.0)
    """
    counts = collections.defaultdict(lambda: [0, 0, 0])
    for labels, answers in zip(truth, given, strict=True):
        true, found = set(chunks(labels)), set(chunks(answers))
        for column, of_column in enumerate((true & found, found, true)):
            for chunk in of_column:
                counts[chunk.kind][column] += 1
    total = [sum(column) for column in zip(*counts.values(), strict=True)] or [0, 0, 0]
    per_kind = {kind: _scores(*counts[kind]) for kind in sorted(counts)}
    return {
        **_scores(*total),
        "per_kind": per_kind,
        "macro": _mean(per_kind.values(), [1] * len(per_kind)),
        "weighted": _mean(per_kind.values(), [kind["support"] for kind in per_kind.values()]),
    }


def _mean(rows, weights):
    """The weighted means of scores, and the sum of the support."""
    rows, total = list(rows), sum(weights) or 1
    means = {
        name: sum(row[name] * weight for row, weight in zip(rows, weights, strict=True)) / total
        for name in ("precision", "recall", "f1")
    }
    return {**means, "support": sum(row["support"] for row in rows)}


def _scores(right, given, true):
    return {
        "precision": right / given if given else 0.0,
        "recall": right / true if true else 0.0,
        "f1": 2 * right / (given + true) if given + true else 0.0,
        "support": true,
    }
