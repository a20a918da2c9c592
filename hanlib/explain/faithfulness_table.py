"""The faithfulness of methods side by side over many documents, each figure with its interval."""

import numpy as np

from hanlib.explain.faithfulness import LEVELS, Perturbations
from hanlib.explain.inputs import read_inputs
from hanlib.explain.methods import METHODS, method_function
from hanlib.explain.network import network_of

_RESAMPLES = 2000


def faithfulness_table(
    classifier, documents, methods=None, *, batch_size=16, rankings=10, seed=0, progress=None
):
    """The faithfulness of methods over documents, for the predicted classes.

    Args:
        classifier: a `DocumentClassifier`.
        documents: a list of strings, or ids; those without words do not count.
        methods: names of methods; None: all.
        batch_size: documents that run at once.
        rankings: random rankings of each document that the methods are compared with.
        seed: of the random rankings and the resampling.
        progress: function `(documents done)`.

    Returns:
        A list of `dict`, one for each method and level: method, level, documents, passes, and
        comprehensiveness, sufficiency, random_comprehensiveness, random_sufficiency and
        better_than_chance (comprehensiveness over that of the random rankings, document by
        document), each `(mean, low, high)` with the 95 % interval of the mean by bootstrap over
        the documents.

    Raises:
        ValueError: a method is not known.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classifier = DocumentClassifier(None, HAN(9), classes=2)
    >>> rows = faithfulness_table(classifier, [[[2, 3], [4]], [[5]]], ["attention"])
    >>> [(row["method"], row["level"], row["documents"]) for row in rows]
    [('attention', 'word', 2), ('attention', 'sentence', 2)]
    """
    functions = {name: method_function(name) for name in methods or METHODS}
    network = network_of(classifier)
    documents, _ = read_inputs(classifier, documents)
    found = {(name, level): [] for name in functions for level in LEVELS}
    order = np.argsort(documents.document_words, kind="stable")
    for start in range(0, len(order), batch_size):
        batch = documents.take(order[start : start + batch_size])
        _measure(network, batch, functions, rankings, seed, found)
        if progress is not None:
            progress(min(start + batch_size, len(order)))
    return [_row(*key, np.concatenate(figures), seed) for key, figures in found.items()]


def _measure(network, documents, functions, rankings, seed, found):
    """Adds `<float>[docs, 5]` to each list of `found`."""
    targets = np.full(documents.count, -1, np.int32)
    removals = None
    for name, function in functions.items():
        scores = function(network, documents, targets, seed)
        # One base and one set of random rankings for all methods.
        removals = removals or Perturbations(network, documents, scores, rankings, seed)
        for level in LEVELS:
            own, chance = removals.measure(level, scores), removals.by_chance[level]
            figures = (
                own.comprehensiveness[:, 0],
                own.sufficiency[:, 0],
                chance.comprehensiveness.mean(axis=1),
                chance.sufficiency.mean(axis=1),
                own.passes,
            )
            found[name, level].append(np.stack(figures, axis=1))


def _row(method, level, figures, seed):
    figures = figures[~np.isnan(figures).any(axis=1)]
    comprehensiveness, sufficiency, by_chance, alone_by_chance, passes = figures.T
    columns = {
        "comprehensiveness": comprehensiveness,
        "sufficiency": sufficiency,
        "random_comprehensiveness": by_chance,
        "random_sufficiency": alone_by_chance,
        "better_than_chance": comprehensiveness - by_chance,
    }
    return {
        "method": method,
        "level": level,
        "documents": len(figures),
        "passes": int(passes.sum()),
        **{name: mean_with_interval(values, seed) for name, values in columns.items()},
    }


def mean_with_interval(values, seed=0):
    """`(mean, low, high)`, the 95 % interval of the mean by bootstrap; NaN of nothing.

    >>> mean, low, high = mean_with_interval(np.arange(10.0))
    >>> low < mean < high, mean
    (True, 4.5)
    """
    if not len(values):
        return (float("nan"),) * 3
    draw = np.random.default_rng(seed)
    places = draw.integers(len(values), size=[_RESAMPLES, len(values)])
    low, high = np.quantile(np.asarray(values)[places].mean(axis=1), [0.025, 0.975])
    return float(np.mean(values)), float(low), float(high)
