"""Methods based on attention weights and their gradients.

Let α be the attention weights of a level, p those of the sentences and q those of the words of each
sentence:

    attention               p for sentences, q for words
    combined attention      p for sentences, sqrt(p) q for words (Yang et al. 2016)
    gradient x attention    α dm/dα at each level (Serrano and Smith 2019), m the log-odds, plus
                            what the word or sentence gives through the n-grams and through what
                            stands beside the attention (`attention_evidence`)
    rationale               the probability that a person would mark the word or sentence, by the
                            classifier's `RationaleHead`; it does not refer to the target
    uniform attention       1/n: a control; n-grams and what stands beside the attention stay

If the encoder reads a sentence in several rows, the score of the sentence is the sum over its rows,
and the weights of its words are normalized over all of these rows. With an encoder of one level,
which reads a document as one sequence, the score of a sentence is the sum over its words. For the
rationale it is the maximum instead.
"""

import numpy as np

from hanlib.explain.documents import maxima, sums
from hanlib.explain.scores import Scores, sentence_sums


def attention(network, documents, targets, seed=0):
    """The attention weights of each level; they sum to one over the words of a sentence."""
    evidence = _Evidence(network, documents, targets, "attention")
    return evidence.scores(evidence.word_attention, evidence.sentence_attention)


def combined_attention(network, documents, targets, seed=0):
    """Word attention times the square root of sentence attention, as Yang et al. display it."""
    network.require("combined_attention", attention=True, sentences=True)
    evidence = _Evidence(network, documents, targets, "combined_attention")
    share = np.repeat(np.sqrt(evidence.sentence_attention), documents.sentence_words)
    return evidence.scores(share * evidence.word_attention, evidence.sentence_attention)


def gradient_x_attention(network, documents, targets, seed=0):
    """Each attention weight times the gradient of the target's log-odds, at each level."""
    evidence = _Evidence(network, documents, targets, "gradient_x_attention")
    return evidence.scores(evidence.word_contribution, evidence.sentence_contribution)


def rationale(network, documents, targets, seed=0):
    """The probability that a person would mark each word or sentence as evidence."""
    network.require("rationale", attention=True, rationale=True)
    evidence = _Evidence(network, documents, targets, "rationale")
    words, sentences = evidence.rationale
    return Scores(evidence.probabilities, evidence.targets, words, sentences)


def uniform_attention(network, documents, targets, seed=0):
    """Equal weights; the diagnostics give the probability of the target with equal weights."""
    evidence = _Evidence(network, documents, targets, "uniform_attention")
    logits = network.uniform(*documents.flat)
    probabilities = network.probabilities(logits).numpy()
    at_targets = np.arange(documents.count), evidence.targets[:, 0]
    changed = probabilities[at_targets]
    return evidence.scores(
        _one_nth(documents.sentence_words),
        _one_nth(documents.document_sentences),
        probability_with_uniform_attention=changed,
        change_by_uniform_attention=changed - evidence.probabilities[at_targets],
    )


class _Evidence:
    """The results of one pass through the network, for words and whole sentences."""

    def __init__(self, network, documents, targets, method):
        network.require(method, attention=True)
        self.documents = documents
        probabilities, targets, attention, contributions, rationale = network.evidence(
            *documents.flat, targets
        )
        self.rationale = self._strongest(*(scores.numpy() for scores in rationale))
        self.probabilities, self.targets = probabilities.numpy(), targets.numpy()
        words, *rows = (scores.numpy() for scores in attention)
        self.word_contribution, *by_row = (scores.numpy() for scores in contributions)
        if not rows:
            # The encoder does not read sentences: sum over the words of each sentence.
            self.word_attention = words
            self.sentence_attention = sentence_sums(words, documents)
            self.sentence_contribution = sentence_sums(self.word_contribution, documents)
            return
        self.sentence_attention = sums(rows[0], documents.sentence_rows)
        self.sentence_contribution = sums(by_row[0], documents.sentence_rows)
        self.word_attention = words * self._shares(rows[0])

    def _strongest(self, words=None, rows=None):
        """The scores of words, and the largest of the rows, or words, of each sentence."""
        documents = self.documents
        if words is None:
            return None
        if rows is None:
            return words, maxima(words, documents.sentence_words)
        return words, maxima(rows, documents.sentence_rows)

    def _shares(self, rows):
        """For each word, the share that its row has of the attention of its sentence."""
        documents = self.documents
        if len(documents.sentence_rows) == len(rows):
            return 1
        whole = np.repeat(self.sentence_attention, documents.sentence_rows)
        even = _one_nth(documents.sentence_rows).astype(rows.dtype)
        shares = np.divide(rows, whole, out=even, where=whole > 0)
        return np.repeat(shares, documents.row_lengths)

    def scores(self, words, sentences, **diagnostics):
        """The scores, with the entropies of the attention as diagnostics."""
        documents = self.documents
        entropies = {
            "sentence_attention_entropy": entropy(
                self.sentence_attention, documents.document_sentences
            ),
            "word_attention_entropy": _mean_of(
                entropy(self.word_attention, documents.sentence_words),
                documents.document_sentences,
            ),
        }
        diagnostics = {**diagnostics, **entropies}
        return Scores(self.probabilities, self.targets, words, sentences, diagnostics)


def entropy(weights, lengths):
    """Normalized entropy of the weights of each row, `-sum p log p / log n`.

    1 means equal weights and 0 means all weight on one item. Rows of fewer than two items give 0.

    >>> entropy(np.array([0.5, 0.5, 1.0, 0.0]), np.array([2, 2])).tolist()
    [1.0, 0.0]
    """
    terms = -weights * np.log(np.where(weights > 0, weights, 1))
    most = np.log(np.maximum(lengths, 1))
    return np.divide(sums(terms, lengths), most, out=np.zeros(len(lengths)), where=most > 0)


def _mean_of(values, lengths):
    return sums(values, lengths) / np.maximum(lengths, 1)


def _one_nth(lengths):
    """`1 / n` for each item of a row of n items."""
    return np.repeat(1 / np.maximum(lengths, 1), lengths)
