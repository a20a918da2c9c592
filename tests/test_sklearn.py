"""The estimators for scikit-learn: their methods, and what scikit-learn does with them."""

import importlib
import pickle
import random
import sys

import numpy as np
import pandas as pd
import pytest
from bag_classifier import BagClassifier
from eager import eagerly
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.class_weight import compute_sample_weight

from hanlib.data import demo
from hanlib.models import BagOfWords, DocumentClassifier
from hanlib.sklearn import HANClassifier, HANVectorizer

REVIEWS = demo.generate(40)
TEXTS = [review.text for review in REVIEWS]
LABELS = np.array([review.label for review in REVIEWS])
# One step.
BAG = BagClassifier(epochs=1, batch_size=64, learning_rate=0.05, ngrams=0, random_state=0)

eager = pytest.mark.usefixtures("eager_functions")


@pytest.fixture(scope="module")
def fitted():
    """A network of all layers, small."""
    sizes = {"embedding_dim": 4, "units": 3, "attention_units": 3}
    classifier = HANClassifier("han_small", **sizes, epochs=1, random_state=0)
    with eagerly():
        return classifier.fit(TEXTS, LABELS)


def test_predictions_are_arrays_in_the_order_of_the_classes(fitted):
    assert fitted.classes_.tolist() == ["negative", "positive"]
    probabilities = fitted.predict_proba(TEXTS)
    assert probabilities.shape == (40, 2)
    np.testing.assert_array_equal(
        fitted.predict(TEXTS), fitted.classes_[probabilities.argmax(axis=1)]
    )
    assert fitted.score(TEXTS, LABELS) == np.mean(fitted.predict(TEXTS) == LABELS)
    assert 0 <= roc_auc_score(LABELS, probabilities[:, 1]) <= 1
    assert fitted.predict([]).shape == (0,)
    # Whatever the order of the documents.
    np.testing.assert_allclose(fitted.predict_proba(TEXTS[::-1])[::-1], probabilities, rtol=1e-6)


def test_the_model_is_a_document_classifier_with_the_sizes_given(fitted):
    assert isinstance(fitted.model_, DocumentClassifier)
    assert fitted.model_.classes == ["negative", "positive"]
    arguments = fitted.model_.encoder.arguments
    assert [arguments[k] for k in ("units", "input_dropout", "cell")] == [3, 0.2, "gru"]
    assert float(fitted.model_.optimizer.learning_rate) == pytest.approx(3e-3)


@eager
def test_a_pickle_of_a_fitted_classifier_holds_a_keras_file(fitted):
    assert fitted.__getstate__()["model_"][:2] == b"PK"
    loaded = pickle.loads(pickle.dumps(fitted))
    assert loaded.get_params() == fitted.get_params()
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    # It is the original that predicts after that: pickling takes nothing from it.
    assert isinstance(fitted.model_, DocumentClassifier)


def test_an_unfitted_classifier_can_be_cloned_and_pickled():
    given = HANClassifier(units=3, class_weight={"a": 2.0})
    for copy in (clone(given), pickle.loads(pickle.dumps(given))):
        assert copy.get_params() == given.get_params()
    assert given.set_params(units=5).units == 5
    with pytest.raises(ValueError, match="Invalid parameter 'unit'"):
        given.set_params(unit=5)
    with pytest.raises(NotFittedError):
        given.predict(TEXTS)


