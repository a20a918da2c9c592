"""One explanation as HTML: no script, nothing fetched, all text escaped."""

import functools
import html
from pathlib import Path

from hanlib.evidence.characters import shown
from hanlib.evidence.reading import reading
from hanlib.evidence.shading import LEVELS

# Nothing may run or be fetched, whatever a document holds.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
# A bar stays on the line of its sentence's beginning, unless that is longer than this.
_KEPT = 24


def explanation_html(explanation, page=True, title=None):
    """The explanation as HTML; `Explanation.to_html` gives the same.

    Args:
        explanation: An `Explanation`.
        page: Whether to give a whole page; otherwise one element with its style, as a notebook
            shows it.
        title: Of the page; None: the label.

    Returns:
        A string. The text of its element of class "text" is the document's, character for
        character.

    >>> from hanlib.evidence import Explanation
    >>> page = explanation_html(Explanation("<b>", "pos", {"pos": 1.0}, "pos", "attention"))
    >>> "&lt;b&gt;" in page, "<b>" in page
    (True, False)
    """
    read = reading(explanation)
    return page_of(article(read), title or read["label"], page)


def page_of(body, title, whole=True):
    """A whole page around `body`, or `body` with its style alone.

    >>> page_of("<p></p>", "A title").startswith("<!doctype html>")
    True
    """
    if not whole:
        return f"<style>{stylesheet()}</style>\n{body}"
    return (
        '<!doctype html>\n<html lang="">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n"
        "<style>html { color-scheme: light dark; } body { margin: 0; } "
        "body > .hanlib { min-height: 100vh; }\n"
        f"{stylesheet()}</style>\n{body}\n</html>\n"
    )


@functools.cache
def stylesheet():
    """The style of an explanation; every rule begins at the class "hanlib"."""
    return Path(__file__).with_name("explanation.css").read_text(encoding="utf-8")


def escaped(text):
    """`text` for HTML, between tags or within quotes."""
    return html.escape(shown(text), quote=True)


def article(read):
    """The element of one explanation, from its `reading`."""
    return (
        f'<article class="hanlib">{_verdict(read)}<div class="body">{_text(read)}'
        f"<aside>{_classes(read)}{_legend(read)}{_facts(read)}</aside></div></article>"
    )


def _verdict(read):
    truth = ""
    if read["true"] is not None:
        mark = "wrong" if read["wrong"] else "quiet"
        says = "wrong: true label is" if read["wrong"] else "right: true label is"
        truth = f'<span class="{mark}">{says} <bdi>{escaped(read["true"])}</bdi></span>'
    return (
        f'<div class="verdict"><strong><bdi>{escaped(read["label"])}</bdi></strong>{truth}'
        f'<span class="quiet">{escaped(read["method"])}, for class '
        f"<bdi>{escaped(read['target'])}</bdi></span></div>"
    )


def _text(read):
    inside = "".join(_passage(passage, read["signed"]) for passage in read["passages"])
    if not inside:
        return '<div class="text empty">The document has no text.</div>'
    return f'<div class="text" dir="auto">{inside}</div>'


def _passage(passage, signed):
    if isinstance(passage, str):
        return escaped(passage)
    figure, percent, strength, runs = passage
    bar = (
        f'<i class="bar {_hue(strength, signed)}" style="--w:{percent}%" tabindex="0" '
        f'title="sentence {escaped(figure)}"></i>'
    )
    drawn = [_run(run, signed) for run in runs]
    first = "" if not runs else runs[0] if isinstance(runs[0], str) else runs[0][0]
    if 0 < len(first) <= _KEPT:
        drawn[0] = f'<span class="head">{bar}{drawn[0]}</span>'
    else:
        drawn.insert(0, bar)
    return f'<span class="s">{"".join(drawn)}</span>'


def _run(run, signed):
    if isinstance(run, str):
        return escaped(run)
    text, strength, figure = run
    shade = ""
    if strength:
        shade = f' class="{_hue(strength, signed)} n{abs(strength)}"'
        # Only words that matter are stops of the keyboard.
        shade += ' tabindex="0"' if abs(strength) > 1 else ""
    return f'<span{shade} title="{escaped(f"{text} {figure}")}">{escaped(text)}</span>'


def _hue(strength, signed):
    return "a" if not signed else "g" if strength < 0 else "f"


def _classes(read):
    rows = []
    for name, figure, percent, marks in read["classes"]:
        mark = f' <span class="quiet">({escaped(marks)})</span>' if marks else ""
        track = f'<span class="track" style="--w:{percent}%"></span>' if figure else ""
        rows.append(
            f'<li><div class="row"><span><bdi>{escaped(name)}</bdi>{mark}</span>'
            f"<span>{escaped(figure)}</span></div>{track}</li>"
        )
    return f'<h3>Probabilities</h3><ul class="classes">{"".join(rows)}</ul>' if rows else ""


def _legend(read):
    words = {1: "weak", LEVELS: "strong"}
    strengths = range(1, LEVELS + 1)
    if read["signed"]:
        words = {-LEVELS: "against", LEVELS: "for"}
        strengths = range(-LEVELS, LEVELS + 1, 2)
    scale = "".join(
        f'<span class="{_hue(n, read["signed"])} n{abs(n)}">{words.get(n, "·")}</span>'
        for n in strengths
    )
    says = "".join(f"<p>{escaped(sentence)}</p>" for sentence in (*read["legend"], *read["notes"]))
    return f'<h3>What the colour means</h3><div class="scale">{scale}</div>{says}'


def _facts(read):
    rows = "".join(
        f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in read["facts"]
    )
    return f"<h3>How far to trust it</h3><dl>{rows}</dl>"
