"""Texts to predict on: every format, standard input, rows without a text."""

import gzip
import io
import itertools
import json
import sys

import pytest

from hanlib import data

TEXTS = ["One, two.", "", "Three."]


def write(path, text):
    path.write_bytes(text.encode())
    return path


def read(*args, **kwargs):
    return [(number, text) for number, text, _ in data.read_texts(*args, **kwargs)]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "txt", "csv.gz", "jsonl.gz", "parquet"])
def test_every_format_numbers_its_rows_from_one(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix == "parquet":
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.table({"id": [1, 2, 3], "text": TEXTS}), path)
    else:
        mark = "\t" if suffix == "tsv" else ","
        kind = suffix.removesuffix(".gz")
        lines = {
            "txt": TEXTS,
            "jsonl": [json.dumps({"id": i, "text": text}) for i, text in enumerate(TEXTS)],
        }.get(kind, [f"id{mark}text", *(f'{i}{mark}"{text}"' for i, text in enumerate(TEXTS))])
        content = "".join(f"{line}\n" for line in lines).encode()
        path.write_bytes(gzip.compress(content) if suffix.endswith(".gz") else content)
    assert read(path) == [(1, "One, two."), (2, ""), (3, "Three.")]
    records = [record for _, _, record in data.read_texts(path)]
    assert records[0]["text"] == "One, two."


def test_a_missing_text_is_an_empty_document(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"text": "a"}\n{"text": null}\n{"id": 3}\n')
    assert read(path) == [(1, "a"), (2, ""), (3, "")]


def test_unreadable_rows_leave_a_gap_and_are_reported(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"text": "a"}\nnonsense\n{"text": 3}\n{"text": "d"}\n')
    with pytest.warns(data.BadRowsWarning, match="left out 2 of 4"):
        assert read(path) == [(1, "a"), (4, "d")]
    with pytest.raises(data.DataError, match="line 2: not JSON"):
        read(path, max_bad_rows=0)


def test_the_only_column_is_the_text(tmp_path):
    assert read(write(tmp_path / "a.csv", "opinion\nfine\n")) == [(1, "fine")]


def test_the_column_by_option_and_one_that_is_not_there(tmp_path):
    path = write(tmp_path / "a.csv", "a,b\n1,2\n")
    assert read(path, text_column="b") == [(1, "2")]
    with pytest.raises(data.DataError, match=r"`text_column` must be given .* a, b"):
        read(path)
    with pytest.raises(data.DataError, match="text_column='c'; the columns are: a, b"):
        read(path, "c")


def test_standard_input_is_lines_of_text(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Schön.\nGut.\n".encode())))
    assert read("-") == [(1, "Schön."), (2, "Gut.")]


def test_standard_input_in_another_format(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"text": "a"}\n')))
    assert read("-", file_format="jsonl") == [(1, "a")]


def test_open_files():
    assert read(io.BytesIO(b"a\nb\n")) == [(1, "a"), (2, "b")]
    assert read(io.StringIO("text,x\na,1\n"), file_format="csv") == [(1, "a")]


def test_texts_are_streamed():
    class Endless(io.RawIOBase):
        def __iter__(self):
            return itertools.repeat(b"again\n")

    assert next(data.read_texts(Endless()))[:2] == (1, "again")


@pytest.mark.parametrize(
    ("name", "options", "part"),
    [
        ("missing.csv", {}, "which does not exist"),
        ("", {}, "a folder"),
        ("a.xlsx", {}, "`file_format` must be given for a.xlsx"),
        ("a.xlsx", {"file_format": "excel"}, "`file_format` must be one of"),
    ],
)
def test_what_cannot_be_read(tmp_path, name, options, part):
    write(tmp_path / "a.xlsx", "x")
    with pytest.raises(data.DataError) as error:
        read(tmp_path / name, **options)
    assert part in str(error.value)


def test_a_wrong_encoding_names_the_line(tmp_path):
    (tmp_path / "a.txt").write_bytes("gut\nschön\n".encode("cp1252"))
    with pytest.raises(data.DataError, match="line 2, byte 4"):
        read(tmp_path / "a.txt")
    assert read(tmp_path / "a.txt", encoding="cp1252")[1] == (2, "schön")
