"""A version answers its warm-up requests before clients reach it."""

import pytest
import tensorflow as tf
from served_model import write_model

from hanlib.serving.server.servable import Servable
from hanlib.serving.server.status import StatusError
from hanlib.serving.server.warm_up import predictions, warm_up
from hanlib.serving.warm_up import prediction_log, write_warm_up


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("m")) / "1"


def test_what_the_export_writes_is_read():
    texts = ["good", "schön\x00", "a" * 300]
    further = {"target": ["é", "", "b"], "against": [""] * 3}
    ((name, inputs),) = predictions(prediction_log("contrast", {"text": texts, **further}))
    assert (name, list(inputs)) == ("contrast", ["text", "target", "against"])
    assert inputs["text"].tolist() == [text.encode() for text in texts]
    assert inputs["target"].tolist() == ["é".encode(), b"", b"b"]


def test_the_messages_of_tensorflow_serving():
    log = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2").PredictionLog()
    log.log_metadata.sampling_config.sampling_rate = 0.5
    request = log.predict_log.request
    request.model_spec.name, request.model_spec.signature_name = "m", "two"
    request.model_spec.version.value = 300
    request.inputs["a"].CopyFrom(tf.make_tensor_proto([1.5]))
    request.inputs["b"].CopyFrom(tf.make_tensor_proto([2]))
    ((name, inputs),) = predictions(log.SerializeToString())
    assert name == "two"
    assert {key: value.tolist() for key, value in inputs.items()} == {"a": [1.5], "b": [2]}


def test_warm_up(folder):
    servable = Servable(folder)
    assert warm_up(servable, folder) == 0
    write_warm_up(folder, ["serving_default", "length"], ["good", "film"])
    assert warm_up(servable, folder) == 8


@pytest.mark.parametrize("name", ["none", "scalar"])
def test_a_wrong_request_fails_the_load(folder, name):
    servable = Servable(folder)
    write_warm_up(folder, ["serving_default", name], ["good"])
    with pytest.raises(StatusError, match=r"not found in signature|Received: \['text'\]"):
        warm_up(servable, folder)
