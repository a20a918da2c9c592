"""Model-level views against scikit-learn, SciPy and figures counted by hand."""

import evidence_records
import numpy as np
import pytest
from scipy.stats import entropy, spearmanr
from sklearn import metrics

from hanlib.evaluation import (
    Predictions,
    attention_spread,
    class_evidence,
    confusion_matrix,
    corpus_shift,
    errors_by_length,
    reliability,
    risk_coverage,
)
from hanlib.evidence import Explanation, Sentence, Word, agreement

CLASSES = ("a", "b", "c")


@pytest.fixture
def predictions(rng):
    probabilities = rng.dirichlet([0.6] * 3, 400)
    true = [CLASSES[rng.choice(3, p=row)] for row in probabilities]
    return Predictions(CLASSES, probabilities, true, lengths=rng.integers(1, 400, 400))


def test_confusion_matrix_is_that_of_scikit_learn(predictions):
    true, labels = predictions.true_labels, predictions.labels
    matrix = confusion_matrix(predictions)
    expected = metrics.confusion_matrix(true, labels, labels=CLASSES)
    np.testing.assert_array_equal(matrix.counts, expected)
    assert matrix.accuracy == metrics.accuracy_score(true, labels)
    np.testing.assert_allclose(matrix.recall, metrics.recall_score(true, labels, average=None))
    precision = metrics.precision_score(true, labels, average=None)
    np.testing.assert_allclose(matrix.precision, precision)
    assert matrix.to_frame().loc["a", "b"] == expected[0, 1]


def test_calibration_error_by_the_definition(predictions):
    made = reliability(predictions, bins=10)
    error, n = 0.0, len(predictions.true_labels)
    for low, high in zip(np.arange(10) / 10, np.arange(1, 11) / 10, strict=True):
        inside = (predictions.confidence > low) & (predictions.confidence <= high)
        if inside.any():
            gap = predictions.correct[inside].mean() - predictions.confidence[inside].mean()
            error += inside.sum() / n * abs(gap)
    assert made.expected_calibration_error == pytest.approx(error, abs=1e-12)
    assert made.counts.sum() == n
    assert made.to_frame()["count"].sum() == n


def test_reliability_of_two_classes_is_that_of_scikit_learn(rng):
    from sklearn.calibration import calibration_curve

    p = rng.uniform(size=300)
    truth = rng.uniform(size=300) < p**2
    both = [("x",) if true else () for true in truth]
    made = reliability(Predictions(("x",), p[:, None], both, both), bins=5)
    accuracy, confidence = calibration_curve(truth, p, n_bins=5)
    np.testing.assert_allclose(made.accuracy, accuracy)
    np.testing.assert_allclose(made.confidence, confidence)


def test_bins_hold_their_upper_edge_and_the_ends():
    made = Predictions(("x", "y"), [[1.0, 0.0], [0.5, 0.5]], ["x", "x"], ["x", "x"])
    assert reliability(made, bins=2).counts.tolist() == [1, 1]
    none = Predictions(("x", "y"), np.zeros((0, 2)), [])
    assert np.isnan(reliability(none).expected_calibration_error)


def test_errors_by_length_counted_by_hand():
    wrong = [0, 0, 1, 0, 1, 1, 0, 1]
    labels = ["b" if w else "a" for w in wrong]
    made = Predictions(
        ("a", "b"),
        np.full((8, 2), 0.5),
        ["a"] * 8,
        labels,
        lengths=[1, 2, 3, 4, 50, 50, 70, 80],
    )
    groups = errors_by_length(made, groups=2)
    assert groups.shortest.tolist() == [1, 50]
    assert groups.longest.tolist() == [4, 80]
    assert groups.errors.tolist() == [1, 3]
    assert groups.rates.tolist() == [0.25, 0.75]
    # Wilson's interval of 1 in 4, from R: prop.test(1, 4, correct=FALSE).
    low, high = groups.intervals
    np.testing.assert_allclose([low[0], high[0]], [0.0456, 0.6994], atol=1e-4)


