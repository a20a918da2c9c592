"""The commands that train, measure, ask and export a model."""

import contextlib
import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tiny_run
from command_line import assert_mistake, one_object, write_csv
from eager import eagerly
from forked_process import Forked, command
from test_export_session import Session

import hanlib
from hanlib.cli import main
from hanlib.serving.check_report import CheckReport, Difference

pytestmark = pytest.mark.usefixtures("models_stay_loaded")

# The commands do not depend on the encoder: one whose graphs are small.
FIELDS = {"encoder": "bag_of_words", "embedding_dim": 3, "ngrams": 1}
FIELDS.update({"batch_size": 32, "min_count": 1, "adversarial_norm": 0})
TINY = [f"--set={name}={value}" for name, value in FIELDS.items()]
TINY += ["--epochs", "1"]


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    """A file of labelled documents."""
    return write_csv(tmp_path_factory.mktemp("data") / "reviews.csv", tiny_run.examples(60, 0))


@pytest.fixture(scope="module")
def trained(reviews, tmp_path_factory):
    """Folder, exit code, standard output and standard error of `hanlib train`."""
    folder, out, err = tmp_path_factory.mktemp("models"), io.StringIO(), io.StringIO()
    printed = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
    with pytest.MonkeyPatch.context() as patch, printed[0], printed[1], eagerly():
        patch.chdir(folder)
        code = main(["train", str(reviews), "--json", *TINY, "--set", "seed=3"])
    return folder, code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def model(trained):
    """The folder of the model."""
    return str(trained[0] / "saved_models" / "reviews")


def test_train_makes_the_promised_files(model):
    names = ["dataset.json", "history.json", "metrics.json", "model.keras", "recipe.json"]
    assert sorted(path.name for path in Path(model).iterdir()) == [*names, "serving"]
    # What it exported for serving answers in a session, as TensorFlow Serving would load it.
    texts = ["A good film.", "", "A bad plot. It was bad!"]
    answers = Session(Path(model) / "serving" / "1").ask("serving_default", texts)
    classifier = keras.models.load_model(Path(model) / "model.keras")
    np.testing.assert_allclose(answers["probabilities"], classifier(texts), atol=1e-5)


def test_train_from_a_model_with_vectors_weights_and_unlabelled_texts(
    run, reviews, model, tmp_path, monkeypatch
):
    """What the options come to, without the training."""
    given = []

    def train(corpus, recipe, output, **options):
        given.append((corpus, recipe, options))
        raise KeyboardInterrupt

    monkeypatch.setattr("hanlib.training.run.train", train)
    monkeypatch.chdir(tmp_path)
    Path("more.txt").write_text("A film.\nA plot.\n")
    Path("v.txt").write_text("film 1 2\n")
    run("train", reviews, "--unlabelled", "more.txt", "--class-weight", "bad=2")
    run("train", reviews, "--vectors", "none")
    run("train", reviews, "--vectors", "v.txt")
    run("train", reviews, "--from", model, "--epochs", "3", "--output", "tuned")
    recipes = [recipe for _, recipe, _ in given]
    vectors = ["own", None, str(tmp_path / "v.txt"), None]
    assert [recipe.vectors for recipe in recipes] == vectors
    assert recipes[0].class_weight == "bad=2"
    assert len(list(given[0][0].unlabelled)) == 2
    # The encoder is that of the model.
    assert (recipes[3].encoder, recipes[3].embedding_dim) == ("bag_of_words", 3)
    assert recipes[3].epochs == 3
    assert given[3][2]["start"].classes == ["bad", "good"]
    assert given[3][2]["dataset"]["from"] == str(Path(model) / "model.keras")


@pytest.mark.parametrize("given", [("--vectors", "none"), ("--from", "MODEL")])
def test_unlabelled_texts_that_nothing_reads_are_a_mistake(run, reviews, model, tmp_path, given):
    more = tmp_path / "more.txt"
    more.write_text("A film.\n")
    given = [str(model) if word == "MODEL" else word for word in given]
    code, out, err = run("train", reviews, "--unlabelled", more, *given, "--output", tmp_path / "m")
    assert (code, out) == (2, "")
    assert "--unlabelled is used with --vectors own" in err
    assert len(err.splitlines()) == 1


def test_train_prints_one_json_object_and_writes_to_the_default_folder(run, trained, monkeypatch):
    folder, code, out, err = trained
    monkeypatch.chdir(folder)
    assert code == 0
    assert ["good", "29", "3"] in [line.split() for line in err.splitlines()]
    assert "is right for 50.0% of the validation documents" in err
    assert "loading TensorFlow" in err
    assert one_object(out)["output"] == "saved_models/reviews"
    assert "epoch 1/1" in err
    # Nothing but --output is needed to go on: the recorded options hold.
    code, out, err = run("train", "--output", "saved_models/reviews", "--resume")
    assert code == 0
    assert "nothing to resume" in err
    assert "hanlib evaluate saved_models/reviews" in out
    code, _, err = run("train", "--output", "saved_models/reviews", "--resume", "--seed", "4")
    assert code == 2
    assert "seed is 3 there and 4 now" in err


