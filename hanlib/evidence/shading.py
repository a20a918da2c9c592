"""From scores to the few strengths of shade that an eye can tell apart."""

import math

LEVELS = 5


def strongest(scored):
    """The largest absolute score among words or sentences; 0 where there is none.

    >>> from hanlib.evidence import Word
    >>> strongest([Word("dull", -0.5), Word("good", 0.2)])
    0.5
    """
    sizes = (abs(item.score) for item in scored if item.score is not None)
    return max((float(size) for size in sizes if math.isfinite(size)), default=0.0)


def share(score, most):
    """`score / most`, within -1 and 1; what is no number counts as 0.

    >>> share(-0.2, 0.4), share(float("nan"), 0.4), share(0.0, 0.0)
    (-0.5, 0.0, 0.0)
    """
    if score is None or not math.isfinite(score) or not most > 0:
        return 0.0
    return max(-1.0, min(1.0, float(score) / most))


def level(score, most):
    """The strength of shade, -5 to 5: steps of a fifth; below a twentieth there is none.

    >>> level(0.4, 0.4), level(0.1, 0.4), level(-0.3, 0.4), level(0.01, 0.4)
    (5, 2, -4, 0)
    """
    part = share(score, most)
    if abs(part) < 0.05:
        return 0
    # Rounded first, so that 0.6 / 1.0 does not fall into the fifth above by its last bit.
    return int(math.copysign(math.ceil(round(abs(part) * LEVELS, 6)), part))
