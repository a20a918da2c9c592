"""Agreement of an explanation with the evidence that people marked (DeYoung et al. 2020)."""

import dataclasses
import math

import numpy as np

from hanlib.evidence.marks import overlapping


@dataclasses.dataclass(frozen=True)
class Plausibility:
    """Agreement of one explanation with human evidence; all values are between 0 and 1.

    Attributes:
        auprc: Area under the precision-recall curve of the word scores, as a step function
            (average precision). Its expected value by chance is the share of words that are
            evidence.
        auprc_trapezoid: The same area by the trapezoidal rule, as ERASER computes it. It favors
            ties: equal scores for all words get more than one half.
        token_f1: F1 of the selected words, which are the given share with the highest scores.
        iou_f1: F1 of the runs of selected words. A run is correct if its intersection with a run
            of evidence is at least half of their union.
        sentence_precision: `dict` from k to the share of the k highest-scored sentences (or of all
            sentences, if there are fewer) that contain evidence.

    >>> Plausibility(0.4, 0.41, 0.3, 0.1, {1: 1.0}).sentence_precision[1]
    1.0
    """

    auprc: float
    auprc_trapezoid: float
    token_f1: float
    iou_f1: float
    sentence_precision: dict


def plausibility(explanation, evidence, share, at=(1, 3, 5), phrases=False):
    """Measures how well the scores of an explanation agree with human evidence.

    Args:
        explanation: a `hanlib.evidence.Explanation` with spans.
        evidence: half-open `(start, end)` spans of characters in its text.
        share: share of the words that is selected for `token_f1` and `iou_f1`, for instance the
            mean share of evidence in other documents.
        at: the values of k for `sentence_precision`.
        phrases: whether to rank words by `phrase_scores` instead of their scores.

    Returns:
        A `Plausibility`; None if no word is evidence.

    Raises:
        ValueError: `share` is not in (0, 1].

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> words = (Word("Good", 0.4, 0, 4), Word("film", 0.1, 5, 9))
    >>> sentences = (Sentence("Good film", 0.5, words, 0, 9),)
    >>> found = Explanation("Good film", "pos", {"pos": 1.0}, "pos", "leave_one_out", sentences)
    >>> plausibility(found, [(0, 4)], share=0.5).token_f1
    1.0
    """
    if not 0 < share <= 1:
        raise ValueError(f"`share` must be over 0 and at most 1. Received: share={share!r}")
    words = overlaps(explanation.words, evidence)
    if not words.any():
        return None
    scores = phrase_scores(explanation) if phrases else _scores(explanation.words)
    selected = np.zeros(len(scores), bool)
    selected[_strongest(scores, max(round(share * len(scores)), 1))] = True
    sentences = overlaps(explanation.sentences, evidence)
    sentence_scores = _scores(explanation.sentences)
    return Plausibility(
        average_precision(words, scores),
        trapezoid_auprc(words, scores),
        token_f1(words, selected),
        iou_f1(runs(words), runs(selected)),
        {k: float(sentences[_strongest(sentence_scores, k)].mean()) for k in at},
    )


def phrase_scores(explanation, width=3.0):
    """The score of each word's phrase and sentence, `<float>[words]`.

        score = z(G * max(w, 0)^1.5) + z(max(s, 0)) / 4

    w are the scores of the words, s that of the sentence of each word, G a Gaussian with a standard
    deviation of `width` words, and z standardizes over the document. People mark phrases rather
    than single words, so these scores are better suited for a comparison with their marks. They are
    less precise about single words. The form and its numbers were chosen on train documents of the
    movie reviews (docs/explanations.md).

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> made = [Sentence("a", 0.0, (Word("a", 0.0),)), Sentence("b c", 1.0, (Word("b", 1.0),) * 2)]
    >>> found = Explanation(None, "pos", {}, "pos", "leave_one_out", tuple(made))
    >>> phrase_scores(found, width=0.1).round(2).tolist()
    [-1.77, 0.88, 0.88]
    """
    words = np.maximum(_scores(explanation.words), 0) ** 1.5
    reach = math.ceil(4 * width)
    kernel = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * width**2))
    around = np.convolve(words, kernel / kernel.sum())[reach : reach + len(words)]
    lengths = [len(sentence.words) for sentence in explanation.sentences]
    sentences = np.repeat(np.maximum(_scores(explanation.sentences), 0), lengths)
    return _standardized(around) + _standardized(sentences) / 4


def _standardized(values):
    spread = values.std()
    return (values - values.mean()) / spread if spread else np.zeros(len(values))


def overlaps(units, evidence):
    """Whether each word or sentence overlaps the evidence, `<bool>[units]`.

    >>> from hanlib.evidence import Word
    >>> overlaps([Word("a", 0, 0, 1), Word("b", 0, 2, 3), Word("c", 0)], [(1, 3)]).tolist()
    [False, True, False]
    """
    return overlapping([(unit.start, unit.end) for unit in units], evidence)


def average_precision(truth, scores):
    """`sum over thresholds of (R_n - R_n-1) P_n`; equal scores share one threshold.

    Args:
        truth: `<bool>[units]`, at least one true.
        scores: `<float>[units]`.

    >>> round(average_precision(np.array([True, False, True]), np.array([3.0, 2.0, 1.0])), 3)
    0.833
    """
    precision, recall = _curve(truth, scores)
    return float(np.sum(np.diff(recall, prepend=0) * precision))


def trapezoid_auprc(truth, scores):
    """The area under the precision-recall curve by the trapezoidal rule, starting at (0, 1).

    >>> round(trapezoid_auprc(np.array([True, False, True]), np.array([3.0, 2.0, 1.0])), 3)
    0.792
    """
    precision, recall = _curve(truth, scores)
    precision, recall = np.append(1, precision), np.append(0, recall)
    return float(np.sum(np.diff(recall) * (precision[1:] + precision[:-1]) / 2))


def token_f1(truth, selected):
    """`2 |truth & selected| / (|truth| + |selected|)`.

    >>> token_f1(np.array([True, True, False]), np.array([True, False, False]))
    0.6666666666666666
    """
    return float(2 * (truth & selected).sum() / max(truth.sum() + selected.sum(), 1))


def iou_f1(truth, found, threshold=0.5):
    """F1 of spans. Two spans match if intersection / union is at least `threshold`.

    Args:
        truth, found: half-open `(start, end)` spans.
        threshold: the minimum of intersection / union.

    >>> iou_f1([(0, 4), (6, 8)], [(1, 4), (20, 21)])
    0.5
    """
    if not truth or not found:
        return 0.0

    def matched(spans, others):
        return sum(any(_iou(span, other) >= threshold for other in others) for span in spans)

    recall, precision = matched(truth, found) / len(truth), matched(found, truth) / len(found)
    return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


def runs(mask):
    """The runs of true units, as half-open spans.

    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _curve(truth, scores):
    """Precision and recall at each distinct score, in descending order."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    hits, taken = np.cumsum(truth[order])[last], np.flatnonzero(last) + 1
    return hits / taken, hits / truth.sum()


def _scores(units):
    return np.array([unit.score for unit in units], np.float64)


def _strongest(scores, count):
    return np.argsort(-scores, kind="stable")[:count]


def _iou(first, second):
    shared = min(first[1], second[1]) - max(first[0], second[0])
    return max(shared, 0) / (max(first[1], second[1]) - min(first[0], second[0])) if shared else 0
