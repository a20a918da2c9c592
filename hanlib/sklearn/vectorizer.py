"""A scikit-learn transformer from documents to the vectors of a trained network."""

from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils.validation import check_is_fitted

from hanlib.sklearn.classifier import HANClassifier


class HANVectorizer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, MetaEstimatorMixin, BaseEstimator
):
    """Transforms documents to the document vectors of a classifier.

    `fit` trains a clone of `classifier`. To use a trained network, pass
    `FrozenEstimator(classifier)` of `sklearn.frozen`; `HANClassifier.from_model` creates the
    classifier from any `DocumentClassifier`.

    The vectors of the training documents separate the labels better than those of new documents,
    because the network was trained with these labels. An estimator that is trained on the same
    documents is therefore overconfident.

    Args:
        classifier: A `HANClassifier`, or a `FrozenEstimator` of a fitted one; None for
            `HANClassifier()`.

    Attributes:
        classifier_: The fitted classifier.

    >>> texts, labels = ["Good film.", "Bad film.", "A good end.", "A bad end."], [1, 0, 1, 0]
    >>> vectorizer = HANVectorizer(HANClassifier(units=4, epochs=1, random_state=0))
    >>> vectorizer.fit_transform(texts, labels).shape
    (4, 8)
    >>> vectorizer.get_feature_names_out()[:2].tolist()
    ['hanvectorizer0', 'hanvectorizer1']
    """

    def __init__(self, classifier=None):
        self.classifier = classifier

    def fit(self, X, y=None, sample_weight=None):
        """Trains a clone of the classifier.

        Args:
            X, y, sample_weight: As in `HANClassifier.fit`; with a `FrozenEstimator` `y` may be
                left out.

        Returns:
            The transformer.
        """
        classifier = HANClassifier() if self.classifier is None else clone(self.classifier)
        self.classifier_ = classifier.fit(X, y, sample_weight)
        return self

    def transform(self, X):
        """The document vectors `<float32>[documents, features]`."""
        check_is_fitted(self)
        return self.classifier_.embed(X)

    @property
    def _n_features_out(self):
        return self.classifier_.model_.head.kernel.shape[0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        tags.transformer_tags.preserves_dtype = []  # Vectors are float32.
        return tags
