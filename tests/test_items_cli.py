"""`hanlib train --task sentences|tokens`, and the commands on such models."""

import json

import numpy as np
import pytest
from command_line import assert_mistake, one_object
from eager import eagerly
from test_export_session import Session
from tiny_taggers import CHUNKS, DOCUMENTS, LABELS, SENTENCES, TAGGED

from hanlib.cli import main, model_file
from hanlib.data import DataError, load_items
from hanlib.models import words_with_spans
from hanlib.serving.item_check import check_items
from hanlib.serving.item_scoring import ServedItems, load_export
from hanlib.serving.server import responses
from hanlib.serving.server.servable import Servable
from hanlib.serving.server.warm_up import warm_up

pytestmark = pytest.mark.usefixtures("models_stay_loaded")


def write_conll(path):
    rows = (
        "\n".join(f"{w} {t} {c}" for (w, t), c in zip(sentence, labels, strict=True))
        for sentence, labels in zip(TAGGED, CHUNKS, strict=True)
    )
    path.write_text("\n\n".join(rows))
    return path


def write_json(path, documents=DOCUMENTS):
    rows = zip(documents, LABELS, strict=False)
    path.write_text("\n".join(json.dumps({"sentences": d, "labels": y}) for d, y in rows))
    return path


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    """A folder with chunks.conll and a model of them."""
    folder = tmp_path_factory.mktemp("tagger")
    path = write_conll(folder / "chunks.conll")
    small = ("units=8", "embedding_dim=8", "shape_buckets=50", "learning_rate=0.2", "min_count=1")
    small += ("weight_average=0", "input_dropout=0", "embedding_dropout=0", "batch_size=32")
    options = [part for setting in small for part in ("--set", setting)]
    command = ["train", path, "--task", "tokens", "--output", folder / "model", *options]
    with eagerly():
        assert main([*map(str, command), "--epochs", "5", "--validation", str(path)]) == 0
    return folder


def test_training_writes_a_folder_with_an_export(tagger):
    model = tagger / "model"
    metrics = json.loads((model / "metrics.json").read_text())
    assert metrics["validation"]["chunks"]["f1"] > 0.9
    assert len(json.loads((model / "history.json").read_text())) == metrics["epochs"]
    answers = Session(model / "serving" / "1").ask("serving_default", ["Rain falls."])
    assert answers["counts"].tolist() == [3]


def test_evaluate_and_predict(tagger, capsys, tmp_path):
    model, path = str(tagger / "model"), str(tagger / "chunks.conll")
    assert main(["evaluate", model, path, "--json"]) == 0
    metrics = one_object(capsys.readouterr().out)
    assert metrics["split"] == "validation"
    assert metrics["chunks"]["f1"] > 0.9
    assert main(["evaluate", model]) == 0
    assert "chunk" in capsys.readouterr().out
    assert main(["predict", model, "Rain falls in New York."]) == 0
    record = one_object(capsys.readouterr().out)
    assert {"start": 14, "end": 22, "text": "New York"}.items() <= record["spans"][3].items()
    assert main(["predict", model, "--input", path, "--output", str(tmp_path / "a.html")]) == 0
    assert (tmp_path / "a.html").read_text().count("<mark") > len(SENTENCES)


def test_explain_one_word(tagger, capsys, tmp_path):
    """Of a text, and of each sentence in a file that is split."""
    model, path = str(tagger / "model"), str(tagger / "chunks.conll")
    command = ["explain", model, "--item", "-1", "--method", "gradient_x_input", "--target", "O"]
    assert main([*command, "It is in New York.", "--json"]) == 0
    record = one_object(capsys.readouterr().out)
    assert record["item"] == {"kind": "word", "index": 5, "text": ".", "start": 17, "end": 18}
    assert (record["row"], record["label"], record["target"]) == (1, "O", "O")
    assert main([*command, "--input", path, "--html", str(tmp_path / "a.html")]) == 0
    assert f"{len(SENTENCES)} documents" in capsys.readouterr().err
    assert "word with the index 3: “.”" in (tmp_path / "a.html").read_text()


