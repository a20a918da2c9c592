"""Tables of evidence for pandas, which is optional."""


def pandas():
    """The module, or an error that says how to get it.

    >>> pandas().DataFrame({"score": [0.5]}).shape
    (1, 1)
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("Tables need pandas: `pip install pandas`.") from error
    return pandas


def explanation_frame(explanation, level="word"):
    """The scores of an explanation as a table; `Explanation.to_frame` gives the same.

    Args:
        explanation: An `Explanation`.
        level: "word" or "sentence": what a row is.

    Returns:
        A `pandas.DataFrame` with columns sentence (its place, from 0), word (its place in the
        sentence), text, score, sentence_score, start and end; or, by sentence, with columns
        sentence, text, score, words (how many), start and end. Places that are not known are
        <NA>.

    Raises:
        ValueError: `level` is neither.
        ImportError: pandas is not installed.

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
    whole = dict.fromkeys(("sentence", "word", "words", "start", "end"), "Int64")
    real = {"score": float, "sentence_score": float}
    return frame.astype({k: v for k, v in {**whole, **real}.items() if k in columns})


def _word_rows(explanation):
    for place, sentence in enumerate(explanation.sentences):
        for index, word in enumerate(sentence.words):
            yield place, index, word.text, word.score, sentence.score, word.start, word.end


def _sentence_rows(explanation):
    for place, sentence in enumerate(explanation.sentences):
        count = len(sentence.words)
        yield place, sentence.text, sentence.score, count, sentence.start, sentence.end
