"""Many models in one process cause no warning about retracing."""

import numpy as np
import pytest
import tensorflow as tf

from hanlib.models import BagOfWords, DocumentClassifier
from hanlib.ops.model_graph import model_graph

# TensorFlow warns at the fifth trace of the same code.
MODELS = 5


@pytest.fixture
def warnings(caplog, monkeypatch):
    """The text of TensorFlow's warnings."""
    monkeypatch.setattr(tf.get_logger(), "propagate", True)
    return lambda: caplog.text


def double(x):
    return 2 * x


def test_a_plain_function_would_cause_it(warnings):
    for _ in range(MODELS):
        tf.function(double, autograph=False)(tf.constant(1))
    assert "triggered tf.function retracing" in warnings()


def test_a_graph_of_a_model_causes_none(warnings):
    for _ in range(MODELS):
        model_graph(double, tf.TensorSpec([], tf.int32))(tf.constant(1))
    assert "retracing" not in warnings()


def test_one_prediction_of_each_of_many_models_causes_none(warnings):
    """A model that is trained calls its step more often, so that Keras' own functions do not."""
    for _ in range(MODELS):
        classifier = DocumentClassifier(None, BagOfWords(9, 2), classes=2)
        classifier.predict(np.array([[[2, 3]], [[4, 0]]]), verbose=0)
    assert "retracing" not in warnings()