def test_evaluate_uses_the_recorded_data(run, model):
    code, out, _ = run("evaluate", model, "--json")
    metrics = one_object(out)
    assert code == 0
    assert (metrics["split"], metrics["documents"]) == ("validation", 6)
    recorded = json.loads((Path(model) / "metrics.json").read_text())["validation"]
    assert metrics["accuracy"] == recorded["accuracy"]
    assert metrics["loss"] == pytest.approx(recorded["loss"], rel=1e-4)


def test_evaluate_takes_other_data_whole(run, model, reviews, tmp_path):
    other = write_csv(tmp_path / "other.csv", tiny_run.examples(20, 9))
    code, out, _ = run("evaluate", model, other)
    assert code == 0
    assert "other.csv, all: 20 documents" in out
    assert "precision" in out
    code, out, _ = run("evaluate", model, reviews, "--split", "train", "--json")
    assert one_object(out)["documents"] == 54
    assert_mistake(*run("evaluate", model, other, "--split", "test"), "has no test split")
    unknown = write_csv(tmp_path / "unknown.csv", [("A film.", "ugly"), ("A plot.", "good")])
    assert_mistake(*run("evaluate", model, unknown), "knows the classes bad, good")
    bare = tmp_path / "bare.keras"
    shutil.copy(Path(model) / "model.keras", bare)
    assert_mistake(*run("evaluate", bare), "DATASET must be given")


