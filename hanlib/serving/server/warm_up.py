"""The requests that a version answers before it is taken into use.

They lie in `assets.extra/tf_serving_warmup_requests`, a TFRecord of TensorFlow Serving's
`PredictionLog`. Its fields are read by hand: the package that has the messages is no part of
TensorFlow.
"""

from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from hanlib.serving.server.status import invalid

MOST = 1000  # TensorFlow Serving refuses more.
# Bytes of the fields whose length is that of their type.
_FIXED = {1: 8, 5: 4}


def warm_up(servable, directory):
    """Asks `servable` what the file in `directory` asks; returns how many requests that were.

    Raises:
        StatusError: A request has no answer, as with TensorFlow Serving.
    """
    path = Path(directory, "assets.extra", "tf_serving_warmup_requests")
    if not path.is_file():
        return 0
    records = list(tf.data.TFRecordDataset(str(path)).take(MOST + 1))
    if len(records) > MOST:
        raise invalid(f"Number of warmup records exceeds the maximum ({MOST}) at {path}")
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
    """The contents of the fields `number` of a message, which hold bytes or messages."""
    values, at = [], 0
    while at < len(message):
        tag, at = _varint(message, at)
        if tag & 7 == 0:
            _, at = _varint(message, at)
            continue
        size, at = (_FIXED[tag & 7], at) if tag & 7 in _FIXED else _varint(message, at)
        if tag >> 3 == number and tag & 7 == 2:
            values.append(message[at : at + size])
        at += size
    return values


def _varint(message, at):
    value = shift = 0
    while True:
        value |= (message[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not message[at - 1] & 0x80:
            return value, at
