"""The demonstration corpus: known evidence, and no way round reading it."""

import re
from collections import Counter

import pytest

from hanlib import data
from hanlib.data import demo, demo_phrases


def sentences(text):
    return re.split(r"(?<=\.)\s+", text)


def test_sizes_classes_and_order():
    corpus = data.load("demo")
    assert corpus.classes == ("negative", "positive")
    assert not corpus.multi_label
    for name, size in {"train": 2000, "validation": 400, "test": 600}.items():
        assert corpus.splits[name].size == size
        reviews = demo.reviews(name)
        assert list(corpus.splits[name]) == [(r.text, r.label) for r in reviews]
        assert 0.45 < Counter(r.label for r in reviews)["positive"] / size < 0.55


def test_no_review_occurs_twice():
    texts = [r.text for name in demo.SIZES for r in demo.reviews(name)]
    assert len(set(texts)) == len(texts)


def test_generation_is_deterministic_by_seed():
    assert demo.generate(50, seed=1) == demo.generate(50, seed=1)
    assert demo.generate(50, seed=1) == demo.generate(60, seed=1)[:50]
    assert demo.generate(50, seed=1) != demo.generate(50, seed=2)
    assert demo.generate(0) == []


def test_the_generated_text_never_changes():
    # Published figures are about this very text.
    assert demo.generate(1)[0].text.startswith("We stayed for four nights in April.")


def test_evidence_is_where_it_is_said_to_be():
    subjects = [name for topic in demo_phrases.TOPICS.values() for name in topic["whole"]]
    for review in demo.reviews("train"):
        sentence = sentences(review.text)[review.evidence_sentence]
        words = re.findall(r"\w+", sentence)
        assert review.evidence_words
        assert set(review.evidence_words) <= set(words)
        assert any(subject in sentence.lower() for subject in subjects)
        judgement = review.evidence_words[-1]
        praise = judgement in demo_phrases.POSITIVE
        turned = len(review.evidence_words) > 1
        assert review.label == ("positive" if praise != turned else "negative")


def test_every_sentence_ends_in_a_full_stop_and_has_no_slot_left():
    for review in demo.generate(300, seed=5):
        for sentence in sentences(review.text):
            assert sentence.endswith(".")
            assert sentence.count(".") == 1
            assert sentence[0].isupper()
            assert "{" not in sentence


def test_the_text_is_varied():
    reviews = demo.reviews("train")
    vocabulary = {word for r in reviews for word in re.findall(r"\w+", r.text.lower())}
    assert len(vocabulary) > 400
    assert len({len(sentences(r.text)) for r in reviews}) >= 5
    assert any("\n\n" in r.text for r in reviews)
    assert set(range(6)) <= {r.evidence_sentence for r in reviews}


@pytest.mark.parametrize("ngrams", [1, 2])
def test_counting_words_does_not_solve_it(ngrams):
    text = pytest.importorskip("sklearn.feature_extraction.text")
    linear = pytest.importorskip("sklearn.linear_model")
    train, test = demo.reviews("train"), demo.reviews("test")
    counts = text.CountVectorizer(ngram_range=(1, ngrams))
    model = linear.LogisticRegression(C=0.3, max_iter=1000)
    model.fit(counts.fit_transform(r.text for r in train), [r.label for r in train])
    accuracy = model.score(counts.transform(r.text for r in test), [r.label for r in test])
    # Above chance, since words do say something; far below what reading gives.
    assert 0.55 < accuracy <= 0.85


def test_the_deciding_sentence_and_its_words_cannot_be_told_from_the_majority():
    """Neither the most frequent polarity nor the last judgement gives the label."""
    praise, blame = set(demo_phrases.POSITIVE), set(demo_phrases.NEGATIVE)
    last = 0
    reviews = demo.reviews("test")
    for review in reviews:
        judgements = [w for w in re.findall(r"\w+", review.text) if w in praise | blame]
        last += (judgements[-1] in praise) == (review.label == "positive")
    assert last / len(reviews) < 0.8


@pytest.mark.parametrize("documents", [-1, 2.5, "ten"])
def test_a_wrong_number_is_refused(documents):
    with pytest.raises(data.DataError, match="`documents` must be"):
        demo.generate(documents)


def test_a_wrong_split_is_refused():
    with pytest.raises(data.DataError, match="train, validation, test"):
        demo.reviews("dev")
