"""Extracts, nearest examples, and randomized weights, on one small classifier."""

import json

import numpy as np
import pytest
import tiny_classifier
from sklearn.metrics.pairwise import cosine_similarity

from hanlib.data import demo
from hanlib.evidence import eraser_record
from hanlib.explain import ExampleIndex, extracts, randomization_table
from hanlib.explain.randomization import classifier_parts

REVIEWS = demo.generate(24, seed=3)
TEXTS = [review.text for review in REVIEWS][:8]


@pytest.fixture(scope="module")
def classifier():
    return tiny_classifier.build()


@pytest.fixture(scope="module")
def probabilities(classifier):
    return classifier.predict(TEXTS, verbose=0)


def alone(classifier, extract):
    """The probability of the target for the sentences of an extract, put together as a text."""
    text = " ".join(sentence.text for sentence in extract.sentences)
    return classifier.predict([text], verbose=0)[0][classifier.class_index(extract.target)]


@pytest.mark.parametrize("epsilon", [0.0, 0.1])
def test_an_extract_keeps_the_probability_and_has_no_needless_sentence(
    classifier, probabilities, epsilon
):
    found = classifier.extract(TEXTS, epsilon=epsilon)
    for extract, whole in zip(found, probabilities, strict=True):
        target = classifier.class_index(extract.target)
        assert target == whole.argmax()
        assert list(extract.probabilities.values()) == pytest.approx(whole, abs=1e-5)
        least = whole[target] - epsilon
        assert extract.kept
        assert alone(classifier, extract) >= least - 1e-5
        assert extract.alone[extract.target] == pytest.approx(alone(classifier, extract), abs=1e-5)
        if len(extract.sentences) > 1:
            for left_out in extract.sentences:
                fewer = [s.text for s in extract.sentences if s is not left_out]
                p = classifier.predict([" ".join(fewer)], verbose=0)[0][target]
                assert p < least + 1e-5
    sizes = [len(extract.sentences) for extract in found]
    assert min(sizes) < max(extract.count for extract in found)


def test_a_number_of_sentences_takes_the_strongest(classifier):
    explained = classifier.explain(TEXTS)
    for extract, explanation in zip(extracts(classifier, TEXTS, 2), explained, strict=True):
        assert 1 <= len(extract.sentences) <= 2
        assert extract.kept is None
        strongest = sorted((s.score for s in explanation.sentences), reverse=True)[:2]
        assert all(s.score >= strongest[-1] - 1e-4 for s in extract.sentences)
        starts = [sentence.start for sentence in extract.sentences]
        assert starts == sorted(starts)
        assert f"by {len(extract.sentences)} of {extract.count} sentences" in str(extract)
    assert [e.count for e in extracts(classifier, ["", "One."], 1)] == [0, 1]


def test_an_extract_in_the_form_of_eraser_names_the_tokens(classifier):
    for number, extract in enumerate(extracts(classifier, TEXTS, 2)):
        record = json.loads(json.dumps(eraser_record(extract, f"review-{number}")))
        (rationale,) = record["rationales"]
        assert record["annotation_id"] == rationale["docid"] == f"review-{number}"
        assert record["classification"] == extract.target
        assert set(record["classification_scores"]) == {"neg", "pos"}
        tokens = extract.text.split()
        spans = rationale["hard_rationale_predictions"]
        marked = [t for span in spans for t in tokens[span["start_token"] : span["end_token"]]]
        assert marked == " ".join(sentence.text for sentence in extract.sentences).split()
        alone_scores = record["sufficiency_classification_scores"]
        assert alone_scores[extract.target] == pytest.approx(alone(classifier, extract), abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sentences": 0}, "`sentences` must be a positive integer"),
        ({"epsilon": -0.1}, "`epsilon` must be at least 0. Received: epsilon=-0.1"),
        ({"target": "all"}, "`target` must be one class. Received: target='all'"),
    ],
)
def test_wrong_arguments_are_named(classifier, arguments, message):
    with pytest.raises(ValueError, match=message):
        extracts(classifier, TEXTS, **arguments)