def test_documents_of_one_length_are_one_group():
    made = Predictions(("a",), np.ones((5, 1)), ["a"] * 5, lengths=[7] * 5)
    assert errors_by_length(made, groups=4).counts.tolist() == [5]


def test_every_document_is_in_a_group_of_length(predictions):
    made = errors_by_length(predictions, groups=6)
    assert made.counts.sum() == 400
    assert (made.shortest[1:] > made.longest[:-1]).all()
    assert made.errors.sum() == (~predictions.correct).sum()


def test_risk_at_each_coverage(predictions):
    made = risk_coverage(predictions)
    order = np.argsort(-predictions.confidence)
    for k in (1, 10, 399, 400):
        taken = order[:k]
        assert made.risk[k - 1] == pytest.approx((~predictions.correct[taken]).mean())
    assert made.coverage[-1] == 1.0
    assert made.area < made.risk[-1]  # The probabilities know something of the truth.


def test_risk_where_all_are_as_confident():
    labels = ["a", "b", "a", "b"]
    made = Predictions(("a", "b"), np.full((4, 2), 0.5), ["a"] * 4, labels)
    assert risk_coverage(made).risk.tolist() == [0.5] * 4


def test_predictions_of_explanations_leave_out_what_has_no_truth():
    made = [evidence_records.explanation(f"Good {n}. Bad.", seed=n) for n in range(9)]
    unknown = evidence_records.explanation("Good.", true_label=None)
    found = Predictions.from_explanations(iter([*made, unknown]))
    assert list(found.true_labels) == [explanation.true_label for explanation in made]
    assert list(found.labels) == [explanation.label for explanation in made]
    assert found.lengths.tolist() == [3] * 9
    expected = [explanation.probabilities[explanation.label] for explanation in made]
    np.testing.assert_allclose(found.confidence, expected)


def test_predictions_with_several_labels():
    made = Predictions(
        CLASSES, [[0.9, 0.6, 0.1], [0.2, 0.2, 0.3]], [("b", "a"), ()], [["a", "b"], ["c"]]
    )
    assert made.correct.tolist() == [True, False]
    np.testing.assert_allclose(made.confidence, [0.6, 0.7])
    with pytest.raises(ValueError, match="one class per document"):
        confusion_matrix(made)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"probabilities": [[0.5, 0.5]]}, r"`probabilities` must .* \(2, 2\)"),
        ({"true_labels": ["a", "z"]}, "`true_labels` must be among the classes.*'z'"),
        ({"labels": ["a", "z"]}, "`labels` must be among the classes.*'z'"),
        ({"labels": ["a"]}, "`labels` must have one entry per true label, 2"),
        ({"lengths": [1]}, "`lengths` must have one entry per true label, 2"),
        ({"true_labels": [("a",), ("b",)]}, "`labels` must be given for multi-label"),
    ],
)
def test_predictions_that_do_not_fit(fields, message):
    right = {"classes": ("a", "b"), "probabilities": [[0.5, 0.5]] * 2, "true_labels": ["a", "b"]}
    with pytest.raises(ValueError, match=message):
        Predictions(**{**right, **fields})


@pytest.mark.parametrize("number", [0, -1, 2.0, True])
def test_numbers_of_groups_and_bins(predictions, number):
    for view, name in ((reliability, "bins"), (errors_by_length, "groups")):
        with pytest.raises(ValueError, match=f"`{name}` must be a positive integer"):
            view(predictions, number)


