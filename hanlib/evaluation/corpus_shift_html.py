"""What changed between two corpora, as a page."""

from pathlib import Path

from hanlib.evaluation.extracts import extract
from hanlib.evaluation.html_tables import html_card, html_cards, html_table
from hanlib.evidence import formatting
from hanlib.evidence.assets import read_asset
from hanlib.evidence.html import escaped, html_page

_EXTRACT = 200
_FOLDER = Path(__file__).parent


def corpus_shift_html(shift, page=True, title="What changed"):
    """The classes whose shares, and the words whose influence changed between two corpora.

    Args:
        shift: A `CorpusShift`.
        page: Whether to return a complete page; otherwise one element with its style sheet, for
            notebooks.
        title: Title of the page.

    Returns:
        A string. All text is escaped.

    >>> from hanlib.evaluation import CorpusShift, Shift
    >>> word = Shift("word", "pos", "<b>", 0.1, 0.4, 0.3, 0.2, 0.4, 0.5, 0.6, "A <b> film.")
    >>> found = corpus_shift_html(CorpusShift((10, 20), (), {"pos": (word,)}, 9))
    >>> "&lt;b&gt;" in found, "<b>" in found
    (True, False)
    """
    before, after = shift.documents
    cards = [_classes(shift.classes)] if shift.classes else []
    cards += [
        _words(target, found, shift.compared) for target, found in shift.words.items() if found
    ]
    nothing = "" if any(shift.words.values()) else _nothing(shift.compared)
    body = (
        f"<style>{read_asset('report.css', _FOLDER)}</style>\n"
        f'<div class="hanlib report"><h1>{escaped(title)}</h1>'
        f'<p class="lead">{before:,} documents before, {after:,} after.</p>'
        f"{html_cards(cards)}{nothing}</div>"
    )
    return html_page(body, title, page)


def _nothing(compared):
    return f"<p>No word changed beyond chance, of {compared:,} words that were compared.</p>"


def _classes(shifts):
    rows = [
        [
            _bdi(formatting.label(shift.target)),
            formatting.percent(shift.before),
            formatting.percent(shift.after),
            f"{_points(shift.change)} ({_points(shift.low)} to {_points(shift.high)})",
        ]
        for shift in shifts
    ]
    heads = ["predicted class", "before", "after", "change in points (95 % interval)"]
    return html_card("Classes", html_table("", heads, rows), wide=True)


def _words(target, shifts, compared):
    rows = [
        [
            _bdi(shift.text),
            _signed(shift.before),
            _signed(shift.after),
            f"{_signed(shift.change)} ({_signed(shift.low)} to {_signed(shift.high)})",
            f"{_share(shift.documents_before)} to {_share(shift.documents_after)}",
            _bdi(extract(shift.example or "", _EXTRACT, shift.text)),
        ]
        for shift in shifts
    ]
    note = (
        "The influence of a word is the mean over the documents of the sum of its scores for the "
        f"class. {compared:,} words were compared; listed are those that changed beyond chance."
    )
    heads = ["word", "before", "after", "change (95 % interval)", "in documents", "example"]
    title = f"Words for <bdi>“{escaped(formatting.label(target))}”</bdi>"
    return html_card(title, f"<p>{note}</p>{html_table('', heads, rows)}", wide=True)


def _points(share):
    return f"{round(100 * share, 1) + 0.0:+.1f}"


def _signed(value):
    return f"{round(value, 3) + 0.0:+.3f}"


def _share(value):
    return "–" if value is None else formatting.percent(value)


def _bdi(text):
    return f"<bdi>{escaped(text)}</bdi>"
