"""What changed between two corpora: the predicted classes, and the words that they rest on.

The influence of a word on a class in a corpus is the mean over the documents, explained for that
class, of the sum of the word's scores in a document: how often it occurs times how strongly it
speaks. The difference of two corpora gets a 95 % interval from the variances of both. A word is
listed if its difference is beyond chance at 5 % after a correction for the number of words that
were compared (Bonferroni).
"""

import collections
import dataclasses
import math
import statistics

from hanlib.checks import check_integer
from hanlib.evaluation.evidence_tally import is_number
from hanlib.evidence import formatting
from hanlib.evidence.characters import columns, on_one_line, truncated
from hanlib.evidence.dataframes import pandas
from hanlib.evidence.label_names import label_names
from hanlib.evidence.methods import get_method
from hanlib.evidence.shading import weights


@dataclasses.dataclass(frozen=True)
class Shift:
    """The change of a class or of a word between two corpora.

    Attributes:
        level: "class" or "word".
        target: The class.
        text: The word in lower case; None for a class.
        before, after: For a class, the share of the documents with this label. For a word, the mean
            over the documents of the sum of its scores for the class.
        change: after - before.
        low, high: The 95 % interval of the change.
        documents_before, documents_after: The share of the documents that contain the word; None
            for a class.
        example: A sentence with the word, of the corpus in which it has the larger influence.

    >>> Shift("class", "pos", None, 0.5, 0.7, 0.2, 0.1, 0.3).change
    0.2
    """

    level: str
    target: object
    text: str | None
    before: float
    after: float
    change: float
    low: float
    high: float
    documents_before: float | None = None
    documents_after: float | None = None
    example: str | None = None


@dataclasses.dataclass(frozen=True)
class CorpusShift:
    """What changed between two corpora.

    Attributes:
        documents: The number of explanations of both corpora.
        classes: A `Shift` for each class, by falling absolute change.
        words: `dict` from class to the `Shift`s of its words, by falling absolute change.
        compared: The number of words that were compared.

    >>> CorpusShift((10, 10), (), {"pos": ()}, 0).to_records()
    []
    """

    documents: tuple
    classes: tuple
    words: dict
    compared: int

    def to_records(self):
        """A list with one `dict` per `Shift`, for JSON."""
        words = (shift for found in self.words.values() for shift in found)
        return [dataclasses.asdict(shift) for shift in (*self.classes, *words)]

    def to_frame(self):
        """A pandas `DataFrame` with one row per `Shift`."""
        fields = [field.name for field in dataclasses.fields(Shift)]
        return pandas().DataFrame(self.to_records(), columns=fields)

    def to_text(self, most=10, width=100):
        """Tables for a terminal: the classes, and at most `most` words of each class."""
        first, second = self.documents
        lines = [f"{first:,} documents before, {second:,} after", ""]
        lines.append(f"  {'before':>8}  {'after':>8}  {'change':>8}  {'95 %':>16}  label")
        for shift in self.classes:
            numbers = [f"{100 * x:.1f} %" for x in (shift.before, shift.after)]
            interval = f"{100 * shift.low:+.1f} to {100 * shift.high:+.1f}"
            lines.append(
                f"  {numbers[0]:>8}  {numbers[1]:>8}  {100 * shift.change:>+8.1f}  "
                f"{interval:>16}  {formatting.label(shift.target)}"
            )
        for target, found in self.words.items():
            lines += ["", *_words(target, found[:most], self.compared, width)]
        return "\n".join(lines)


def corpus_shift(before, after, top=20, min_count=5):
    """Compares the explanations of two corpora by one classifier.

    Args:
        before, after: Iterables of `Explanation`s by one method, for the same targets in both.
            Explained for the predicted class, a word's influence on a class refers to the documents
            that are predicted so.
        top: Maximum number of words per class.
        min_count: Minimum number of documents, of both corpora, that contain a word.

    Returns:
        A `CorpusShift`.

    Raises:
        ValueError: If an argument is out of its range, a corpus is empty, or the methods differ.

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> def document(word, score):
    ...     sentence = Sentence(word, score, (Word(word, score),))
    ...     return Explanation(None, "pos", {}, "pos", "leave_one_out", (sentence,))
    >>> before = [document("fine", 0.1 + 0.01 * n) for n in range(9)]
    >>> after = [document("superb", 0.8 + 0.01 * n) for n in range(9)]
    >>> shift = corpus_shift(before, after)
    >>> [(word.text, round(word.change, 2)) for word in shift.words["pos"]]
    [('superb', 0.84), ('fine', -0.14)]
    """
    check_integer("top", top)
    check_integer("min_count", min_count)
    methods = set()
    sides = [_Side(explanations, methods) for explanations in (before, after)]
    if len(methods) > 1:
        raise ValueError(f"`before` and `after` must be by one method. Received: {sorted(methods)}")
    if not all(side.count for side in sides):
        raise ValueError("`before` and `after` must have at least one explanation each")
    by_target = {target: _common(sides, target, min_count) for target in _targets(sides)}
    compared = sum(map(len, by_target.values()))
    z = statistics.NormalDist().inv_cdf(1 - 0.025 / max(compared, 1))
    words = {}
    for target, names in by_target.items():
        shifts = [_word_shift(sides, target, name) for name in names]
        beyond = [
            shift for shift in shifts if abs(shift.change) * 1.96 > z * (shift.high - shift.change)
        ]
        words[target] = tuple(sorted(beyond, key=lambda s: (-abs(s.change), s.text))[:top])
    return CorpusShift(tuple(side.count for side in sides), _classes(sides), words, compared)


