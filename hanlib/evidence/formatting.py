"""Formatting of numbers and labels wherever an explanation is displayed."""

import json
import math
import numbers
import re

from hanlib.evidence.characters import on_one_line
from hanlib.evidence.label_names import is_collection


def number(value):
    """Formats a number with three decimals, or three significant digits if it is tiny or huge.

    >>> number(0.41237), number(0.00004123), number(0), number(float("nan")), number(12)
    ('0.412', '4.12e-05', '0.000', 'nan', '12.000')
    """
    value = float(value)
    if math.isfinite(value) and value and not 0.0005 <= abs(value) < 1e6:
        return f"{value:.3g}"
    return f"{abs(value) if value == 0 else value:.3f}"


def percent(share):
    """Formats a share as a percentage with one decimal; only exact 0 and 1 become 0 % and 100 %.

    >>> percent(0.9), percent(0.0001), percent(0.9999), percent(1.0), percent(0)
    ('90.0 %', '< 0.1 %', '> 99.9 %', '100.0 %', '0.0 %')
    """
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if 0.9995 <= share < 1 else f"{100 * share:.1f} %"


def score(value, method, most):
    """Formats a score; `most`, the largest one, determines the number of decimals.

    Scores of signed methods have an explicit sign.

    >>> from hanlib.evidence.methods import METHODS
    >>> score(0.5, METHODS["attention"], 0.8), score(0.5, METHODS["leave_one_out"], 0.8)
    ('0.500', '+0.500')
    >>> score(-0.00004, METHODS["leave_one_out"], 0.002)
    '-0.00004'
    >>> score(-0.00004, METHODS["leave_one_out"], 0.8)
    '0.000'
    """
    if value is None:
        return "none"
    decimals = min(12, 2 - math.floor(math.log10(most))) if 0 < most < 0.1 else 3
    text = f"{value:+.{decimals}f}" if method.signed and value == value else f"{value:.{decimals}f}"
    return text if re.search("[1-9a-z]", text) else text.lstrip("+-")


def label(value):
    """Formats a class name, or the tuple of names of a multi-label prediction.

    >>> label("pos"), label(("grain", "wheat")), label(()), label(3)
    ('pos', 'grain, wheat', 'none', '3')
    """
    if is_collection(value):
        return ", ".join(on_one_line(name) for name in value) or "none"
    return on_one_line(value)


def target(explanation):
    """Formats the target of an `Explanation`, with the class that it is compared with.

    >>> from hanlib.evidence import Explanation
    >>> target(Explanation(None, "a", {}, "a", "leave_one_out", against="b"))
    'a rather than b'
    """
    name, against = label(explanation.target), explanation.against
    return name if against is None else f"{name} rather than {label(against)}"


def diagnostic(value):
    """Formats a diagnostic value: integers in full, other numbers with `number`, others as text.

    >>> diagnostic(3), diagnostic(0.25), diagnostic({"word": 0.5}), diagnostic(True)
    ('3', '0.250', 'word 0.500', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    if isinstance(value, numbers.Real):
        return number(value)
    if isinstance(value, dict):
        return ", ".join(f"{on_one_line(name)} {diagnostic(part)}" for name, part in value.items())
    if isinstance(value, str):
        return on_one_line(value)
    return on_one_line(json.dumps(value, ensure_ascii=False, default=str))
