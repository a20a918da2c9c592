"""Measures a model of sentences or words on labeled documents."""

import collections

from hanlib.evidence.chunks import chunk_scores, is_bio
from hanlib.training.errors import TrainingError


def evaluate_items(model, examples, batch_size=64):
    """Measures a model on documents with one label per item.

    Args:
        model: A `SentenceClassifier` or `TokenClassifier`.
        examples: A list of `(document, labels)`.
        batch_size: Documents per batch.

    Returns:
        A dict with `documents`, `items`, `accuracy` (with one label per item also micro-F1),
        `macro_f1` over the labels that occur, and `per_class`: precision, recall, f1, support. With
        labels of sentences also `confusion` (rows: true label, columns: given label, in the order
        of the classes); with labels of words in the BIO scheme also `chunks`, as
        `hanlib.evidence.chunk_scores` gives.

    Raises:
        TrainingError: There are no documents, or the labels are not one per item.

    >>> class Model:
    ...     item, classes = "word", ["NN", "VB"]
    ...     def predict_label(self, documents, batch_size):
    ...         return [["NN"] * len(document) for document in documents]
    >>> evaluate_items(Model(), [(["Rain", "falls"], ["NN", "VB"])])["accuracy"]
    0.5
    """
    examples = list(examples)
    if not examples:
        raise TrainingError("`examples` must hold at least one document. Received: none")
    documents, truth = (list(part) for part in zip(*examples, strict=True))
    truth = [[str(label) for label in labels] for labels in truth]
    given = [
        [str(label) for label in labels] for labels in model.predict_label(documents, batch_size)
    ]
    for index, (labels, answers) in enumerate(zip(truth, given, strict=True)):
        if len(labels) != len(answers):
            raise TrainingError(
                f"document {index} must have one label per {model.item}. "
                f"Received: {len(labels)} labels for {len(answers)}"
            )
    metrics = {"documents": len(documents), **_label_scores(truth, given)}
    if model.item == "sentence":
        metrics["confusion"] = _confusion(truth, given, [str(name) for name in model.classes])
    if model.item == "word" and is_bio(model.classes):
        metrics["chunks"] = chunk_scores(truth, given)
    return metrics


def _pairs(truth, given):
    """The true and the given label of each item."""
    return [
        pair
        for labels, answers in zip(truth, given, strict=True)
        for pair in zip(labels, answers, strict=True)
    ]


def _confusion(truth, given, classes):
    counts = collections.Counter(_pairs(truth, given))
    return [[counts[true, found] for found in classes] for true in classes]


def _label_scores(truth, given):
    pairs = _pairs(truth, given)
    true, found = (collections.Counter(column) for column in zip(*pairs, strict=True))
    right = collections.Counter(label for label, answer in pairs if label == answer)
    per_class = {
        label: {
            "precision": right[label] / found[label] if found[label] else 0.0,
            "recall": right[label] / true[label],
            "f1": 2 * right[label] / (found[label] + true[label]),
            "support": true[label],
        }
        for label in sorted(true)
    }
    return {
        "items": len(pairs),
        "accuracy": right.total() / max(len(pairs), 1),
        "macro_f1": sum(scores["f1"] for scores in per_class.values()) / max(len(per_class), 1),
        "per_class": per_class,
    }
