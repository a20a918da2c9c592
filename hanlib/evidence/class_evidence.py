"""Which words and sentences push each class, over many documents."""

import dataclasses
import math

from hanlib.evidence import frames, plots
from hanlib.evidence.characters import fitted, on_one_line
from hanlib.evidence.figures import named

_COLUMNS = 28
# So many distinct sentences of a class are kept; then the weaker half goes.
_SENTENCES_KEPT = 50_000


@dataclasses.dataclass(frozen=True)
class Push:
    """A word or a sentence and how it speaks for a class over many documents.

    Attributes:
        text: In lower case if a word.
        mean: Of its scores.
        count: How often it occurs.
        documents: In how many documents.
        example: The sentence where its score is furthest from 0.
        document: Place of that document among the explanations, from 0.

    >>> Push("superb", 0.4, 12, 11, "A superb cast.", 3).count
    12
    """

    text: str
    mean: float
    count: int
    documents: int
    example: str
    document: int


@dataclasses.dataclass(frozen=True)
class ClassEvidence:
    """What pushes each class.

    Attributes:
        words, sentences: `dict` from class to its `Push`es, the furthest over 0 first: at most
            `top` for it and, where scores are negative, at most `top` against it.

    >>> ClassEvidence({"pos": (Push("superb", 0.4, 1, 1, "Superb!", 0),)}, {}).words["pos"][0].text
    'superb'
    """

    words: dict
    sentences: dict

    def to_frame(self):
        """A pandas `DataFrame` with one row a class and a word or sentence."""
        fields = [field.name for field in dataclasses.fields(Push)]
        rows = [
            (target, level, *dataclasses.astuple(push))
            for level, pushes in (("word", self.words), ("sentence", self.sentences))
            for target, found in pushes.items()
            for push in found
        ]
        return frames.pandas().DataFrame(rows, columns=["class", "level", *fields])

    def plot(self, classes=None, most=12):
        """A matplotlib `Figure`: the mean scores of the strongest words of each class.

        Args:
            classes: Those to draw; None: the first three.
            most: Words of a class.
        """
        classes = list(self.words)[:3] if classes is None else list(classes)
        pushes = {target: _strongest(self.words[target], most) for target in classes}
        rows = max([3, *map(len, pushes.values())])
        columns = plots.columns_of(
            4.2 * max(1, len(classes)), 1.3 + 0.27 * rows, max(1, len(classes))
        )
        for axes, (target, found) in zip(columns, pushes.items(), strict=False):
            _draw(axes, target, found)
        return columns[0].figure


def class_evidence(explanations, top=20, min_count=5):
    """The `ClassEvidence` of `Explanation`s, read once.

    An explanation speaks for its target, so a class has evidence only where documents were
    explained for it. Words that differ in case are one.

    Args:
        explanations: An iterable of `Explanation`s by one method.
        top: How many words and sentences for, and how many against, each class.
        min_count: How often a word must occur; a sentence may occur once.

    Raises:
        ValueError: `top` or `min_count` is not a positive integer, or the methods differ.

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> sentence = Sentence("Superb!", 0.7, (Word("Superb", 0.4),))
    >>> made = [Explanation(None, "pos", {}, "pos", "leave_one_out", (sentence,))] * 2
    >>> class_evidence(made, min_count=2).words["pos"][0].mean
    0.4
    """
    for name, value in (("top", top), ("min_count", min_count)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    tallies, methods = {}, set()
    for document, explanation in enumerate(explanations):
        methods.add(explanation.method)
        if len(methods) > 1:
            raise ValueError(f"`explanations` must be by one method. Received: {sorted(methods)}")
        words, sentences = tallies.setdefault(explanation.target, ({}, {}))
        _add(words, sentences, explanation, document)
    return ClassEvidence(
        {target: _ranked(words, top, min_count) for target, (words, _) in tallies.items()},
        {target: _ranked(sentences, top, 1) for target, (_, sentences) in tallies.items()},
    )


class _Tally:
    """The running sums of one word or sentence."""

    __slots__ = ("count", "document", "documents", "example", "furthest", "last", "total")

    def __init__(self):
        self.total, self.count, self.documents, self.last = 0.0, 0, 0, -1
        self.furthest, self.example, self.document = -1.0, "", -1

    def add(self, score, example, document):
        self.total += score
        self.count += 1
        self.documents += document != self.last
        self.last = document
        if abs(score) > self.furthest:
            self.furthest, self.example, self.document = abs(score), example, document

    def push(self, text):
        mean = self.total / self.count
        return Push(text, mean, self.count, self.documents, self.example, self.document)


def _add(words, sentences, explanation, document):
    for sentence in explanation.sentences:
        text = on_one_line(sentence.text)
        if _is_figure(sentence.score):
            sentences.setdefault(text, _Tally()).add(float(sentence.score), text, document)
        for word in sentence.words:
            if _is_figure(word.score):
                name = on_one_line(word.text).casefold()
                words.setdefault(name, _Tally()).add(float(word.score), text, document)
    if len(sentences) > _SENTENCES_KEPT:
        weaker = sorted(sentences, key=lambda name: sentences[name].furthest)
        for name in weaker[: _SENTENCES_KEPT // 2]:
            del sentences[name]


def _is_figure(score):
    return score is not None and math.isfinite(score)


def _ranked(tallies, top, min_count):
    pushes = [tally.push(text) for text, tally in tallies.items() if tally.count >= min_count]
    pushes.sort(key=lambda push: (-push.mean, push.text))
    speaking = [push for push in pushes if push.mean >= 0][:top]
    return (*speaking, *[push for push in pushes if push.mean < 0][-top:])


def _strongest(pushes, most):
    most_mean = max((abs(push.mean) for push in pushes), default=0.0)
    # A bar that cannot be seen says nothing.
    seen = [push for push in pushes if abs(push.mean) >= most_mean / 100]
    kept = sorted(seen, key=lambda push: -abs(push.mean))[:most]
    return sorted(kept, key=lambda push: -push.mean)


def _draw(axes, target, pushes):
    means = [push.mean for push in pushes]
    colours = [plots.ORANGE if mean < 0 else plots.BLUE for mean in means]
    bars = axes.barh(range(len(means)), means, color=colours, edgecolor="white", linewidth=0)
    for bar, mean in zip(bars, means, strict=True):
        bar.set_hatch("//" if mean < 0 else "")
    names = [f"{fitted(push.text, _COLUMNS)} ({push.count:,})" for push in pushes]
    plots.label_ticks(axes.yaxis, range(len(names)), names)
    axes.invert_yaxis()
    axes.axvline(0, color=plots.GREY, linewidth=0.8)
    axes.set_xlabel("mean score (in brackets: occurrences)")
    plots.title(axes, f"For “{fitted(named(target), _COLUMNS)}”")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
