"""The gRPC client, for TensorFlow Serving."""

import numpy as np

from hanlib.serving.client.errors import ServingError
from hanlib.serving.client.serving_client import ServingClient

# With dependencies, pip would install a second TensorFlow next to `tensorflow-cpu`.
_HINT = (
    "GrpcClient needs grpcio and TensorFlow Serving's messages: pip install 'hanlib[grpc]' && "
    "pip install --no-deps tensorflow-serving-api==2.21.0"
)
_TRANSIENT = ("UNAVAILABLE", "DEADLINE_EXCEEDED")


class GrpcClient(ServingClient):
    """A client for TensorFlow Serving's gRPC API, with the interface of `RestClient`.

    Messages may have any size: the client disables the default limit of 4 MB. Call `close`, or use
    the client in a `with` statement. The package of the messages imports TensorFlow.

    Args:
        address: Host and port, such as `"127.0.0.1:8500"`.
        model, version, label, timeout, retries, batch_size: See `ServingClient`.
        credentials: `grpc.ChannelCredentials`; None for an unencrypted channel.

    Raises:
        ImportError: If an optional package is missing.
        ValueError: If an argument is out of range.

    >>> with GrpcClient("127.0.0.1:8500", model="reviews", version=2) as client:
    ...     client.predict([])
    []
    """

    def __init__(self, address, model, version=None, label=None, *, credentials=None, **options):
        super().__init__(model, version, label, **options)
        try:
            import grpc
            from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc
        except ImportError as error:
            raise ImportError(_HINT) from error
        if "://" in address:
            raise ValueError(
                f"`address` must be a host and port such as '127.0.0.1:8500'. Received: {address!r}"
            )
        self.address = address
        limits = [(f"grpc.max_{way}_message_length", -1) for way in ("send", "receive")]
        if credentials is None:
            self._channel = grpc.insecure_channel(address, limits)
        else:
            self._channel = grpc.secure_channel(address, credentials, limits)
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def close(self):
        """Closes the channel."""
        self._channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def _outputs(self, signature, inputs):
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2

        request = predict_pb2.PredictRequest()
        self._specify(request.model_spec)
        request.model_spec.signature_name = signature
        for name, strings in inputs.items():
            encoded = np.array([string.encode() for string in strings], object)
            request.inputs[name].CopyFrom(tf.make_tensor_proto(encoded, dtype=tf.string))
        answer = self._asked_over_grpc(self._predictions.Predict, request)
        return {name: _lists(tf.make_ndarray(proto)) for name, proto in answer.outputs.items()}

    def _status(self):
        from tensorflow_serving.apis import get_model_status_pb2

        request = get_model_status_pb2.GetModelStatusRequest()
        self._specify(request.model_spec)
        return _record(self._asked_over_grpc(self._models.GetModelStatus, request))

    def _metadata(self):
        from tensorflow_serving.apis import get_model_metadata_pb2

        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        self._specify(request.model_spec)
        return _record(self._asked_over_grpc(self._predictions.GetModelMetadata, request))

    def _specify(self, spec):
        spec.name = self.model
        if self.version is not None:
            spec.version.value = int(self.version)
        if self.label is not None:
            spec.version_label = self.label

    def _asked_over_grpc(self, call, request):
        import grpc

        try:
            return call(request, timeout=self.timeout)
        except grpc.RpcError as error:
            code = error.code().name
            message = error.details() or code
            raise ServingError(message, code, code in _TRANSIENT) from error


def _record(message):
    from google.protobuf import json_format

    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def _lists(array):
    if array.dtype == object:
        array = np.vectorize(lambda value: value.decode(errors="replace"), otypes=[object])(array)
    return array.tolist()
