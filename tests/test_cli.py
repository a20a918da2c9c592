"""The command line, as scripts rely on it: output, exit codes, one-line errors."""

import io
import json
import zipfile
from pathlib import Path

import pytest
import tiny_run
from command_line import assert_mistake, one_object, python, write_csv

import hanlib


def test_help_is_quick_since_it_starts_no_tensorflow():
    program = (
        "import sys; from hanlib.cli import main; codes = [main(['--help']), "
        "main(['train', '--help']), main(['--version'])]; "
        "print(codes, [m for m in ('tensorflow', 'keras', 'numpy') if m in sys.modules])"
    )
    result = python("-c", program)
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
    if Path("/proc").is_dir():
        assert_mistake(*run("train", reviews, "--output", "/proc/m"), "folder cannot be written")


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


def test_python_m_hanlib_shows_a_mistake_without_a_traceback(tmp_path):
    result = python("-m", "hanlib", "train", "no_such", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.count(b"\n") == 1
    assert result.stdout == b""


# Runs commands until they import TensorFlow, and prints which of them do not start it quietly.
LOUD = """
import json, sys, traceback

class Found(BaseException):
    pass

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras"):
            raise Found([frame.name for frame in traceback.extract_stack()])

sys.meta_path.insert(0, Watch())
from hanlib.cli import main

for command in json.loads(sys.argv[1]):
    try:
        print(command, "ends with", main(command))
    except Found as found:
        if "start_tensorflow" not in found.args[0]:
            print(command, found.args[0])
"""


def test_every_command_starts_tensorflow_without_its_messages(tmp_path):
    golden = Path(hanlib.__file__).parents[1] / "saved_models" / "demo-golden"
    served = str(golden / "serving" / "1")
    golden = str(golden)
    done = python(
        *("-c", LOUD),
        json.dumps(
            [
                ["train", "demo", "--output", str(tmp_path / "model")],
                ["compare", "demo", "--output", str(tmp_path / "compared")],
                ["evaluate", golden],
                ["predict", golden, "Good."],
                ["predict", "--saved-model", served, "Good."],
                ["explain", golden, "Good."],
                ["export", golden, str(tmp_path / "exported")],
                ["serve", served, "--port", "0"],
            ]
        ),
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
