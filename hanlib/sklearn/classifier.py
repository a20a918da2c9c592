"""A hierarchical attention network as a scikit-learn classifier."""

import tempfile
from pathlib import Path

import keras
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from hanlib.checks import check_integer
from hanlib.data import TokenCache
from hanlib.layers import DocumentVectorizer
from hanlib.models import HAN, DocumentClassifier
from hanlib.sklearn.documents import as_texts
from hanlib.sklearn.random_numbers import drawn_from
from hanlib.training.builders import ids_of
from hanlib.training.ngram_part import add_ngrams, longest_ngram

# The parameters that override those of the preset.
_ENCODER = ("cell", "embedding_dim", "units", "attention_units", "depth")
_ENCODER += ("input_dropout", "embedding_dropout", "weight_dropout", "dropout")


class HANClassifier(ClassifierMixin, BaseEstimator):
    """A document classifier with the interface of scikit-learn.

    `fit` learns a vocabulary (`DocumentVectorizer`), creates an encoder (`HAN.from_preset`), trains
    a `DocumentClassifier`, and joins a linear model of n-grams to it: its logits have a weight of
    0.6, those of the network 0.4. The result is the attribute `model_`, with the methods
    `model_.explain`, `model_.save` and `model_.export`.

    The estimator works in `Pipeline`, `cross_val_score`, `GridSearchCV` and
    `CalibratedClassifierCV`. It is single-label; for several labels per document use
    `DocumentClassifier(multi_label=True)`.

    Documents are a list, an array or a `Series` of strings, or one column of strings.

    A fitted estimator can be pickled: the pickle contains the bytes of a `.keras` file. Like any
    pickle, it can run arbitrary code when it is loaded. To exchange models with others, use
    `model_.save`, `keras.models.load_model` and `from_model`.

    Args:
        preset: Name of a preset in `hanlib.models.PRESETS`.
        epochs: Number of passes over the training documents.
        batch_size: Number of documents per step, also in prediction.
        learning_rate: Learning rate of Adam.
        max_tokens: Maximum number of word ids, including padding and unknown words; None for no
            limit.
        min_count: Words that occur less often in training are unknown.
        max_sentence_words: Maximum number of words in a row; longer sentences continue in the next.
        cell, embedding_dim, units, attention_units, depth, input_dropout, embedding_dropout,
            weight_dropout, dropout: Arguments of `HAN`; None for those of the preset.
        ngrams: Words of the longest n-gram of the linear model; 0 for no such model. None for 3, or
            4 if words are characters, as in Chinese.
        adversarial_norm: See `DocumentClassifier.compile`; 0 trains twice as fast.
        class_weight: A dict of weights by label, "balanced", or None.
        random_state: Integer or `RandomState` for initial weights, dropout and batches. The global
            generators are set and restored, so `fit` is not thread-safe. None to use the state of
            `keras.utils.set_random_seed`.
        verbose: See `keras.Model.fit`.

    Attributes:
        classes_: The sorted labels, `[classes]`.
        model_: The trained `DocumentClassifier`.

    Raises:
        ValueError: By `fit`, if an argument is out of range, or documents or labels have the wrong
            form.

    >>> texts = ["Good film. I loved it.", "Bad film. I left.", "A good end.", "A bad end."]
    >>> labels = ["pos", "neg", "pos", "neg"]
    >>> classifier = HANClassifier(units=4, epochs=1, random_state=0).fit(texts, labels)
    >>> classifier.classes_.tolist(), classifier.predict_proba(["Not so good."]).shape
    (['neg', 'pos'], (1, 2))
    """

    def __init__(
        self,
        preset="han_small",
        *,
        epochs=10,
        batch_size=32,
        learning_rate=3e-3,
        max_tokens=30_000,
        min_count=1,
        max_sentence_words=60,
        cell=None,
        embedding_dim=None,
        units=None,
        attention_units=None,
        depth=None,
        input_dropout=None,
        embedding_dropout=None,
        weight_dropout=None,
        dropout=None,
        ngrams=None,
        adversarial_norm=0.0,
        class_weight=None,
        random_state=None,
        verbose=0,
    ):
        # Each argument becomes an attribute of the same name, as scikit-learn requires.
        vars(self).update((name, value) for name, value in locals().items() if name != "self")

    @classmethod
    def from_model(cls, model):
        """Creates a fitted estimator from a trained `DocumentClassifier`.

        Its parameters are the defaults, since those of the model are unknown to `fit` and `clone`.
        Use `sklearn.frozen.FrozenEstimator` to prevent training it again.

        Raises:
            ValueError: If the model is multi-label.
        """
        if model.multi_label:
            raise ValueError("`model` must be single-label. Received: multi_label=True")
        estimator = cls()
        estimator.classes_, estimator.model_ = np.array(model.classes), model
        return estimator

    def fit(self, X, y, sample_weight=None):
        """Trains a new model.

        Args:
            X: Documents (see the class).
            y: Their labels, `[documents]`: strings, integers or any other sortable values.
            sample_weight: Weight of each document, `[documents]`.

        Returns:
            The estimator.
        """
        check_integer("epochs", self.epochs)
        check_integer("batch_size", self.batch_size)
        if self.ngrams is not None:
            check_integer("ngrams", self.ngrams, 0)
        texts, y = as_texts(X), _checked_labels(y)
        check_consistent_length(texts, y, sample_weight)
        classes, indexes = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"`y` must hold at least two classes. Received: {len(classes)} class(es), "
                f"{classes.tolist()}"
            )
        names = [_name(label) for label in classes.tolist()]
        weights = self._weights(y, sample_weight)
        with drawn_from(self.random_state):
            model = self._compiled_model(texts, names)
            longest = longest_ngram(self.ngrams, model.vectorizer)
            model.fit(
                texts,
                [names[index] for index in indexes],
                self.batch_size,
                self.epochs,
                self.verbose,
                sample_weight=weights,
            )
            if longest:
                model = self._with_ngrams(model, longest, texts, indexes, weights)
        self.classes_, self.model_ = classes, model
        return self

    def _compiled_model(self, texts, names):
        vectorizer = self._vectorizer()
        vectorizer.adapt(texts)
        model = DocumentClassifier(vectorizer, self._encoder(vectorizer.vocabulary_size), names)
        return self._compile(model)

    def _compile(self, model):
        model.compile(adversarial_norm=self.adversarial_norm)
        model.optimizer.learning_rate = self.learning_rate
        return model

    def _with_ngrams(self, model, longest, texts, indexes, weights):
        examples = zip(texts, indexes, strict=True)
        cache = TokenCache.build(examples, ids_of(model.vectorizer), encode_label=int)
        joined, _ = add_ngrams(model, longest, cache, None, weigh=lambda labels: weights)
        return self._compile(joined)

    def _vectorizer(self):
        return DocumentVectorizer(
            self.max_tokens, self.min_count, max_sentence_words=self.max_sentence_words
        )

    def _encoder(self, vocabulary_size):
        given = {name: getattr(self, name) for name in _ENCODER}
        sizes = {name: value for name, value in given.items() if value is not None}
        return HAN.from_preset(self.preset, vocabulary_size, **sizes)

    def _weights(self, y, sample_weight):
        """The weight of each document, `<float>[documents]`, or None if all are equal."""
        if self.class_weight is None and sample_weight is None:
            return None
        weights = compute_sample_weight(self.class_weight, y)
        if sample_weight is not None:
            weights = weights * column_or_1d(sample_weight, dtype=float)
        if not weights.any():
            raise ValueError("`sample_weight` must not be zero for every document.")
        return weights

    def predict_proba(self, X):
        """The probabilities `<float32>[documents, classes]`, in the order of `classes_`."""
        check_is_fitted(self)
        return self.model_.predict(as_texts(X), self.batch_size, verbose=0)

    def predict(self, X):
        """The label of each document, `[documents]`, of the type of `classes_`."""
        indexes = self.predict_proba(X).argmax(axis=1)
        return self.classes_[indexes]

    def embed(self, X):
        """The document vectors `<float32>[documents, features]`, before the head."""
        check_is_fitted(self)
        return self.model_.embed(as_texts(X), self.batch_size)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        return tags

    def __getstate__(self):
        state = dict(super().__getstate__())
        if "model_" in state:
            state["model_"] = _keras_bytes(state["model_"])
        return state

    def __setstate__(self, state):
        if "model_" in state:
            state = {**state, "model_": _from_keras_bytes(state["model_"])}
        super().__setstate__(state)


def _checked_labels(y):
    if y is None:
        raise ValueError("HANClassifier requires y to be passed, but the target y is None")
    y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    return y


def _name(label):
    """The name of a label in the `DocumentClassifier`: a string or an integer."""
    return label if type(label) in (str, int) else str(label)


def _keras_bytes(model):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def _from_keras_bytes(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        return keras.models.load_model(path)