@pytest.mark.parametrize("form", [list, tuple, np.array])
def test_lime_and_shap_can_call_predict_proba(classifier, probabilities, form):
    """LIME passes a list of strings, and SHAP an array of them, often with few texts."""
    for texts in (form(TEXTS), form([np.str_(text) for text in TEXTS])):
        found = classifier.predict_proba(texts)
        assert isinstance(found, np.ndarray)
        np.testing.assert_allclose(found, probabilities, atol=1e-6)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert classifier.predict_proba(np.array(TEXTS[:1], object)).shape == (1, 2)
    assert classifier.predict_proba(form([""])).shape == (1, 2)


@pytest.fixture(scope="module")
def index(classifier):
    texts, labels = zip(*((r.text, r.label) for r in REVIEWS), strict=True)
    return ExampleIndex.of(classifier, texts, labels)


def test_the_nearest_are_those_of_scikit_learn(classifier, index):
    similarities = cosine_similarity(
        classifier.embed(TEXTS), classifier.embed([review.text for review in REVIEWS])
    )
    for own, found in zip(similarities, index.nearest(classifier, TEXTS, 4), strict=True):
        assert [example.index for example in found] == np.argsort(-own, kind="stable")[:4].tolist()
        np.testing.assert_allclose([e.similarity for e in found], np.sort(own)[::-1][:4], atol=1e-5)
        assert all(REVIEWS[e.index].label == e.label for e in found)
        assert all(REVIEWS[e.index].text == e.text for e in found)
    assert len(index.nearest(classifier, TEXTS[:1], 1000)[0]) == len(REVIEWS)


def test_an_index_is_saved_without_pickle(classifier, index, tmp_path):
    path = tmp_path / "examples.npz"
    index.save(path)
    with np.load(path, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)
    again = ExampleIndex.load(path)
    assert (again.texts, again.labels) == (index.texts, index.labels)
    np.testing.assert_allclose(again.vectors, index.vectors, atol=1e-6)
    assert len(again.nearest(classifier, TEXTS, 3)) == len(TEXTS)
    (tmp_path / "other.npz").write_bytes(b"PK no index")
    with pytest.raises(ValueError, match="is not an index of examples"):
        ExampleIndex.load(tmp_path / "other.npz")
    with pytest.raises(ValueError, match=r'`path` must end with "\.npz"'):
        index.save(tmp_path / "examples")


def test_an_index_belongs_to_the_weights_that_made_it(classifier, index):
    weight = classifier.encoder.weights[0]
    value = weight.numpy()
    weight.assign(value + 1)
    with pytest.raises(ValueError, match="`classifier` must be the one that the index was made"):
        index.nearest(classifier, TEXTS)
    weight.assign(value)
    with pytest.raises(ValueError, match="must have the same length"):
        ExampleIndex(["a"], [], np.zeros([1, 2]), "")


def test_randomized_weights_change_scores_and_come_back(classifier):
    parts = classifier_parts(classifier)
    assert [name for name, _ in parts] == ["head", "sentences", "words", "word vectors"]
    counted = [id(weight) for _, weights in parts for weight in weights]
    assert sorted(counted) == sorted(id(weight) for weight in classifier.weights)
    before = [weight.numpy() for weight in classifier.weights]
    rows = randomization_table(classifier, TEXTS, ["attention", "gradient_x_input"])
    for weight, value in zip(classifier.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
    found = {(row["method"], row["randomized"]): row["word_correlation"][0] for row in rows}
    # Attention does not read the head, nor do words read the level of sentences.
    assert found["attention", "head"] == found["attention", "sentences"] == pytest.approx(1)
    assert abs(found["attention", "word vectors"]) < 0.5
    assert found["gradient_x_input", "sentences"] < 0.9
