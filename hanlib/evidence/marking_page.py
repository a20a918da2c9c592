"""A page on which people mark evidence in documents: one file that works without a server."""

import hashlib

from hanlib.evidence.assets import json_for_html, policy_hash, read_asset
from hanlib.evidence.html import escaped

_KEYS = {
    "← → ↑ ↓": "go from word to word and from line to line",
    "Shift + arrow": "choose several words",
    "Enter, Space": "mark the words, or remove the mark",
    "Delete": "remove the mark",
    "1 to 9": "choose a label",
    "0": "nothing is evidence",
    "U, Ctrl + Z": "undo",
    "N, P": "next and previous document",
}


def marking_page(documents, title="Evidence", name="documents", classes=None):
    """A page to mark spans of documents as evidence for their labels.

    Spans are marked with the mouse, with a finger or with the keyboard. The page keeps the marks in
    the storage of the browser, and downloads them as JSON lines for `hanlib train` and
    `hanlib.data.evidence.read_marked`. It reads such a file too, so that a marker can go on with
    another browser or another day. It opens from the disk, has no external resources, and a
    content security policy allows only its own script.

    Args:
        documents: An iterable of dicts with the key `text`, and optionally `label` (a class, a list
            of classes, or None), `evidence` (half-open spans of characters, or None if nobody has
            marked the document), `id` and `split`.
        title: Title of the page.
        name: Start of the name of the downloaded file.
        classes: Class names to choose from; None for the labels of the documents, sorted.

    Returns:
        A string.

    >>> page = marking_page([{"text": "<b>Superb!</b>", "label": "pos"}], title="<Reviews>")
    >>> "&lt;Reviews&gt;" in page, "<b>" in page
    (True, False)
    """
    documents = [
        {"label": None, **document, "evidence": _merged(document.get("evidence"))}
        for document in documents
    ]
    labels = [document["label"] for document in documents]
    multiple = any(isinstance(label, (list, tuple)) for label in labels)
    if classes is None:
        given = (label if isinstance(label, (list, tuple)) else (label,) for label in labels)
        classes = sorted({name for names in given for name in names} - {None})
    # The marks of a browser belong to these documents, whatever the file is called.
    texts = "\0".join(document["text"] for document in documents)
    digest = hashlib.sha256(texts.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    contents = {
        "documents": documents,
        "classNames": list(classes),
        "multiple": multiple,
        "stem": name,
        "key": f"hanlib-marks-{digest}",
    }
    return _page(title, json_for_html(contents))


def _merged(spans):
    """Sorted spans, with those that overlap joined.

    >>> _merged([(5, 9), (0, 2), (1, 3)]), _merged(None)
    ([[0, 3], [5, 9]], None)
    """
    if spans is None:
        return None
    merged = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([start, end])
    return merged


def _page(title, contents):
    script = read_asset("elements.js") + read_asset("marking_file.js") + read_asset("marking.js")
    policy = (
        f"default-src 'none'; script-src {policy_hash(script)}; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n"
        f"<style>{read_asset('explanation.css')}{read_asset('marking.css')}</style>\n</head>\n"
        f'<body class="hanlib marking">\n{_body(title)}\n'
        f'<script type="application/json" id="documents">{contents}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def _body(title):
    keys = "".join(f"<dt><kbd>{key}</kbd></dt><dd>{what}</dd>" for key, what in _KEYS.items())
    buttons = {
        "previous": "← Previous",
        "next": "Next →",
        "unmarked": "Next unmarked",
        "mark": "Mark selection",
        "nothing": "Nothing is evidence",
        "undo": "Undo",
    }
    tools = "".join(
        f'<button type="button" id="{id}">{what}</button>' for id, what in buttons.items()
    )
    return (
        f'<header><h1>{escaped(title)}</h1><p class="quiet" id="progress"></p></header>\n'
        f'<div class="tools" role="toolbar" aria-label="Documents and marks">{tools}'
        '<span id="position" class="quiet"></span></div>\n'
        '<p id="problem" role="alert"></p><p class="unseen" id="said" role="status"></p>\n'
        '<main class="wide"><div><p class="quiet">Mark the words that show why the label is right: '
        "select them with the mouse, with the arrow keys and Enter, or a finger and the button "
        "Mark selection.</p>"
        '<div class="text" id="text" dir="auto" tabindex="0" role="application" '
        'aria-roledescription="text to mark" aria-label="The document. Arrow keys move from word '
        'to word, Shift chooses several, Enter marks them."></div></div>\n'
        '<aside><fieldset id="labels"><legend>Label</legend></fieldset>'
        '<h2>Marks</h2><ol id="marks"></ol>'
        '<p><label>Your name <input type="text" id="marker" autocomplete="name"></label></p>'
        '<p class="file"><button type="button" class="main" id="download">Download the marks'
        "</button>"
        '<button type="button" id="open">Open marks…</button>'
        '<input type="file" id="file" accept=".jsonl,.json" hidden></p>'
        f"<details open><summary>Keys</summary><dl>{keys}</dl></details></aside></main>\n"
        "<noscript><p>This page needs JavaScript. It does not access the network.</p></noscript>"
    )
