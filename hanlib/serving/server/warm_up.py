"""Runs the warm-up requests of a version before it serves clients.

They are read from `assets.extra/tf_serving_warmup_requests`, a TFRecord file of `PredictionLog`
messages of TensorFlow Serving. They are decoded here, since TensorFlow does not define them.
"""

from pathlib import Path

import tensorflow as tf
from google.protobuf import empty_pb2, unknown_fields
from tensorflow.core.framework import tensor_pb2

from hanlib.serving.server.status import invalid

MAX_RECORDS = 1000  # The limit of TensorFlow Serving.
_BYTES = 2  # The wire type of length-delimited fields.


def warm_up(servable, directory):
    """Runs the warm-up requests in `directory`, and returns their number.

    Raises:
        StatusError: If a request fails. As in TensorFlow Serving, the version is then not loaded.
    """
    path = Path(directory, "assets.extra", "tf_serving_warmup_requests")
    if not path.is_file():
        return 0
    records = list(tf.data.TFRecordDataset(str(path)).take(MAX_RECORDS + 1))
    if len(records) > MAX_RECORDS:
        raise invalid(f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {path}")
    for record in records:
        for name, inputs in predictions(record.numpy()):
            servable.inputs(name)
            signature = servable.signatures[name or "serving_default"]
            signature.check(inputs)
            signature(inputs)
    return len(records)


def predictions(record):
    """`(signature name, {input: array})` of the predict requests in a serialized `PredictionLog`.

    >>> list(predictions(b""))
    []
    """
    for predict_log in _values(record, 6):
        for request in _values(predict_log, 1):
            names = [name for spec in _values(request, 1) for name in _values(spec, 3)]
            inputs = {
                _values(entry, 1)[0].decode(): _array(_values(entry, 2)[0])
                for entry in _values(request, 2)
            }
            yield (names[-1].decode() if names else ""), inputs


def _array(value):
    return tf.make_ndarray(tensor_pb2.TensorProto.FromString(value))


def _values(message, number):
    """The contents of the length-delimited fields `number` of a serialized message."""
    fields = unknown_fields.UnknownFieldSet(empty_pb2.Empty.FromString(message))
    return [f.data for f in fields if f.field_number == number and f.wire_type == _BYTES]
