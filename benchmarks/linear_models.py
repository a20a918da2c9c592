"""The linear models of words and pairs that people compare with."""

import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

# Word characters and single Han characters: every method sees the same signs.
TOKEN = r"(?u)[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+(?:'\w+)?"
PAIRS = {"token_pattern": TOKEN, "ngram_range": (1, 2)}


class LogRatios(TransformerMixin, BaseEstimator):
    """Presence times the log-ratio of naive Bayes (Wang and Manning, ACL 2012, P12-2018)."""

    def fit(self, counts, labels):
        present = scipy.sparse.csr_matrix(counts > 0, dtype="float64")
        labels = np.asarray(labels)
        inside = 1 + present[labels == labels.max()].sum(axis=0)
        outside = 1 + present[labels != labels.max()].sum(axis=0)
        ratios = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
        self.ratios_ = np.asarray(ratios).ravel()
        return self

    def transform(self, counts):
        return scipy.sparse.csr_matrix(counts > 0, dtype="float64").multiply(self.ratios_).tocsr()


def tf_idf(classifier):
    """A classifier of the TF-IDF weights of words and pairs, one against the rest."""
    vectorizer = TfidfVectorizer(**PAIRS, sublinear_tf=True)
    return make_pipeline(vectorizer, OneVsRestClassifier(classifier))


LINEAR = {
    "TF-IDF + logistic regression": lambda: tf_idf(LogisticRegression(C=10, max_iter=1000)),
    "TF-IDF + linear SVM": lambda: tf_idf(LinearSVC()),
    # 0.1 and the full weight on the ratios, as the authors' code has for long documents.
    "NB-SVM": lambda: make_pipeline(
        CountVectorizer(**PAIRS),
        OneVsRestClassifier(make_pipeline(LogRatios(), LinearSVC(C=0.1))),
    ),
}


def linear_scores(name, train, targets, scored):
    """Decision values `<float>[docs, classes]` of a linear model.

    Args:
        name: one of `LINEAR`.
        train, scored: lists of texts.
        targets: `<int>[docs, classes]`, 0 or 1.
    """
    model = LINEAR[name]().fit(train, targets)
    return model.decision_function(scored)
