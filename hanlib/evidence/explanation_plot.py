"""A bar plot of the scores of one explanation."""

from hanlib.evidence import formatting, plots
from hanlib.evidence.characters import truncated
from hanlib.evidence.methods import get_method
from hanlib.evidence.shading import finite

_COLUMNS = 48


def explanation_plot(explanation, level="sentence", most=20, axes=None):
    """Draws the scores of the strongest sentences or words; `Explanation.plot` calls this.

    The bars are in the order of the document, from top to bottom.

    Args:
        explanation: An `Explanation`.
        level: "sentence" or "word".
        most: Maximum number of bars.
        axes: matplotlib axes to draw on; None for a new figure.

    Returns:
        The matplotlib `Figure`, which a notebook displays.

    Raises:
        ValueError: If `level` is invalid.
        ImportError: If matplotlib is not installed.

    >>> from hanlib.evidence import Explanation, Sentence
    >>> sentences = (Sentence("Dull.", -0.2), Sentence("Superb!", 0.7))
    >>> explanation = Explanation(None, "pos", {}, "pos", "leave_one_out", sentences)
    >>> figure = explanation_plot(explanation)
    >>> [float(bar.get_width()) for bar in figure.axes[0].patches]
    [-0.2, 0.7]
    """
    if level not in ("word", "sentence"):
        raise ValueError(f'`level` must be "word" or "sentence". Received: level={level!r}')
    items = explanation.words if level == "word" else explanation.sentences
    items = _strongest(items, most)
    method = get_method(explanation.method)
    axes = plots.new_axes(8, max(2.0, 1.2 + 0.3 * len(items)), axes)
    plots.signed_bars(
        axes,
        [finite(item.score) for item in items],
        [truncated(item.text, _COLUMNS) for item in items],
        [_color(item, method) for item in items],
    )
    _label(axes, explanation, method, level)
    return axes.figure


def _label(axes, explanation, method, level):
    direction = "\n(← against, for →)" if method.signed else ""
    axes.set_xlabel(f"{method.title}: score of the {level}{direction}")
    target = truncated(formatting.target(explanation), 48)
    label = truncated(formatting.label(explanation.label), 24)
    plots.title(axes, f"Evidence for “{target}” (predicted: {label})")


def _strongest(items, most):
    ranked = sorted(range(len(items)), key=lambda index: -abs(finite(items[index].score)))
    return [items[index] for index in sorted(ranked[:most])]


def _color(item, method):
    if not method.signed:
        return plots.PURPLE
    return plots.ORANGE if finite(item.score) < 0 else plots.BLUE
