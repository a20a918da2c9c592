"""The mean agreement of methods with the evidence that people marked in many documents."""

import numpy as np

from hanlib.explain.explain import explain_stream
from hanlib.explain.faithfulness_table import mean_with_interval
from hanlib.explain.methods import available_methods
from hanlib.explain.plausibility import overlaps, plausibility

_FIGURES = ("auprc", "token_f1", "iou_f1")


def plausibility_table(classifier, examples, methods=None, *, progress=None):
    """Compares methods with human evidence, which refers to the true class of each document.

    Args:
        classifier: a `DocumentClassifier`.
        examples: a list of `(text, label, evidence)`; `evidence` are half-open `(start, end)` spans
            of characters. Documents of which no word is marked are not counted.
        methods: names of methods; None: all that the classifier can be explained by.
        progress: function that is called with the method and the number of documents done.

    Returns:
        A list of `dict`, one for each method: method, documents, share (of the words that are
        marked: the `auprc` that is expected by chance), and auprc, token_f1, iou_f1 and
        sentence_precision (of the strongest sentence), each `(mean, low, high)` with the 95 %
        bootstrap interval of the mean over the documents. For the F1, the strongest words are
        selected, as many as `share` says.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> vectorizer = DocumentVectorizer(vocabulary=["good", "film"])
    >>> classifier = DocumentClassifier(vectorizer, HAN(4), classes=["neg", "pos"])
    >>> rows = plausibility_table(classifier, [("A good film.", "pos", [(2, 6)])], ["random"])
    >>> rows[0]["documents"], rows[0]["share"]
    (1, 0.25)
    """
    examples = [example for example in examples if example[2]]
    texts, labels, evidence = zip(*examples, strict=True) if examples else ((), (), ())
    rows, share = [], None
    for method in methods or available_methods(classifier):
        found = {}
        for target in sorted(set(labels), key=str):
            indices = [index for index, label in enumerate(labels) if label == target]
            some = [texts[index] for index in indices]
            explained = explain_stream(classifier, some, method, target)
            for index, explanation in zip(indices, explained, strict=True):
                found[index] = explanation
                if progress is not None:
                    progress(method, len(found))
        if share is None:
            marked = [overlaps(found[p].words, evidence[p]).mean() for p in sorted(found)]
            share = float(np.mean(marked)) if marked else float("nan")
        measured = [plausibility(found[p], evidence[p], share, at=(1,)) for p in sorted(found)]
        rows.append(_row(method, share, [m for m in measured if m is not None]))
    return rows


def _row(method, share, measured):
    columns = {name: [getattr(m, name) for m in measured] for name in _FIGURES}
    columns["sentence_precision"] = [m.sentence_precision[1] for m in measured]
    figures = {name: mean_with_interval(np.array(values)) for name, values in columns.items()}
    return {"method": method, "documents": len(measured), "share": share, **figures}
