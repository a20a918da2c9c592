"""The command line, as scripts rely on it: output, exit codes, one-line errors."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import keras
import pytest
import tiny_run
from test_export_session import check_all

import hanlib
from hanlib.cli import main

FIELDS = {"embedding_dim": 4, "units": 3, "attention_units": 3, "bidirectional": False}
FIELDS.update({"batch_size": 8, "min_count": 1})
TINY = [f"--set={name}={value}" for name, value in FIELDS.items()]
TINY += ["--preset", "han_small", "--epochs", "1"]


def write_csv(path, examples):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label"])
        writer.writerows([f"n{row}", text, label] for row, (text, label) in enumerate(examples))
    return path


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    """A file of labelled documents."""
    return write_csv(tmp_path_factory.mktemp("data") / "reviews.csv", tiny_run.examples(60, 0))


@pytest.fixture(scope="module")
def model(reviews, tmp_path_factory):
    """A folder made by `hanlib train`."""
    output = tmp_path_factory.mktemp("models") / "reviews"
    assert main(["train", str(reviews), "--output", str(output), *TINY]) == 0
    return str(output)


@pytest.fixture
def run(capsys):
    """Runs a command; gives exit code, standard output and standard error."""

    def command(*arguments):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return (code, *capsys.readouterr())

    return command


def one_object(text):
    lines = text.splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


def python(*arguments, **options):
    environment = {**os.environ, **options.pop("environment", {})}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    environment["PYTHONPATH"] = str(Path(hanlib.__file__).parent.parent)
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        env=environment,
        timeout=200,
        **options,
    )


# What needs no model.


def test_help_is_quick_and_starts_no_tensorflow():
    program = (
        "import sys; from hanlib.cli import main; codes = [main(['--help']), "
        "main(['train', '--help']), main(['--version'])]; "
        "print(codes, [m for m in ('tensorflow', 'keras', 'numpy') if m in sys.modules])"
    )
    start = time.monotonic()
    result = python("-c", program)
    assert time.monotonic() - start < 5  # Well under a second where nothing else runs.
    lines = result.stdout.decode().splitlines()
    assert lines[-1] == "[0, 0, 0] []"
    assert lines[-2] == f"hanlib {hanlib.__version__}"
    assert any("learning_rate" in line for line in lines)
    assert "  han_small  embedding_dim=64 units=32".strip() in "\n".join(lines)


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "nowhere", "demo", "--json"],
        ["evaluate", "--json", "nowhere", "demo"],
        ["evaluate", "nowhere", "--split", "test", "demo"],
        ["predict", "nowhere", "--format", "csv", "one text", "another"],
        ["train", "--epochs", "0", "demo"],
        ["train", "demo", "--epochs", "0"],
    ],
)
def test_options_may_stand_anywhere(run, arguments):
    err = run(*arguments)[2]
    assert "no such model: nowhere" in err or "--epochs must be" in err


def test_the_datasets_are_listed(run):
    code, out, _ = run("datasets", "--json")
    assert code == 0
    assert one_object(out)["datasets"][0]["name"] == "demo"
    code, out, _ = run("datasets")
    assert code == 0
    assert "imdb_reviews" in out


MISTAKES = {
    "no command": ([], "required"),
    "unknown command": (["trian"], "invalid choice"),
    "abbreviated option": (["train", "--epo", "3"], "unrecognized arguments"),
    "misspelt option": (["train", "--epoch", "3"], "--epoch; did you mean '--epochs'?"),
    "unknown data set": (["train", "no_such"], "catalog name"),
    "misspelt data set": (["train", "imdb"], "did you mean 'imdb_reviews'?"),
    "misspelt cell": (["train", "--set", "cell=gur"], "--set cell must be one of gru, output_gate"),
    "misspelt preset": (["train", "--preset", "han_bas"], "did you mean 'han_base'?"),
    "unknown field": (["train", "--set", "epoch=3"], "did you mean 'epochs'"),
    "no assignment": (["train", "--set", "epochs"], "field=value"),
    "wrong value": (["train", "--set", "dropout=2"], "--set dropout must be"),
    "no vectors": (["train", "--vectors", "no.txt"], "--vectors must be own, a file, or none. No"),
    "no model to start from": (["train", "--from", "no_such"], "no such model: no_such"),
    "no number": (["train", "--epochs", "three"], "whole number"),
    "out of range": (["train", "--epochs", "0"], "--epochs must be"),
    "unknown preset": (["train", "--preset", "giant"], "--preset must be one of"),
    "wrong split": (["train", "--validation-split", "half"], "must be a fraction or a number"),
    "column of the demo": (["train", "demo", "--text-column", "t"], "--text-column is for files"),
    "output of unknown format": (["predict", ".", "t", "--output", "p.xlsx"], "must end in .csv"),
    "parquet without a file": (["predict", ".", "t", "--format", "parquet"], "needs --output"),
    "no such model": (["evaluate", "no_such"], "no such model"),
    "no such model for info": (["info", "no_such"], "no such model"),
    "no such model for export": (["export", "no_such", "out"], "no such model"),
    "not a model": (["predict", __file__, "text"], "must be a folder or a .keras file"),
    "empty folder": (["predict", ".", "text"], "holds no model.keras"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2(run, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, message = MISTAKES[name]
    code, out, err = run(*arguments)
    assert_mistake(code, out, err, message)
    assert not list(tmp_path.iterdir())


def assert_mistake(code, out, err, message):
    assert code == 2
    assert out == ""
    last = err.splitlines()[-1]
    assert last.startswith("hanlib: error: ")
    assert message in last
    assert "Traceback" not in err


def test_mistakes_in_a_training_file(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reviews = write_csv(Path("reviews.csv"), tiny_run.examples(4, 0))
    assert_mistake(*run("train", reviews, "--text-column", "body"), "body")
    assert_mistake(*run("train", reviews, "--label-column", "stars"), "stars")
    Path("empty.csv").write_text("")
    assert_mistake(*run("train", "empty.csv"), "empty")
    Path("notes.xlsx").write_text("x")
    assert_mistake(*run("train", "notes.xlsx"), "known format")
    write_csv("one.csv", [("A film.", "good")] * 5)
    assert_mistake(*run("train", "one.csv"), "at least 2 different class")
    Path("file").write_text("")
    assert_mistake(*run("train", reviews, "--output", "file"), "is not a folder")
    assert_mistake(*run("train", reviews, "--output", "file/below"), "is not a folder")


def test_a_damaged_model_is_a_mistake(run, tmp_path):
    (tmp_path / "model.keras").write_bytes(b"PK\x03\x04 no archive")
    assert_mistake(*run("predict", tmp_path, "text"), "cannot be loaded as a model")
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    assert_mistake(*run("info", tmp_path / "model.keras"), "cannot be loaded as a model")


def test_another_keras_model_is_a_mistake(run, tmp_path):
    import keras

    keras.Sequential([keras.Input([2]), keras.layers.Dense(1)]).save(tmp_path / "model.keras")
    assert_mistake(*run("predict", tmp_path, "text"), "not a DocumentClassifier")


def test_ctrl_c_says_how_to_go_on(run, tmp_path, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("hanlib.training.run.train", interrupt)
    code, out, err = run("train", "--output", tmp_path / "run")
    assert (code, out) == (130, "")
    assert f"--output {tmp_path / 'run'} --resume" in err
    assert "Traceback" not in err


def test_a_misspelt_name_is_refused_before_anything_is_loaded(tmp_path):
    mistakes = [["--set=cell=gur"], ["--preset=han_bas"], ["--epoch=3"], ["imdb"]]
    program = (
        "import sys; from hanlib.cli import main; "
        f"codes = [main(['train', *given]) for given in {mistakes}]; "
        "print(codes, [m for m in ('tensorflow', 'keras', 'pyarrow') if m in sys.modules])"
    )
    result = python("-c", program, cwd=tmp_path)
    assert result.stdout.decode().splitlines()[-1] == "[2, 2, 2, 2] []"
    hints = [line.rpartition("did you mean ")[2] for line in result.stderr.decode().splitlines()]
    assert [hint.split("'")[1] for hint in hints] == ["gru", "han_base", "--epochs", "imdb_reviews"]
    assert not list(tmp_path.iterdir())


def test_the_names_are_those_of_the_layers():
    from hanlib.cli import names
    from hanlib.layers.attention_pooling import SCORES
    from hanlib.layers.cells import CELLS

    assert tuple(CELLS) == names.CELLS
    assert names.SCORES == SCORES


def test_models_and_unfinished_runs_are_not_replaced_unasked(run, tmp_path, monkeypatch):
    trained = []

    def train(corpus, recipe, output, **options):
        trained.append((output.name, options["resume"]))
        raise KeyboardInterrupt

    monkeypatch.setattr("hanlib.training.run.train", train)
    monkeypatch.chdir(tmp_path)
    folder = Path("saved_models/demo")
    (folder / "checkpoint").mkdir(parents=True)
    for command in (["train"], ["train", "--output", folder]):
        assert_mistake(*run(*command), "--resume goes on with it, --overwrite discards it")
    (folder / "checkpoint").rmdir()
    (folder / "model.keras").write_bytes(b"")
    assert_mistake(*run("train", "--output", folder), "--overwrite replaces it")
    assert_mistake(*run("train", "--resume", "--overwrite"), "not allowed with")
    assert not trained
    run("train")
    (tmp_path / "saved_models" / "demo-2").mkdir()
    run("train")
    run("train", "--output", folder, "--overwrite")
    assert trained == [("demo-2", False), ("demo-3", False), ("demo", False)]


def test_the_classes_are_shown_before_training(run, tmp_path, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("hanlib.training.run.train", interrupt)
    monkeypatch.chdir(tmp_path)
    examples = [(f"A film of {n}.", "good") for n in range(30)] + [("Never again.", "bad")]
    write_csv("films.csv", examples)
    err = run("train", "films.csv")[2]
    assert "hanlib: warning: 1 class has no validation documents" in err
    assert "always answering 'good' is right for 100.0% of the validation documents" in err
    err = run("train", "films.csv", "--label-column", "id")[2]
    assert "31 classes in 31 documents" in err


def test_the_table_of_classes():
    from hanlib.cli.class_table import ClassWarning, describe_classes
    from hanlib.data import Corpus, Split

    def corpus(train, validation):
        splits = {"train": Split(lambda: iter(()), sum(train.values()), train)}
        splits["validation"] = Split(lambda: iter(()), sum(validation.values()), validation)
        return Corpus("films", tuple(train), False, splits)

    shown = io.StringIO()
    with pytest.warns(ClassWarning, match=r"1 class has no validation documents.*: ugly"):
        describe_classes(
            corpus({"bad": 20, "good": 1_200, "ugly": 3}, {"bad": 1, "good": 3}), shown
        )
    rows = [line.split() for line in shown.getvalue().splitlines()]
    assert ["good", "1,200", "3"] in rows
    assert ["ugly", "3", "0"] in rows
    assert "always answering 'good' is right for 75.0% of the validation documents" in (
        shown.getvalue()
    )
    many = {f"class {number}": 50 - number for number in range(40)}
    shown = io.StringIO()
    describe_classes(corpus(many, many), shown)
    assert "... 21 more" in shown.getvalue()
    assert "class 39" in shown.getvalue()


# What needs a model.


def test_train_makes_the_promised_files(model):
    names = ["dataset.json", "history.json", "metrics.json", "model.keras", "recipe.json"]
    assert sorted(path.name for path in Path(model).iterdir()) == [*names, "serving"]
    # What it exported for serving answers in a session, as TensorFlow Serving would load it.
    check_all(Path(model) / "serving" / "1", keras.models.load_model(Path(model) / "model.keras"))


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
    run("train", reviews, "--unlabelled", "more.txt", "--vectors", "none")
    run("train", reviews, "--vectors", "v.txt")
    run("train", reviews, "--from", model, "--epochs", "3", "--output", "tuned")
    recipes = [recipe for _, recipe, _ in given]
    vectors = ["own", None, str(tmp_path / "v.txt"), None]
    assert [recipe.vectors for recipe in recipes] == vectors
    assert recipes[0].class_weight == "bad=2"
    assert len(list(given[0][0].unlabelled)) == 2
    # The encoder is that of the model.
    assert (recipes[3].units, recipes[3].epochs) == (3, 3)
    assert given[3][2]["start"].classes == ["bad", "good"]
    assert given[3][2]["dataset"]["from"] == str(Path(model) / "model.keras")


def test_train_prints_one_json_object_and_writes_to_the_default_folder(
    run, reviews, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("train", reviews, "--json", *TINY, "--set", "seed=3")
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


def test_predict_writes_the_format_of_the_name_with_the_columns(run, model, tmp_path):
    import pandas as pd

    source = tmp_path / "in.jsonl"
    rows = [
        {"id": 7, "review": "A good film.", "tags": ["a", "b"], "label": "x", "stars": 4},
        {"id": 8, "review": "A bad, bad\nfilm.", "tags": [], "row": "r", "stars": 4.5, "late": 1},
    ]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    names = ["a.csv", "a.tsv", "a.jsonl", "a.csv.gz", "a.jsonl.gz", "a.parquet"]
    for name in names:
        code, out, err = run("predict", model, "--input", source, "--output", tmp_path / name)
        assert (code, out) == (0, ""), err
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.jsonl", *names])
    frames = {
        "a.csv": pd.read_csv(tmp_path / "a.csv"),
        "a.tsv": pd.read_csv(tmp_path / "a.tsv", sep="\t"),
        "a.csv.gz": pd.read_csv(tmp_path / "a.csv.gz"),
        "a.jsonl": pd.read_json(tmp_path / "a.jsonl", lines=True),
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
    missing = tmp_path / "none" / "out.csv"
    assert_mistake(*run("predict", model, "t", "--output", missing), "does not exist")
    assert_mistake(*run("predict", model, "t", "--output", tmp_path), "is a folder")


def test_export(run, model, tmp_path):
    base = tmp_path / "reviews"
    code, out, err = run("export", model, base)
    assert (code, out.strip()) == (0, str(base / "1"))
    assert "tracing explain" in err
    assert (base / "1" / "saved_model.pb").is_file()
    assert "Documents, train" in (base / "MODEL_CARD.md").read_text()
    assert "'stable' value: 1" in (base / "models.config").read_text()
    (base / "batching.config").write_text("max_batch_size { value: 7 }")
    code, out, err = run("export", model, base, "--half", "--check")
    assert code == 0
    assert out.splitlines()[0] == str(base / "2")
    assert out.splitlines()[-1] == "the export answers as the model does"
    assert "batching.config was changed by hand" in err
    assert_mistake(*run("export", model, base, "--most-words", "0"), "must be at least 1")


def test_export_says_where_it_differs(run, model, tmp_path, monkeypatch):
    from hanlib.serving.check_report import CheckReport, Difference

    report = CheckReport([Difference("embed: vectors", "together", 0.5, 1e-5)], 1.0, 0, {})
    monkeypatch.setattr("hanlib.serving.export_check.check", lambda *_, **__: report)
    code, out, _ = run("export", model, tmp_path / "reviews", "--check")
    assert code == 1
    assert "DIFFERS" in out


def test_info(run, model):
    code, out, _ = run("info", model, "--json")
    described = one_object(out)
    assert code == 0
    assert described["classes"] == ["bad", "good"]
    assert described["recipe"]["units"] == 3
    assert "serving/1/saved_model.pb" in described["files"]
    code, out, _ = run("info", Path(model) / "model.keras")
    assert code == 0
    assert "bad, good" in out


# What needs a process of its own.


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
    out, err = process.communicate("\n" + "The plot. A good end!\n" * 1500, timeout=200)
    assert process.returncode == 0
    assert [json.loads(line)["row"] for line in out.splitlines()] == list(range(3, 1504))
    assert err == ""  # TensorFlow's start is silent.


def test_a_reader_that_goes_away_is_no_error(model):
    program = f"yes 'A good film.' | '{sys.executable}' -m hanlib predict '{model}' | head -n 2"
    result = subprocess.run(
        ["bash", "-c", f"{program}; echo ${{PIPESTATUS[1]}}"],
        capture_output=True,
        cwd=Path(hanlib.__file__).parent.parent,
        timeout=200,
    )
    assert result.stdout.decode().splitlines()[-1] == "141"
    assert result.stderr == b""


def test_python_m_hanlib_shows_a_mistake_without_a_traceback(tmp_path):
    result = python("-m", "hanlib", "train", "no_such", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.count(b"\n") == 1
    assert result.stdout == b""