FORMS = {
    "tuple": tuple,
    "array of strings": np.array,
    "array of objects": lambda texts: np.array(texts, object),
    "column": lambda texts: np.array(texts, object)[:, None],
    "Series": lambda texts: pd.Series(texts, index=range(7, 7 + len(texts))),
    "DataFrame": lambda texts: pd.DataFrame({"text": texts}),
    "categories": lambda texts: pd.Series(texts, dtype="category"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_documents_come_in_many_forms(fitted, form):
    np.testing.assert_array_equal(
        fitted.predict_proba(form(TEXTS[:4])), fitted.predict_proba(TEXTS[:4])
    )


WRONG = {
    "a single text": ("Good.", r"write \[text\]. Received: 'Good.'"),
    "several columns": (
        pd.DataFrame({"title": ["a"], "text": ["b"]}),
        r"DataFrame of shape \(1, 2\), columns \['title', 'text'\]",
    ),
    "numbers": (np.eye(3)[:, :1], r"X\[0\]=1.0"),
    "a missing text": (["Good.", None], r"X\[1\]=None"),
    "lists of words": ([["good", "film"], ["bad"]], r"X\[0\]=\['good', 'film'\]"),
    "nothing": (None, r"NoneType of shape \(\)"),
}


@pytest.mark.parametrize(("documents", "message"), WRONG.values(), ids=WRONG)
def test_wrong_documents_are_named(fitted, documents, message):
    with pytest.raises(ValueError, match=message):
        fitted.predict(documents)
    with pytest.raises(ValueError, match=message):
        HANClassifier().fit(documents, ["a", "b"])


@eager
@pytest.mark.parametrize("values", [[7, -1], [True, False], ["1", "0"]], ids=repr)
def test_labels_are_of_any_kind(values):
    labels = pd.Series(np.array(values)[(LABELS == "positive").astype(int)])
    classifier = clone(BAG).fit(TEXTS, labels)
    np.testing.assert_array_equal(classifier.classes_, np.unique(values))
    predicted = classifier.predict(TEXTS)
    assert predicted.dtype == labels.to_numpy().dtype or predicted.dtype.kind in "US"
    assert set(predicted) <= set(values)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "requires y to be passed"),
        (["a"] * 40, r"two classes. Received: 1 class\(es\), \['a'\]"),
        (np.linspace(0, 1, 40), "continuous"),
        (np.eye(40), "1d array"),
        (["a", "b"], "inconsistent numbers of samples"),
    ],
)
def test_wrong_labels_are_named(labels, message):
    with pytest.raises(ValueError, match=message):
        HANClassifier().fit(TEXTS, labels)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"batch_size": 0}, "`batch_size` must be a positive integer. Received: batch_size=0"),
        ({"epochs": 1.5}, "`epochs` must be a positive integer. Received: epochs=1.5"),
        ({"preset": "han_smal"}, "`preset` must be one of"),
    ],
    ids=str,
)
def test_a_fit_that_fails_keeps_the_model(fitted, parameters, message):
    before, model = fitted.get_params(), fitted.model_
    with pytest.raises(ValueError, match=message):
        fitted.set_params(**parameters).fit(TEXTS, LABELS)
    fitted.set_params(**before)
    assert fitted.model_ is model


def weights_after_fit(labels=LABELS, sample_weight=None, **parameters):
    classifier = clone(BAG).set_params(**parameters).fit(TEXTS, labels, sample_weight)
    return np.concatenate([weight.ravel() for weight in classifier.model_.get_weights()])


@eager
def test_the_random_state_decides_and_the_global_generators_stay():
    random.seed(5)
    np.random.seed(5)
    expected = random.random(), np.random.random()
    random.seed(5)
    np.random.seed(5)
    first = weights_after_fit()
    assert (random.random(), np.random.random()) == expected
    np.testing.assert_array_equal(first, weights_after_fit())
    state = np.random.RandomState(0)
    np.testing.assert_array_equal(first, weights_after_fit(random_state=state))
    assert not np.allclose(first, weights_after_fit(random_state=1))


@eager
def test_class_weights_are_weights_of_the_documents():
    labels = np.where(np.arange(40) < 5, "positive", "negative")
    weights = compute_sample_weight({"positive": 3.0}, labels)
    by_class = weights_after_fit(labels, class_weight={"positive": 3.0})
    np.testing.assert_array_equal(by_class, weights_after_fit(labels, weights))
    balanced = compute_sample_weight("balanced", labels)
    both = weights_after_fit(labels, weights, class_weight="balanced")
    np.testing.assert_allclose(both, weights_after_fit(labels, weights * balanced), rtol=1e-6)
    assert not np.allclose(both, by_class)