def test_mistakes_are_one_line(tagger, capsys):
    model, path = str(tagger / "model"), str(tagger / "chunks.conll")
    cases = [
        (["explain", model, "Rain."], "--item N explains the label of one of them"),
        (["explain", model, "Rain.", "--item", "0", "--faithfulness"], "--faithfulness needs"),
        (["explain", model, "Rain.", "--item", "2"], "row 1: --item must be in [-2, 2)"),
        (["explain", model, "Rain.", "--item", "0", "--method", "attention"], "--method must be"),
        (["predict", model, "--format", "csv", "Rain."], "--format must be jsonl"),
        (
            ["export", model, str(tagger / "folded"), "--fold"],
            "--fold needs a classifier of documents",
        ),
        (["train", "demo", "--token-columns", "2"], "must be a file"),
        (["train", "demo", "--validation", path], "--validation needs --token-columns"),
        (["train", "--task", "tokens"], "DATASET must be given"),
        (["train", "none.conll", "--task", "tokens"], "must be a file"),
        (["train", "demo", "--task", "tokens", "--multi-label"], "--multi-label must not"),
        (["train", path, "--task", "tokens", "--class-weight", "balanced"], "needs crf=false"),
        (["train", "demo", "--set", "crf=true"], "crf must not be given for documents"),
    ]
    for command, message in cases:
        code = main(command)
        captured = capsys.readouterr()
        assert_mistake(code, captured.out, captured.err, message)


@pytest.fixture
def few_texts(check_here, monkeypatch):
    """Lets the check of an export ask three texts, in this process."""
    texts = [b"", "Rain falls. 好!".encode(), b"\xff York"]
    monkeypatch.setattr("hanlib.serving.item_check.edge_case_documents", lambda words: texts)


@pytest.mark.usefixtures("few_texts")
def test_the_export_is_described_checked_and_run(tagger, capsys):
    """`info`, the check of what `train` exported, `predict --saved-model`."""
    model, export = str(tagger / "model"), tagger / "model" / "serving"
    assert main(["info", model, "--json"]) == 0
    described = one_object(capsys.readouterr().out)
    assert (described["item"], described["columns"]) == ("word", [])
    report = check_items(export / "1", model_file.load(model))
    assert report.passed, str(report)
    text = "Rain falls. It is in New York."
    spans = []
    for command in (["predict", model], ["predict", "--saved-model", str(export)]):
        assert main([*command, text]) == 0
        record = one_object(capsys.readouterr().out)
        spans.append([{**span, "probability": None} for span in record["spans"]])
    assert spans[0] == spans[1]
    split = ServedItems(export).annotate([["New", "York"], ["Rain"]])
    assert [labeled.text for labeled in split] == ["New York", "Rain"]


@pytest.mark.long
@pytest.mark.usefixtures("few_texts")
def test_an_export_in_half_the_memory_is_checked(tagger, capsys):
    assert main(["export", str(tagger / "model"), str(tagger / "half"), "--half", "--check"]) == 0
    printed = capsys.readouterr().out
    assert "the export answers as the model does" in printed
    assert "number of words" in printed
    assert "one label to each word" in (tagger / "half" / "MODEL_CARD.md").read_text()


@pytest.mark.long
def test_the_export_is_checked_in_a_process_of_its_own(tagger, capsys):
    """With the whole list of edge cases."""
    assert main(["export", str(tagger / "model"), str(tagger / "checked"), "--check"]) == 0
    assert "the export answers as the model does" in capsys.readouterr().out


