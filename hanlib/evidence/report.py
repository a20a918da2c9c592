"""A report over many documents: one file that opens fast and fetches nothing."""

import base64
import contextlib
import hashlib
import json
import os
import re
from pathlib import Path

from hanlib.evidence.characters import shown
from hanlib.evidence.html import escaped, stylesheet
from hanlib.evidence.reading import reading
from hanlib.evidence.report_index import ReportIndex

_ORDERS = {
    "place": "as they came",
    "wrong": "most wrong first",
    "unsure": "least sure first",
    "unfaithful": "least faithful first",
    "long": "longest first",
}
_HEADS = {
    "place": "No.",
    "text": "Document",
    "label": "Predicted",
    "true": "True",
    "confidence": "Confidence",
    "faithful": "Better than chance",
    "words": "Words",
}


def write_report(explanations, path, title="Explanations"):
    """Writes a report: an index that sorts and filters, and each document when it is opened.

    Explanations of the same text for several targets, or by several methods, are one document
    with a picker. The documents lie in the file as JSON and are drawn on demand, so 1,000 documents
    of 250 words open in about a second. The file runs no script but its own, whatever the texts
    hold, and is written under a temporary name and then renamed.

    Args:
        explanations: An iterable of `Explanation`s. It is read once, one at a time; what is kept
            in memory of each is its line in the index.
        path: The HTML file to write.
        title: Its title.

    Returns:
        The number of documents.

    Raises:
        OSError: `path` cannot be written. What was there before stays.

    >>> import tempfile
    >>> from hanlib.evidence import Explanation
    >>> path = Path(tempfile.mkdtemp(), "report.html")
    >>> write_report([Explanation("Good.", "pos", {"pos": 1.0}, "pos", "attention")], path)
    1
    """
    index = ReportIndex()
    with _replacing(path) as file:
        file.write(_head(title))
        for place, explanation in enumerate(explanations):
            file.write(_block(f"e{place}", reading(explanation)))
            index.add(explanation)
        file.write(_block("index", index.rows))
        file.write(_frame(title, index.outline()))
        file.write(f"<script>{_part('report.js')}</script>\n</body>\n</html>\n")
    return len(index.rows)


@contextlib.contextmanager
def _replacing(path):
    """A text file that takes its place at `path` when the block ends without error."""
    path = Path(path)
    temporary = path.with_name(f".writing-{os.getpid()}-{path.name}")
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _part(name):
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _head(title):
    digest = hashlib.sha256(_part("report.js").encode("utf-8")).digest()
    policy = (
        f"default-src 'none'; script-src 'sha256-{base64.b64encode(digest).decode()}'; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n"
        f"<style>{stylesheet()}{_part('report.css')}</style>\n</head>\n"
        '<body class="hanlib report">\n'
    )


def _frame(title, outline):
    heads = "".join(
        f'<th data-order="{name}" scope="col"><button type="button">{text}</button></th>'
        for name, text in _HEADS.items()
    )
    return (
        f"<header><h1>{escaped(title)}</h1><p>{escaped(outline)}</p></header>\n"
        "<noscript><p>The documents of this report are drawn by a script within the file, and "
        "scripts are turned off. Nothing is fetched and nothing is sent.</p></noscript>\n"
        f'<div id="controls" role="search" hidden>{_controls()}</div>\n'
        f'<main><section id="list"><table><thead><tr>{heads}</tr></thead>'
        '<tbody id="rows"></tbody></table>'
        '<button id="more" type="button" hidden></button></section>'
        '<section id="document" aria-live="polite"></section></main>\n'
    )


def _controls():
    every = '<option value="">all</option>'
    orders = "".join(f'<option value="{name}">{text}</option>' for name, text in _ORDERS.items())
    outcomes = f'{every}<option value="wrong">wrong</option><option value="right">right</option>'
    return (
        f'<label>Order<select id="order">{orders}</select></label>'
        f'<label>Predicted<select id="label">{every}</select></label>'
        f'<label>True<select id="true">{every}</select></label>'
        f'<label>Outcome<select id="outcome">{outcomes}</select></label>'
        '<label>Text holds<input id="search" type="search"></label>'
        '<span id="count" class="quiet" role="status"></span>'
    )


def _block(name, value):
    return f'<script type="application/json" id="{name}">{embedded(value)}</script>\n'


def embedded(value):
    """`value` as JSON that ends no script element and no line, for a page in UTF-8.

    >>> embedded({"text": "</script> & \\u2028"})
    '{"text":"\\\\u003c/script\\\\u003e \\\\u0026 \\\\u2028"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return re.sub("[<>&\u2028\u2029]", lambda sign: f"\\u{ord(sign.group()):04x}", shown(text))
