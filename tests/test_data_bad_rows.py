"""Rows that cannot be used, wrong encodings, splits, and files larger than memory."""

import json
import tracemalloc
import warnings

import pytest

from hanlib import data
from hanlib.data import formats
from hanlib.data.text_lines import Encoding, text_lines

GOOD = "".join(f"fine {i},a\nnot fine {i},b\n" for i in range(10))


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def jsonl(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def error_of(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(data.DataError) as error:
            data.load(*args, **kwargs)
    return str(error.value)


# Bad rows -----------------------------------------------------------------------------------

BAD = 'text,label\nfine,a\n,a\nno label,\none,two,three\n"line\nbreak",b\nlast,\n"open" x,b\n'


def test_bad_rows_are_counted_and_reported_with_their_lines(tmp_path):
    path = write(tmp_path / "a.csv", BAD + GOOD)
    with pytest.warns(data.BadRowsWarning) as caught:
        corpus = data.load(path, validation_split=0)
    assert len(caught) == 1
    assert str(caught[0].message) == str(corpus.bad_rows)
    assert corpus.bad_rows.count == 5
    assert corpus.bad_rows.rows == 27
    assert [line for _, line, _ in corpus.bad_rows.examples] == [3, 4, 5, 8, 9]
    problems = [problem for _, _, problem in corpus.bad_rows.examples]
    assert problems[0] == "no text in column 'text'"
    assert problems[1] == "no label in column 'label'"
    assert problems[2] == "3 fields where the header has 2"
    assert "quotation mark" in problems[4]
    texts = list(corpus.splits["train"].texts())
    assert len(texts) == corpus.splits["train"].size == 22
    assert "line\nbreak" in texts
    assert texts[-1] == "not fine 9"


def test_bad_json_lines(tmp_path):
    good = jsonl({"text": f"t{i}", "label": i % 2} for i in range(10))
    bad = '{"text": "cut\n[1, 2]\n\n{"text": 3, "label": 1}\n{"label": 1}\n'
    bad += '{"text": "t", "label": {}}\n{"text": "\\ud83d", "label": 1}\n'
    with pytest.warns(data.BadRowsWarning, match="left out 6 of 16"):
        corpus = data.load(write(tmp_path / "a.jsonl", good + bad))
    assert [line for _, line, _ in corpus.bad_rows.examples] == [11, 12, 14, 15, 16, 17]
    problems = " ".join(problem for _, _, problem in corpus.bad_rows.examples)
    for part in ("not JSON", "JSON list", "a int, not text", "no text", "type dict", "Unicode"):
        assert part in problems


def test_the_limit_stops_the_run_and_shows_the_first(tmp_path):
    path = write(tmp_path / "a.csv", "text,label\n" + GOOD + ",a\n" * 3)
    assert "Expected: at most 2. Received: 3" in error_of(path, max_bad_rows=2)
    assert "line 22: no text" in error_of(path, max_bad_rows=0)
    with pytest.warns(data.BadRowsWarning):
        data.load(path, max_bad_rows=3)


def test_the_limit_stops_before_the_end(tmp_path, monkeypatch):
    path = write(tmp_path / "a.csv", "text,label\n" + ",a\n" * 10_000)
    message = error_of(path)
    assert "Received: 101 in the first 101 rows" in message
    assert "and 96 more" in message


def test_mostly_bad_rows_are_an_error_below_the_limit_too(tmp_path):
    path = write(tmp_path / "a.csv", "text,label\nfine,a\nfine,b\n" + ",a\n" * 3)
    assert "most rows of a.csv cannot be used" in error_of(path)


def test_bad_rows_of_shards_name_the_file(tmp_path):
    write(tmp_path / "1.csv", "text,label\n" + GOOD)
    write(tmp_path / "2.csv", "text,label\n" + GOOD + ",a\n")
    with pytest.warns(data.BadRowsWarning, match=r"2\.csv line 22: no text"):
        data.load(tmp_path)


@pytest.mark.parametrize("limit", [-1, 0.5, True, "many"])
def test_a_wrong_limit_is_refused(tmp_path, limit):
    path = write(tmp_path / "a.csv", "text,label\n" + GOOD)
    assert "`max_bad_rows` must be" in error_of(path, max_bad_rows=limit)


def test_an_open_quotation_mark_does_not_swallow_the_file_silently(tmp_path):
    path = write(tmp_path / "a.csv", "text,label\n" + GOOD + '"never closed,a\n' + GOOD)
    with pytest.warns(data.BadRowsWarning, match="line 22: unexpected end of data"):
        data.load(path)


# Nothing to learn from ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("a.csv", "", "a.csv is an empty file"),
        ("a.csv", "\n", "must begin with a header"),
        ("a.csv", "text,label\n", "Received: no rows"),
        ("a.jsonl", "\n\n", "Received: no rows"),
        ("a.jsonl", '[{"text": "t", "label": 1}]\n', "one JSON object per line"),
        ("a.csv", "text,label\nx,a\ny,a\n", "at least 2 different class name(s). Received: 'a'"),
        ("a.jsonl", '{"text": "t", "labels": []}\n', "at least 1 different class name(s)"),
        ("a.csv", "text,label,split\nx,a,test\n", "must hold training documents"),
        ("a.csv", "text,label,split\nx,a,holdout\n", "split_column=False"),
    ],
)
def test_files_without_use(tmp_path, name, text, part):
    assert part in error_of(write(tmp_path / name, text))


