"""A generated demonstration corpus with known evidence, which needs no download.

Every review is composed of phrases written for this purpose. Exactly one sentence decides its
label: the one in which the writer judges the reviewed thing. Other sentences judge something else
("the previous hotel was wonderful") or report opinions of other people, with random words, so a
word of praise alone is weak evidence. The deciding sentence may be direct, negated, or contain both
polarities in either order. A model must find this sentence and understand it.
"""

import random
import re
from dataclasses import dataclass
from functools import lru_cache

from hanlib.checks import check_choice
from hanlib.data import demo_phrases as phrases
from hanlib.data.corpus import Corpus, DataError, Split

CLASSES = ("negative", "positive")
SIZES = {"train": 2000, "validation": 400, "test": 600}
# Kinds of deciding sentence and how often each is drawn.
_KINDS = (phrases.DIRECT, phrases.NEGATED, phrases.CONTRAST, phrases.EXPECTATION)
_KIND_WEIGHTS = (60, 12, 16, 12)


@dataclass(frozen=True)
class DemoReview:
    """One generated review and its evidence.

    Attributes:
        text: the review; every sentence ends with a full stop, and some with a line break too.
        label: "negative" or "positive".
        evidence_sentence: index of the deciding sentence, counted from 0.
        evidence_words: the deciding words of that sentence: the word of judgement and the words
            that negate it, such as `("not", "superb")`.
    """

    text: str
    label: str
    evidence_sentence: int
    evidence_words: tuple[str, ...]


def generate(documents, seed=0):
    """Generates `documents` distinct reviews, about half of them positive.

    Args:
        documents: number of reviews, at least 0.
        seed: integer that determines the reviews.

    Returns:
        A list of `DemoReview`. With the same seed, a shorter list is a prefix of a longer one.

    >>> review = generate(1, seed=3)[0]
    >>> review == generate(5, seed=3)[0]
    True
    >>> sentences = review.text.replace("\\n", " ").split(". ")
    >>> all(word in sentences[review.evidence_sentence] for word in review.evidence_words)
    True
    """
    if not isinstance(documents, int) or documents < 0:
        raise DataError(
            f"`documents` must be an integer of at least 0. Received: documents={documents!r}"
        )
    reviews, seen = endless(seed), {}
    while len(seen) < documents:
        review = next(reviews)
        seen.setdefault(review.text, review)
    return list(seen.values())


def endless(seed=0):
    """Yields reviews without an end, of which a few are equal.

    >>> next(endless(seed=3)) == generate(1, seed=3)[0]
    True
    """
    draw = random.Random(f"hanlib demo {seed}")
    while True:
        yield _review(draw, label=draw.choice(CLASSES))


@lru_cache(maxsize=1)
def _all_reviews():
    return tuple(generate(sum(SIZES.values())))


def reviews(split):
    """The `DemoReview`s of a split of the demo corpus, in the order of the split.

    >>> len(reviews("test")), reviews("test")[0].label in CLASSES
    (600, True)
    """
    check_choice("split", split, SIZES, error=DataError)
    names = list(SIZES)
    start = sum(SIZES[name] for name in names[: names.index(split)])
    return list(_all_reviews()[start : start + SIZES[split]])


def corpus():
    """The demo corpus: always the same 2,000 training, 400 validation and 600 test reviews.

    >>> corpus().classes, corpus().splits["train"].size
    (('negative', 'positive'), 2000)
    """

    def stream(name):
        return lambda: ((review.text, review.label) for review in reviews(name))

    splits = {name: Split(stream(name), size) for name, size in SIZES.items()}
    return Corpus(name="demo", classes=CLASSES, multi_label=False, splits=splits)


def _review(draw, label):
    topic = phrases.TOPICS[draw.choice(list(phrases.TOPICS))]
    deciding, words = _deciding_sentence(draw, topic, label)
    asides = [_aside(draw, topic) for _ in range(draw.choice((0, 1, 1, 2)))]
    neutral = [
        _fill(draw, template, topic)
        for template in draw.sample(topic["neutral"], draw.randint(2, 5))
    ]
    sentences = [*neutral[1:], *asides, deciding]
    draw.shuffle(sentences)
    # Most reviews begin with a neutral sentence, some with anything.
    sentences.insert(0 if draw.random() < 0.8 else draw.randint(0, len(sentences)), neutral[0])
    return DemoReview(_join(draw, sentences), label, sentences.index(deciding), words)


def _deciding_sentence(draw, topic, label):
    """The sentence that decides `label`, and its deciding words."""
    same, other = phrases.NEGATIVE, phrases.POSITIVE
    if label == "positive":
        same, other = other, same
    kind = draw.choices(_KINDS, _KIND_WEIGHTS)[0]
    template = draw.choice(kind)
    adjective = draw.choice(other if kind is phrases.NEGATED else same)
    opposite = draw.choice(other)
    sentence = _fill(draw, template, topic, adjective=adjective, opposite=opposite)
    turning = _turning_words(template) if kind is phrases.NEGATED else ()
    return sentence, (*turning, adjective)


def _turning_words(template):
    """The words that negate the judgement in a template of `NEGATED`.

    >>> _turning_words("{whole} was by no means {adjective}.")
    ('no', 'means')
    """
    in_template = re.findall(r"\w+", template)
    for words in (("not",), ("no", "means"), ("anything", "but"), ("cannot",), ("None",)):
        if set(words) <= set(in_template):
            return words
    raise AssertionError(f"no negation in {template!r}")


def _aside(draw, topic):
    template = draw.choice(phrases.HEARSAY if draw.random() < 0.3 else phrases.ASIDE)
    polarity = draw.choice((phrases.POSITIVE, phrases.NEGATIVE))
    return _fill(draw, template, topic, adjective=draw.choice(polarity))


def _fill(draw, template, topic, **words):
    sentence = template.format(
        whole=draw.choice(topic["whole"]),
        rival=draw.choice(topic["rival"]),
        adverb=draw.choice(phrases.ADVERBS),
        companion=draw.choice(phrases.COMPANIONS),
        day=draw.choice(phrases.DAYS),
        month=draw.choice(phrases.MONTHS),
        number=draw.choice(phrases.NUMBERS),
        **words,
    )
    return sentence[0].upper() + sentence[1:]


def _join(draw, sentences):
    """Joins sentences by spaces, and occasionally by a blank line."""
    text = sentences[0]
    for sentence in sentences[1:]:
        text += ("\n\n" if draw.random() < 0.1 else " ") + sentence
    return text
