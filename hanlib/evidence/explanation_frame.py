"""The scores of one explanation as a pandas `DataFrame`."""

from hanlib.evidence.dataframes import pandas


def explanation_frame(explanation, level="word"):
    """The scores of an explanation as a `DataFrame`; `Explanation.to_frame` calls this.

    Args:
        explanation: An `Explanation`.
        level: "word" for one row per word, or "sentence" for one row per sentence.

    Returns:
        A `pandas.DataFrame`. By word, the columns are sentence (index), word (index in the
        sentence), text, score, sentence_score, start and end; by sentence, they are sentence, text,
        score, words (their number), start and end. Unknown spans are <NA>.

    Raises:
        ValueError: If `level` is invalid.
        ImportError: If pandas is not installed.

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> sentence = Sentence("Superb!", 0.7, (Word("Superb", 0.4, 0, 6),), 0, 7)
    >>> explanation = Explanation("Superb!", "pos", {"pos": 0.9}, "pos", "attention", (sentence,))
    >>> explanation_frame(explanation)[["text", "score", "sentence_score"]].values.tolist()
    [['Superb', 0.4, 0.7]]
    """
    if level not in ("word", "sentence"):
        raise ValueError(f'`level` must be "word" or "sentence". Received: level={level!r}')
    rows = (_word_rows if level == "word" else _sentence_rows)(explanation)
    columns = ["sentence", "word", "text", "score", "sentence_score", "start", "end"]
    if level == "sentence":
        columns = ["sentence", "text", "score", "words", "start", "end"]
    frame = pandas().DataFrame(rows, columns=columns)
    integers = dict.fromkeys(("sentence", "word", "words", "start", "end"), "Int64")
    types = {**integers, "score": float, "sentence_score": float}
    return frame.astype({name: types[name] for name in columns if name in types})


def _word_rows(explanation):
    for index, sentence in enumerate(explanation.sentences):
        for position, word in enumerate(sentence.words):
            yield index, position, word.text, word.score, sentence.score, word.start, word.end


def _sentence_rows(explanation):
    for index, sentence in enumerate(explanation.sentences):
        count = len(sentence.words)
        yield index, sentence.text, sentence.score, count, sentence.start, sentence.end