@eager
@pytest.mark.filterwarnings("error:Scoring failed")
def test_what_scikit_learn_builds_on_a_classifier():
    pipeline = make_pipeline(FunctionTransformer(lambda X: [text.lower() for text in X]), BAG)
    once = ShuffleSplit(1, random_state=0)
    scores = cross_val_score(pipeline, TEXTS, LABELS, cv=once, scoring="roc_auc")
    assert np.isfinite(scores).all()
    search = GridSearchCV(BAG, {"min_count": [1, 2]}, cv=once).fit(TEXTS, LABELS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(TEXTS).shape == (40,)
    calibrated = CalibratedClassifierCV(BAG, cv=once).fit(TEXTS, LABELS, np.ones(40))
    np.testing.assert_allclose(calibrated.predict_proba(TEXTS).sum(axis=1), 1)


def test_a_trained_model_is_calibrated_without_another_fit(fitted):
    frozen = FrozenEstimator(HANClassifier.from_model(fitted.model_))
    calibrated = CalibratedClassifierCV(frozen).fit(TEXTS, LABELS)
    assert calibrated.calibrated_classifiers_[0].estimator.model_ is fitted.model_
    assert calibrated.predict_proba(TEXTS).shape == (40, 2)


def test_only_models_of_one_label_a_document_are_wrapped():
    model = DocumentClassifier(None, BagOfWords(9), ["a", "b"], multi_label=True)
    with pytest.raises(ValueError, match=r"must be single-label\. Received: multi_label=True"):
        HANClassifier.from_model(model)


def test_vectors_of_a_trained_model(fitted):
    vectorizer = HANVectorizer(FrozenEstimator(fitted)).set_output(transform="pandas").fit(TEXTS)
    frame = vectorizer.transform(pd.Series(TEXTS, index=range(7, 47)))
    np.testing.assert_array_equal(frame, fitted.model_.embed(TEXTS))
    assert frame.index.tolist() == list(range(7, 47))
    assert frame.columns.tolist() == [f"hanvectorizer{i}" for i in range(6)]
    assert frame.columns.tolist() == vectorizer.get_feature_names_out().tolist()
    loaded = pickle.loads(pickle.dumps(vectorizer))
    np.testing.assert_array_equal(loaded.transform(TEXTS), frame)


@eager
def test_vectors_that_are_learned_in_a_pipeline():
    pipeline = make_pipeline(HANVectorizer(BAG), LogisticRegression())
    pipeline = clone(pipeline).set_params(hanvectorizer__classifier__min_count=2)
    assert pipeline.fit(TEXTS, LABELS).predict(TEXTS).shape == (40,)
    assert pipeline[0].classifier_.model_.vectorizer.min_count == 2
    assert (hasattr(BAG, "model_"), BAG.min_count) == (False, 1)
    with pytest.raises(NotFittedError):
        HANVectorizer(BAG).transform(TEXTS)


def test_without_scikit_learn_there_is_a_hint(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("hanlib.sklearn")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn.frozen", None)
    with pytest.raises(ImportError, match=r'pip install "hanlib\[sklearn\]"'):
        importlib.import_module("hanlib.sklearn")


def test_ngrams_have_their_share_and_follow_the_weights(fitted):
    assert fitted.model_.ngrams.max_ngram == 3
    alone = BagClassifier(ngrams=0, epochs=1, random_state=0).fit(TEXTS, LABELS)
    assert alone.model_.ngrams is None
    joined = BagClassifier(ngrams=1, epochs=1, random_state=0).fit(TEXTS, LABELS)
    np.testing.assert_allclose(joined.model_.head.kernel, 0.4 * alone.model_.head.kernel, rtol=1e-5)
    with pytest.raises(ValueError, match=r"`ngrams` must be .* Received: ngrams=-1"):
        BagClassifier(ngrams=-1).fit(TEXTS, LABELS)
