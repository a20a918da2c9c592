"""How far two explanations of one document agree."""

import dataclasses

import numpy as np

_SENTENCES, _WORDS = 3, 10


@dataclasses.dataclass(frozen=True)
class Agreement:
    """How far two explanations of one document agree.

    Attributes:
        same_label: Whether both predict the same.
        sentence_correlation, word_correlation: Spearman's rank correlation of the scores, -1 to 1;
            None where the two cut the document in different ways, or all scores are the same.
        shared_sentences: Of the `sentences` strongest of each, how many are in both; None likewise.
        shared_words: Of the `words` strongest of each, how many are in both; None likewise.
        sentences, words: How many were compared: 3 and 10, or all where there are fewer.

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
    same_sentences = same_units(first.sentences, second.sentences)
    same_words = same_units(first.words, second.words)
    return Agreement(
        str(first.label) == str(second.label),
        _correlation(first.sentences, second.sentences) if same_sentences else None,
        _correlation(first.words, second.words) if same_words else None,
        _shared(first.sentences, second.sentences, sentences) if same_sentences else None,
        _shared(first.words, second.words, words) if same_words else None,
        sentences,
        words,
    )


def same_units(first, second):
    """Whether two explanations cut the document into the same words or sentences.

    >>> from hanlib.evidence import Word
    >>> same_units([Word("a", 1.0)], [Word("a", 0.5)])
    True
    """
    return [unit.text for unit in first] == [unit.text for unit in second]


def _scores(units):
    scores = [np.nan if unit.score is None else unit.score for unit in units]
    return np.nan_to_num(np.array(scores, "float64"))


def _correlation(first, second):
    first, second = _ranks(_scores(first)), _ranks(_scores(second))
    if len(first) < 2 or first.std() == 0 or second.std() == 0:
        return None
    return round(float(np.corrcoef(first, second)[0, 1]), 12)


def _ranks(scores):
    """Ranks from 0; equal scores share the mean of theirs."""
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[group]


def _shared(first, second, most):
    def strongest(units):
        return set(np.argsort(-_scores(units), kind="stable")[:most].tolist())

    return len(strongest(first) & strongest(second))