def test_the_development_server_answers(tagger):
    """Its parts: it warms the export up, and writes the outputs as JSON."""
    export = tagger / "model" / "serving" / "1"
    servable = Servable(export)
    assert warm_up(servable, export) == 4
    signature = servable.signatures["serving_default"]
    assert signature.batchable
    inputs = {"text": np.array([b"Rain falls in New York.", b""], object)}
    signature.check(inputs)
    answers = json.loads(responses.write(signature(inputs), by_row=True))["predictions"]
    assert [answer["counts"] for answer in answers] == [6, 0]
    assert answers[0]["items"][3:5] == ["New", "York"]
    assert answers[0]["labels"][3:5] == ["B-NP", "I-NP"]


def test_beam_scores_labels_of_words(tagger, capsys):
    """In this process, without a pipeline."""
    pytest.importorskip("apache_beam", reason="needs apache-beam: pip install 'hanlib[beam]'")
    from hanlib.beam.answers import answers_of

    model = load_export(tagger / "model" / "serving")
    answers = answers_of(model, "serving_default", [b"Rain falls in New York.", b""])
    assert answers[0]["spans"][3]["text"] == "New York"
    assert answers[1] == {"spans": []}
    (tagger / "a.txt").write_text("Rain.")
    command = ["score", tagger / "a.txt", "--model", tagger / "model" / "serving"]
    command += ["--output", tagger / "scored", "--signature", "explain"]
    code = main(list(map(str, command)))
    captured = capsys.readouterr()
    assert_mistake(code, captured.out, captured.err, "--signature must be serving_default")


def test_texts_with_spans_train_and_are_measured(tmp_path, capsys):
    path = tmp_path / "spans.jsonl"
    spans = [{"start": 7, "end": 15, "label": "LOC"}]
    rows = [{"text": "I like New York. So do you.", "spans": spans}, {"text": "Ok.", "spans": []}]
    path.write_text("\n".join(map(json.dumps, rows)))
    corpus = load_items(path, "word", validation_split=0, split_text=words_with_spans)
    assert corpus.splits["train"] == [
        (["I", "like", "New", "York", "."], ["O", "O", "B-LOC", "I-LOC", "O"]),
        (["So", "do", "you", "."], ["O"] * 4),
        (["Ok", "."], ["O"] * 2),
    ]
    assert corpus.notes == ()
    with pytest.raises(DataError, match="`split_text` must be given for line 1"):
        load_items(path, "word")
    rows[0]["spans"] = [{"start": 7, "end": 13, "label": "LOC"}]
    path.write_text("\n".join(map(json.dumps, rows)))
    corpus = load_items(path, "word", validation_split=0, split_text=words_with_spans)
    assert corpus.splits["train"][0][1] == ["O", "O", "B-LOC", "I-LOC", "O"]
    assert corpus.notes[0].startswith("1 of 1 spans begin or end inside a word")


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([{"start": 1}], "a span of line 1 of a.jsonl must be"),
        ([{"start": 0, "end": 99, "label": "A"}], "positions in its text of 3 characters"),
        ([{"start": 0, "end": 2, "label": "A"}, {"start": 1, "end": 3, "label": "A"}], "overlap"),
        ({}, "must be a list"),
    ],
)
def test_bad_spans_are_explained(tmp_path, spans, message):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "Ok.", "spans": spans}))
    with pytest.raises(DataError, match=message):
        load_items(path, "word", split_text=words_with_spans)


