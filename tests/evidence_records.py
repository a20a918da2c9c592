"""Made-up explanations for tests: correct spans, random scores."""

import random
import re

from hanlib.evidence import Explanation, Faithfulness, Sentence, Word

CLASSES = ("negative", "positive")


def explanation(text, target="positive", seed=0, method="leave_one_out", **fields):
    """An `Explanation` of `text` with the spans of its words and sentences."""
    draw = random.Random(f"{seed} {target} {method}")
    sentences = tuple(
        _sentence(text, match.start(), match.end(), draw, method)
        for match in re.finditer(r"[^\s.!?。][^.!?。\n]*[.!?。]?", text)
    )
    confidence = draw.uniform(0.5, 1.0)
    label = draw.choice(CLASSES)
    other = CLASSES[label == CLASSES[0]]
    probabilities = {other: 1 - confidence, label: confidence}
    made = {"label": label, "probabilities": probabilities, "true_label": draw.choice(CLASSES)}
    return Explanation(
        text, target=target, method=method, sentences=sentences, **{**made, **fields}
    )


def _sentence(text, start, end, draw, method):
    words = tuple(
        Word(match.group(), _score(draw, method) ** 3, start + match.start(), start + match.end())
        for match in re.finditer(r"[\w']+", text[start:end])
    )
    return Sentence(text[start:end], _score(draw, method), words, start, end)


def _score(draw, method):
    return draw.uniform(0 if "attention" in method and "x" not in method else -1, 1)


def faithfulness(level="sentence", gain=0.3):
    """Measured faithfulness that is `gain` better than chance."""
    return Faithfulness(level, 0.2 + gain, 0.1, 0.2, 0.3, (0.15, 0.25), (0.2, 0.4), 60)


def long_text(words, seed=0):
    """A text of about `words` words in paragraphs."""
    draw = random.Random(seed)
    vocabulary = ("the", "hotel", "was", "superb", "dreadful", "room", "breakfast", "we", "never")
    text = ""
    while len(text.split()) < words:
        sentence = " ".join(draw.choice(vocabulary) for _ in range(draw.randint(4, 18)))
        text += sentence.capitalize() + draw.choice((". ", ". ", "! ", ".\n\n"))
    return text
