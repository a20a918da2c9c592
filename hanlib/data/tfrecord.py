"""Reads TFRecord files of `tf.train.Example`s."""

import os

from hanlib.data.corpus import DataError
from hanlib.data.text_lines import name_of


def records(source, encoding):
    """Streams `(number, record, problem)`; a record is a dict from feature to value.

    A feature of one value is that value, other features are lists; bytes are decoded as text.

    Args:
        source: Path; with the ending `.gz` the file is compressed.
        encoding: An `Encoding`.

    Raises:
        DataError: The file is damaged, or `source` is not a path.
    """
    if not isinstance(source, (str, os.PathLike)):
        raise DataError(f"TFRecord files are read from paths. Received: {name_of(source)}")
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    path = os.fspath(source)
    compression = "GZIP" if path.lower().endswith(".gz") else ""
    dataset = tf.data.TFRecordDataset(path, compression)
    try:
        for number, content in enumerate(dataset.as_numpy_iterator(), start=1):
            try:
                features = tf.train.Example.FromString(content).features.feature
                record = {name: _value(features[name], encoding) for name in sorted(features)}
            except (DecodeError, UnicodeDecodeError) as error:
                yield number, None, f"not a tf.train.Example with text: {error}"
            else:
                yield number, record, None
    except tf.errors.DataLossError as error:
        raise DataError(f"{name_of(source)} is not a complete TFRecord file: {error}") from error


def _value(feature, encoding):
    values = [
        *(value.decode(encoding.name, encoding.errors) for value in feature.bytes_list.value),
        *feature.int64_list.value,
        *feature.float_list.value,
    ]
    return values[0] if len(values) == 1 else values