def test_spread_is_the_entropy_of_scipy(rng):
    made = []
    for _ in range(5):
        scores, words = rng.dirichlet([1] * 6), rng.dirichlet([1] * 4)
        inside = tuple(Word("w", score) for score in words)
        made.append(
            Explanation(
                None, "x", {}, "x", "attention", tuple(Sentence("s", s, inside) for s in scores)
            )
        )
    spread = attention_spread(made)
    expected = [entropy([sentence.score for sentence in one.sentences]) for one in made]
    np.testing.assert_allclose(np.log(spread.effective_sentences), expected)
    expected = [entropy([w.score for w in s.words]) for one in made for s in one.sentences]
    np.testing.assert_allclose(np.log(spread.effective_words), expected)
    assert spread.word_counts.tolist() == [4] * 30
    frame = spread.to_frame().set_index("level")
    assert frame.loc["word", "entropy"] == pytest.approx(np.mean(expected))


def test_spread_of_what_has_no_weight():
    empty = Explanation("", "x", {}, "x", "attention")
    zero = Explanation("A", "x", {}, "x", "attention", (Sentence("A", 0.0, (Word("A", 0.0),)),))
    spread = attention_spread([empty, zero])
    assert len(spread.effective_sentences) == len(spread.effective_words) == 0
    assert np.isnan(spread.to_frame()["effective"]).all()


def scored(target, *scores, method="leave_one_out"):
    """One document a score: a sentence of the word "Good", and one of "bad" at -2 scores."""
    for score in scores:
        sentences = (
            Sentence(f"Good {score}.", score, (Word("Good", score), Word("good", score))),
            Sentence("Bad.", -2 * score, (Word("bad", -2 * score),)),
        )
        yield Explanation(None, target, {}, target, method, sentences)


def test_contributions_counted_by_hand():
    made = class_evidence([*scored("x", 0.1, 0.3), *scored("y", -0.2)], min_count=2)
    good, bad = made.words["x"]
    assert (good.text, good.mean, good.count, good.documents) == ("good", 0.2, 4, 2)
    assert (good.example, good.document) == ("Good 0.3.", 1)
    assert (bad.text, bad.mean, bad.count) == ("bad", pytest.approx(-0.4), 2)
    assert [contribution.text for contribution in made.words["y"]] == [
        "good"
    ]  # "bad" comes only once.
    assert [contribution.text for contribution in made.sentences["x"]] == [
        "Good 0.3.",
        "Good 0.1.",
        "Bad.",
    ]
    assert made.sentences["x"][-1].count == 2


def test_the_top_of_each_side_is_kept():
    words = tuple(Word(f"w{n}", n - 9.5) for n in range(20))
    made = Explanation(None, "x", {}, "x", "random", (Sentence("S.", 1.0, words),))
    kept = class_evidence([made], top=2, min_count=1).words["x"]
    assert [contribution.text for contribution in kept] == ["w19", "w18", "w1", "w0"]


def test_intervals_treat_documents_as_the_sample(rng):
    made, sums, counts = [], [], []
    for _ in range(12):
        scores = rng.normal(0.3, 0.2, rng.integers(1, 5))
        words = tuple(Word("good", float(score)) for score in scores)
        made.append(Explanation(None, "x", {}, "x", "random", (Sentence("S.", 1.0, words),)))
        sums.append(scores.sum())
        counts.append(len(scores))
    (good,) = class_evidence(made, min_count=1).words["x"]
    sums, counts = np.array(sums), np.array(counts)
    mean = sums.sum() / counts.sum()
    error = np.sqrt(12 / 11 * ((sums - mean * counts) ** 2).sum()) / counts.sum()
    assert good.mean == pytest.approx(mean)
    assert (good.low, good.high) == pytest.approx((mean - 1.96 * error, mean + 1.96 * error))
    (alone,) = class_evidence(made[:1], min_count=1).words["x"]
    assert alone.low is None
    assert alone.high is None