def test_a_label_column_of_free_text_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr("hanlib.data.scan.MAX_CLASSES", 50)
    rows = "".join(f"t,unique {i}\n" for i in range(60))
    assert "more than 50 different" in error_of(write(tmp_path / "a.csv", "text,label\n" + rows))


# Encodings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "gb18030"])
def test_encodings_by_option(tmp_path, encoding):
    word = "酒店" if encoding in ("gb18030", "utf-16") else "café"
    text = f"text,label\nDas {word},a\nnichts,b\n"
    path = write(tmp_path / "a.csv", text, encoding)
    option = "utf-8" if encoding == "utf-8-sig" else encoding
    corpus = data.load(path, encoding=option, validation_split=0)
    assert list(corpus.splits["train"].texts()) == [f"Das {word}", "nichts"]


def test_a_wrong_encoding_names_line_byte_and_the_option(tmp_path):
    path = write(tmp_path / "a.csv", "text,label\nfine,a\nDas café,b\n", "cp1252")
    message = error_of(path)
    for part in ("Expected: utf-8", "byte 0xe9 at line 3, byte 8", "`encoding`", "cp1252"):
        assert part in message
    corpus = data.load(path, encoding_errors="replace", validation_split=0)
    assert list(corpus.splits["train"].texts())[1] == "Das caf\ufffd"


def test_utf_16_read_as_utf_8_is_recognised(tmp_path):
    path = write(tmp_path / "a.csv", "text,label\nfine,a\n", "utf-16")
    assert "such as utf-16" in error_of(path)


def test_an_unknown_encoding(tmp_path):
    path = write(tmp_path / "a.csv", "text,label\nfine,a\n")
    assert "`encoding` must name a codec" in error_of(path, encoding="utf-9")


def test_a_wrong_encoding_in_a_folder_names_the_file(tmp_path):
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        write(tmp_path / label / "1.txt", "café", "cp1252")
    assert "1.txt is not text in the expected encoding" in error_of(tmp_path)


# Splits -------------------------------------------------------------------------------------


def with_split(path, names, header="split"):
    rows = "".join(f"t{i},{'ab'[i % 2]},{name}\n" for i, name in enumerate(names))
    return write(path, f"text,label,{header}\n{rows}")


