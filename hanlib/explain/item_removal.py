"""Leave one out for the label of a sentence: the decrease of its log-odds when words are removed.

    score = m(x) - m(x without the words),   m the log-odds of the target or a contrast

A sentence that has lost all its words remains, so that the sentences keep their positions and
their labels.
"""

import numpy as np

from hanlib.explain.documents import sums
from hanlib.explain.removal import chunks
from hanlib.explain.scores import Scores


def leave_one_out(network, documents, targets):
    """The decrease of the log-odds without each word, and without the words of each sentence.

    Args:
        network: an `ItemNetwork` of a model of sentences.
        documents: `Documents`, a single one.
        targets: `<int32>[1, 2]`, as in `hanlib.explain.margins`.

    Returns:
        `Scores`.
    """
    logits = network.logits(*documents.flat)
    targets = network.targets(logits, targets).numpy()
    margin = network.margins(logits, targets).numpy()
    words = np.arange(len(documents.words))
    sentences = np.repeat(np.arange(len(documents.row_lengths)), documents.row_lengths)

    def losses(unit_of_word, units):
        found = [np.zeros(0, np.float32)]
        for some in chunks(units, len(words)):
            left = _logits_of_kept(network, documents, unit_of_word != some[:, np.newaxis])
            found.append(margin - network.margins(left, np.repeat(targets, len(some), 0)).numpy())
        return np.concatenate(found)

    probabilities = network.probabilities(logits).numpy()
    of_sentences = losses(sentences, len(documents.row_lengths))
    return Scores(probabilities, targets, losses(words, len(words)), of_sentences)


def _logits_of_kept(network, documents, kept):
    """The logits of the document reduced to some of its words, with all its sentences.

    Args:
        kept: `<bool>[variants, words]`.
    """
    variants, rows = len(kept), len(documents.row_lengths)
    left = sums(kept.ravel().astype(np.int32), np.tile(documents.row_lengths, variants))
    words = np.broadcast_to(documents.words, kept.shape)[kept]
    return network.logits(words, left, np.full(variants, rows, np.int32))
