"""One explanation for a terminal or a plain text file."""

import itertools
import shutil

from hanlib.evidence.characters import columns, on_one_line, truncated
from hanlib.evidence.display_record import display_record, method_of, trust_sentences

_BLUE, _ORANGE, _PURPLE, _QUIET = "1;38;5;33", "1;38;5;208", "1;38;5;135", "2"
# Words below this level (of 5) are not marked.
_MARKED = 3
_BAR = 10
_SPACE = [(" ", "")]


def explanation_text(explanation, width=None, color=False):
    """The explanation as lines of text; `Explanation.to_text` calls this.

    Args:
        explanation: An `Explanation`.
        width: Number of columns, at least 40; None for that of the terminal, at most 100.
        color: Whether to use ANSI colors. Without them, strong words are in brackets: `[+superb]`
            for the target, `[-dull]` against it, `[word]` if scores have no sign.

    Returns:
        A string without a trailing newline and without the control characters of the text.

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> sentence = Sentence("Superb!", 0.7, (Word("Superb", 0.4, 0, 6),), 0, 7)
    >>> explanation = Explanation("Superb!", "pos", {"pos": 0.9}, "pos", "leave_one_out",
    ...     (sentence,))
    >>> print(explanation_text(explanation, width=60).splitlines()[-1])
     1  +0.700 ++++++++++ [+Superb]!
    """
    width = width_of(width)
    record = display_record(explanation)
    method = method_of(record)
    lines = [_verdict(record, method, color), *_classes(record, width), ""]
    meaning = [method.meaning] if method.meaning else []
    for sentence in (_key(record, method, color), *meaning, *record["notes"]):
        lines += [_styled(line, _QUIET, color) for line in _wrapped(_plain(sentence), width)]
    for line in (
        *trust_sentences(record),
        *(f"{name}: {value}" for name, value in record["figures"]),
    ):
        lines += _wrapped(_plain(line), width, indent=2)
    return "\n".join([*lines, "", *_sentences(record, method.signed, width, color)])


def width_of(width, least=40):
    """Returns `width`, or the width of the terminal (at most 100), but at least `least`.

    >>> width_of(72), width_of(10)
    (72, 40)
    """
    return max(least, int(width or min(100, shutil.get_terminal_size((80, 24)).columns)))


def wrapped(text, width):
    """Wraps text in lines of at most `width` columns.

    >>> wrapped("很好 and good", 8)
    ['很好 and', 'good']
    """
    return _wrapped(_plain(on_one_line(text)), width)


def _verdict(record, method, color):
    truth = ""
    if record["true"] is not None:
        truth = f"  ({'wrong' if record['wrong'] else 'right'}, true label: {record['true']})"
    label = _styled(record["label"], "1", color)
    return f"{label}{truth}  {method.title}, for class {record['target']}"


def _key(record, method, color):
    if not method.signed:
        words = "purple words" if color else "[words]"
        return f"Longer bars mean more attention; {words} are the strongest."
    words = "blue and orange words" if color else "[+words] and [-words]"
    return (
        f"Bars and words: + speaks for {record['target']}, - against it; {words} are the strongest."
    )


def _classes(record, width):
    names = max((columns(row[0]) for row in record["classes"]), default=0)
    names = min(names, width // 4)
    remarks = max((len(row[3]) for row in record["classes"]), default=0)
    room = max(0, min(40, width - names - remarks - 15))
    for name, percent, share, remark, _ in record["classes"]:
        bar = "█" * round(share * room / 100)
        remark = f" ({remark})" if remark else ""
        yield f"  {_padded(name, names)} {percent:>8} {bar}{remark}".rstrip()
    if record["further"]:
        yield f"  {record['further']:,} further classes"


def _sentences(record, signed, width, color):
    passages = [passage for passage in record["passages"] if not isinstance(passage, str)]
    digits = len(str(len(passages)))
    figures = max((len(passage[0]) for passage in passages), default=0)
    for number, (score, share, level, runs) in enumerate(passages, 1):
        head = f"{number:>{digits + 1}}  {score:>{figures}} "
        sign = "=" if not signed else "-" if score.startswith("-") else "+"
        filled = (sign * round(share * _BAR / 100)).ljust(_BAR)
        bar = _styled(filled, _hue(level, signed), color and level)
        indent = len(head) + _BAR + 1
        lines = _wrapped(_marked(runs, signed, color), width - indent)
        yield f"{head}{bar} {lines[0] if lines else ''}".rstrip()
        for line in lines[1:]:
            yield " " * indent + line


def _hue(level, signed):
    return _PURPLE if not signed else _ORANGE if level < 0 else _BLUE


def _marked(runs, signed, color):
    """`(text, ANSI style)` pairs; without color, strong words are in brackets."""
    for run in runs:
        if isinstance(run, str):
            yield run, ""
        elif abs(run[1]) < _MARKED:
            yield run[0], ""
        elif color:
            yield run[0], _hue(run[1], signed)
        else:
            sign = "" if not signed else "-" if run[1] < 0 else "+"
            yield f"[{sign}{run[0]}]", ""


def _plain(text):
    return [(text, "")]


def _wrapped(pieces, width, indent=0):
    """Wraps `(text, style)` pairs in lines of at most `width` columns, indented after the first."""
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
    """Unbreakable lists of at most `longest` `(character, style)` pairs; a space is one list."""
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


def _styled(text, style, color):
    return f"\x1b[{style}m{text}\x1b[0m" if color and style else text


def _padded(text, width):
    text = truncated(text, width)
    return text + " " * (width - columns(text))
