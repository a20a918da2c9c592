"""Agreement with human evidence, against scikit-learn and by hand."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.stats import zscore
from sklearn.metrics import auc, average_precision_score, f1_score, precision_recall_curve

from hanlib.evidence import Explanation, Sentence, Word
from hanlib.explain import plausibility
from hanlib.explain.plausibility import (
    average_precision,
    iou_f1,
    overlaps,
    phrase_scores,
    runs,
    token_f1,
    trapezoid_auprc,
)

TEXT = "A dull start. The end is truly superb, though."
WORDS = [("A", 0), ("dull", 2), ("start", 7), (".", 12), ("The", 14), ("end", 18), ("is", 22)]
WORDS += [("truly", 25), ("superb", 31), (",", 37), ("though", 39), (".", 45)]


def explanation(scores, sentence_scores=(0.1, 0.9)):
    words = [
        Word(text, score, start, start + len(text))
        for (text, start), score in zip(WORDS, scores, strict=True)
    ]
    sentences = (
        Sentence(TEXT[:13], sentence_scores[0], tuple(words[:4]), 0, 13),
        Sentence(TEXT[14:], sentence_scores[1], tuple(words[4:]), 14, 46),
    )
    return Explanation(TEXT, "pos", {"pos": 1.0}, "pos", "leave_one_out", sentences)


@pytest.mark.parametrize("ties", [False, True])
def test_areas_are_those_of_scikit_learn(rng, ties):
    for _ in range(20):
        truth = rng.random(40) < 0.2
        truth[0] = True
        scores = rng.integers(0, 5, 40).astype(float) if ties else rng.normal(size=40)
        assert average_precision(truth, scores) == pytest.approx(
            average_precision_score(truth, scores)
        )
        precision, recall, _ = precision_recall_curve(truth, scores)
        assert trapezoid_auprc(truth, scores) == pytest.approx(auc(recall, precision))


def test_equal_scores_get_no_more_than_chance_by_steps():
    truth = np.array([True] + [False] * 9)
    assert average_precision(truth, np.ones(10)) == pytest.approx(0.1)
    assert trapezoid_auprc(truth, np.ones(10)) == pytest.approx(0.55)


def test_token_f1_is_that_of_scikit_learn(rng):
    truth, selected = rng.random(50) < 0.3, rng.random(50) < 0.3
    assert token_f1(truth, selected) == pytest.approx(f1_score(truth, selected))


def test_runs_and_their_agreement():
    assert runs(np.array([False, True, True, False, True])) == [(1, 3), (4, 5)]
    assert runs(np.zeros(3, bool)) == []
    assert iou_f1([(0, 4)], [(1, 4)]) == 1
    assert iou_f1([(0, 4)], [(3, 8)]) == 0
    assert iou_f1([(0, 2), (5, 7)], [(0, 2)]) == pytest.approx(2 * 0.5 * 1 / 1.5)
    assert iou_f1([(0, 2)], []) == 0


def test_figures_of_one_explanation():
    scores = [0.0, 0.8, 0, 0, 0, 0, 0, 0.7, 0.9, 0, 0, 0]
    found = plausibility(explanation(scores), [(25, 37)], share=2 / 12, at=(1, 2))
    # Evidence: "truly superb". Taken: "superb", then "dull".
    assert found.token_f1 == pytest.approx(0.5)
    assert found.auprc == pytest.approx((1 + 2 / 3) / 2)
    # "superb" is half of the evidence, "dull" none of it.
    assert found.iou_f1 == pytest.approx(2 * 1 * 0.5 / 1.5)
    assert found.sentence_precision == {1: 1.0, 2: 0.5}


@pytest.mark.parametrize("width", [1.0, 3.0])
def test_phrase_scores_are_a_gaussian_of_scipy_and_the_sentence(rng, width):
    scores = rng.normal(size=12)
    found = phrase_scores(explanation(scores.tolist(), (-0.2, 0.9)), width)
    words = np.maximum(scores, 0) ** 1.5
    around = gaussian_filter1d(words, width, mode="constant", truncate=4)
    sentences = np.repeat([0.0, 0.9], [4, 8])
    np.testing.assert_allclose(found, zscore(around) + zscore(sentences) / 4, atol=1e-9)


def test_phrases_are_ranked_by_what_is_around_them():
    scores = [0.0] * 12
    scores[0], scores[8] = 0.5, 0.9
    found = explanation(scores, sentence_scores=(0.0, 1.0))
    around = phrase_scores(found, width=1.0)
    # The words around "superb" come first; in the other sentence those at its start.
    assert set(np.argsort(-around, kind="stable")[:3]) == {7, 8, 9}
    assert around[0] > around[1] > around[3]
    found_phrases = plausibility(found, [(25, 38)], share=0.25, phrases=True)
    truth = overlaps(found.words, [(25, 38)])
    assert found_phrases.auprc == average_precision(truth, phrase_scores(found))


def test_phrases_without_scores_are_equal():
    assert phrase_scores(explanation([0.0] * 12, (1.0, 1.0))).tolist() == [0] * 12


def test_without_evidence_there_is_nothing_to_agree_with():
    assert plausibility(explanation([0.0] * 12), [], share=0.1) is None
    assert plausibility(Explanation("", "pos", {}, "pos", "attention"), [(0, 1)], 0.1) is None


def test_a_share_out_of_range_is_named():
    with pytest.raises(ValueError, match=r"`share` must be over 0.*share=0"):
        plausibility(explanation([0.0] * 12), [(0, 1)], share=0)


def test_words_without_a_place_are_no_evidence():
    words = [Word("a", 1.0), Word("b", 1.0, 3, 4)]
    assert overlaps(words, [(0, 9)]).tolist() == [False, True]
