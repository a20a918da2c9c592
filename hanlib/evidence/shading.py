"""Converts scores to a small number of distinguishable shades.

`display_record.js` repeats these functions for the answers of a server; a browser test checks that
both give the same result.
"""

import math

LEVELS = 5


def weights(sentence, method):
    """The scores of the words of a sentence, scaled for comparison across sentences.

    Attention sums to 1 within a sentence, so words of short sentences always have a large share. It
    is multiplied by the number of words, so that 1 is the mean of every sentence.

    >>> from hanlib.evidence import Sentence, Word
    >>> from hanlib.evidence.methods import METHODS
    >>> sentence = Sentence("So so", 1.0, (Word("So", 0.5), Word("so", 0.5)))
    >>> weights(sentence, METHODS["attention"]), weights(sentence, METHODS["leave_one_out"])
    ([1.0, 1.0], [0.5, 0.5])
    """
    factor = len(sentence.words) if method.word_shares else 1
    return [finite(word.score) * factor for word in sentence.words]


def finite(score):
    """`score` as a float; 0.0 if it is None, infinite or NaN.

    >>> finite(0.5), finite(None), finite(float("nan"))
    (0.5, 0.0, 0.0)
    """
    return float(score) if score is not None and math.isfinite(score) else 0.0


def largest(scores):
    """The largest absolute score; 0.0 if there are no scores.

    >>> largest([-0.5, 0.2]), largest([])
    (0.5, 0.0)
    """
    return max((abs(finite(score)) for score in scores), default=0.0)


def share(score, most):
    """`score / most`, clipped to [-1, 1]; 0.0 if it is not defined.

    >>> share(-0.2, 0.4), share(float("nan"), 0.4), share(0.0, 0.0)
    (-0.5, 0.0, 0.0)
    """
    return max(-1.0, min(1.0, finite(score) / most)) if most > 0 else 0.0


def level(score, most):
    """The shade from -5 to 5: whole fifths of the largest score, 0 for less than a fifth.

    >>> level(0.4, 0.4), level(0.2, 0.4), level(-0.3, 0.4), level(0.07, 0.4)
    (5, 2, -3, 0)
    """
    # Rounded first: floating-point errors must not turn 3 fifths into 2.
    return math.trunc(round(share(score, most) * LEVELS, 6))