class _Side:
    """The sums of one corpus."""

    def __init__(self, explanations, methods):
        self.count, self.labels = 0, collections.Counter()
        # By target: number of documents, and from word to [sum, sum of squares, documents,
        # strongest score, example].
        self.documents, self.words = collections.Counter(), {}
        for explanation in explanations:
            methods.add(explanation.method)
            self._add(explanation)

    def _add(self, explanation):
        self.count += 1
        self.labels.update(label_names(explanation.label))
        target = explanation.target
        if explanation.against is not None:
            target = formatting.target(explanation)
        self.documents[target] += 1
        of_target, sums, best = self.words.setdefault(target, {}), collections.Counter(), {}
        method = get_method(explanation.method)
        for sentence in explanation.sentences:
            for word, score in zip(sentence.words, weights(sentence, method), strict=True):
                if is_number(word.score):
                    name = on_one_line(word.text).casefold()
                    sums[name] += score
                    if abs(score) >= abs(best.get(name, (0.0, ""))[0]):
                        best[name] = (score, sentence.text)
        for name, total in sums.items():
            tally = of_target.setdefault(name, [0.0, 0.0, 0, -1.0, ""])
            tally[0] += total
            tally[1] += total**2
            tally[2] += 1
            score, text = best[name]
            if abs(score) > tally[3]:
                tally[3:] = abs(score), on_one_line(text)

    def influence(self, target, name):
        """Mean, variance of the mean, share of documents and example of a word."""
        count = self.documents[target]
        total, squares, documents, _, example = self.words.get(target, {}).get(
            name, (0.0, 0.0, 0, 0.0, "")
        )
        if not count:
            return 0.0, 0.0, 0.0, example
        mean = total / count
        variance = max(squares / count - mean**2, 0.0) / max(count - 1, 1)
        return mean, variance, documents / count, example


def _targets(sides):
    return list(dict.fromkeys(target for side in sides for target in side.documents))


def _common(sides, target, min_count):
    counts = collections.Counter()
    for side in sides:
        for name, tally in side.words.get(target, {}).items():
            counts[name] += tally[2]
    return [name for name, count in counts.items() if count >= min_count]


def _word_shift(sides, target, name):
    (before, first, share, example), (after, second, share_after, example_after) = (
        side.influence(target, name) for side in sides
    )
    change, half = after - before, 1.96 * math.sqrt(first + second)
    shown = (example_after if abs(after) >= abs(before) else example) or example or example_after
    return Shift(
        *("word", target, name, before, after, change, change - half, change + half),
        *(share, share_after, shown),
    )


def _classes(sides):
    labels = dict.fromkeys(label for side in sides for label in side.labels)
    found = []
    for label in labels:
        before, after = (side.labels[label] / side.count for side in sides)
        variance = sum(
            share * (1 - share) / side.count
            for share, side in zip((before, after), sides, strict=True)
        )
        change, half = after - before, 1.96 * math.sqrt(variance)
        found.append(
            Shift("class", label, None, before, after, change, change - half, change + half)
        )
    return tuple(sorted(found, key=lambda shift: -abs(shift.change)))


def _words(target, shifts, compared, width):
    yield f"Class {formatting.label(target)}: words whose influence changed"
    if not shifts:
        yield f"  none beyond chance, of {compared:,} words that were compared"
        return
    yield f"  {'before':>8}  {'after':>8}  {'change':>8}  {'95 %':>16}  word: an example"
    for shift in shifts:
        interval = f"{shift.low:+.3f} to {shift.high:+.3f}"
        head = (
            f"  {shift.before:>+8.3f}  {shift.after:>+8.3f}  {shift.change:>+8.3f}  "
            f"{interval:>16}  "
        )
        room = max(width - columns(head), 20)
        yield head + truncated(f"{shift.text}: {shift.example}", room)
