"""Writes records to sharded files with Beam's own sinks, in one of several formats.

A sink writes to a temporary folder and renames whole shards, so a killed job leaves no partial
shard under a final name.
"""

import csv
import io

import apache_beam as beam

from hanlib.serving.records import cell, flat, json_line


def write(records, prefix, form, sample, shards=0):
    """Writes a PCollection of records.

    Args:
        records: PCollection of `dict`s.
        prefix: The beginning of the names of the files.
        form: One of `FORMATS`.
        sample: A record with all columns of the output; used by CSV and Parquet.
        shards: The number of files, or 0 to let the runner choose.

    Returns:
        PCollection of the names of the files, after they got their final names.
    """
    return FORMATS[form](records, prefix, flat(sample), shards)


def _jsonl(records, prefix, columns, shards):
    lines = records | "Line" >> beam.Map(lambda record: json_line(record).rstrip("\n"))
    return lines | "Write" >> beam.io.WriteToText(prefix, ".jsonl", num_shards=shards)


def _csv(records, prefix, columns, shards):
    names = list(columns)
    lines = records | "Line" >> beam.Map(_csv_line, names)
    header = _delimited(names)
    return lines | "Write" >> beam.io.WriteToText(prefix, ".csv", num_shards=shards, header=header)


def _csv_line(record, names):
    values = flat(record)
    line = _delimited([cell(name, values.get(name)) for name in names])
    return line.encode("utf-8", "replace").decode()


def _delimited(values):
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()


def _parquet(records, prefix, columns, shards):
    import pyarrow as pa

    numbers = pa.float64()
    arrow = {
        "str": pa.string(), "int": pa.int64(), "float": numbers, "vector": pa.list_(numbers),
        "strings": pa.list_(pa.string()),
    }  # fmt: skip
    kinds = {name: _kind(name, value) for name, value in columns.items()}
    schema = pa.schema([(name, arrow[kind]) for name, kind in kinds.items()])
    rows = records | "Row" >> beam.Map(_parquet_row, kinds)
    return rows | "Write" >> beam.io.WriteToParquet(
        prefix, schema, file_name_suffix=".parquet", num_shards=shards
    )


def _kind(name, value):
    """The type of a column. Columns of the input are text, since rows may differ in type."""
    if name in ("labels", "vector"):
        return {"labels": "strings"}.get(name, name)
    if name in ("row", "omitted_sentences", "omitted_words"):
        return "int"
    return "float" if name.startswith("probability_") and isinstance(value, float) else "str"


def _parquet_row(record, kinds):
    values = flat(record)
    return {name: _as_kind(values.get(name), kind) for name, kind in kinds.items()}


def _as_kind(value, kind):
    if value is None or kind != "str" or isinstance(value, str):
        return value
    return json_line(value).rstrip("\n")


def _tfrecord(records, prefix, columns, shards):
    examples = records | "Example" >> beam.Map(_example)
    return examples | "Write" >> beam.io.WriteToTFRecord(
        prefix, file_name_suffix=".tfrecord", num_shards=shards
    )


def _example(record):
    """A serialized `tf.train.Example` with a feature per column; other values are JSON."""
    import tensorflow as tf

    features = {name: _feature(value, tf.train) for name, value in flat(record).items()}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _feature(value, train):
    values = value if isinstance(value, list) else [value]
    if values and all(type(item) is int and abs(item) < 2**63 for item in values):
        return train.Feature(int64_list=train.Int64List(value=values))
    if values and all(isinstance(item, float) for item in values):
        return train.Feature(float_list=train.FloatList(value=values))
    if not all(isinstance(item, str) for item in values):
        values = [] if value is None else [json_line(value).rstrip("\n")]
    encoded = [item.encode("utf-8", "replace") for item in values]
    return train.Feature(bytes_list=train.BytesList(value=encoded))


FORMATS = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet, "tfrecord": _tfrecord}
