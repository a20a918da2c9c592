"""Splits a document into sentences, words and the text between them."""

import dataclasses

from hanlib.evidence.characters import printable


@dataclasses.dataclass(frozen=True)
class Passage:
    """A sentence, or the text between two sentences.

    Attributes:
        sentence: The `Sentence`, or None for text between sentences.
        runs: Consecutive `(text, word)` pairs; `word` is a `Word`, or None between words.
    """

    sentence: object
    runs: tuple

    @property
    def text(self):
        """The text of the passage."""
        return "".join(text for text, _ in self.runs)


def passages(explanation):
    """Splits the document of an explanation into consecutive `Passage`s.

    If spans are missing or do not fit the text, each word is searched in the text of its sentence.
    If a word is not found, the words of the sentence are joined by spaces.

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> sentence = Sentence("Good\\nfilm.", 0.7, (Word("Good", 0.4, 1, 5),), 1, 11)
    >>> explanation = Explanation(" Good\\nfilm.", "pos", {"pos": 1.0}, "pos", "m", (sentence,))
    >>> [[text for text, _ in passage.runs] for passage in passages(explanation)]
    [[' '], ['Good', '\\nfilm.']]
    """
    sentences = explanation.sentences
    if explanation.text is None or not _lie_in_order(sentences, 0, len(explanation.text)):
        return list(_joined(sentences))
    found = []
    for sentence, start, end in _with_gaps(sentences, 0, len(explanation.text)):
        text = explanation.text[start:end]
        runs = _runs(sentence, text, start) if sentence else ((text, None),)
        found.append(Passage(sentence, _printable(runs)))
    return found


def _joined(sentences):
    for index, sentence in enumerate(sentences):
        if index:
            yield Passage(None, ((" ", None),))
        yield Passage(sentence, _printable(_located(sentence)))


def _runs(sentence, text, start):
    if not _lie_in_order(sentence.words, start, start + len(text)):
        return _located(dataclasses.replace(sentence, text=text))
    return tuple(
        (text[first - start : last - start], word)
        for word, first, last in _with_gaps(sentence.words, start, start + len(text))
    )


def _located(sentence):
    """The runs of a sentence whose words have no spans."""
    text, runs, at = sentence.text or "", [], 0
    for word in sentence.words:
        start = text.find(word.text, at)
        if start < 0:
            return _spaced(sentence.words)
        if start > at:
            runs.append((text[at:start], None))
        at = start + len(word.text)
        runs.append((text[start:at], word))
    return (*runs, (text[at:], None)) if at < len(text) else tuple(runs)


def _spaced(words):
    runs = [run for word in words for run in ((" ", None), (word.text, word))]
    return tuple(runs[1:])


def _with_gaps(items, start, end):
    """Consecutive `(item, start, end)` from `start` to `end`; item is None between items."""
    at = start
    for item in items:
        if item.start > at:
            yield None, at, item.start
        yield item, item.start, item.end
        at = item.end
    if end > at:
        yield None, at, end


def _lie_in_order(items, start, end):
    for item in items:
        if item.start is None or item.end is None or not start <= item.start <= item.end <= end:
            return False
        start = item.end
    return True


def _printable(runs):
    return tuple((printable(text), word) for text, word in runs)
