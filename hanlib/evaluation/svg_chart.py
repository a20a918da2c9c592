"""Charts of lines and points as SVG, without scripts and external resources."""

import dataclasses
import math

from hanlib.evidence.html import escaped

# Wong 2011, "Points of view: Color blindness", and two more; the markers say the same.
_HUES = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#7654b6", "#8a7a2f")
_MARKERS = (
    '<circle cx="{x}" cy="{y}" r="4"/>',
    '<rect x="{x}" y="{y}" width="8" height="8" transform="translate(-4 -4)"/>',
    '<path d="M{x} {y}m-5 4h10l-5 -9z"/>',
)
_WIDTH, _HEIGHT = 640, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 470, 14, 290


@dataclasses.dataclass(frozen=True)
class Series:
    """Lines of one color and marker.

    Attributes:
        name: Text of the legend.
        lines: Lists of points `(x, y)`; a line of one point is a marker.
        index: Selects color and marker.

    >>> Series("gru", [[(1, 0.8), (2, 0.9)]], index=0).name
    'gru'
    """

    name: str
    lines: list
    index: int


def chart(series, title, x_label, y_label, *, log_x=False, x_names=None):
    """An SVG element with lines, axes and a legend.

    Args:
        series: A list of `Series`.
        title: Description of the picture for screen readers.
        x_label, y_label: Labels of the axes.
        log_x: Whether the x-axis is logarithmic; x must then be greater than 0.
        x_names: Texts at x = 0, 1, ... in place of numbers.

    Returns:
        A string, or "" without points.

    >>> drawn = chart([Series("<b>", [[(1, 0.8), (2, 0.9)]], 0)], "Two points", "x", "y")
    >>> drawn.startswith("<svg"), "&lt;b&gt;" in drawn, "<b>" in drawn
    (True, True, False)
    """
    points = [point for one in series for line in one.lines for point in line]
    if not points:
        return ""
    xs, ys = zip(*points, strict=True)
    if x_names is not None:
        x_axis = _Axis(-0.3, len(x_names) - 0.7, _LEFT, _RIGHT)
        x_ticks = [(position, name) for position, name in enumerate(x_names)]
    else:
        x_axis = _Axis(*_range(xs, log_x), _LEFT, _RIGHT, log_x)
        x_ticks = [(value, _number(value)) for value in x_axis.ticks()]
    y_axis = _Axis(*_range(ys, False), _BOTTOM, _TOP)
    drawn = [
        *_vertical(y_axis, y_label),
        *_horizontal(x_axis, x_ticks, x_label),
        *(_drawn(one, x_axis, y_axis) for one in series),
        *(_legend(one, row) for row, one in enumerate(series)),
    ]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escaped(title)}" '
        f'font-size="12" fill="currentColor">{"".join(drawn)}</svg>'
    )


class _Axis:
    """Maps values to positions in the picture."""

    def __init__(self, low, high, start, end, log=False):
        self.low, self.high, self.start, self.end, self.log = low, high, start, end, log

    def __call__(self, value):
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        return round(self.start + (value - low) / (high - low) * (self.end - self.start), 1)

    def ticks(self, count=5):
        """Round values between both ends."""
        if self.log:
            exponents = range(
                math.ceil(math.log10(self.low)), math.floor(math.log10(self.high)) + 1
            )
            values = [factor * 10.0**n for n in (*exponents, exponents.stop) for factor in (0.3, 1)]
            return [value for value in values if self.low <= value <= self.high]
        step = 10 ** math.floor(math.log10((self.high - self.low) / count))
        step *= next(n for n in (1, 2, 5, 10) if n * step * count >= self.high - self.low)
        first, last = math.ceil(self.low / step), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def _range(values, log):
    """The ends of an axis, a little apart from the outermost values."""
    low, high = min(values), max(values)
    if log:
        return low / 1.5, high * 1.5
    room = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def _vertical(axis, label):
    for value in axis.ticks():
        y = axis(value)
        yield f'<path d="M{_LEFT} {y}H{_RIGHT}" stroke="currentColor" opacity=".15"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{_number(value)}</text>'
    middle = (_TOP + _BOTTOM) / 2
    yield (
        f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">'
        f"{escaped(label)}</text>"
    )


def _horizontal(axis, ticks, label):
    yield f'<path d="M{_LEFT} {_BOTTOM}H{_RIGHT}" stroke="currentColor" opacity=".6"/>'
    for value, name in ticks:
        place = f'x="{axis(value)}" y="{_BOTTOM + 17}" text-anchor="middle"'
        yield f"<text {place}>{escaped(name)}</text>"
    middle = (_LEFT + _RIGHT) / 2
    yield f'<text x="{middle}" y="{_HEIGHT - 12}" text-anchor="middle">{escaped(label)}</text>'


def _drawn(series, x_axis, y_axis):
    parts = []
    for line in series.lines:
        places = [(x_axis(x), y_axis(y)) for x, y in line]
        if len(places) > 1:
            path = " ".join(f"{x},{y}" for x, y in places)
            parts.append(f'<polyline points="{path}" fill="none" stroke-width="1.6"/>')
        parts += [_marker(series.index, x, y) for x, y in places]
    hue = _HUES[series.index % len(_HUES)]
    return (
        f'<g fill="{hue}" stroke="{hue}"><title>{escaped(series.name)}</title>{"".join(parts)}</g>'
    )


def _legend(series, row):
    x, y = _RIGHT + 22, _TOP + 12 + 22 * row
    hue = _HUES[series.index % len(_HUES)]
    return (
        f'<g fill="{hue}">{_marker(series.index, x, y)}</g>'
        f'<text x="{x + 12}" y="{y + 4}">{escaped(series.name)}</text>'
    )


def _marker(index, x, y):
    # With another number of hues than of markers, the first 24 pairs differ.
    return _MARKERS[index % len(_MARKERS)].format(x=x, y=y)


def _number(value):
    """A tick in short: 1,500 as 1.5k.

    >>> _number(1500), _number(0.30000000000000004), _number(3e6)
    ('1.5k', '0.3', '3M')
    """
    for size, sign in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{sign}"
    return f"{value:.4g}"