@pytest.mark.parametrize("name", ["dev", "valid", "validation", "val", "Validation", " DEV "])
def test_names_of_the_validation_split(tmp_path, name):
    path = with_split(tmp_path / "a.csv", ["train"] * 4 + [name] * 2 + ["test"] * 2)
    corpus = data.load(path)
    assert {name: list(split.texts()) for name, split in corpus.splits.items()} == {
        "train": ["t0", "t1", "t2", "t3"],
        "validation": ["t4", "t5"],
        "test": ["t6", "t7"],
    }


def test_validation_is_drawn_from_train_and_never_from_test(tmp_path):
    path = with_split(tmp_path / "a.csv", ["train", "train", "test"] * 20)
    corpus = data.load(path, validation_split=5)
    assert {name: split.size for name, split in corpus.splits.items()} == {
        "train": 35,
        "validation": 5,
        "test": 20,
    }
    assert list(corpus.splits["test"].texts()) == [f"t{i}" for i in range(2, 60, 3)]
    texts = [text for split in corpus.splits.values() for text in split.texts()]
    assert len(set(texts)) == len(texts) == 60


def test_a_test_split_by_option(tmp_path):
    path = write(tmp_path / "a.csv", "text,label\n" + GOOD)
    corpus = data.load(path, validation_split=0.25, test_split=0.2)
    assert [corpus.splits[n].size for n in ("train", "validation", "test")] == [12, 4, 4]
    other = data.load(path, validation_split=0, test_split=0.2)
    assert list(other.splits["test"]) == list(corpus.splits["test"])
    path = with_split(tmp_path / "b.csv", ["train"] * 4 + ["test"] * 2)
    assert "`test_split` must be left out" in error_of(path, test_split=0.5)


def test_a_split_column_by_option_or_ignored(tmp_path):
    path = with_split(tmp_path / "a.csv", ["train"] * 4 + ["test"] * 2, header="fold")
    assert "test" not in data.load(path).splits
    assert data.load(path, split_column="fold").splits["test"].size == 2
    path = with_split(tmp_path / "b.csv", ["1"] * 10)
    assert data.load(path, split_column=False).splits["train"].size == 9


def test_a_class_that_train_never_shows_is_warned_of_and_stays(tmp_path):
    path = write(
        tmp_path / "a.csv",
        "text,label,split\nx,a,train\ny,b,train\nz,rare,dev\n",
    )
    with pytest.warns(UserWarning, match=r"1 classes occur .* no training .* rare"):
        corpus = data.load(path)
    assert corpus.classes == ("a", "b", "rare")


# Streaming ----------------------------------------------------------------------------------


def test_a_file_changed_after_loading_is_noticed(tmp_path):
    path = write(tmp_path / "a.csv", "text,label\n" + GOOD)
    corpus = data.load(path)
    write(path, "text,label\n" + GOOD * 2)
    with pytest.raises(data.DataError, match="was changed after it was loaded"):
        list(corpus.splits["train"])


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path, suffix):
    text = "word " * 2000
    records = [{"text": f"{i} {text}", "label": i % 2} for i in range(3000)]  # 30 MB
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        write(path, "text,label\n" + "".join(f"{r['text']},{r['label']}\n" for r in records))
    elif suffix == "jsonl":
        write(path, jsonl(records))
    else:
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.Table.from_pylist(records), path, row_group_size=100)
    del records
    tracemalloc.start()
    corpus = data.load(path)
    assert sum(1 for _ in corpus.splits["train"]) == 2700
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 15e6


def test_only_what_is_asked_for_is_read(tmp_path):
    class Endless:
        name, read = "endless.jsonl", None
        lines = 0

        def __iter__(self):
            while True:
                self.lines += 1
                yield b'{"text": "again", "label": 1}\n'

    file = Endless()
    rows = formats.read_rows(file, "jsonl", Encoding())
    assert [next(rows).line for _ in range(3)] == [1, 2, 3]
    assert file.lines == 3
    assert next(iter(text_lines(Endless(), Encoding()))).startswith("{")
