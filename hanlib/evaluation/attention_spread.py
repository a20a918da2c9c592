"""The entropy of attention over sentences and words."""

import dataclasses

import numpy as np

from hanlib.evidence import plots
from hanlib.evidence.dataframes import pandas
from hanlib.evidence.shading import finite


@dataclasses.dataclass(frozen=True, eq=False)
class AttentionSpread:
    """Entropy of attention over the sentences of documents and over the words of sentences.

        H = - sum p log p      effective number = exp(H)

    The effective number is n for uniform attention over n units, which makes pooling a mean, and 1
    if all attention is on a single unit.

    Attributes:
        sentence_counts, effective_sentences: Actual and effective number per document, `[docs]`.
        word_counts, effective_words: The same per sentence, `[sentences]`.

    >>> made = AttentionSpread(np.array([4]), np.array([2.0]), np.array([8]), np.array([8.0]))
    >>> made.sentence_evenness.tolist(), made.word_evenness.tolist()
    ([0.5], [1.0])
    """

    sentence_counts: np.ndarray
    effective_sentences: np.ndarray
    word_counts: np.ndarray
    effective_words: np.ndarray

    @property
    def sentence_evenness(self):
        """`log(effective) / log(count)`, 0 to 1; NaN for documents of one sentence."""
        return _evenness(self.effective_sentences, self.sentence_counts)

    @property
    def word_evenness(self):
        """`log(effective) / log(count)`, 0 to 1; NaN for sentences of one word."""
        return _evenness(self.effective_words, self.word_counts)

    def to_frame(self):
        """A pandas `DataFrame` of means over documents and over sentences, one row per level."""
        levels = {
            "sentence": (self.sentence_counts, self.effective_sentences, self.sentence_evenness),
            "word": (self.word_counts, self.effective_words, self.word_evenness),
        }
        rows = [
            {
                "level": level,
                "measured": len(counts),
                "count": _mean(counts),
                "entropy": _mean(np.log(effective)),
                "effective": _mean(effective),
                "evenness": _mean(evenness),
            }
            for level, (counts, effective, evenness) in levels.items()
        ]
        return pandas().DataFrame(rows)

    def plot(self):
        """A matplotlib `Figure`: effective against actual number at both levels."""
        left, right = plots.new_columns(9, 3.8, 2)
        _draw(left, self.sentence_counts, self.effective_sentences, "sentences of the document")
        _draw(right, self.word_counts, self.effective_words, "words of the sentence")
        return left.figure


def attention_spread(explanations):
    """Measures the `AttentionSpread` of an iterable of `Explanation`s by attention.

    Absolute scores are normalized by their sum, so that other methods can be measured as well.
    Documents and sentences whose scores are all 0 are ignored.

    >>> from hanlib.evidence import Explanation, Sentence
    >>> sentences = tuple(Sentence(text, score) for text, score in (("A.", 0.5), ("B.", 0.5)))
    >>> explanation = Explanation("A. B.", "pos", {"pos": 1.0}, "pos", "attention", sentences)
    >>> attention_spread([explanation]).effective_sentences.tolist()
    [2.0]
    """
    sentences, words = [], []
    for explanation in explanations:
        sentences.append(_spread(explanation.sentences))
        words += [_spread(sentence.words) for sentence in explanation.sentences]
    measured = [
        np.array([row for row in rows if row], "float64").reshape(-1, 2).T
        for rows in (sentences, words)
    ]
    (sentence_counts, effective_sentences), (word_counts, effective_words) = measured
    return AttentionSpread(
        sentence_counts.astype("int64"),
        effective_sentences,
        word_counts.astype("int64"),
        effective_words,
    )


def _spread(units):
    """`(count, effective number)`, or None if all scores are 0."""
    sizes = np.array([abs(finite(unit.score)) for unit in units])
    if not sizes.sum() > 0:
        return None
    shares = sizes[sizes > 0] / sizes.sum()
    return len(sizes), float(np.exp(-(shares * np.log(shares)).sum()))


def _evenness(effective, counts):
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(effective) / np.where(counts > 1, np.log(counts), np.nan)


def _mean(values):
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")


def _draw(axes, counts, effective, unit):
    most = max(2, counts.max(initial=0))
    axes.plot([1, most], [1, most], color=plots.GRAY, linestyle="--", label="spread evenly")
    axes.scatter(counts, effective, 12, color=plots.PURPLE, alpha=0.35, linewidths=0)
    axes.set(xlabel=unit, ylabel="effective number")
    axes.legend(loc="upper left", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
