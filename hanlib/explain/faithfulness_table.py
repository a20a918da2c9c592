"""The mean faithfulness of methods over many documents, with confidence intervals."""

import numpy as np

from hanlib.explain.faithfulness import LEVELS, Perturbations
from hanlib.explain.inputs import read_inputs
from hanlib.explain.methods import available_methods, method_function
from hanlib.explain.network import network_of
from hanlib.explain.targets import predicted

_RESAMPLES = 2000


def faithfulness_table(
    classifier, documents, methods=None, *, batch_size=16, rankings=10, seed=0, progress=None
):
    """Compares the faithfulness of methods over documents, for the predicted classes.

    Args:
        classifier: a `DocumentClassifier`.
        documents: a list of strings, or ids; those without words are not counted.
        methods: names of methods; None: all that the classifier can be explained by.
        batch_size: documents per batch.
        rankings: number of random rankings of each document to compare with.
        seed: seed of the random rankings and the resampling.
        progress: function that is called with the number of documents done.

    Returns:
        A list of `dict`, one for each method and level: method, level, documents, passes, and
        comprehensiveness, sufficiency, random_comprehensiveness, random_sufficiency and
        better_than_chance (comprehensiveness minus that of the random rankings of the same
        document), each `(mean, low, high)` with the 95 % bootstrap interval of the mean over the
        documents.

    Raises:
        ValueError: a method is unknown.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classifier = DocumentClassifier(None, HAN(9), classes=2)
    >>> rows = faithfulness_table(classifier, [[[2, 3], [4]], [[5]]], ["attention"])
    >>> [(row["method"], row["level"], row["documents"]) for row in rows]
    [('attention', 'word', 2), ('attention', 'sentence', 2)]
    """
    network = network_of(classifier)
    names = available_methods(classifier) if methods is None else methods
    functions = {name: method_function(name) for name in names}
    documents, _ = read_inputs(classifier, documents)
    found = {(name, level): [] for name in functions for level in LEVELS}
    order = np.argsort(documents.document_words, kind="stable")
    for start in range(0, len(order), batch_size):
        batch = documents.take(order[start : start + batch_size])
        _measure(network, batch, functions, rankings, seed, found)
        if progress is not None:
            progress(min(start + batch_size, len(order)))
    return [_row(*key, np.concatenate(measured), seed) for key, measured in found.items()]


def _measure(network, documents, functions, rankings, seed, found):
    """Adds `<float>[docs, 5]` to each list of `found`."""
    perturbations = None
    for name, function in functions.items():
        scores = function(network, documents, predicted(documents.count), seed)
        if perturbations is None:  # All methods are compared with the same random rankings.
            perturbations = Perturbations(network, documents, scores, rankings, seed)
        for level in LEVELS:
            own, chance = perturbations.measure(level, scores), perturbations.by_chance[level]
            columns = (
                own.comprehensiveness[:, 0],
                own.sufficiency[:, 0],
                chance.comprehensiveness.mean(axis=1),
                chance.sufficiency.mean(axis=1),
                own.passes,
            )
            found[name, level].append(np.stack(columns, axis=1))


def _row(method, level, measured, seed):
    measured = measured[~np.isnan(measured).any(axis=1)]
    comprehensiveness, sufficiency, random_comprehensiveness, random_sufficiency, passes = (
        measured.T
    )
    columns = {
        "comprehensiveness": comprehensiveness,
        "sufficiency": sufficiency,
        "random_comprehensiveness": random_comprehensiveness,
        "random_sufficiency": random_sufficiency,
        "better_than_chance": comprehensiveness - random_comprehensiveness,
    }
    return {
        "method": method,
        "level": level,
        "documents": len(measured),
        "passes": int(passes.sum()),
        **{name: mean_with_interval(values, seed) for name, values in columns.items()},
    }


def mean_with_interval(values, seed=0):
    """`(mean, low, high)`, with the 95 % bootstrap interval of the mean; NaN without values.

    >>> mean, low, high = mean_with_interval(np.arange(10.0))
    >>> low < mean < high, mean
    (True, 4.5)
    """
    if not len(values):
        return (float("nan"),) * 3
    draw = np.random.default_rng(seed)
    indices = draw.integers(len(values), size=[_RESAMPLES, len(values)])
    low, high = np.quantile(np.asarray(values)[indices].mean(axis=1), [0.025, 0.975])
    return float(np.mean(values)), float(low), float(high)
