"""One explanation as static HTML, without scripts and external resources, all text escaped.

`explanation.js` creates the same elements in a browser; `tests/test_evaluation_browser.py` compares
the two.
"""

import html

from hanlib.evidence.assets import read_asset
from hanlib.evidence.characters import printable
from hanlib.evidence.display_record import display_record, method_of, trust_sentences
from hanlib.evidence.shading import LEVELS

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def explanation_html(explanation, page=True, title=None):
    """The explanation as HTML; `Explanation.to_html` calls this.

    Args:
        explanation: An `Explanation`.
        page: Whether to return a complete page; otherwise one element with its style sheet, for
            notebooks.
        title: Title of the page; None for the label.

    Returns:
        A string. The content of its element of class "text" is the text of the document, character
        for character.

    >>> from hanlib.evidence import Explanation
    >>> page = explanation_html(Explanation("<b>", "pos", {"pos": 1.0}, "pos", "attention"))
    >>> "&lt;b&gt;" in page, "<b>" in page
    (True, False)
    """
    record = display_record(explanation)
    return html_page(article(record), title or record["label"], page)


def html_page(body, title, whole=True):
    """A complete page around `body`, or only `body` with the style sheet.

    >>> html_page("<p></p>", "A title").startswith("<!doctype html>")
    True
    """
    style = read_asset("explanation.css")
    if not whole:
        return f"<style>{style}</style>\n{body}"
    return (
        '<!doctype html>\n<html lang="">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n"
        "<style>html { color-scheme: light dark; } body { margin: 0; } "
        "body > .hanlib { min-height: 100vh; }\n"
        f"{style}</style>\n{body}\n</html>\n"
    )


def escaped(text):
    """Escapes text for HTML, between tags or in attribute values."""
    return html.escape(printable(text), quote=True)


def article(record):
    """The element of one explanation, created from its display record."""
    method = method_of(record)
    text = "".join(_passage(passage, method.signed) for passage in record["passages"])
    text = f'<div class="text" dir="auto">{text}</div>'
    if not record["passages"]:
        text = '<div class="text empty">The document has no text.</div>'
    aside = f"<aside>{_classes(record)}{_legend(record, method)}{_trust(record)}</aside>"
    verdict = _verdict(record, method)
    return f'<article class="hanlib">{verdict}<div class="body">{text}{aside}</div></article>'


def _verdict(record, method):
    truth = ""
    if record["true"] is not None:
        kind, verdict = ("wrong", "wrong") if record["wrong"] else ("quiet", "right")
        truth = (
            f'<span class="{kind}">{verdict}: true label is '
            f"<bdi>{escaped(record['true'])}</bdi></span>"
        )
    return (
        f'<div class="verdict"><strong><bdi>{escaped(record["label"])}</bdi></strong>{truth}'
        f'<span class="quiet">Evidence for class <bdi>{escaped(record["target"])}</bdi>, by '
        f"{escaped(method.title)}</span></div>"
    )


def _passage(passage, signed):
    if isinstance(passage, str):
        return escaped(passage)
    score, width, strength, runs = passage
    bar = f' {_hue(strength, signed)}" style="--w:{width}' if strength else ""
    inside = "".join(_run(run, signed) for run in runs)
    return f'<span class="s{bar}" title="sentence {escaped(score)}">{inside}</span>'


def _run(run, signed):
    if isinstance(run, str):
        return escaped(run)
    text, strength, score = run
    # Only strongly shaded words can be reached with the Tab key.
    tab = ' tabindex="0"' if abs(strength) > 1 else ""
    return (
        f'<span class="{_hue(strength, signed)} n{abs(strength)}" title="'
        f'{escaped(f"{text} {score}")}"{tab}>{escaped(text)}</span>'
    )


def _hue(strength, signed):
    return "look" if not signed else "against" if strength < 0 else "for"


def _classes(record):
    rows = []
    for name, percent, width, remark, given in record["classes"]:
        remark = f' <span class="quiet">({escaped(remark)})</span>' if remark else ""
        rows.append(
            f'<li{" class=given" if given else ""}><div class="row"><span><bdi>{escaped(name)}'
            f"</bdi>{remark}</span><span>{escaped(percent)}</span></div>"
            f'<span class="track" style="--w:{width}"></span></li>'
        )
    if record["further"]:
        rows.append(f'<li class="quiet">{record["further"]:,} further classes</li>')
    return f'<h3>Probabilities</h3><ul class="classes">{"".join(rows)}</ul>' if rows else ""


def _legend(record, method):
    words = {-LEVELS: "against", LEVELS: "for"} if method.signed else {1: "weak", LEVELS: "strong"}
    strengths = range(-LEVELS, LEVELS + 1, 2) if method.signed else range(1, LEVELS + 1)
    scale = "".join(
        f'<span class="{_hue(n, method.signed)} n{abs(n)}">{words.get(n, "·")}</span>'
        for n in strengths
    )
    meaning = [method.meaning] if method.meaning else []
    notes = "".join(f"<p>{escaped(s)}</p>" for s in (*meaning, *method.legend, *record["notes"]))
    return f'<h3>What the color means</h3><div class="scale">{scale}</div>{notes}'


def _trust(record):
    sentences = "".join(f"<p>{escaped(sentence)}</p>" for sentence in trust_sentences(record))
    rows = "".join(
        f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in record["figures"]
    )
    more = f"<details><summary>Details</summary><dl>{rows}</dl></details>"
    return f"<h3>How far to trust it</h3>{sentences}{more if rows else ''}"
