"""What speaks for each class over a corpus, as a part of a report."""

from hanlib.evaluation.class_evidence import LEVELS
from hanlib.evaluation.html_tables import html_card, html_table, meter
from hanlib.evidence import formatting
from hanlib.evidence.characters import on_one_line
from hanlib.evidence.html import escaped

# Words of a class in the first table, and units of each level in the folded ones.
WORDS, LISTED = 8, 20
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
    listed = f"<details><summary>Words, phrases and sentences, with intervals and examples</summary>{tables}</details>"
    inside = f"<p>{note}</p>{_columns(shown)}{rest if more else ''}{listed}"
    return html_card("What speaks for each class", inside, wide=True)


def _columns(columns):
    return f'<div class="columns">{"".join(columns)}</div>'


def _strongest(target, contributions):
    speaking = [c for c in contributions if c.mean > 0][:WORDS]
    against = [c for c in contributions if c.mean < 0][-WORDS // 2 :]
    most = max((abs(c.mean) for c in (*speaking, *against)), default=0.0) or 1.0
    visible = [c for c in (*speaking, *against) if abs(c.mean) >= most / 20]
    rows = [
        [
            f"<bdi>{escaped(c.text)}</bdi> <span class=quiet>({c.count:,})</span>",
            meter(abs(c.mean) / most, "against" if c.mean < 0 else "for"),
        ]
        for c in visible
    ]
    return html_table(f"For {_quoted(target)}", [], rows)


def _tables(evidence, method, target):
    """The units of a class at each level, with figures and examples."""
    parts = [f"<h3>For {_quoted(target)}</h3>"]
    for name, found in zip(
        LEVELS, (evidence.words, evidence.phrases, evidence.sentences), strict=True
    ):
        listed = found.get(target, ())
        if listed:
            most = max(abs(c.mean) for c in listed)
            rows = [_row(c, name, method, most) for c in listed]
            heads = [name, "mean score", "95 % interval", "occurrences", "documents", "example"]
            if name == "sentence":
                heads = [name, "mean score", "occurrences", ""]
            parts.append(html_table("", heads, rows))
    return "".join(parts)


def _row(contribution, name, method, most):
    link = f'<a href="#d{contribution.document}">Open</a>'
    text, example = contribution.text, on_one_line(contribution.example)
    mean, low, high = (
        "" if value is None else formatting.score(value, method, most)
        for value in (contribution.mean, contribution.low, contribution.high)
    )
    count = f"{contribution.count:,}"
    if name == "sentence":
        return [_bdi(_cut(text)), mean, count, link]
    interval = f"{low} to {high}" if low else "–"
    shown = f"{_bdi(_around(text, example))} {link}"
    return [_bdi(text), mean, interval, count, f"{contribution.documents:,}", shown]


def _cut(text):
    return text if len(text) <= _EXTRACT else f"{text[:_EXTRACT].rpartition(' ')[0]}…"


def _around(text, example):
    """The part of a long sentence around the unit.

    >>> _around("b", "x " * 200 + "a b c " + "y " * 200)[:9], _around("b", "a b")
    ('…x x x x ', 'a b')
    """
    if len(example) <= _EXTRACT:
        return example
    start = max(0, example.casefold().find(text) - _EXTRACT // 2)
    # At a space, so that no word is cut.
    start = start and example.find(" ", start) + 1
    end = example.rfind(" ", start, start + _EXTRACT) if start + _EXTRACT < len(example) else None
    found = example[start:end] if end != -1 else example[start : start + _EXTRACT]
    return f"{'…' if start else ''}{found}{'…' if end is not None else ''}"


def _quoted(target):
    return f"<bdi>“{escaped(formatting.label(target))}”</bdi>"


def _bdi(text):
    return f"<bdi>{escaped(text)}</bdi>"
