"""`HANClassifier` over a bag of words: what it does for scikit-learn, in a tenth of the time."""

import warnings

import keras
import pytest
import tensorflow as tf

from hanlib.layers import DocumentVectorizer
from hanlib.models import BagOfWords
from hanlib.sklearn import HANClassifier


@keras.saving.register_keras_serializable("bag_classifier")
def as_it_is(texts):
    return texts


@keras.saving.register_keras_serializable("bag_classifier")
def one_sentence(texts):
    return tf.RaggedTensor.from_uniform_row_length(texts, 1)


@keras.saving.register_keras_serializable("bag_classifier")
def at_spaces(sentences):
    return sentences.with_values(tf.strings.split(sentences.values))


class BagClassifier(HANClassifier):
    """The estimator with an encoder and text functions that take no time to trace."""

    def _vectorizer(self):
        functions = {"split_sentences": one_sentence, "split_words": at_spaces}
        return DocumentVectorizer(min_count=self.min_count, normalize=as_it_is, **functions)

    def _encoder(self, vocabulary_size):
        return BagOfWords(vocabulary_size, 4, input_dropout=0.1)


@pytest.fixture
def eager_functions():
    """Lets Keras' steps run eagerly: with a few documents, tracing is most of the time."""
    tf.config.run_functions_eagerly(True)
    with warnings.catch_warnings():
        # TensorFlow says that the functions of datasets are traced all the same.
        warnings.filterwarnings("ignore", message="Even though the", category=UserWarning)
        yield
    tf.config.run_functions_eagerly(False)