def test_phrases_begin_and_end_with_shaded_words():
    scores = {"not": -0.6, "a": 0.0, "very": 0.01, "good": -0.5, ".": -0.9, "superb": 1.0}
    words = tuple(Word(name, score) for name, score in scores.items())
    made = [Explanation(None, "x", {}, "x", "random", (Sentence("S.", 1.0, words),))] * 2
    (phrase,) = class_evidence(made, min_count=1).phrases["x"]
    assert (phrase.text, phrase.count, phrase.documents) == ("not a very good", 2, 2)
    assert phrase.mean == pytest.approx(-1.09)
    assert class_evidence(made[:1], min_count=1).phrases["x"] == ()


def documents_with(rng, word, share, score, count=200, label="x"):
    """Documents for a class, a share of which contains a word with noisy scores."""
    for number in range(count):
        words = [Word("the", float(rng.normal(0, 0.1)))]
        if number < share * count:
            words.append(Word(word, float(rng.normal(score, 0.1))))
        sentence = Sentence("S.", 1.0, tuple(words))
        yield Explanation(None, label, {}, label, "random", (sentence,))


def test_a_shift_names_the_words_whose_influence_changed(rng):
    before = [*documents_with(rng, "slow", 0.1, -1.0), *documents_with(rng, "b", 0.1, 1, 50, "y")]
    after = [*documents_with(rng, "slow", 0.4, -1.0), *documents_with(rng, "b", 0.1, 1, 150, "y")]
    shift = corpus_shift(before, after)
    (slow,) = shift.words["x"]
    assert shift.words["y"] == ()
    assert (slow.text, slow.documents_before, slow.documents_after) == ("slow", 0.1, 0.4)
    of_sides = [
        np.array(
            [sum(w.score for w in e.words if w.text == "slow") for e in side if e.label == "x"]
        )
        for side in (before, after)
    ]
    change = of_sides[1].mean() - of_sides[0].mean()
    error = np.sqrt(sum(scores.var() / (len(scores) - 1) for scores in of_sides))
    assert slow.change == pytest.approx(change)
    assert slow.low == pytest.approx(change - 1.96 * error)
    by_label = {c.target: (c.before, c.after) for c in shift.classes}
    assert by_label == {"x": (200 / 250, 200 / 350), "y": (50 / 250, 150 / 350)}
    assert shift.to_frame()["level"].tolist() == ["class", "class", "word"]
    text = shift.to_text()
    assert "Class x: words whose influence changed" in text
    assert "none beyond chance, of 2 words that were compared" not in text
    assert "none beyond chance" in text
    same = corpus_shift(documents_with(rng, "a", 0.3, 1), documents_with(rng, "a", 0.3, 1))
    assert same.words["x"] == ()
    with pytest.raises(ValueError, match="must have at least one explanation each"):
        corpus_shift([], after)


def test_contributions_as_a_frame():
    frame = class_evidence(scored("x", 0.1, 0.3), min_count=1).to_frame()
    assert frame.groupby("level").size().to_dict() == {"phrase": 1, "sentence": 3, "word": 2}
    assert set(frame["class"]) == {"x"}


def test_evidence_of_two_methods_is_not_mixed():
    made = [*scored("x", 0.1), *scored("x", 0.1, method="random")]
    with pytest.raises(ValueError, match=r"by one method. Received: \['leave_one_out', 'random'\]"):
        class_evidence(made)
    with pytest.raises(ValueError, match="`min_count` must be a positive integer"):
        class_evidence([], min_count=0)


def test_agreement_is_spearmans_with_ties(rng):
    def made(scores):
        words = tuple(Word(str(n), score) for n, score in enumerate(scores))
        return Explanation(None, "x", {}, "x", "random", (Sentence("S.", 1.0, words),))

    first, second = rng.integers(0, 6, (2, 30)).astype(float)
    found = agreement(made(first), made(second))
    assert found.word_correlation == pytest.approx(spearmanr(first, second).statistic)
    assert found.sentence_correlation is None  # One sentence has no order.
    assert agreement(made(first), made(first)).shared_words == 10
    assert agreement(made(first), made(second[:20])).shared_words is None
