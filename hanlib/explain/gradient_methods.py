"""Methods based on gradients: gradient x input, integrated gradients, gradients by level.

Let x_i be the vector of the i-th word of the document (one for each occurrence), g_i = 1 its gate
in the logits of n-grams (see `NGramLinear.logits`), and m the log-odds of the target or a contrast
(see `hanlib.explain.margins`):

    gradient x input        x_i . dm/dx_i + dm/dg_i
    integrated gradients    ∫ (x_i . dm/dx_i + dm/dg_i) (t x, t g) dt, t from 0 to 1
                            (Sundararajan et al. 2017)

Without n-grams the terms of the gates are zero. Both methods divide one quantity among the words,
so the score of a sentence is the sum over its words. Integrated gradients are complete: the scores
of all words sum to m(x) - m(0), where 0 is the same document with zero word vectors and, of the
n-grams, the bias alone.

Let v_s be the vector of the s-th sentence, and G_s the mean of dm/dv_s as all sentence vectors and
gates grow from zero to their values:

    gradients by level      v_s . G_s + the sum of dm/dg_i over its words      for sentences
                            x_i . d(sum_s v_s . G_s)/dx_i + dm/dg_i            for words

So the scores of the sentences are the integrated gradients of the upper level, which costs little
because there are few sentences, and those of the words need one pass back through the lower level.
"""

import numpy as np

from hanlib.explain.documents import sums
from hanlib.explain.network import gauss_legendre
from hanlib.explain.scores import Scores, sentence_sums

# Gauss-Legendre nodes; documents above the tolerance are computed again with the next rule.
_NODES = (8, 16, 32, 64, 128)
_TOLERANCE = 0.02
# The relative error is taken with respect to at least this difference of m(x) and m(0).
_LEAST_DIFFERENCE = 0.01


def gradient_x_input(network, documents, targets, seed=0):
    """Each word's vector and gate times the gradient at them."""
    ones = np.ones(documents.count, np.float32)
    logits, targets, words = network.gradient(*documents.flat, targets, ones)
    probabilities = network.probabilities(logits).numpy()
    words = words.numpy()
    return Scores(probabilities, targets.numpy(), words, sentence_sums(words, documents))


def gradients_by_level(network, documents, targets, seed=0):
    """Integrated gradients of the sentence vectors, and their gradient x input at the words."""
    network.require("gradients_by_level", sentences=True)
    logits, targets, words, rows = network.by_level(*documents.flat, targets)
    probabilities = network.probabilities(logits).numpy()
    sentences = sums(rows.numpy(), documents.sentence_rows)
    return Scores(probabilities, targets.numpy(), words.numpy(), sentences)


def integrated_gradients(network, documents, targets, seed=0):
    """Gradients along the path from zeros; diagnostics: completeness error and passes."""
    logits = network.logits(*documents.flat)
    targets = network.targets(logits, targets).numpy()
    difference = _difference(network, documents, logits, targets)
    words = np.zeros(len(documents.words))
    error, passes = np.full(documents.count, np.inf), np.zeros(documents.count, np.int32)
    for nodes in _NODES:
        open_ = np.flatnonzero(error > _TOLERANCE)
        if not len(open_):
            break
        some = documents.take(open_)
        integrals = _integrals(network, some, targets[open_], nodes)
        inside = np.repeat(np.isin(np.arange(documents.count), open_), documents.document_words)
        words[inside] = integrals
        least = np.maximum(np.abs(difference[open_]), _LEAST_DIFFERENCE)
        gap = np.abs(sums(integrals, some.document_words) - difference[open_])
        error[open_] = gap / least
        passes[open_] += nodes
    diagnostics = {"completeness_error": error, "passes": passes}
    probabilities = network.probabilities(logits).numpy()
    return Scores(probabilities, targets, words, sentence_sums(words, documents), diagnostics)


def _difference(network, documents, logits, targets):
    """m(x) - m(0) of each document, `<float64>[docs]`."""
    zeros = np.zeros(documents.count, np.float32)
    at_zero, _, _ = network.gradient(*documents.flat, targets, zeros)
    margins = [network.margins(x, targets).numpy().astype(np.float64) for x in (logits, at_zero)]
    return margins[0] - margins[1]


def _integrals(network, documents, targets, nodes):
    """The integral of each word by a Gauss-Legendre rule, `<float64>[words]`."""
    total = np.zeros(len(documents.words))
    for point, weight in zip(*gauss_legendre(nodes), strict=True):
        scales = np.full(documents.count, point, np.float32)
        _, _, words = network.gradient(*documents.flat, targets, scales)
        total += weight * words.numpy()
    return total
