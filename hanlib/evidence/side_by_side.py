"""Displays two explanations of one document side by side, by two methods or two models."""

from hanlib.evidence import formatting, terminal
from hanlib.evidence.agreement import agreement, same_units
from hanlib.evidence.characters import on_one_line
from hanlib.evidence.display_record import display_record
from hanlib.evidence.html import article, escaped, html_page
from hanlib.evidence.methods import get_method
from hanlib.evidence.shading import largest, share

_BAR = 8


def compare_html(first, second, names=None, page=True):
    """Two explanations side by side as HTML, with their agreement.

    Args:
        first, second: `Explanation`s of one document, by two methods or from two models.
        names: A pair of headings; None for the titles of the methods.
        page: Whether to return a complete page; otherwise one element with its style sheet.

    Returns:
        A string.

    >>> from hanlib.evidence import Explanation
    >>> pair = [Explanation("Good.", "pos", {"pos": 1.0}, "pos", method)
    ...     for method in ("random", "attention")]
    >>> "Random scores" in compare_html(*pair)
    True
    """
    names = _names(first, second, names)
    columns = "".join(
        f'<section><h2 class="name">{escaped(name)}</h2>'
        f"{article(display_record(explanation))}</section>"
        for name, explanation in zip(names, (first, second), strict=True)
    )
    agrees = "".join(f"<li>{escaped(line)}</li>" for line in _agreement(first, second))
    body = f'<div class="hanlib"><ul>{agrees}</ul><div class="pair">{columns}</div></div>'
    return html_page(body, " | ".join(names), page)


def compare_text(first, second, names=None, width=None):
    """Two explanations side by side as text, with two bars in front of each sentence.

    If the two split the document into different sentences, the second follows the first.

    Args:
        first, second: `Explanation`s of one document.
        names: A pair of headings; None for the titles of the methods.
        width: Number of columns, at least 60; None for that of the terminal, at most 100.

    Returns:
        A string without a trailing newline.

    >>> from hanlib.evidence import Explanation, Sentence
    >>> pair = [Explanation(None, "pos", {"pos": 0.9}, "pos", method, (Sentence("Good.", 0.5),))
    ...     for method in ("leave_one_out", "attention")]
    >>> print(compare_text(*pair, width=60).splitlines()[-1])
     1  +0.500 ++++++++   0.500 ========  Good.
    """
    names = _names(first, second, names)
    width = terminal.width_of(width, least=60)
    lines = [
        f"{letter}: {name}, predicted {formatting.label(explanation.label)}, for class "
        f"{formatting.target(explanation)}"
        for letter, name, explanation in zip("AB", names, (first, second), strict=True)
    ]
    lines += [f"  {line}" for line in _agreement(first, second)]
    if not same_units(first.sentences, second.sentences):
        return "\n\n".join(["\n".join(lines), first.to_text(width), second.to_text(width)])
    return "\n".join([*lines, "", *_rows(first, second, width)])


def _names(first, second, names):
    if names is None:
        return [get_method(explanation.method).title for explanation in (first, second)]
    if isinstance(names, str) or len(names) != 2:
        raise ValueError(f"`names` must be a pair of headings. Received: names={names!r}")
    return [on_one_line(name) for name in names]


def _agreement(first, second):
    found = agreement(first, second)
    yield f"{'The same label' if found.same_label else 'Different labels'} from both."
    if formatting.target(first) != formatting.target(second):
        yield "The scores are for different classes and cannot be compared."
    yield from _shared(
        "sentences", found.sentence_correlation, found.shared_sentences, found.sentences
    )
    yield from _shared("words", found.word_correlation, found.shared_words, found.words)


def _shared(unit, correlation, shared, count):
    if shared is None:
        yield f"The two split the document into different {unit}."
    elif count > 1:
        ranks = "" if correlation is None else f"; rank correlation {correlation:+.2f}"
        yield f"The {count} strongest {unit} of each have {shared} in common{ranks}."


def _rows(first, second, width):
    digits = len(str(len(first.sentences)))
    columns = [_bars(first), _bars(second)]
    heads = [
        f"{name:<{len(column[0])}}" for name, column in zip("AB", columns, strict=True) if column
    ]
    yield (" " * (digits + 3) + "  ".join(heads)).rstrip()
    for index, (left, right) in enumerate(zip(*columns, strict=True)):
        head = f"{index + 1:>{digits + 1}}  {left}  {right}  "
        text = terminal.wrapped(first.sentences[index].text, width - len(head))
        yield (head + (text[0] if text else "")).rstrip()
        yield from (" " * len(head) + line for line in text[1:])


def _bars(explanation):
    method, most = (
        get_method(explanation.method),
        largest(sentence.score for sentence in explanation.sentences),
    )
    scores = [sentence.score for sentence in explanation.sentences]
    texts = [formatting.score(score, method, most) for score in scores]
    room = max((len(text) for text in texts), default=0)
    bars = []
    for score, text in zip(scores, texts, strict=True):
        part = share(score, most)
        sign = "=" if not method.signed else "-" if part < 0 else "+"
        bars.append(f"{text:>{room}} {(sign * round(abs(part) * _BAR)).ljust(_BAR)}")
    return bars
