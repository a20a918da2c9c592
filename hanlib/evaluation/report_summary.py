"""The summary of a report: accuracy, errors, important words, and three examples."""

from hanlib.evaluation import summary_tables as tables
from hanlib.evaluation.class_evidence_html import LISTED, class_evidence_card
from hanlib.evaluation.errors_by_length import wilson_interval
from hanlib.evaluation.extracts import extract
from hanlib.evaluation.html_tables import html_card, html_cards
from hanlib.evidence import formatting
from hanlib.evidence.characters import on_one_line
from hanlib.evidence.html import escaped
from hanlib.evidence.methods import get_method

_EXTRACT = 320


def summary(rows, predictions, evidence, examples, about):
    """The summary of a report as HTML.

    Args:
        rows: The rows of a `ReportIndex`.
        predictions: `Predictions` of all documents, or None if no true label is known.
        evidence: A pair of a method and a function that returns its `ClassEvidence`, or
            `(None, None)`.
        examples: `Examples`.
        about: `dict` of facts, or None.

    >>> summary([], None, (None, None), Examples(), None)
    '<p class="lead">No documents.</p>'
    """
    method, class_evidence = evidence
    facts = {**(about or {}), **({"Evidence by": get_method(method).title} if method else {})}
    parts = [*_lead(rows, predictions), _about(facts)]
    cards = [] if predictions is None else tables.error_tables(predictions)
    if rows:
        # Rare words would come first, since their mean scores vary most.
        min_count = max(1, min(5, len(rows) // 10), len(rows) // 150)
        found = class_evidence(top=LISTED, min_count=min_count)
        cards.append(class_evidence_card(found, get_method(method), len(rows), min_count))
        cards.append(examples.html())
    return "".join([*parts, html_cards(cards)])


def _lead(rows, predictions):
    if predictions is None:
        yield f'<p class="lead">{_documents(len(rows))}.{_shares_of(rows)}</p>'
        return
    count, correct = len(predictions.true_labels), int(predictions.correct.sum())
    interval = tables.interval(*wilson_interval(correct, count))
    what = "All labels right in" if predictions.multi_label else "Right in"
    share = formatting.percent(correct / count)
    yield (
        f'<p class="lead"><strong>{what} {share}</strong> of {_documents(count).lower()} '
        f"(95 % interval {interval}).</p>"
    )
    label, baseline = predictions.majority
    yield (
        f"<p>For comparison: a model that always answers <bdi>“{escaped(formatting.label(label))}”"
        f"</bdi>, the most frequent label, is right in {formatting.percent(baseline)}.</p>"
    )
    if len(rows) < count:
        yield f"<p>The list below contains {len(rows):,} of these documents.</p>"


def _documents(count):
    return "No documents" if not count else f"{count:,} document{'s' if count > 1 else ''}"


def _shares_of(rows):
    if not rows:
        return ""
    counts = {}
    for row in rows:
        counts[row["label"]] = counts.get(row["label"], 0) + 1
    ranked = sorted(counts.items(), key=lambda item: -item[1])[:5]
    shares = ", ".join(
        f"<bdi>“{escaped(name)}”</bdi> {formatting.percent(count / len(rows))}"
        for name, count in ranked
    )
    return f" Predicted: {shares}. The true labels are not known."


def _about(facts):
    pairs = "".join(
        f"<div><dt>{escaped(on_one_line(name))}</dt><dd>{escaped(on_one_line(value))}</dd></div>"
        for name, value in facts.items()
    )
    return f'<dl class="about">{pairs}</dl>' if pairs else ""


_ERROR, _UNSURE = "Most confident error", "Least certain prediction"
_RIGHT, _SURE = "Most confident correct prediction", "Most confident prediction"


class Examples:
    """Selects three documents: a confident error, an uncertain and a confident prediction.

    >>> Examples().html()
    ''
    """

    def __init__(self):
        self._best = {}  # Kind -> (rank, index of the document, HTML).

    def add(self, number, row, explanation):
        """Considers a document with its number and row in the list."""
        confidence, wrong = row["confidence"], row["wrong"]
        if confidence is None or not explanation.sentences:
            return
        ranks = {_UNSURE: -confidence}
        if wrong:
            ranks[_ERROR] = row["wrongness"]
        else:
            ranks[_SURE if wrong is None else _RIGHT] = confidence
        for kind, rank in ranks.items():
            if kind not in self._best or rank > self._best[kind][0]:
                self._best[kind] = rank, number, _example(kind, number, row, explanation)

    def html(self):
        """The examples as one card, each document once."""
        found = {}
        for kind in (_ERROR, _UNSURE, _RIGHT, _SURE):
            if kind in self._best:
                _, number, example = self._best[kind]
                found.setdefault(number, example)
        note = "<p>The sentences that support the explained class most.</p>"
        inside = f'{note}<div class="columns">{"".join(found.values())}</div>'
        return html_card("Examples", inside, wide=True) if found else ""


def _example(kind, number, row, explanation):
    shown = extract(explanation.summary(sentences=2), _EXTRACT)
    true = row["true"]
    truth = "" if true is None else f", true label <bdi>“{escaped(true)}”</bdi>"
    return (
        f'<div class="example"><h3>{kind}</h3><blockquote dir="auto">{escaped(shown)}'
        f"</blockquote><p>Predicted <bdi>“{escaped(row['label'])}”</bdi> with "
        f"{formatting.percent(row['confidence'])}{truth}. "
        f'<a href="#d{number}">Show the document</a></p></div>'
    )
