"""The output formats of predictions, with one record per document.

Streams are written record by record. Files are converted from the JSON lines of all records, so
that every format can be resumed and contains all columns.
"""

import csv
import gzip
import json
import shutil
from pathlib import Path

from hanlib.cli.errors import UsageError
from hanlib.serving.records import cell, flat, json_line

_SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_SUFFIXES[".parquet"] = "parquet"
STREAMS = ("jsonl", "csv", "tsv", "table")
FORMATS = (*STREAMS, "parquet")
# Rows of a Parquet file in memory at the same time.
_CHUNK = 4096


def format_of(path, chosen=None):
    """The format of an output file, from its name or as `chosen`.

    Raises:
        UsageError: if the format is unknown, or the name has another one.

    >>> format_of("answers.csv.gz")
    'csv'
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes[-2:]]
    gzipped = bool(suffixes) and suffixes[-1] == ".gz"
    if gzipped:
        suffixes.pop()
    named = _SUFFIXES.get(suffixes[-1]) if suffixes else None
    form = chosen or named
    if form is None or (gzipped and form == "parquet"):
        raise UsageError(
            "--output must end in .csv, .tsv, .jsonl (each optionally .gz) or .parquet, or "
            f"--format must be given. Received: {path}"
        )
    if named not in (None, form):
        raise UsageError(f"--format {form} does not match the name of --output. Received: {path}")
    return form


def stream(file, form):
    """A function that writes a record to an open file, with the columns of the first record."""
    delimited = _delimited(file, form) if form in ("csv", "tsv") else None

    def write(record):
        if delimited is not None:
            delimited(record)
        else:
            file.write(json_line(record) if form == "jsonl" else _table_line(record))
        file.flush()

    return write


def write_file(form, path, partial, temporary):
    """Converts the records in `partial`, which are JSON lines, to a format in `temporary`.

    Args:
        form: one of `FORMATS`.
        path: name of the output, which may end in `.gz`.
        partial: path of the JSON lines.
        temporary: path of the file to write.
    """
    if form == "parquet":
        _write_parquet(partial, temporary)
        return
    opener = gzip.open if str(path).lower().endswith(".gz") else open
    with opener(temporary, "wt", encoding="utf-8", newline="") as file:
        if form == "jsonl":
            with open(partial, encoding="utf-8", newline="") as lines:
                shutil.copyfileobj(lines, file)
        elif form == "table":
            file.writelines(_table_line(record) for record in _records(partial))
        else:
            columns = list(dict.fromkeys(c for r in _records(partial) for c in flat(r)))
            write = _delimited(file, form, columns)
            for record in _records(partial):
                write(record)


def check_parquet():
    """Raises `UsageError` if Parquet cannot be written."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise UsageError('writing Parquet needs pyarrow: pip install "hanlib[files]"') from None


def _records(partial):
    with open(partial, encoding="utf-8", newline="") as lines:
        yield from map(json.loads, lines)


def _delimited(file, form, columns=None):
    writer = csv.writer(file, delimiter="\t" if form == "tsv" else ",", lineterminator="\n")
    header = []

    def write(record):
        values = flat(record)
        if not header:
            header.extend(columns or values)
            writer.writerow(header)
        writer.writerow([cell(name, values.get(name)) for name in header])

    return write


def _table_line(record):
    """A line to read: label, probability, the beginning of the text."""
    text = " ".join(record["text"].split())
    text = text if len(text) <= 60 else f"{text[:57]}..."
    probabilities = record["probabilities"]
    if "label" in record:
        width = max(5, *map(len, probabilities))
        name = str(record["label"])
        return f"{name:<{width}}  {max(probabilities.values()):.3f}  {text}\n"
    given = (f"{name} {probabilities[str(name)]:.3f}" for name in record["labels"])
    return f"{', '.join(given) or '(none)'}  {text}\n"


def _write_parquet(partial, temporary):
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {}
    for record in _records(partial):
        for name, value in flat(record).items():
            kinds.setdefault(name, set()).add(_kind(value))
    types = {
        "bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "str": pa.string(),
        "strings": pa.list_(pa.string()),
    }  # fmt: skip
    columns = {name: _common_kind(of_column - {None}) for name, of_column in kinds.items()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    with pq.ParquetWriter(temporary, schema) as writer:
        rows = []
        for record in _records(partial):
            values = flat(record)
            rows.append({n: _as_kind(values.get(n), kind) for n, kind in columns.items()})
            if len(rows) == _CHUNK:
                writer.write_table(pa.Table.from_pylist(rows, schema))
                rows = []
        writer.write_table(pa.Table.from_pylist(rows, schema))


def _kind(value):
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return "str"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "strings"
    kind = type(value).__name__
    return kind if kind in ("bool", "int", "float", "str") else None if value is None else "json"


def _common_kind(kinds):
    """One kind for all values of a column; mixed and nested values are written as text."""
    if kinds == {"int", "float"}:
        return "float"
    return kinds.pop() if len(kinds) == 1 and kinds != {"json"} else "str"


def _as_kind(value, kind):
    if value is None or kind not in ("str", "float"):
        return value
    if kind == "float":
        return float(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
