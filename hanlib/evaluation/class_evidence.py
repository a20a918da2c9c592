"""Words, phrases and sentences that support or oppose each class, over many documents."""

import dataclasses

from hanlib.checks import check_integer
from hanlib.evaluation.evidence_tally import Contribution, Tally, is_number
from hanlib.evidence import formatting, plots
from hanlib.evidence.characters import columns, on_one_line, truncated
from hanlib.evidence.dataframes import pandas
from hanlib.evidence.methods import get_method
from hanlib.evidence.shading import largest, level, weights

LEVELS = ("word", "phrase", "sentence")
_COLUMNS = 28
# Maximum number of distinct phrases, or sentences, per class; beyond it the weaker half is dropped.
_KEPT = 50_000
_PHRASE_WORDS = 4
_PHRASE_COUNT = 2


@dataclasses.dataclass(frozen=True)
class ClassEvidence:
    """Words, phrases and sentences that support or oppose each class.

    Attributes:
        words, sentences, phrases: `dict` from class to `Contribution`s, by falling mean: at most
            `top` with positive means and at most `top` with negative means.

    >>> superb = Contribution("superb", 0.4, 1, 1, "Superb!", 0)
    >>> ClassEvidence({"pos": (superb,)}, {}).words["pos"][0].text
    'superb'
    """

    words: dict
    sentences: dict
    phrases: dict = dataclasses.field(default_factory=dict)

    def to_records(self):
        """A list with one `dict` per contribution, for JSON: class, level ("word", "phrase" or
        "sentence"), and the fields of `Contribution`."""
        return [
            {"class": target, "level": name, **dataclasses.asdict(contribution)}
            for name, by_class in zip(
                LEVELS, (self.words, self.phrases, self.sentences), strict=True
            )
            for target, found in by_class.items()
            for contribution in found
        ]

    def to_frame(self):
        """A pandas `DataFrame` with one row per record of `to_records`."""
        fields = [field.name for field in dataclasses.fields(Contribution)]
        return pandas().DataFrame(self.to_records(), columns=["class", "level", *fields])

    def to_text(self, most=10, width=100):
        """Tables for a terminal: the strongest words, phrases and sentences of each class.

        Args:
            most: Maximum number of rows for, and against, each class and level.
            width: Number of columns.

        >>> superb = Contribution("superb", 0.4, 12, 11, "A superb cast.", 3, 0.3, 0.5)
        >>> print(ClassEvidence({"pos": (superb,)}, {}).to_text(width=60))
        Class pos: words
             mean          95 %   count  documents  word
           +0.400   0.30   0.50      12         11  superb
        """
        tables = []
        for target in self.words:
            for name, by_class in zip(
                LEVELS, (self.words, self.phrases, self.sentences), strict=True
            ):
                found = by_class.get(target, ())
                above = [c for c in found if c.mean >= 0][:most]
                below = [c for c in found if c.mean < 0][-most:]
                if above or below:
                    tables.append("\n".join(_table(target, name, [*above, *below], width)))
        return "\n\n".join(tables)

    def plot(self, classes=None, most=12):
        """A matplotlib `Figure`: the mean scores of the strongest words of each class.

        Args:
            classes: The classes to draw; None for the first three.
            most: Maximum number of words per class.
        """
        classes = list(self.words)[:3] if classes is None else list(classes)
        strongest = {target: _strongest(self.words[target], most) for target in classes}
        rows = max([3, *map(len, strongest.values())])
        drawn = plots.new_columns(
            4.2 * max(1, len(classes)), 1.3 + 0.27 * rows, max(1, len(classes))
        )
        for axes, (target, found) in zip(drawn, strongest.items(), strict=False):
            _draw(axes, target, found)
        return drawn[0].figure


def class_evidence(explanations, top=20, min_count=5):
    """Collects the `ClassEvidence` of an iterable of `Explanation`s.

    An explanation contributes to its target class only; one that compares two classes A and B, to
    "A rather than B". Words that differ only in case are counted together. The attention of a word
    is multiplied by the number of words in its sentence.

    A phrase is 2 to 4 consecutive words of a sentence, punctuation included, of which the first and
    the last are no punctuation and support the class, or oppose it, with at least a fifth of the
    largest score of the document, as they are shaded in a display. Its score is the sum over its
    words, and only these occurrences count.

    Args:
        explanations: An iterable of `Explanation`s by one method.
        top: Maximum number of words, phrases and sentences for and against each class.
        min_count: Minimum number of occurrences of a word. A phrase must occur in two documents, a
            sentence may occur once.

    Raises:
        ValueError: If `top` or `min_count` is not a positive integer, or the methods differ.

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> sentence = Sentence("Superb!", 0.7, (Word("Superb", 0.4),))
    >>> made = [Explanation(None, "pos", {}, "pos", "leave_one_out", (sentence,))] * 2
    >>> class_evidence(made, min_count=2).words["pos"][0].mean
    0.4
    """
    check_integer("top", top)
    check_integer("min_count", min_count)
    tally, methods = EvidenceTally(), set()
    for document, explanation in enumerate(explanations):
        methods.add(explanation.method)
        if len(methods) > 1:
            raise ValueError(f"`explanations` must be by one method. Received: {sorted(methods)}")
        tally.add(explanation, document)
    return tally.evidence(top, min_count)


