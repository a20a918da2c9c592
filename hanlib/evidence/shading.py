"""From scores to the few shades that an eye can tell apart.

`explanation.js` repeats these functions for scores that come from a server; a test in the browser
checks that both draw the same.
"""

import math

LEVELS = 5


def weights(sentence, method):
    """The scores of a sentence's words as they are compared across sentences.

    Attention sums to one within a sentence, so a word of a short sentence always has much of it.
    Multiplied by the number of words, 1 is an even share in any sentence.

    >>> from hanlib.evidence import Sentence, Word
    >>> from hanlib.evidence.methods import METHODS
    >>> sentence = Sentence("So so", 1.0, (Word("So", 0.5), Word("so", 0.5)))
    >>> weights(sentence, METHODS["attention"]), weights(sentence, METHODS["leave_one_out"])
    ([1.0, 1.0], [0.5, 0.5])
    """
    factor = len(sentence.words) if method.word_shares else 1
    return [finite(word.score) * factor for word in sentence.words]


def finite(score):
    """`score` as a float; 0.0 where it is None, infinite or not a number.

    >>> finite(0.5), finite(None), finite(float("nan"))
    (0.5, 0.0, 0.0)
    """
    return float(score) if score is not None and math.isfinite(score) else 0.0


def largest(scores):
    """The largest absolute score, 0.0 if there is none.

    >>> largest([-0.5, 0.2]), largest([])
    (0.5, 0.0)
    """
    return max((abs(finite(score)) for score in scores), default=0.0)


def share(score, most):
    """`score / most` within -1 and 1; 0.0 where that is not a number.

    >>> share(-0.2, 0.4), share(float("nan"), 0.4), share(0.0, 0.0)
    (-0.5, 0.0, 0.0)
    """
    return max(-1.0, min(1.0, finite(score) / most)) if most > 0 else 0.0


def level(score, most):
    """The shade, -5 to 5: whole fifths of the largest score, so that less than a fifth has none.

    >>> level(0.4, 0.4), level(0.2, 0.4), level(-0.3, 0.4), level(0.07, 0.4)
    (5, 2, -3, 0)
    """
    # Rounded first, so that 0.6 / 1.0 is not two fifths because of its last bit.
    return math.trunc(round(share(score, most) * LEVELS, 6))
