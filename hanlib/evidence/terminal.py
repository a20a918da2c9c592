"""One explanation for a terminal or a plain text file."""

import itertools
import shutil

from hanlib.evidence.characters import columns, fitted, on_one_line
from hanlib.evidence.reading import reading

_BLUE, _ORANGE, _PURPLE, _QUIET = "1;38;5;33", "1;38;5;208", "1;38;5;135", "2"
# Words below this strength (of 5) are left as they are: marks everywhere mark nothing.
_MARKED = 3
_BAR = 10
_SPACE = [(" ", "")]


def explanation_text(explanation, width=None, colour=False):
    """The explanation as lines of text; `Explanation.to_text` gives the same.

    Args:
        explanation: An `Explanation`.
        width: Columns, at least 40; None: those of the terminal, at most 100.
        colour: Whether to write ANSI colours. Strong words have marks without them: `[+superb]`
            for the target, `[-dull]` against it, `[word]` where scores have no sign.

    Returns:
        A string without a line break at its end, and without any control character of the text.

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> sentence = Sentence("Superb!", 0.7, (Word("Superb", 0.4, 0, 6),), 0, 7)
    >>> explanation = Explanation("Superb!", "pos", {"pos": 0.9}, "pos", "leave_one_out",
    ...     (sentence,))
    >>> print(explanation_text(explanation, width=60).splitlines()[-1])
     1  +0.700 ++++++++++ [+Superb]!
    """
    width = width_of(width)
    read = reading(explanation)
    lines = [_verdict(read, colour), *_classes(read, width, colour), ""]
    for sentence in (_key(read, colour), *read["notes"]):
        lines += [_styled(line, _QUIET, colour) for line in _wrapped(_plain(sentence), width)]
    for name, value in read["facts"]:
        lines += _wrapped(_plain(f"{name}: {value}"), width, indent=2)
    return "\n".join([*lines, "", *_sentences(read, width, colour)])


def width_of(width, least=40):
    """`width`, or that of the terminal up to 100 columns; never under `least`.

    >>> width_of(72), width_of(10)
    (72, 40)
    """
    return max(least, int(width or min(100, shutil.get_terminal_size((80, 24)).columns)))


def wrapped(text, width):
    """`text` in lines of at most `width` columns.

    >>> wrapped("很好 and good", 8)
    ['很好 and', 'good']
    """
    return _wrapped(_plain(on_one_line(text)), width)


def _verdict(read, colour):
    truth = ""
    if read["true"] is not None:
        truth = f"  ({'wrong' if read['wrong'] else 'right'}, true label: {read['true']})"
    return (
        f"{_styled(read['label'], '1', colour)}{truth}  {read['method']}, for class "
        f"{read['target']}"
    )


def _key(read, colour):
    if not read["signed"]:
        words = "purple words" if colour else "[words]"
        return f"Longer bars, more attention; {words} are the strongest."
    words = "blue and orange words" if colour else "[+words] and [-words]"
    return (
        f"Bars and words: + speaks for {read['target']}, - against it; {words} are the strongest."
    )


def _classes(read, width, colour):
    names = max((columns(row[0]) for row in read["classes"]), default=0)
    names = min(names, width // 3)
    room = max(10, min(40, width - names - 24))
    for name, figure, percent, marks in read["classes"]:
        bar = "█" * round(percent * room / 100)
        mark = f" ({marks})" if marks else ""
        yield f"  {_padded(name, names)} {figure:>6} {bar}{mark}".rstrip()


def _sentences(read, width, colour):
    passages = [passage for passage in read["passages"] if not isinstance(passage, str)]
    digits = len(str(len(passages)))
    figures = max((len(passage[0]) for passage in passages), default=0)
    for place, (figure, percent, strength, runs) in enumerate(passages, 1):
        head = f"{place:>{digits + 1}}  {figure:>{figures}} "
        sign = "-" if strength < 0 else "+" if read["signed"] else "="
        filled = (sign * round(percent * _BAR / 100)).ljust(_BAR)
        bar = _styled(filled, _hue(strength, read["signed"]), colour and strength)
        indent = len(head) + _BAR + 1
        lines = _wrapped(_marked(runs, read["signed"], colour), width - indent)
        yield f"{head}{bar} {lines[0] if lines else ''}".rstrip()
        for line in lines[1:]:
            yield " " * indent + line


def _hue(strength, signed):
    return _PURPLE if not signed else _ORANGE if strength < 0 else _BLUE


def _marked(runs, signed, colour):
    """`(text, ANSI style)` pairs; without colour the strong words stand in brackets."""
    for run in runs:
        if isinstance(run, str):
            yield run, ""
        elif abs(run[1]) < _MARKED:
            yield run[0], ""
        elif colour:
            yield run[0], _hue(run[1], signed)
        else:
            sign = "" if not signed else "-" if run[1] < 0 else "+"
            yield f"[{sign}{run[0]}]", ""


def _plain(text):
    return [(text, "")]


def _wrapped(pieces, width, indent=0):
    """Lines of at most `width` columns from `(text, style)` pairs; further ones are indented."""
    lines, line, used = [], "", 0
    for chunk in _chunks(pieces, width - indent):
        room = columns("".join(character for character, _ in chunk))
        if line.strip() and used + room > width:
            lines.append(line.rstrip())
            line, used = " " * indent, indent
        if chunk == _SPACE and (not line.strip() or line.endswith(" ")):
            continue
        line, used = line + _drawn(chunk), used + room
    return [*lines, line.rstrip()] if line.strip() else lines


def _chunks(pieces, longest):
    """What stays on one line: lists of at most `longest` `(character, style)`, spaces alone."""
    chunk = []
    for text, style in pieces:
        for character in text:
            space = character.isspace()
            if space or columns(character) == 2 or len(chunk) >= longest:
                yield from [chunk] * bool(chunk)
                chunk = []
            if space:
                yield _SPACE
            else:
                chunk.append((character, style))
    yield from [chunk] * bool(chunk)


def _drawn(chunk):
    grouped = itertools.groupby(chunk, key=lambda pair: pair[1])
    return "".join(_styled("".join(c for c, _ in pairs), style, True) for style, pairs in grouped)


def _styled(text, style, colour):
    return f"\x1b[{style}m{text}\x1b[0m" if colour and style else text


def _padded(text, width):
    text = fitted(text, width)
    return text + " " * (width - columns(text))
