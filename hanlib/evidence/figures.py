"""How figures are written wherever an explanation is shown."""

import json
import math
import numbers

from hanlib.evidence.characters import on_one_line


def number(value):
    """Three decimals, or three digits where those would all be zeros.

    >>> number(0.41237), number(0.00004123), number(0), number(float("nan")), number(12)
    ('0.412', '4.12e-05', '0.000', 'nan', '12.000')
    """
    value = float(value)
    if math.isfinite(value) and value and not 0.0005 <= abs(value) < 1e6:
        return f"{value:.3g}"
    return f"{value:.3f}"


def signed(value):
    """`number` with its sign.

    >>> signed(0.5), signed(-0.25)
    ('+0.500', '-0.250')
    """
    return number(value) if math.copysign(1, value) < 0 or value != value else f"+{number(value)}"


def score_of(value, method, most):
    """A score with as many decimals as the strongest, `most`, needs; with a sign if signed.

    >>> from hanlib.evidence.methods import method_of
    >>> score_of(0.5, method_of("attention"), 0.8), score_of(0.5, method_of("leave_one_out"), 0.8)
    ('0.500', '+0.500')
    >>> score_of(-0.00004, method_of("leave_one_out"), 0.002)
    '-0.00004'
    """
    if value is None:
        return "none"
    decimals = 3
    if 0 < most < 0.1:
        decimals = min(12, 2 - math.floor(math.log10(most)))
    return f"{value:+.{decimals}f}" if method.signed and value == value else f"{value:.{decimals}f}"


def named(label):
    """A class name, or the names of a multi-label decision.

    >>> named("pos"), named(("grain", "wheat")), named(()), named(3)
    ('pos', 'grain, wheat', 'none', '3')
    """
    if isinstance(label, (tuple, list, set, frozenset)):
        return ", ".join(on_one_line(name) for name in label) or "none"
    return on_one_line(label)


def value_of(value):
    """A diagnostic figure: numbers as `number`, whole numbers whole, all else in words.

    >>> value_of(3), value_of(0.25), value_of({"word": 0.5}), value_of([1, 2]), value_of(True)
    ('3', '0.250', 'word 0.500', '[1, 2]', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    if isinstance(value, numbers.Real):
        return number(value)
    if isinstance(value, dict):
        return ", ".join(f"{on_one_line(name)} {value_of(part)}" for name, part in value.items())
    if isinstance(value, str):
        return on_one_line(value)
    return on_one_line(json.dumps(value, ensure_ascii=False, default=str))
