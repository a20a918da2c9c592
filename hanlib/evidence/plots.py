"""Figures through matplotlib, which is optional: no pyplot, so no global state and no backend."""

# Wong 2011, "Points of view: Color blindness".
BLUE, ORANGE, PURPLE, GREY = "#0072b2", "#e69f00", "#7654b6", "#6b7580"

# matplotlib's own font has no Chinese, Japanese or Korean.
_EASTERN = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "PingFang SC"),
    *("Microsoft YaHei", "SimHei", "WenQuanYi Zen Hei", "Noto Serif CJK SC", "Arial Unicode MS"),
)


def axes_of(width, height, axes=None):
    """`axes`, or those of a new `Figure` of `width` x `height` inches.

    The figure shows itself in a notebook without pyplot, once, and is freed like any object.

    >>> axes_of(6, 4).figure.get_size_inches().tolist()
    [6.0, 4.0]
    """
    return axes if axes is not None else _figure(width, height).subplots()


def columns_of(width, height, count):
    """The axes of a new `Figure` with `count` plots side by side.

    >>> len(columns_of(8, 3, 2))
    2
    """
    return _figure(width, height).subplots(1, count, squeeze=False)[0]


def _figure(width, height):
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("Plots need matplotlib: `pip install hanlib[plots]`.") from error

    class ShownFigure(Figure):
        def _repr_png_(self):
            import io

            file = io.BytesIO()
            self.savefig(file, format="png", dpi=110)
            return file.getvalue()

    return ShownFigure(figsize=(width, height), layout="constrained")


def families():
    """Font families for text of any script, as far as they are installed.

    >>> "sans-serif" in families()
    True
    """
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["sans-serif", *[name for name in _EASTERN if name in installed][:1]]


def label_ticks(axis, places, labels):
    """Sets an axis's ticks; labels are taken as they are: a dollar sign starts no formula.

    >>> axes = axes_of(3, 2)
    >>> label_ticks(axes.xaxis, [0], ["$5 and $6"])
    >>> axes.get_xticklabels()[0].get_text()
    '$5 and $6'
    """
    axis.set_ticks(list(places))
    axis.set_ticklabels(list(labels), parse_math=False, fontfamily=families())


def title(axes, text):
    """Sets a title, whose text starts no formula either.

    >>> axes = axes_of(3, 2)
    >>> title(axes, "a $b$")
    >>> axes.get_title(loc="left")
    'a $b$'
    """
    axes.set_title(text, parse_math=False, fontfamily=families(), fontsize=11, loc="left")
