"""An HTML report on many documents, in a single file without external resources."""

import re
from pathlib import Path

from hanlib.atomic_files import replacing
from hanlib.evaluation.class_evidence import EvidenceTally
from hanlib.evaluation.labelled_predictions import Predictions
from hanlib.evaluation.report_index import ReportIndex
from hanlib.evaluation.report_summary import Examples, summary
from hanlib.evidence.assets import explanation_script, json_for_html, policy_hash, read_asset
from hanlib.evidence.display_record import display_record
from hanlib.evidence.html import escaped
from hanlib.evidence.label_names import as_strings

_ORDERS = {
    "index": "original order",
    "wrong": "most wrong first",
    "unsure": "least certain first",
    "unfaithful-word": "least faithful words first",
    "unfaithful-sentence": "least faithful sentences first",
    "long": "longest first",
    "short": "shortest first",
}
_FOLDER = Path(__file__).parent


def write_report(explanations, path, title="Explanations", about=None, predictions=None):
    """Writes a report with a summary, a list that can be sorted and filtered, and the documents.

    The summary shows metrics and errors (if true labels are known), the important words of each
    class, and three examples. Explanations of the same text for several targets or by several
    methods are grouped as one document. The documents are stored as JSON in the file and rendered
    when they are opened. A content security policy allows only the script of the report, whatever
    the texts contain.

    Args:
        explanations: An iterable of `Explanation`s, which is consumed one by one.
        path: The HTML file to write.
        title: The title of the report.
        about: `dict` of facts to show in the summary, such as the model and the data.
        predictions: `Predictions` for the metrics of the summary, if only a part of the documents
            is explained. None for those of the explanations with a true label.

    Returns:
        The number of documents.

    Raises:
        OSError: If `path` cannot be written. An existing file is kept.

    >>> import tempfile
    >>> from hanlib.evidence import Explanation
    >>> path = Path(tempfile.mkdtemp(), "report.html")
    >>> write_report([Explanation("Good.", "pos", {"pos": 1.0}, "pos", "attention")], path)
    1
    """
    contents = _Contents()
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
        file.write(_head(title))
        for number, explanation in enumerate(explanations):
            file.write(_block(f"e{number}", display_record(explanation)))
            contents.add(explanation)
        file.write(_block("index", contents.index.columns()))
        file.write(_body(title, contents.summary(about, predictions)))
        file.write(f"<script>{_script()}</script>\n</body>\n</html>\n")
    return len(contents.index.rows)


class EvaluationSummary:
    """The summary of a report, for display in a notebook.

    Args:
        explanations: An iterable of `Explanation`s.
        about, predictions: See `write_report`.

    >>> from hanlib.evidence import Explanation
    >>> made = Explanation("Good.", "pos", {"pos": 1.0}, "pos", "attention", true_label="pos")
    >>> "Right in 100.0 %" in EvaluationSummary([made]).html
    True
    """

    def __init__(self, explanations, about=None, predictions=None):
        contents = _Contents()
        for explanation in explanations:
            contents.add(explanation)
        # There is no list of documents to link to.
        inside = re.sub("<a href=.*?</a>", "", contents.summary(about, predictions))
        self.html = f'<style>{_style()}</style><div class="hanlib report">{inside}</div>'

    def _repr_html_(self):
        return self.html


class _Contents:
    """Collects the data of the index and the summary."""

    def __init__(self):
        self.index, self.examples = ReportIndex(), Examples()
        self._tallies, self._labelled = {}, []

    def add(self, explanation):
        new = self.index.add(explanation)
        number = len(self.index.rows) - 1
        tally = self._tallies.setdefault(explanation.method, EvidenceTally())
        tally.add(explanation, number)
        if new:
            row = self.index.rows[-1]
            self.examples.add(number, row, explanation)
            if row["true"] is not None and explanation.probabilities:
                given = explanation.label, explanation.true_label
                self._labelled.append((explanation.probabilities, *given, row["words"]))

    def summary(self, about, predictions):
        if predictions is None and self._labelled:
            predictions = _predictions(self._labelled)
        # Scores of different methods cannot be averaged.
        method = next(iter(self._tallies), None)
        evidence = self._tallies[method].evidence if method else None
        return summary(self.index.rows, predictions, (method, evidence), self.examples, about)


def _predictions(labelled):
    """`Predictions` with class names as strings; unknown true labels get probability 0."""
    rows, labels, true_labels, lengths = zip(*labelled, strict=True)
    labels, true_labels = (tuple(map(as_strings, given)) for given in (labels, true_labels))
    classes = dict.fromkeys(str(name) for row in rows for name in row)
    for label in (*true_labels, *labels):
        classes |= dict.fromkeys(label if isinstance(label, tuple) else (label,))
    rows = [{str(name): value for name, value in row.items()} for row in rows]
    probabilities = [[row.get(name, 0.0) for name in classes] for row in rows]
    return Predictions(tuple(classes), probabilities, true_labels, labels, lengths)


def _script():
    return explanation_script() + read_asset("report.js", _FOLDER)


def _style():
    return read_asset("explanation.css") + read_asset("report.css", _FOLDER)


def _head(title):
    policy = (
        f"default-src 'none'; script-src {policy_hash(_script())}; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>{_style()}</style>\n</head>\n"
        '<body class="hanlib report">\n'
    )


def _body(title, summarized):
    return (
        f"<header><h1>{escaped(title)}</h1></header>\n"
        f'<section id="summary" aria-label="Summary">{summarized}</section>\n'
        "<noscript><p>A script in this file displays the documents of the report, but scripts are "
        "disabled. The script does not access the network.</p></noscript>\n"
        '<h2 id="documents">Documents</h2>\n'
        f'<div id="controls" role="search" hidden>{_controls()}</div>\n'
        '<p class="in-print">The documents are in the file, which displays them on a screen.</p>\n'
        '<main><section id="list" aria-label="List"><ol id="rows"></ol>'
        '<button id="more" type="button" hidden></button></section>'
        '<section id="document" aria-label="Document" aria-live="polite"></section></main>\n'
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
        '<label>Text contains<input id="search" type="search"></label>'
        '<span id="count" class="quiet" role="status"></span>'
    )


def _block(name, value):
    return f'<script type="application/json" id="{name}">{json_for_html(value)}</script>\n'
