"""Files and folders as corpora: formats, guesses, bad rows, encodings, splits, streaming."""

import gzip
import itertools
import json
import sys
import warnings
from collections import Counter
from pathlib import Path

import pytest

from hanlib import data

SHARED = Path(__file__).parents[2] / "shared" / "data"
ROWS = [(f"Document {i} is here.", "good" if i % 3 else "bad") for i in range(60)]


def shared(name):
    if not (SHARED / name).exists():
        pytest.skip(f"../shared/data/{name} is absent")
    return SHARED / name


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def csv_text(rows=ROWS, header="text,label"):
    return "\n".join([header, *(f"{text},{label}" for text, label in rows)]) + "\n"


def jsonl(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def everything(corpus):
    return sorted(pair for split in corpus.splits.values() for pair in split)


def error_of(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(data.DataError) as error:
            data.load(*args, **kwargs)
    return str(error.value)


# Formats ------------------------------------------------------------------------------------


def make(folder, kind):
    if kind == "csv":
        return write(folder / "a.csv", csv_text())
    if kind == "semicolons":
        return write(folder / "a.csv", csv_text().replace(",", ";"))
    if kind == "crlf":
        return write(folder / "a.csv", csv_text().replace("\n", "\r\n"))
    if kind == "tsv":
        return write(folder / "a.tsv", csv_text().replace(",", "\t"))
    if kind == "jsonl":
        return write(folder / "a.jsonl", jsonl({"text": t, "label": n} for t, n in ROWS))
    if kind == "csv.gz":
        path = folder / "a.csv.gz"
        path.write_bytes(gzip.compress(csv_text().encode()))
        return path
    if kind == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        pyarrow = pytest.importorskip("pyarrow")
        texts, names = zip(*ROWS, strict=True)
        table = pyarrow.table({"text": texts, "label": names})
        parquet.write_table(table, folder / "a.parquet", row_group_size=7)
        return folder / "a.parquet"
    if kind == "shards":
        (folder / "shards").mkdir()
        for number, start in enumerate(range(0, 60, 20)):
            write(folder / "shards" / f"part-{number}.csv", csv_text(ROWS[start : start + 20]))
        return folder / "shards"
    if kind == "class folders":
        for number, (text, label) in enumerate(ROWS):
            (folder / "docs" / label).mkdir(parents=True, exist_ok=True)
            write(folder / "docs" / label / f"{number}.txt", text)
        return folder / "docs"
    raise AssertionError(kind)


KINDS = (
    *("csv", "semicolons", "crlf", "tsv", "jsonl", "csv.gz", "parquet", "shards"),
    "class folders",
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_same_corpus(tmp_path, kind):
    corpus = data.load(make(tmp_path, kind))
    assert corpus.classes == ("bad", "good")
    assert corpus.multi_label is False
    assert {name: split.size for name, split in corpus.splits.items()} == {
        "train": 54,
        "validation": 6,
    }
    assert everything(corpus) == sorted(ROWS)
    assert all(len(list(split)) == split.size for split in corpus.splits.values())
    assert corpus.bad_rows.count == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_corpus_can_be_read_twice_and_is_the_same_by_seed(tmp_path, kind):
    path = make(tmp_path, kind)
    first, again, other = (data.load(path, seed=seed) for seed in (4, 4, 5))
    for name in first.splits:
        assert list(first.splits[name]) == list(first.splits[name]) == list(again.splits[name])
    assert list(first.splits["validation"]) != list(other.splits["validation"])


def test_quoted_fields_keep_line_breaks_commas_and_quotation_marks(tmp_path):
    text = 'text,label\n"One, two.\nThree ""four"".",a\nFive,b\n'
    corpus = data.load(write(tmp_path / "a.csv", text), validation_split=0)
    assert list(corpus.splits["train"].texts()) == ['One, two.\nThree "four".', "Five"]


def test_a_field_longer_than_the_limit_of_the_csv_module(tmp_path):
    long = "word " * 50_000
    corpus = data.load(
        write(tmp_path / "a.csv", f"text,label\n{long},a\nb,b\n"), validation_split=0
    )
    assert max(len(text) for text, _ in everything(corpus)) == len(long)


def test_a_tsv_without_quoting_keeps_its_quotation_marks(tmp_path):
    rows = 'text\tlabel\n"Good", he said.\ta\nAn open " mark\tb\n"Never closed\ta\n'
    corpus = data.load(write(tmp_path / "a.tsv", rows), validation_split=0)
    assert list(corpus.splits["train"].texts()) == [
        '"Good", he said.',
        'An open " mark',
        '"Never closed',
    ]


def test_a_quoted_tsv_is_unquoted(tmp_path):
    rows = 'text\tlabel\n"A\ttab"\ta\nplain\tb\n'
    corpus = data.load(write(tmp_path / "a.tsv", rows), validation_split=0)
    assert list(corpus.splits["train"].texts()) == ["A\ttab", "plain"]


def test_the_layout_of_aclimdb(tmp_path):
    for split, label in itertools.product(("train", "test"), ("neg", "pos")):
        folder = tmp_path / "aclImdb" / split / label
        folder.mkdir(parents=True)
        for number in range(10):
            write(folder / f"{number}_1.txt", f"{split} {label} {number}")
    unlabelled = tmp_path / "aclImdb" / "train" / "unsup"
    unlabelled.mkdir()
    write(unlabelled / "0_0.txt", "no label")
    write(tmp_path / "aclImdb" / "README", "read me")
    corpus = data.load(tmp_path / "aclImdb")
    assert corpus.classes == ("neg", "pos")
    assert {name: split.size for name, split in corpus.splits.items()} == {
        "train": 18,
        "validation": 2,
        "test": 20,
    }
    assert all(text.startswith("test") for text in corpus.splits["test"].texts())


def test_shards_named_by_split(tmp_path):
    for name in ("train-00000.jsonl", "train-00001.jsonl", "dev.jsonl", "test.jsonl"):
        records = ({"text": f"{name} {t}", "label": n} for t, n in ROWS)
        write(tmp_path / name, jsonl(records))
    corpus = data.load(tmp_path)
    assert {name: split.size for name, split in corpus.splits.items()} == {
        "train": 120,
        "validation": 60,
        "test": 60,
    }
    assert all(text.startswith("dev") for text in corpus.splits["validation"].texts())


@pytest.mark.parametrize("name", ["a.xlsx", "a.txt", "noextension", "a.parquet.gz"])
def test_an_unknown_format_lists_the_known_ones(tmp_path, name):
    message = error_of(write(tmp_path / name, "text,label\na,b\n"))
    assert name in message
    assert ".jsonl" in message


def test_a_folder_with_nothing_to_read(tmp_path):
    assert "holds nothing to read" in error_of(tmp_path)
    write(tmp_path / "one.txt", "text")
    assert "one.txt" in error_of(tmp_path)


def test_a_folder_of_mixed_kinds(tmp_path):
    write(tmp_path / "a.csv", csv_text())
    write(tmp_path / "b.tsv", csv_text())
    assert "files of one kind. Received: csv, tsv" in error_of(tmp_path)


def test_a_missing_pyarrow_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = write(tmp_path / "a.parquet", "PAR1")
    assert 'pip install "hanlib[files]"' in error_of(path)


def test_a_broken_parquet_and_a_broken_gzip_file(tmp_path):
    pytest.importorskip("pyarrow")
    assert "not a Parquet file" in error_of(write(tmp_path / "a.parquet", "nonsense"))
    assert "gzip" in error_of(write(tmp_path / "a.csv.gz", "nonsense"))
    cut = tmp_path / "b.csv.gz"
    cut.write_bytes(gzip.compress(csv_text(ROWS * 100).encode())[:-20])
    assert "gzip" in error_of(cut)


# Columns and labels -------------------------------------------------------------------------


def test_columns_are_guessed_whatever_their_case_and_place(tmp_path):
    path = write(tmp_path / "a.csv", "id,Stars,Review\n1,5,Fine\n2,1,Bad\n")
    assert data.load(path, validation_split=0).classes == ("1", "5")


def test_columns_by_option(tmp_path):
    path = write(tmp_path / "a.csv", "a,b,text,label\nx,1,y,2\nz,2,u,3\n")
    corpus = data.load(path, text_column="a", label_column="b", validation_split=0)
    assert list(corpus.splits["train"]) == [("x", "1"), ("z", "2")]


@pytest.mark.parametrize(
    ("header", "options", "parts"),
    [
        ("words,label", {}, ["`text_column` must be given", "words, label"]),
        ("text,mark", {}, ["`label_column` must be given", "text, mark"]),
        ("text,review,label", {}, ["several that could be it (text, review)"]),
        ("text,label", {"text_column": "Text"}, ["text_column='Text'", "text, label"]),
        ("text,label", {"label_column": "text"}, ["`label_column` must differ"]),
        ("text,label,label", {}, ["name each column once", "label"]),
    ],
)
def test_a_column_that_cannot_be_found(tmp_path, header, options, parts):
    row = ",".join("abc"[: header.count(",") + 1])
    message = error_of(write(tmp_path / "a.csv", f"{header}\n{row}\n"), **options)
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([10, 9, 1], ("1", "9", "10")),
        ([1.0, 2.0], ("1", "2")),
        ([True, False], ("false", "true")),
        (["pos", " neg "], ("neg", "pos")),
        (["2", "a", "10"], ("10", "2", "a")),
    ],
)
def test_labels_of_any_type_become_class_names(tmp_path, values, classes):
    records = ({"text": f"t{i}", "label": value} for i, value in enumerate(values))
    corpus = data.load(write(tmp_path / "a.jsonl", jsonl(records)), validation_split=0)
    assert corpus.classes == classes
    assert set(corpus.splits["train"].labels()) == set(classes)


def test_lists_make_a_multi_label_corpus(tmp_path):
    values = [["b", "a", "b"], [], None, ["c"], "a"]
    records = ({"text": f"t{i}", "labels": value} for i, value in enumerate(values))
    corpus = data.load(write(tmp_path / "a.jsonl", jsonl(records)), validation_split=0)
    assert corpus.multi_label
    assert corpus.classes == ("a", "b", "c")
    assert list(corpus.splits["train"].labels()) == [("b", "a"), (), (), ("c",), ("a",)]


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        (["a|b", "b", ""], {"multi_label": True}),
        (["a;b", "b", ""], {"label_separator": ";"}),
        (['"[""a"", ""b""]"', '"[""b""]"', "[]"], {}),
    ],
)
def test_several_labels_in_a_csv_field(tmp_path, fields, options):
    text = "text,label\n" + "".join(f"t,{field}\n" for field in fields)
    corpus = data.load(write(tmp_path / "a.csv", text), validation_split=0, **options)
    assert corpus.multi_label
    assert list(corpus.splits["train"].labels()) == [("a", "b"), ("b",), ()]


