"""Extractive summaries: the sentences that carry the decision, in the order of the document."""

from hanlib.evidence.characters import on_one_line
from hanlib.evidence.methods import method_of

_SENTENCES = 3


def summary_sentences(explanation, sentences=None, words=None):
    """The strongest `Sentence`s for the target, in the order of the document.

    Sentences that speak against the target never belong to them, so there may be fewer than
    asked for; where none speaks for it, the one that speaks least against it is given.

    Args:
        explanation: An `Explanation`.
        sentences: How many at most; 3 where neither length is given.
        words: How many words at most, all sentences together. A sentence that does not fit is
            passed over for the next strongest that does.

    Returns:
        A tuple of `Sentence`s; empty where the document has none or none fits.

    Raises:
        ValueError: a length is not a positive integer.

    >>> from hanlib.evidence import Explanation, Sentence
    >>> made = tuple(Sentence(*s) for s in (("Bad.", -1.0), ("Good end.", 2.0), ("Superb!", 3.0)))
    >>> explanation = Explanation(None, "pos", {}, "pos", "leave_one_out", made)
    >>> [s.text for s in summary_sentences(explanation, sentences=2)]
    ['Good end.', 'Superb!']
    >>> [s.text for s in summary_sentences(explanation, words=2)]
    ['Superb!']
    """
    for name, value in (("sentences", sentences), ("words", words)):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if value is not None and (not whole or value < 1):
            raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    if sentences is None and words is None:
        sentences = _SENTENCES
    taken, length = [], 0
    for place in _ranked(explanation):
        count = _length(explanation.sentences[place])
        if words is None or length + count <= words:
            taken.append(place)
            length += count
        if len(taken) == sentences:
            break
    return tuple(explanation.sentences[place] for place in sorted(taken))


def summary_text(explanation, sentences=None, words=None):
    """`summary_sentences` as one line of text; `Explanation.summary` gives the same.

    An ellipsis in brackets stands for what was left out between two sentences. Where not even
    one sentence fits into `words`, the strongest is cut.

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
    places = {id(sentence): place for place, sentence in enumerate(explanation.sentences)}
    text, last = "", None
    for sentence in chosen:
        place = places[id(sentence)]
        if last is not None:
            text += " " if place == last + 1 else " […] "
        text, last = text + on_one_line(sentence.text), place
    return text


def _ranked(explanation):
    """Places of the sentences that may be taken, strongest first, earlier ones first."""
    scores = [
        -1e300 if s.score is None or s.score != s.score else s.score for s in explanation.sentences
    ]
    ranked = sorted(range(len(scores)), key=lambda place: -scores[place])
    if not method_of(explanation.method).signed:
        return ranked
    return [place for place in ranked if scores[place] > 0] or ranked[:1]


def _length(sentence):
    return len(sentence.words) or len((sentence.text or "").split())


def _cut(sentence, words):
    """The first `words` words of a sentence, with what stands between them."""
    text, at = on_one_line(sentence.text), 0
    for word in sentence.words[:words]:
        start = text.find(on_one_line(word.text), at)
        if start < 0:
            return " ".join(on_one_line(w.text) for w in sentence.words[:words]) + " …"
        at = start + len(on_one_line(word.text))
    return (text[:at] if sentence.words else " ".join(text.split()[:words])) + " …"
