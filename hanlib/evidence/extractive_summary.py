"""Extractive summaries: the sentences that support the prediction, in document order."""

from hanlib.checks import check_integer
from hanlib.evidence.characters import on_one_line
from hanlib.evidence.methods import get_method

_SENTENCES = 3


def summary_sentences(explanation, sentences=None, words=None):
    """The `Sentence`s with the highest scores for the target, in document order.

    Sentences with negative scores are excluded, so fewer than requested may be returned. If no
    score is positive, the sentence with the highest score is returned.

    Args:
        explanation: An `Explanation`.
        sentences: Maximum number of sentences; 3 if neither limit is given.
        words: Maximum number of words of all sentences together. Sentences that do not fit are
            skipped.

    Returns:
        A tuple of `Sentence`s; empty if there are no sentences or none fits.

    Raises:
        ValueError: If a limit is not a positive integer.

    >>> from hanlib.evidence import Explanation, Sentence
    >>> made = tuple(Sentence(*s) for s in (("Bad.", -1.0), ("Good end.", 2.0), ("Superb!", 3.0)))
    >>> explanation = Explanation(None, "pos", {}, "pos", "leave_one_out", made)
    >>> [s.text for s in summary_sentences(explanation, sentences=2)]
    ['Good end.', 'Superb!']
    >>> [s.text for s in summary_sentences(explanation, words=2)]
    ['Superb!']
    """
    check_integer("sentences", sentences, allow_none=True)
    check_integer("words", words, allow_none=True)
    if sentences is None and words is None:
        sentences = _SENTENCES
    taken, length = [], 0
    for index in _ranked(explanation):
        count = _length(explanation.sentences[index])
        if words is None or length + count <= words:
            taken.append(index)
            length += count
        if len(taken) == sentences:
            break
    return tuple(explanation.sentences[index] for index in sorted(taken))


def summary_text(explanation, sentences=None, words=None):
    """`summary_sentences` as one line of text; `Explanation.summary` calls this.

    An ellipsis in brackets marks omitted sentences. If no sentence fits into `words`, the one with
    the highest score is truncated.

    >>> from hanlib.evidence import Explanation, Sentence
    >>> made = tuple(Sentence(*s) for s in (("Good.", 2.0), ("So so.", 0.0), ("Superb!", 3.0)))
    >>> explanation = Explanation(None, "pos", {}, "pos", "leave_one_out", made)
    >>> summary_text(explanation, sentences=2)
    'Good. […] Superb!'
    """
    chosen = summary_sentences(explanation, sentences, words)
    if not chosen and explanation.sentences:
        strongest = explanation.sentences[_ranked(explanation)[0]]
        return _cut(strongest, words)
    indices = {id(sentence): index for index, sentence in enumerate(explanation.sentences)}
    text, last = "", None
    for sentence in chosen:
        index = indices[id(sentence)]
        if last is not None:
            text += " " if index == last + 1 else " […] "
        text, last = text + on_one_line(sentence.text), index
    return text


def _ranked(explanation):
    """Indices of the eligible sentences, by falling score; earlier ones first if equal."""
    scores = [
        -1e300 if s.score is None or s.score != s.score else s.score for s in explanation.sentences
    ]
    ranked = sorted(range(len(scores)), key=lambda index: -scores[index])
    if not get_method(explanation.method).signed:
        return ranked
    return [index for index in ranked if scores[index] > 0] or ranked[:1]


def _length(sentence):
    return len(sentence.words) or len((sentence.text or "").split())


def _cut(sentence, words):
    """The first `words` words of a sentence, with the text between them."""
    text, at = on_one_line(sentence.text), 0
    for word in sentence.words[:words]:
        start = text.find(on_one_line(word.text), at)
        if start < 0:
            return " ".join(on_one_line(w.text) for w in sentence.words[:words]) + " …"
        at = start + len(on_one_line(word.text))
    return (text[:at] if sentence.words else " ".join(text.split()[:words])) + " …"
