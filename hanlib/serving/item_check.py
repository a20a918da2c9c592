"""Checks that an exported model of sentences or words answers as the model does."""

from pathlib import Path

import numpy as np

from hanlib.serving.check_report import CheckReport, Difference
from hanlib.serving.edge_cases import edge_case_documents
from hanlib.serving.export_check import HALF_TOLERANCE, TOLERANCE, replayed, size_of
from hanlib.serving.warm_up import documents as made_of

_WORDS = 500
# Bytes of the longest document: every word is a step of the CRF.
_LONGEST = 4_900


def check_items(path, model, half_precision_tables=False):
    """Compares the labels and probabilities of an export and of its model, including edge cases.

    The export runs as in `hanlib.serving.export_check.check`: in a process without hanlib.

    Args:
        path: The folder of the SavedModel.
        model: The `SentenceClassifier` or `TokenClassifier`, which must read texts.
        half_precision_tables: Whether the export stores the word vectors in float16; a difference
            of up to 0.01 is then allowed.

    Returns:
        A `CheckReport`.

    Raises:
        RuntimeError: If the export cannot be loaded or run.
    """
    path, first = Path(path), 1 + model.vectorizer.oov_buckets
    words = model.vectorizer.get_vocabulary()[first:][:_WORDS]
    texts = [text for text in edge_case_documents(words) if len(text) <= _LONGEST]
    ways = {"one by one": [{"text": [text]} for text in texts], "together": [{"text": texts}]}
    timed = [text.encode() for text in made_of(words, 64)]
    answers, seconds = replayed(path, ["serving_default"], ways, timed)
    tolerance = HALF_TOLERANCE if half_precision_tables else TOLERANCE
    differences = [
        difference
        for way, batches in ways.items()
        for difference in _compare(way, answers[way]["serving_default"], batches, model, tolerance)
    ]
    speeds = {name: len(timed) / time for name, time in seconds.items()}
    return CheckReport(differences, size_of(path) / 1e6, 0, speeds)


def _compare(way, answers, batches, model, tolerance):
    counts = labels = 0
    apart = 0.0
    for answer, batch in zip(answers, batches, strict=True):
        texts = batch["text"]
        chosen, expected = model.label_indices(texts, batch_size=len(texts))
        for index, (indices, rows) in enumerate(zip(chosen, expected, strict=True)):
            count = answer["counts"][index]
            if count != len(rows):
                counts += 1
                continue
            if not count:
                continue
            found = np.array(answer["probabilities"][index][:count])
            apart = max(apart, float(np.abs(found - rows).max()))
            ranked = np.sort(rows, axis=1)
            # Items that are decided within tolerance may have either label.
            sure = ranked[:, -1] - ranked[:, -2] > 2 * tolerance
            named = np.array([str(model.classes[i]) for i in indices])
            labels += int((sure & (named != np.array(answer["labels"][index][:count]))).sum())
    yield Difference(f"number of {model.item}s", way, counts, 0)
    yield Difference("probabilities", way, apart, tolerance)
    yield Difference("labels", way, labels, 0)
