"""Creates matplotlib figures without pyplot, which keeps global state. matplotlib is optional."""

# Wong 2011, "Points of view: Color blindness".
BLUE, ORANGE, PURPLE, GRAY = "#0072b2", "#e69f00", "#7654b6", "#6b7580"

# Fonts with Chinese, Japanese and Korean characters, which the default font lacks.
_EASTERN = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "PingFang SC"),
    *("Microsoft YaHei", "SimHei", "WenQuanYi Zen Hei", "Noto Serif CJK SC", "Arial Unicode MS"),
)


def new_axes(width, height, axes=None):
    """Returns `axes`, or the axes of a new `Figure` of `width` x `height` inches.

    Notebooks display the figure.

    >>> new_axes(6, 4).figure.get_size_inches().tolist()
    [6.0, 4.0]
    """
    return axes if axes is not None else _figure(width, height).subplots()


def new_columns(width, height, count):
    """The axes of a new `Figure` with `count` plots next to each other.

    >>> len(new_columns(8, 3, 2))
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


def signed_bars(axes, values, names, colors):
    """Draws labelled horizontal bars from top to bottom; negative ones are hatched.

    >>> axes = new_axes(3, 2)
    >>> signed_bars(axes, [1.0, -0.5], ["a", "b"], [BLUE, ORANGE])
    >>> [bar.get_hatch() for bar in axes.patches]
    ['', '//']
    """
    bars = axes.barh(range(len(values)), values, color=colors, edgecolor="white", linewidth=0)
    for bar, value in zip(bars, values, strict=True):
        bar.set_hatch("//" if value < 0 else "")
    label_ticks(axes.yaxis, range(len(names)), names)
    axes.invert_yaxis()
    axes.axvline(0, color=GRAY, linewidth=0.8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def font_families():
    """Installed font families that cover text in any script.

    >>> "sans-serif" in font_families()
    True
    """
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["sans-serif", *[name for name in _EASTERN if name in installed][:1]]


def label_ticks(axis, positions, labels):
    """Sets ticks and labels of an axis. Dollar signs in labels do not start a formula.

    >>> axes = new_axes(3, 2)
    >>> label_ticks(axes.xaxis, [0], ["$5 and $6"])
    >>> axes.get_xticklabels()[0].get_text()
    '$5 and $6'
    """
    axis.set_ticks(list(positions))
    axis.set_ticklabels(list(labels), parse_math=False, fontfamily=font_families())


def title(axes, text):
    """Sets a title. Dollar signs in it do not start a formula.

    >>> axes = new_axes(3, 2)
    >>> title(axes, "a $b$")
    >>> axes.get_title(loc="left")
    'a $b$'
    """
    axes.set_title(text, parse_math=False, fontfamily=font_families(), fontsize=11, loc="left")
