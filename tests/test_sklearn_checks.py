"""The checks that scikit-learn has for estimators, on documents in place of numbers.

scikit-learn's checks make tables of numbers, and skip an estimator that takes strings. Here each
row of numbers is written as a text of one word a number, and all checks run that are not in
`LEFT_OUT`; those that take longer with `pytest -m long`.
"""

import numpy as np
import pytest
from bag_classifier import BagClassifier
from sklearn.utils.estimator_checks import estimator_checks_generator

from hanlib.sklearn import HANVectorizer

NUMBERS = "is about types, shapes or layouts of numbers, and documents are strings"
FEATURES = "is about the number of features, and documents have none"
LEFT_OUT = {
    "check_array_api_input": NUMBERS,
    "check_classifier_data_not_an_array": NUMBERS,
    "check_complex_data": NUMBERS,
    "check_dtype_object": NUMBERS,
    "check_estimator_sparse_array": NUMBERS,
    "check_estimator_sparse_matrix": NUMBERS,
    "check_estimator_sparse_tag": NUMBERS,
    "check_estimators_dtypes": NUMBERS,
    "check_estimators_nan_inf": NUMBERS,
    "check_f_contiguous_array_estimator": NUMBERS,
    "check_positive_only_tag_during_fit": NUMBERS,
    "check_transformer_data_not_an_array": NUMBERS,
    "check_estimators_empty_data_messages": FEATURES,
    "check_fit1d": FEATURES,
    "check_fit2d_1feature": FEATURES,
    "check_fit2d_1sample": FEATURES,
    "check_fit2d_predict1d": FEATURES,
    "check_n_features_in": FEATURES,
    "check_n_features_in_after_fitting": FEATURES,
    "check_classifiers_train": "also asks for an error where the number of features is another one",
    "check_transformer_general": "also asks for an error where the number of features is another",
    "check_methods_sample_order_invariance": "asks for 1e-7, less than the rounding of float32; "
    "tests/test_sklearn.py asks for 1e-6",
    "check_sample_weight_equivalence_on_dense_data": "a document that is given twice makes other "
    "batches than one of weight 2, so the steps of training differ",
}
# Those that train no model; the others take minutes.
QUICK = {
    "check_decision_proba_consistency",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_estimators_partial_fit_n_features",
    "check_estimators_unfitted",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_non_transformer_estimators_n_iter",
    "check_parameters_default_constructible",
    "check_requires_y_none",
    "check_set_params",
    "check_supervised_y_no_nan",
    "check_transformer_n_iter",
    "check_transformers_unfitted",
    "check_valid_tag_types",
}

pytestmark = pytest.mark.usefixtures("eager_functions")


def as_texts(X):
    """Rows of numbers as texts; anything else as it is."""
    X = np.asarray(X)
    if X.ndim != 2:
        return X
    return [" ".join(f"{i}:{value:.0f}" for i, value in enumerate(row)) for row in X]


def of_numbers(tags):
    tags.input_tags.string, tags.input_tags.two_d_array = False, True
    return tags


class RowClassifier(BagClassifier):
    """The classifier, on rows of numbers."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(as_texts(X), y, sample_weight)

    def predict_proba(self, X):
        return super().predict_proba(as_texts(X))

    def embed(self, X):
        return super().embed(as_texts(X))

    def __sklearn_tags__(self):
        return of_numbers(super().__sklearn_tags__())


class RowVectorizer(HANVectorizer):
    """The transformer, on rows of numbers."""

    def __sklearn_tags__(self):
        return of_numbers(super().__sklearn_tags__())


def checks():
    classifier = RowClassifier(epochs=2, batch_size=64, learning_rate=0.1, random_state=0)
    for estimator in (classifier, RowVectorizer(classifier)):
        for number, (instance, check) in enumerate(estimator_checks_generator(estimator)):
            name = getattr(check.func, "func", check.func).__name__
            if name not in LEFT_OUT:
                marks = [] if name in QUICK else [pytest.mark.long]
                id = f"{type(estimator).__name__}-{name}-{number}"
                yield pytest.param(instance, check, id=id, marks=marks)


@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_every_check_that_is_left_out_exists():
    found = set()
    for estimator in (RowClassifier(), RowVectorizer()):
        for _, check in estimator_checks_generator(estimator):
            found.add(getattr(check.func, "func", check.func).__name__)
    assert set(LEFT_OUT) | QUICK <= found
