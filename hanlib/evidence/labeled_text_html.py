"""A text with labeled spans as static HTML, without scripts, all text escaped."""

from hanlib.evidence.html import escaped, html_page

# Hues that are far apart; further labels begin again with another lightness.
_HUES = (210, 35, 150, 0, 275, 60, 185, 320, 95, 240)
_STYLE = """
.hanlib mark { color: inherit; border-radius: 3px; padding: 1px 3px; print-color-adjust: exact;
  -webkit-print-color-adjust: exact; }
.hanlib mark > sup { font-size: .68em; line-height: 0; margin-left: .3em; opacity: .85;
  user-select: none; }
.hanlib .text + .text { margin-top: .8rem; }
.hanlib .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem .7rem;
  margin: 0 0 .8rem; padding: 0; }
"""


def labeled_text_html(labeled, page=True, title=None):
    """The text with a colored mark for each span, and a legend; `LabeledText.to_html` calls this.

    Args:
        labeled: A `LabeledText`.
        page: Whether to return a complete page; otherwise one element with its style sheet.
        title: Title of the page; None for "Labels".

    >>> from hanlib.evidence import LabeledSpan, LabeledText
    >>> text = LabeledText("<b>", (LabeledSpan(0, 3, "<b>", "NP", 0.5),), ("NP",))
    >>> "&lt;b&gt;" in text.to_html(), "<b>" in text.to_html()
    (True, False)
    """
    return labeled_texts_html([labeled], page, title)


def labeled_texts_html(texts, page=True, title=None):
    """Several texts with a common legend; arguments as in `labeled_text_html`.

    >>> labeled_texts_html([]).startswith("<!doctype html>")
    True
    """
    names = dict.fromkeys(name for labeled in texts for name in labeled.classes)
    styles = {name: _style(index) for index, name in enumerate(names)}
    given = {span.label for labeled in texts for span in labeled.spans}
    legend = "".join(
        f'<li><mark style="{style}"><bdi>{escaped(name)}</bdi></mark></li>'
        for name, style in styles.items()
        if name in given
    )
    bodies = "".join(
        f'<div class="text" dir="auto">{"".join(_pieces(labeled, styles))}</div>'
        for labeled in texts
    )
    element = (
        f'<article class="hanlib"><style>{_STYLE}</style><ul class="legend">{legend}</ul>'
        f"{bodies}</article>"
    )
    return html_page(element, title or "Labels", page)


def _pieces(labeled, styles):
    """The text as HTML, piece by piece."""
    at = 0
    for span in labeled.spans:
        if span.start is None or span.start < at:
            continue
        yield escaped(labeled.text[at : span.start])
        title = escaped(f"{span.label} {span.probability:.2f}")
        inside = escaped(labeled.text[span.start : span.end])
        # The label is displayed, but it is no part of the text that is copied or read aloud.
        yield (
            f'<mark style="{styles.get(span.label, "")}" title="{title}">{inside}'
            f'<sup aria-hidden="true">{escaped(span.label)}</sup></mark>'
        )
        at = span.end
    yield escaped(labeled.text[at:])


def _style(index):
    """A translucent color, which can be read on light and dark pages."""
    hue, turn = _HUES[index % len(_HUES)], index // len(_HUES)
    return f"background: hsl({hue + 17 * turn} 75% {50 - 8 * (turn % 3)}% / .32)"