@pytest.mark.usefixtures("eager_functions")
def test_documents_with_columns(tmp_path, capsys):
    """`train`, `evaluate`, `predict`, `info` and `export` of a classifier that reads columns."""
    path, model = tmp_path / "moods.jsonl", str(tmp_path / "model")
    rows = [
        {"sentences": [["It", "is", "x"], ["Ok"]], "mood": [[".", ".", m], ["."]], "label": m * 2}
        for m in "+-" * 10
    ]
    rows[0] = {"words": ["x"], "mood": ["+"], "label": "++"}
    path.write_text("\n".join(map(json.dumps, rows)))
    settings = ["encoder=bag_of_words", "embedding_dim=4", "learning_rate=0.3", "min_count=1"]
    settings += ["adversarial_norm=0", "weight_average=0", "epochs=5", "ngrams=0"]
    settings += ["batch_size=20"]
    options = [part for setting in settings for part in ("--set", setting)]
    columns = ["--token-columns", "mood"]
    assert main(["train", str(path), *columns, "--output", model, *options]) == 0
    assert main(["evaluate", model, str(path), "--json"]) == 0
    assert one_object(capsys.readouterr().out.splitlines()[-1])["accuracy"] == 1
    assert main(["predict", model, "--input", str(path)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["label"] for line in lines] == [row["label"] for row in rows]
    assert main(["info", model, "--json"]) == 0
    assert one_object(capsys.readouterr().out)["columns"] == [3]
    cases = [
        (["predict", model, "A text."], "does not read texts"),
        (["explain", model, "A text."], "reads words with columns"),
        (["export", model, str(tmp_path / "e"), "--check"], "reads columns"),
        (["predict", "--saved-model", f"{model}/serving", "A text."], "reads words with columns"),
    ]
    for command, message in cases:
        code = main(command)
        captured = capsys.readouterr()
        assert_mistake(code, captured.out, captured.err, message)
    (tmp_path / "none.jsonl").write_text('{"words": ["x"], "label": "++"}')
    code = main(["evaluate", model, str(tmp_path / "none.jsonl")])
    captured = capsys.readouterr()
    assert_mistake(code, captured.out, captured.err, "must have a list of strings 'mood'")


@pytest.mark.long
def test_sentences(tmp_path, capsys):
    path = write_json(tmp_path / "roles.jsonl")
    command = f"train {path} --task sentences --output {tmp_path / 'model'} --epochs 1 --json"
    small = "units=4 embedding_dim=4 attention_units=4 bidirectional=false adversarial_norm=0"
    command += "".join(f" --set {setting}" for setting in small.split())
    assert main(command.split()) == 0
    record = one_object(capsys.readouterr().out)
    assert record["documents"] == {"train": 29, "validation": 3}
    assert main(["predict", str(tmp_path / "model"), "--input", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [len(json.loads(line)["spans"]) for line in lines[:4]] == [3, 3, 2, 1]


def test_files_are_read(tmp_path):
    corpus = load_items(write_conll(tmp_path / "a.txt"), "word", token_columns=["2"])
    assert {name: len(part) for name, part in corpus.splits.items()} == {
        "train": 29,
        "validation": 3,
    }
    assert corpus.columns == ((".", "IN", "JJ", "NN", "NNP", "VB"),)
    assert (TAGGED[0], CHUNKS[0]) in corpus.splits["train"]
    again = load_items(tmp_path / "a.txt", "word", label_column="2", validation_split=0)
    assert again.splits["train"][3] == (["Rain"], ["NN"])
    split = tmp_path / "b.jsonl"
    split.write_text(
        '{"sentences": ["a"], "labels": ["x"]}\n\n'
        '{"sentences": ["b"], "labels": ["y"], "split": "dev"}\n'
    )
    assert load_items(split, "sentence").splits["validation"] == [(["b"], ["y"])]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "line 1 of a.jsonl must be a JSON object"),
        ("{", "line 1 of a.jsonl is not a JSON object"),
        ('{"labels": ["a"]}', "must have a list of strings 'sentences'"),
        ('{"sentences": ["a", "b"], "labels": ["a"]}', "1 for 2"),
        ('{"sentences": ["a"], "labels": ["a"], "split": "x"}', "`split` of line 1"),
        ('{"sentences": ["a"], "labels": ["a"]}', "two different labels"),
        ("", "training documents"),
    ],
)
def test_bad_files_are_explained(tmp_path, text, message):
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        load_items(path, "sentence")
    (tmp_path / "a.conll").write_text("word O\nword\n")
    with pytest.raises(DataError, match=r"line 2 of a\.conll must have at least 2 columns"):
        load_items(tmp_path / "a.conll", "word")
