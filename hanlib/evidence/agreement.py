"""The agreement of two explanations of one document."""

import dataclasses
import statistics

from hanlib.evidence.shading import finite

_SENTENCES, _WORDS = 3, 10


@dataclasses.dataclass(frozen=True)
class Agreement:
    """The agreement of two explanations of one document.

    Attributes:
        same_label: Whether both predict the same label.
        sentence_correlation, word_correlation: Spearman's rank correlation of the scores, -1 to 1;
            None if the two split the document differently or all scores are equal.
        shared_sentences: Number of sentences among the `sentences` strongest of both; None if the
            two split the document differently.
        shared_words: The same for the `words` strongest words.
        sentences, words: The numbers compared: 3 and 10, or all if there are fewer.

    >>> from hanlib.evidence import Explanation, Sentence
    >>> made = [Explanation(None, "pos", {}, "pos", "random",
    ...     tuple(Sentence(text, score) for text, score in zip("abcd", scores)))
    ...     for scores in ((4, 3, 2, 1), (4, 3, 1, 2))]
    >>> agreement(*made).sentence_correlation, agreement(*made).shared_sentences
    (0.8, 2)
    """

    same_label: bool
    sentence_correlation: float | None
    word_correlation: float | None
    shared_sentences: int | None
    shared_words: int | None
    sentences: int
    words: int


def agreement(first, second):
    """The `Agreement` of two explanations.

    >>> from hanlib.evidence import Explanation
    >>> empty = Explanation("", "pos", {}, "pos", "random")
    >>> agreement(empty, empty).same_label, agreement(empty, empty).word_correlation
    (True, None)
    """
    sentences = min(_SENTENCES, len(first.sentences), len(second.sentences))
    words = min(_WORDS, len(first.words), len(second.words))
    of_sentences = _compared(first.sentences, second.sentences, sentences)
    of_words = _compared(first.words, second.words, words)
    return Agreement(
        str(first.label) == str(second.label),
        of_sentences[0],
        of_words[0],
        of_sentences[1],
        of_words[1],
        sentences,
        words,
    )


def same_units(first, second):
    """Whether two explanations split the document into the same words or sentences.

    >>> from hanlib.evidence import Word
    >>> same_units([Word("a", 1.0)], [Word("a", 0.5)])
    True
    """
    return [unit.text for unit in first] == [unit.text for unit in second]


def _compared(first, second, most):
    """The correlation of the scores, and the number of shared strongest units."""
    if not same_units(first, second):
        return None, None
    scores = [[finite(unit.score) for unit in units] for units in (first, second)]
    ranks = [_ranks(values) for values in scores]
    strongest = [
        sorted(range(len(values)), key=lambda index: -values[index])[:most] for values in scores
    ]
    varied = all(len(set(values)) > 1 for values in ranks)
    correlation = round(statistics.correlation(*ranks), 12) if varied else None
    return correlation, len(set(strongest[0]) & set(strongest[1]))


def _ranks(scores):
    """Ranks from 0; equal scores share the mean of their ranks."""
    positions = {}
    for rank, score in enumerate(sorted(scores)):
        positions.setdefault(score, []).append(rank)
    return [statistics.fmean(positions[score]) for score in scores]
