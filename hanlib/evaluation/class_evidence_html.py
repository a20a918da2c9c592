"""What speaks for each class over a corpus, as a part of a report."""

from hanlib.evaluation.class_evidence import LEVELS
from hanlib.evaluation.extracts import extract
from hanlib.evaluation.html_tables import html_card, html_table, meter
from hanlib.evidence import formatting
from hanlib.evidence.html import escaped

# Words of a class in the first table, and units of each level in the folded ones.
WORDS, LISTED = 8, 12
_CLASSES, _EXTRACT = 6, 200


def class_evidence_card(evidence, method, documents, min_count):
    """The strongest words of each class, and folded away all units with figures and examples.

    Args:
        evidence: `ClassEvidence`.
        method: The `Method` of its scores.
        documents: Number of explained documents.
        min_count: Minimum number of occurrences of a word.

    Returns:
        HTML; "" without evidence.

    >>> from hanlib.evaluation import ClassEvidence
    >>> from hanlib.evidence import METHODS
    >>> class_evidence_card(ClassEvidence({}, {}), METHODS["random"], 0, 1)
    ''
    """
    by_class = [(target, found) for target, found in evidence.words.items() if found]
    # Classes with the most documents come first.
    by_class.sort(key=lambda item: -max(c.documents for c in item[1]))
    columns = [_strongest(target, found) for target, found in by_class]
    if not columns:
        return ""
    against = " Striped bars speak against the class." if method.signed else ""
    note = (
        f"Words by mean score ({method.title.lower()}) in the {documents:,} explained documents; "
        f"words that occur at least {min_count} times. In brackets: number of occurrences.{against}"
    )
    shown, more = columns[:_CLASSES], columns[_CLASSES:]
    rest = f"<details><summary>{len(more)} further classes</summary>{_columns(more)}</details>"
    tables = "".join(_tables(evidence, method, target) for target, _ in by_class)
    title = "Words, phrases and sentences, with intervals and examples"
    listed = f"<details><summary>{title}</summary>{tables}</details>"
    inside = f"<p>{note}</p>{_columns(shown)}{rest if more else ''}{listed}"
    return html_card("What speaks for each class", inside, wide=True)


def _columns(columns):
    return f'<div class="columns">{"".join(columns)}</div>'


def _strongest(target, contributions):
    speaking = [c for c in contributions if c.mean > 0][:WORDS]
    against = [c for c in contributions if c.mean < 0][-WORDS // 2 :]
    most = max((abs(c.mean) for c in (*speaking, *against)), default=0.0) or 1.0
    visible = [c for c in (*speaking, *against) if _is_far(c.mean, most)]
    rows = [
        [
            f"<bdi>{escaped(c.text)}</bdi> <span class=quiet>({c.count:,})</span>",
            meter(abs(c.mean) / most, "against" if c.mean < 0 else "for"),
        ]
        for c in visible
    ]
    return html_table(f"For {_quoted(target)}", [], rows)


def _is_far(mean, most):
    """Whether a mean is far enough from zero to be listed."""
    return abs(mean) >= most / 20


def _tables(evidence, method, target):
    """The units of a class at each level, with figures and examples."""
    parts = [f"<h3>For {_quoted(target)}</h3>"]
    for name, found in zip(
        LEVELS, (evidence.words, evidence.phrases, evidence.sentences), strict=True
    ):
        most = max((abs(c.mean) for c in found.get(target, ())), default=0.0)
        rows = [_row(c, name, method, most) for c in found.get(target, ()) if _is_far(c.mean, most)]
        if rows:
            heads = [name, "mean score", "95 % interval", "occurrences", "documents", "example"]
            if name == "sentence":
                heads = [name, "mean score", "occurrences", ""]
            parts.append(html_table("", heads, rows))
    return "".join(parts)


def _row(contribution, name, method, most):
    link = f'<a href="#d{contribution.document}">Open</a>'
    text = contribution.text
    mean, low, high = (
        "" if value is None else formatting.score(value, method, most)
        for value in (contribution.mean, contribution.low, contribution.high)
    )
    count = f"{contribution.count:,}"
    if name == "sentence":
        return [_bdi(extract(text, _EXTRACT)), mean, count, link]
    interval = f"{low} to {high}" if low else "–"
    shown = f"{_bdi(extract(contribution.example, _EXTRACT, text))} {link}"
    return [_bdi(text), mean, interval, count, f"{contribution.documents:,}", shown]


def _quoted(target):
    return f"<bdi>“{escaped(formatting.label(target))}”</bdi>"


def _bdi(text):
    return f"<bdi>{escaped(text)}</bdi>"