def test_predict_texts(run, model):
    code, out, _ = run("predict", model, "A good film.", "A bad plot.")
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [record["row"] for record in records] == [1, 2]
    assert records[1]["text"] == "A bad plot."
    for record in records:
        assert sum(record["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert record["label"] == max(record["probabilities"], key=record["probabilities"].get)
    code, out, _ = run("predict", model, "A good film.", "--format", "table")
    assert code == 0
    assert "A good film." in out


def test_predict_a_file_to_a_file(run, model, reviews, tmp_path):
    code, out, _ = run("predict", model, "--input", reviews, "--output", tmp_path / "out.csv")
    assert (code, out) == (0, "")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert list(rows[0]) == [
        "row", "id", "input_label", "text", "label", "probability_bad", "probability_good",
    ]  # fmt: skip
    assert [row["id"] for row in rows] == [f"n{row}" for row in range(60)]
    assert [row["text"] for row in rows] == [text for text, _ in tiny_run.examples(60, 0)]


@pytest.mark.long  # By default: CSV in the test above, Parquet in test_scoring.py.
def test_predict_writes_the_format_of_the_name_with_the_columns(run, model, tmp_path):
    import pandas as pd

    source = tmp_path / "in.jsonl"
    rows = [
        {"id": 7, "review": "A good film.", "tags": ["a", "b"], "label": "x", "stars": 4},
        {"id": 8, "review": "A bad, bad\nfilm.", "tags": [], "row": "r", "stars": 4.5, "late": 1},
    ]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    names = ["a.tsv", "a.csv.gz", "a.jsonl.gz", "a.parquet"]
    for name in names:
        code, out, err = run("predict", model, "--input", source, "--output", tmp_path / name)
        assert (code, out) == (0, ""), err
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.jsonl", *names])
    frames = {
        "a.tsv": pd.read_csv(tmp_path / "a.tsv", sep="\t"),
        "a.csv.gz": pd.read_csv(tmp_path / "a.csv.gz"),
        "a.jsonl.gz": pd.read_json(tmp_path / "a.jsonl.gz", lines=True),
        "a.parquet": pd.read_parquet(tmp_path / "a.parquet"),
    }
    for name, frame in frames.items():
        assert frame["id"].tolist() == [7, 8], name
        assert frame["row"].tolist() == [1, 2]
        assert frame["text"].tolist() == [row["review"] for row in rows]
        assert frame["stars"].tolist() == [4, 4.5]
        assert frame["input_label"].tolist()[0] == "x"
        assert frame["input_row"].tolist()[1] == "r"
        assert frame["late"].tolist()[1] == 1
        assert set(frame["label"]) <= {"bad", "good"}
        assert "review" not in frame
    assert frames["a.parquet"]["tags"].map(list).tolist() == [["a", "b"], []]
    totals = frames["a.parquet"][["probability_bad", "probability_good"]].sum(axis=1)
    assert totals.tolist() == pytest.approx([1, 1], abs=1e-5)
    run(
        "predict", model, "--input", source, "--columns", "id, tags", "--output", tmp_path / "b.csv"
    )
    columns = list(pd.read_csv(tmp_path / "b.csv"))
    assert columns[:5] == ["row", "id", "tags", "text", "label"]
    run("predict", model, "--input", source, "--columns", "none", "--output", tmp_path / "c.tsv")
    assert list(pd.read_csv(tmp_path / "c.tsv", sep="\t"))[:3] == ["row", "text", "label"]
    wrong = run("predict", model, "--input", source, "--columns", "id,idd")
    assert_mistake(*wrong, "no column 'idd'")
    conflict = run("predict", model, "t", "--output", tmp_path / "d.csv", "--format", "parquet")
    assert_mistake(*conflict, "does not match the name")


def test_predict_keeps_the_last_output_where_it_fails(run, model, tmp_path):
    output, bad = tmp_path / "out.jsonl", tmp_path / "bad.csv"
    output.write_text("before")
    bad.write_bytes(b"text\nfine\n\xff\xfe\n")
    assert_mistake(*run("predict", model, "--input", bad, "--output", output), "utf-8")
    assert output.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "out.jsonl"]


def test_mistakes_in_predict(run, model, reviews, tmp_path):
    assert_mistake(*run("predict", model, "--input", tmp_path / "none.csv"), "none.csv")
    assert_mistake(*run("predict", model, "--input", reviews, "--text-column", "x"), "'x'")
    assert_mistake(*run("predict", model, "--input", reviews, "text"), "not both")
    assert_mistake(
        *run("predict", model, reviews), f"not a file: read the file with --input {reviews}"
    )
    missing = tmp_path / "none" / "out.csv"
    assert_mistake(*run("predict", model, "t", "--output", missing), "does not exist")
    assert_mistake(*run("predict", model, "t", "--output", tmp_path), "is a folder")


@pytest.mark.usefixtures("check_here")
def test_export(run, model, tmp_path, monkeypatch):
    base = tmp_path / "reviews"
    different = CheckReport([Difference("embed: vectors", "together", 0.5, 1e-5)], 1.0, 0, {})
    with monkeypatch.context() as patch:
        patch.setattr("hanlib.serving.export_check.check", lambda *_, **__: different)
        code, out, err = run("export", model, base, "--check")
    assert (code, out.splitlines()[0]) == (1, str(base / "1"))
    assert "DIFFERS" in out
    assert "tracing embed" in err
    assert (base / "1" / "saved_model.pb").is_file()
    assert "Documents, train" in (base / "MODEL_CARD.md").read_text()
    assert "'stable' value: 1" in (base / "models.config").read_text()
    (base / "batching.config").write_text("max_batch_size { value: 7 }")
    # tests/test_export.py checks in a process of its own, with the whole list of edge cases.
    texts = [b"", b"A good film. A bad plot!"]
    monkeypatch.setattr("hanlib.serving.export_check.edge_case_documents", lambda words: texts)
    code, out, err = run("export", model, base, "--half", "--check")
    assert code == 0
    assert out.splitlines()[0] == str(base / "2")
    assert out.splitlines()[-1] == "the export answers as the model does"
    assert "batching.config was changed by hand" in err
    assert_mistake(*run("export", model, base, "--most-words", "0"), "must be at least 1")


def test_info(run, model):
    code, out, _ = run("info", model, "--json")
    described = one_object(out)
    assert code == 0
    assert described["classes"] == ["bad", "good"]
    assert described["recipe"]["embedding_dim"] == 3
    assert "serving/1/saved_model.pb" in described["files"]
    code, out, _ = run("info", Path(model) / "model.keras")
    assert code == 0
    assert "bad, good" in out


def test_standard_input_is_answered_line_by_line(model):
    process = subprocess.Popen(
        [sys.executable, "-m", "hanlib", "predict", model],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(hanlib.__file__).parent.parent,
    )
    for text in ("A good film.", "A bad film."):
        process.stdin.write(f"{text}\n")
        process.stdin.flush()
        # The answer comes while the input is still open.
        assert json.loads(process.stdout.readline())["text"] == text
    out, err = process.communicate("\n" + "The plot. A good end!\n" * 1500, timeout=600)
    assert process.returncode == 0
    assert [json.loads(line)["row"] for line in out.splitlines()] == list(range(3, 1504))
    assert err == ""  # TensorFlow's start is silent.


def test_a_reader_that_goes_away_is_no_error(model, tmp_path):
    (tmp_path / "many.txt").write_text("A good film.\n" * 5_000)
    process = Forked(command, "predict", model, "--input", tmp_path / "many.txt")
    for _ in range(2):
        assert json.loads(process.stdout.readline())["text"] == "A good film."
    process.stdout.close()
    assert process.wait(600) == 141
    # TensorFlow says which devices there are, in a process that had imported it before.
    lines = [line for line in process.stderr.read().splitlines() if not line.startswith("E0000")]
    assert not [line for line in lines if "rror" in line or "Traceback" in line]