def test_lists_of_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"text": ["x", "y"], "tags": [["a", "b"], []]})
    parquet.write_table(table, tmp_path / "a.parquet")
    corpus = data.load(tmp_path / "a.parquet", validation_split=0)
    assert list(corpus.splits["train"].labels()) == [("a", "b"), ()]


def test_lists_where_one_label_is_expected_are_bad_rows(tmp_path):
    records = [{"text": "x", "label": ["a"]}, {"text": "y", "label": "b"}] * 3
    path = write(tmp_path / "a.jsonl", jsonl(records))
    message = error_of(path, multi_label=False, max_bad_rows=2)
    assert "multi_label=True" in message


# Real files ---------------------------------------------------------------------------------


def test_reuters_is_multi_label_with_unlabelled_documents():
    path = shared("reuters.jsonl")
    corpus = data.load(path)
    assert corpus.multi_label
    assert len(corpus.classes) == 90
    assert sum(split.size for split in corpus.splits.values()) == 9603
    labels = list(corpus.splits["train"].labels())
    assert len(labels) == corpus.splits["train"].size
    assert () in labels
    assert max(len(names) for names in labels) > 3


def test_chnsenticorp_is_read_as_utf_8():
    corpus = data.load(shared("chnsenticorp.csv"))
    assert corpus.classes == ("0", "1")
    assert {name: split.size for name, split in corpus.splits.items()} == {
        "train": 7894,
        "validation": 1178,
    }
    assert any("酒店" in text for text in corpus.splits["validation"].texts())


def test_yelp_stars_has_five_classes_in_order():
    pytest.importorskip("pyarrow")
    corpus = data.load(shared("yelp_stars.parquet"))
    assert corpus.classes == ("1", "2", "3", "4", "5")
    assert sum(split.size for split in corpus.splits.values()) == 43_778
    assert set(Counter(corpus.splits["validation"].labels())) == set(corpus.classes)


def test_movies_with_rationales():
    corpus = data.load(shared("movies_rationales.jsonl"))
    assert {name: split.size for name, split in corpus.splits.items()} == {
        "train": 1600,
        "validation": 200,
    }
