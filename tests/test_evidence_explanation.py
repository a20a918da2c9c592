"""Explanations as records, tables and summaries."""

import json

import evidence_records
import numpy as np
import pytest

from hanlib.evidence import Explanation, Sentence, Word, summary_sentences

TEXT = "The room was dull.  We left!\n\nBut the view: superb, “really”."


@pytest.fixture
def explanation():
    return evidence_records.explanation(
        TEXT,
        faithfulness={"word": evidence_records.faithfulness("word")},
        diagnostics={"entropy": 0.5},
        omitted={"words": 3, "sentences": 1},
    )


def test_json_gives_the_same_record(explanation):
    assert Explanation.from_dict(json.loads(explanation.to_json())) == explanation


def test_json_keeps_integer_classes_and_several_labels():
    made = Explanation("A", (3, 5), {3: 0.9, 5: 0.8, 7: 0.1}, 3, "attention", true_label=(3,))
    assert Explanation.from_dict(json.loads(made.to_json())) == made


def test_json_takes_numpy_scores():
    made = Explanation(
        "A", "x", {"x": np.float32(0.5)}, "x", "attention", (Sentence("A", np.float32(0.25)),)
    )
    assert Explanation.from_dict(json.loads(made.to_json())).sentences[0].score == 0.25


def test_a_frame_of_words_has_their_places_in_the_text(explanation):
    frame = explanation.to_frame()
    assert len(frame) == len(explanation.words)
    assert [TEXT[row.start : row.end] for row in frame.itertuples()] == frame["text"].tolist()
    first = frame[frame.sentence == 1].iloc[0]
    assert (first.text, first.word) == ("We", 0)
    assert first.sentence_score == explanation.sentences[1].score


def test_a_frame_of_sentences(explanation):
    frame = explanation.to_frame(level="sentence")
    assert frame["text"].tolist() == [sentence.text for sentence in explanation.sentences]
    assert frame["words"].tolist() == [4, 2, 5]


def test_a_frame_without_places_or_without_anything():
    made = Explanation(None, "x", {"x": 1.0}, "x", "random", (Sentence("A", 1, (Word("A", 1),)),))
    assert made.to_frame()["start"].isna().all()
    empty = Explanation("", "x", {"x": 1.0}, "x", "random")
    assert len(empty.to_frame()) == 0
    assert list(empty.to_frame("sentence").columns)[:2] == ["sentence", "text"]


def test_levels_that_are_none(explanation):
    with pytest.raises(ValueError, match=r'`level` must be "word" or .* level=.letter.'):
        explanation.to_frame("letter")
    with pytest.raises(ValueError, match="`level`"):
        explanation.plot("letter")


def scored(*scores, method="leave_one_out"):
    sentences = tuple(
        Sentence(f"Sentence {place} here.", score, tuple(Word(w, 0.0) for w in ("a", "b", "c")))
        for place, score in enumerate(scores)
    )
    return Explanation(None, "x", {"x": 1.0}, "x", method, sentences)


def places(sentences):
    return [int(sentence.text.split()[1]) for sentence in sentences]


def test_a_summary_is_in_the_order_of_the_document():
    made = scored(0.1, 0.9, -2.0, 0.5, 0.8)
    assert places(summary_sentences(made)) == [1, 3, 4]
    assert places(summary_sentences(made, sentences=2)) == [1, 4]
    assert made.summary(sentences=2) == "Sentence 1 here. […] Sentence 4 here."
    assert made.summary(sentences=3) == "Sentence 1 here. […] Sentence 3 here. Sentence 4 here."


@pytest.mark.parametrize("words", range(1, 16))
def test_a_summary_keeps_to_its_words(words):
    taken = summary_sentences(scored(0.1, 0.9, 0.2, 0.5, 0.8), words=words)
    assert len(taken) == words // 3


def test_what_speaks_against_is_no_summary_unless_there_is_nothing_else():
    assert places(summary_sentences(scored(-1.0, 0.2, -0.1))) == [1]
    assert places(summary_sentences(scored(-1.0, -0.2, -0.1))) == [2]
    assert places(summary_sentences(scored(0.0, 0.0), sentences=5)) == [0]


def test_attention_has_no_sign_to_leave_out():
    assert places(summary_sentences(scored(0.0, 0.0, 1.0, method="attention"))) == [0, 1, 2]


def test_a_sentence_that_does_not_fit_is_cut():
    text = "The view: superb, really."
    words = tuple(Word(word, 0.1) for word in ("The", "view", "superb", "really"))
    made = Explanation(text, "x", {}, "x", "leave_one_out", (Sentence(text, 1.0, words),))
    assert made.summary(words=3) == "The view: superb …"


def test_a_summary_of_scores_that_are_no_numbers():
    assert places(summary_sentences(scored(float("nan"), 0.2, 0.1), sentences=2)) == [1, 2]
    assert Explanation("", "x", {}, "x", "random").summary() == ""


@pytest.mark.parametrize("length", [0, -1, 2.5, True, "3"])
def test_a_summary_of_no_length(length):
    with pytest.raises(ValueError, match=f"`words` must be a positive integer.*{length!r}"):
        scored(1.0).summary(words=length)
