"""The gRPC client, against a servicer over TensorFlow Serving's real stubs."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from stub_server import MODEL, StubServer, contrast

grpc = pytest.importorskip("grpc")
pytest.importorskip(
    "tensorflow_serving.apis", reason="pip install --no-deps tensorflow-serving-api==2.21.0"
)
import tensorflow as tf  # noqa: E402
from tensorflow_serving.apis import (  # noqa: E402
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from hanlib.serving.client import GrpcClient, RestClient, ServingError, retries  # noqa: E402

TEXTS = ["A good film. So bad an end!", "", "酒店很好。早餐不错", "a\x00b \U0001f600"]


class Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
    """The fabricated model of the stub, over gRPC; `errors` are given first."""

    def __init__(self):
        self.errors, self.specs, self.model = [], [], dict(MODEL)

    def Predict(self, request, context):
        self._check(request.model_spec, context)
        name = request.model_spec.signature_name or "serving_default"
        if name not in self.model:
            message = f'Serving signature name: "{name}" not found in signature def'
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, message)
        inputs = {
            key: [text.decode() for text in tf.make_ndarray(strings).tolist()]
            for key, strings in request.inputs.items()
        }
        answer = predict_pb2.PredictResponse()
        given = inputs if len(inputs) > 1 else inputs["text"]
        for key, rows in self.model[name](given).items():
            answer.outputs[key].CopyFrom(tf.make_tensor_proto(tensor(key, rows)))
        return answer

    def GetModelMetadata(self, request, context):
        self._check(request.model_spec, context)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name in self.model:
            signatures.signature_def[name].method_name = "tensorflow/serving/predict"
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        answer.metadata["signature_def"].Pack(signatures)
        return answer

    def _check(self, spec, context):
        self.specs.append(spec)
        if self.errors:
            context.abort(*self.errors.pop(0))
        if spec.name != "reviews":
            message = f"Servable not found for request: Latest({spec.name})"
            context.abort(grpc.StatusCode.NOT_FOUND, message)


class Models(model_service_pb2_grpc.ModelServiceServicer):
    def GetModelStatus(self, request, context):
        answer = get_model_status_pb2.GetModelStatusResponse()
        answer.model_version_status.add(version=7, state="AVAILABLE")
        return answer


def tensor(name, rows):
    if name.startswith(("word_counts", "sentence_counts", "omitted")):
        return np.array(rows, np.int32)
    # As objects: NumPy's own strings lose a NUL at their end.
    values = np.array(rows, object)
    is_text = name in ("label", "classes", "target", "against", "words", "sentences")
    return values if is_text else values.astype(np.float32)


@pytest.fixture
def servicer():
    return Predictions()


@pytest.fixture
def address(servicer):
    lifted = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(4), options=lifted)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(servicer, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.fixture
def client(address):
    with GrpcClient(address, "reviews", timeout=5) as made:
        yield made


@pytest.fixture
def waits(monkeypatch):
    noted = []
    monkeypatch.setattr(retries, "sleep", noted.append)
    return noted


@pytest.mark.parametrize("method", ["attention", "combined_attention", "gradient_x_attention"])
def test_both_clients_give_the_same_records(client, method):
    with StubServer() as server:
        rest = RestClient(server.url, "reviews")
        assert client.embed(TEXTS).tolist() == rest.embed(TEXTS).tolist()
        for ours, theirs in zip(
            [*client.predict(TEXTS), *client.explain(TEXTS, method)],
            [*rest.predict(TEXTS), *rest.explain(TEXTS, method)],
            strict=True,
        ):
            assert rounded(ours) == rounded(theirs)


def test_both_clients_ask_why_one_class_and_not_another(client, servicer):
    servicer.model["contrast"] = contrast
    with StubServer() as server:
        server.model["contrast"] = contrast
        rest = RestClient(server.url, "reviews")
        for classes in ({"target": "neg", "against": "pos"}, {"against": "runner-up"}):
            ours, theirs = (c.explain(TEXTS, **classes) for c in (client, rest))
            assert list(map(rounded, ours)) == list(map(rounded, theirs))
            assert {record.against for record in ours} <= {"neg", "pos"}


def rounded(record):
    """The record as plain values, floats to the digits that float32 keeps."""
    if isinstance(record, float):
        return round(record, 6)
    if isinstance(record, dict):
        return {key: rounded(value) for key, value in record.items()}
    if isinstance(record, tuple):
        return [rounded(value) for value in record]
    return rounded(vars(record)) if hasattr(record, "__dict__") else record


def test_a_new_version_of_the_model_by_number_or_label(address, servicer):
    with GrpcClient(address, "reviews", version=3) as client:
        client.predict(["a"])
    with GrpcClient(address, "reviews", label="stable") as client:
        client.explain(["a"])
    first, second = servicer.specs
    assert (first.version.value, first.signature_name) == (3, "serving_default")
    assert (second.version_label, second.signature_name) == ("stable", "explain")


def test_messages_over_gprcs_default_limit(client, servicer):
    long = "good " * 1_000_000
    assert client.predict([long])[0].label == "pos"
    servicer.model["embed"] = lambda texts: {"vectors": [[0.5] * 1_500_000] * len(texts)}
    assert client.embed(["a"]).shape == (1, 1_500_000)


def test_overload_is_tried_again(client, servicer, waits):
    codes = grpc.StatusCode
    servicer.errors += [(codes.UNAVAILABLE, "busy"), (codes.DEADLINE_EXCEEDED, "late")]
    assert client.predict(["good"])[0].label == "pos"
    assert len(waits) == 2


def test_retries_end(client, servicer, waits):
    servicer.errors += [(grpc.StatusCode.UNAVAILABLE, "queue is full")] * 9
    with pytest.raises(ServingError, match="queue is full") as caught:
        client.predict(["good"])
    assert (caught.value.code, len(waits), len(servicer.specs)) == ("UNAVAILABLE", 4, 5)


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "INTERNAL"])
def test_other_errors_are_final(client, servicer, waits, code):
    servicer.errors += [(grpc.StatusCode[code], "the reason")]
    with pytest.raises(ServingError, match="the reason") as caught:
        client.predict(["good"])
    assert (caught.value.code, waits) == (code, [])


def test_unknown_model_and_signature(address, client, servicer):
    with (
        GrpcClient(address, "x") as other,
        pytest.raises(ServingError, match=r"Servable not found for request: Latest\(x\)"),
    ):
        other.predict(["a"])
    del servicer.model["explain"]
    with pytest.raises(ServingError, match="exported without 'explain': export it again"):
        client.explain(["a"])


def test_nobody_there(waits):
    with (
        GrpcClient("127.0.0.1:9", "reviews", retries=2, timeout=5) as client,
        pytest.raises(ServingError) as caught,
    ):
        client.predict(["good"])
    assert (caught.value.code, len(waits)) == ("UNAVAILABLE", 2)


def test_a_slow_server(address, servicer, waits):
    servicer.model["serving_default"] = lambda texts: time.sleep(1)
    with (
        GrpcClient(address, "reviews", timeout=0.1, retries=1) as client,
        pytest.raises(ServingError) as caught,
    ):
        client.predict(["good"])
    assert (caught.value.code, len(waits)) == ("DEADLINE_EXCEEDED", 1)


def test_status_and_metadata_have_the_form_of_rest(client):
    (version,) = client.status()["model_version_status"]
    assert (version["version"], version["state"]) == ("7", "AVAILABLE")
    signatures = client.metadata()["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {"serving_default", "explain", "embed"}


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    with pytest.raises(ImportError, match="pip install --no-deps tensorflow-serving-api"):
        GrpcClient("127.0.0.1:8500", "reviews")


def test_wrong_arguments():
    with pytest.raises(ValueError, match="`address` must be a host and port such as '127"):
        GrpcClient("http://127.0.0.1:8500", "reviews")
    with pytest.raises(ValueError, match="Only one of"):
        GrpcClient("127.0.0.1:8500", "reviews", version=1, label="x")


def test_a_real_saved_model_behind_the_servicer(client, servicer, tmp_path):
    """Real tensors: what `tf.saved_model` gives is what the client reads."""

    class Length(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
        def embed(self, text):
            length = tf.cast(tf.strings.length(text, unit="UTF8_CHAR"), tf.float32)
            return {"vectors": tf.stack([length, -length], axis=1)}

    module = Length()
    tf.saved_model.save(module, tmp_path / "1", signatures={"embed": module.embed})
    embed = tf.saved_model.load(tmp_path / "1").signatures["embed"]
    servicer.model["embed"] = lambda texts: {
        name: value.numpy() for name, value in embed(text=tf.constant(texts)).items()
    }
    assert client.embed(["酒店", "abc"]).tolist() == [[2, -2], [3, -3]]
