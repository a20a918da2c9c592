"""The scores of one explanation as a plot."""

from hanlib.evidence import plots
from hanlib.evidence.characters import fitted
from hanlib.evidence.figures import named
from hanlib.evidence.methods import method_of

_COLUMNS = 48


def explanation_plot(explanation, level="sentence", most=20, axes=None):
    """Bars of the strongest sentences or words; `Explanation.plot` gives the same.

    Sentences and words stand in the order of the document, from top to bottom.

    Args:
        explanation: An `Explanation`.
        level: "sentence" or "word".
        most: How many bars; the strongest are taken.
        axes: matplotlib axes to draw on; None: those of a new figure.

    Returns:
        The matplotlib `Figure`; a notebook shows it.

    Raises:
        ValueError: `level` is neither.
        ImportError: matplotlib is not installed.

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
    places = _strongest(items, most)
    method = method_of(explanation.method)
    axes = plots.axes_of(8, max(2.0, 1.2 + 0.3 * len(places)), axes)
    bars = axes.barh(
        range(len(places)),
        [_score(items[place]) for place in places],
        color=[_colour(items[place], method) for place in places],
        edgecolor="white",
        linewidth=0,
    )
    for bar in bars:
        bar.set_hatch("//" if bar.get_width() < 0 else "")
    _label(axes, explanation, method, level, [items[place] for place in places])
    return axes.figure


def _label(axes, explanation, method, level, items):
    plots.label_ticks(
        axes.yaxis, range(len(items)), [fitted(item.text, _COLUMNS) for item in items]
    )
    axes.invert_yaxis()
    axes.axvline(0, color=plots.GREY, linewidth=0.8)
    direction = "\n(← against, for →)" if method.signed else ""
    axes.set_xlabel(f"{method.title}: score of the {level}{direction}")
    target, label = (fitted(named(name), 24) for name in (explanation.target, explanation.label))
    plots.title(axes, f"Evidence for “{target}” (predicted: {label})")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _strongest(items, most):
    ranked = sorted(range(len(items)), key=lambda place: -abs(_score(items[place])))
    return sorted(ranked[:most])


def _score(item):
    return 0.0 if item.score is None or item.score != item.score else float(item.score)


def _colour(item, method):
    if not method.signed:
        return plots.PURPLE
    return plots.ORANGE if _score(item) < 0 else plots.BLUE
