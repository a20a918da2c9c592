"""The tables of the summary of a report: where a model errs."""

import numpy as np

from hanlib.evaluation.confusion_matrix import confusion_matrix
from hanlib.evaluation.errors_by_length import errors_by_length, wilson_interval
from hanlib.evaluation.html_tables import html_card, html_table, meter
from hanlib.evaluation.reliability import reliability
from hanlib.evaluation.risk_coverage import risk_coverage
from hanlib.evidence import formatting
from hanlib.evidence.html import escaped

_MATRIX, _CLASSES, _CONFUSIONS = 8, 12, 10


def error_tables(predictions):
    """The tables on the errors of a model, from its `Predictions`, as a list of HTML.

    >>> from hanlib.evaluation import Predictions
    >>> made = Predictions(("neg", "pos"), [[0.9, 0.1], [0.4, 0.6]], ["neg", "neg"])
    >>> [card.partition("</h2>")[0].rpartition(">")[2] for card in error_tables(made)]
    ['Confusion', 'By class', 'By confidence']
    """
    cards = [] if predictions.multi_label else [_confusions(confusion_matrix(predictions))]
    cards.append(_by_class(predictions))
    if predictions.lengths is not None:
        cards.append(_by_length(errors_by_length(predictions)))
    cards.append(_by_confidence(reliability(predictions), _by_coverage(predictions)))
    return cards


def _confusions(matrix):
    title = "Confusion"
    names = [f"<bdi>{escaped(formatting.label(name))}</bdi>" for name in matrix.classes]
    if len(names) <= _MATRIX:
        shares = matrix.counts / np.maximum(1, matrix.counts.sum(axis=1, keepdims=True))
        rows = [
            [
                names[i],
                *(_cell(matrix.counts[i, j], shares[i, j], i == j) for j in range(len(names))),
            ]
            for i in range(len(names))
        ]
        return html_card(title, html_table("", ["true ↓ predicted →", *names], rows))
    errors = matrix.counts - np.diag(np.diag(matrix.counts))
    ranked = np.argsort(-errors, axis=None, kind="stable")[:_CONFUSIONS]
    pairs = [divmod(int(index), len(names)) for index in ranked]
    rows = [[names[i], names[j], f"{errors[i, j]:,}"] for i, j in pairs if errors[i, j]]
    return html_card(title, html_table("", ["true", "predicted", "documents"], rows))


def _cell(count, share, right):
    kind = "hit" if right else "miss"
    return f'<span class="{kind}" style="--w:{round(100 * share)}">{count:,}</span>'


def _by_class(predictions):
    truth, given = predictions.truth, predictions.given
    both, true, predicted = (m.sum(axis=0) for m in (truth & given, truth, given))
    rows = [
        [
            f"<bdi>{escaped(formatting.label(name))}</bdi>",
            f"{true[i]:,}",
            _share(both[i], true[i]),
            _share(both[i], predicted[i]),
        ]
        for i, name in enumerate(predictions.classes)
    ]
    if len(rows) > _CLASSES:
        rows = [rows[i] for i in np.argsort(-true, kind="stable")]
    heads = ["class", "documents", "recall", "precision"]
    table = html_table("", heads, rows[:_CLASSES])
    if rest := rows[_CLASSES:]:
        more = f"<summary>{len(rest)} further classes</summary>{html_table('', heads, rest)}"
        table += f"<details>{more}</details>"
    return html_card("By class", table)


def _by_length(groups):
    low, high = groups.intervals
    rows = [
        [
            f"{groups.shortest[i]:,} to {groups.longest[i]:,}",
            f"{groups.counts[i]:,}",
            f"{formatting.percent(groups.rates[i])} {meter(groups.rates[i], 'miss')}",
            interval(low[i], high[i]),
        ]
        for i in range(len(groups.counts))
    ]
    return html_card(
        "By length", html_table("", ["words", "documents", "errors", "95 % interval"], rows)
    )


def _by_confidence(bins, coverage):
    rows = [
        [
            f"{100 * bins.edges[i]:.0f} to {100 * bins.edges[i + 1]:.0f} %",
            f"{bins.counts[i]:,}",
            formatting.percent(bins.confidence[i]),
            f"{formatting.percent(bins.accuracy[i])} {meter(bins.accuracy[i], 'hit')}",
        ]
        for i in np.flatnonzero(bins.counts)[::-1]
    ]
    error = 100 * bins.expected_calibration_error
    note = (
        f"On average, the probabilities differ from the accuracy by {error:.1f} percentage points "
        "(expected calibration error)."
    )
    heads = ["probability", "decisions", "mean probability", "correct"]
    inside = f"{html_table('', heads, rows)}<p>{note}</p>{coverage}"
    return html_card("By confidence", inside)


def _by_coverage(predictions):
    curve, rows, count = risk_coverage(predictions), [], len(predictions.true_labels)
    for share in (1.0, 0.9, 0.8, 0.5):
        taken = max(1, round(share * count))
        errors = curve.risk[taken - 1]
        low, high = wilson_interval(errors * taken, taken)
        rows.append(
            [
                f"{100 * share:.0f} %",
                f"{formatting.percent(errors)} {meter(errors, 'miss')}",
                interval(low, high),
                formatting.percent(curve.confidence[taken - 1]),
            ]
        )
    note = "Errors that remain if the model decides only the documents of highest confidence."
    heads = ["decided by the model", "errors", "95 % interval", "minimum confidence"]
    title = "If people decide the least certain"
    table = html_table("", heads, rows)
    return f"<details><summary>{title}</summary><p>{note}</p>{table}</details>"


def interval(low, high):
    """Formats an interval of proportions.

    >>> interval(0.018, 0.404)
    '1.8 to 40.4 %'
    """
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def _share(part, whole):
    return f"{formatting.percent(part / whole)} {meter(part / whole, 'hit')}" if whole else "–"