class EvidenceTally:
    """Accumulates the scores of words, phrases and sentences for each class."""

    def __init__(self):
        self._classes = {}  # Class -> (words, phrases, sentences), each from text to `Tally`.

    def add(self, explanation, document):
        """Adds an explanation; `document` is the index of its document."""
        compared = explanation.against is not None
        key = formatting.target(explanation) if compared else explanation.target
        _add(*self._classes.setdefault(key, ({}, {}, {})), explanation, document)

    def evidence(self, top=20, min_count=5):
        """The `ClassEvidence` of the explanations added so far; see `class_evidence`."""
        words, phrases, sentences = {}, {}, {}
        for target, tallies in self._classes.items():
            words[target] = _ranked(tallies[0], top, min_count)
            phrases[target] = _ranked(tallies[1], top, _PHRASE_COUNT, _PHRASE_COUNT)
            sentences[target] = _ranked(tallies[2], top, 1)
        return ClassEvidence(words, sentences, phrases)


def _add(words, phrases, sentences, explanation, document):
    method = get_method(explanation.method)
    of_sentences = [weights(sentence, method) for sentence in explanation.sentences]
    most = largest(score for scores in of_sentences for score in scores)
    for sentence, scores in zip(explanation.sentences, of_sentences, strict=True):
        text = on_one_line(sentence.text)
        if is_number(sentence.score):
            sentences.setdefault(text, Tally()).add(float(sentence.score), text, document)
        names = [on_one_line(word.text).casefold() for word in sentence.words]
        for word, name, score in zip(sentence.words, names, scores, strict=True):
            if is_number(word.score):
                words.setdefault(name, Tally()).add(score, text, document)
        shades = [
            level(score, most) if any(map(str.isalnum, name)) else 0
            for name, score in zip(names, scores, strict=True)
        ]
        for start, end in phrase_spans(shades):
            phrase = " ".join(names[start:end])
            phrases.setdefault(phrase, Tally()).add(sum(scores[start:end]), text, document)
    _bound(sentences)
    _bound(phrases)


def phrase_spans(levels):
    """The phrases of a sentence as half-open spans of words.

    Args:
        levels: The shade of each word, from -5 to 5; see `hanlib.evidence.shading`.

    >>> list(phrase_spans([0, 3, 0, 2, -1]))
    [(1, 4)]
    """
    for start, first in enumerate(levels):
        for end in range(start + 2, min(start + _PHRASE_WORDS, len(levels)) + 1):
            if first * levels[end - 1] > 0:
                yield start, end


def _bound(tallies):
    if len(tallies) > _KEPT:
        weaker = sorted(tallies, key=lambda name: tallies[name].furthest)
        for name in weaker[: _KEPT // 2]:
            del tallies[name]


def _ranked(tallies, top, min_count, min_documents=1):
    found = [
        tally.contribution(text)
        for text, tally in tallies.items()
        if tally.count >= min_count and tally.documents >= min_documents
    ]
    found.sort(key=lambda contribution: (-contribution.mean, contribution.text))
    speaking_for = [contribution for contribution in found if contribution.mean >= 0][:top]
    return (
        *speaking_for,
        *[contribution for contribution in found if contribution.mean < 0][-top:],
    )


def _table(target, name, contributions, width):
    yield f"Class {formatting.label(target)}: {name}s"
    yield f"  {'mean':>7}  {'95 %':>12}  {'count':>6}  {'documents':>9}  {name}"
    for found in contributions:
        interval = "unknown" if found.low is None else f"{found.low:.2f} {found.high:6.2f}"
        head = f"  {found.mean:>+7.3f}  {interval:>12}  {found.count:>6,}  {found.documents:>9,}  "
        yield head + truncated(found.text, max(width - columns(head), 10))


def _strongest(contributions, most):
    top = max((abs(c.mean) for c in contributions), default=0.0)
    visible = [c for c in contributions if abs(c.mean) >= top / 100]
    kept = sorted(visible, key=lambda c: -abs(c.mean))[:most]
    return sorted(kept, key=lambda c: -c.mean)


def _draw(axes, target, contributions):
    means = [contribution.mean for contribution in contributions]
    colors = [plots.ORANGE if mean < 0 else plots.BLUE for mean in means]
    names = [f"{truncated(c.text, _COLUMNS)} ({c.count:,})" for c in contributions]
    plots.signed_bars(axes, means, names, colors)
    axes.set_xlabel("mean score (number of occurrences)")
    plots.title(axes, f"For “{truncated(formatting.label(target), _COLUMNS)}”")
