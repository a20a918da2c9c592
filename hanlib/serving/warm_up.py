"""Warm-up requests, which a server runs before it uses a new version.

The messages are those of TensorFlow Serving (`tensorflow_serving/apis/`), whose package is not part
of TensorFlow. They are simple enough to be encoded in the protobuf wire format here.
"""

from pathlib import Path

import tensorflow as tf

from hanlib.serving.signature_inputs import request_inputs

# TensorFlow Serving accepts at most 1,000 requests.
BATCH_SIZES = (1, 2, 8, 32)


def warm_up_file(directory):
    """Where TensorFlow Serving looks for the warm-up requests of a SavedModel.

    >>> warm_up_file("1").as_posix()
    '1/assets.extra/tf_serving_warmup_requests'
    """
    return Path(directory, "assets.extra", "tf_serving_warmup_requests")


def write_warm_up(directory, signatures, words):
    """Writes requests with several batch sizes for each signature into a SavedModel's folder.

    Args:
        directory: The folder of the SavedModel.
        signatures: The names of the signatures.
        words: Words of which the documents are made.

    Returns:
        The `Path` of the file.

    >>> import tempfile
    >>> path = write_warm_up(tempfile.mkdtemp(), ["serving_default"], ["good", "film"])
    >>> len(list(tf.data.TFRecordDataset(str(path))))
    4
    """
    path = warm_up_file(directory)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature in signatures:
            for size in BATCH_SIZES:
                inputs = request_inputs(signature, documents(words, size))
                writer.write(prediction_log(signature, inputs))
    return path


def documents(words, number):
    """Documents of 1, 4, 16 and 64 sentences in turn, made of the given words.

    >>> documents(["a", "b"], 1)
    ['a b a b a b a b a b a b.']
    """
    made = []
    for index in range(number):
        drawn = [words[(index + 7 * i) % len(words)] for i in range(12 * 4 ** (index % 4))]
        made.append(" ".join(" ".join(drawn[i : i + 12]) + "." for i in range(0, len(drawn), 12)))
    return made


def prediction_log(signature, inputs):
    """A serialized `PredictionLog` with a request to a signature.

    `PredictionLog { predict_log { request { model_spec { signature_name } inputs { text } } } }`

    Args:
        signature: The name of the signature.
        inputs: Lists of strings by the name of the input.

    >>> prediction_log("embed", {"text": ["A"]})[:4].hex()
    '32200a1e'
    """
    request = _field(1, _field(3, _utf8(signature)))
    for name, strings in inputs.items():
        values = tf.make_tensor_proto(list(map(_utf8, strings)), tf.string, [len(strings)])
        entry = _field(1, _utf8(name)) + _field(2, values.SerializeToString())
        request += _field(2, entry)
    return _field(6, _field(1, request))


def _field(number, content):
    """A field of type bytes, string or message: tag (wire type 2), length, content."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value):
    """Seven bits per byte, lowest first; the highest bit is set if more bytes follow."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _utf8(text):
    return text.encode("utf-8", "replace")
