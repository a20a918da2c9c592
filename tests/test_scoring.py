"""`hanlib predict --saved-model`: files through an export, and runs that are killed."""

import csv
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from forked_process import Forked
from tiny_classifier import build

from hanlib.cli.entry import main
from hanlib.serving.scoring import ServedModel

pytestmark = pytest.mark.usefixtures("models_stay_loaded")

WORDS = ["room", "food", "was", "not", "very", "good", "bad", "nice", "awful", "and", "I", "liked"]


def texts(number):
    draw = random.Random(0)
    for place in range(number):
        words = draw.choices(WORDS, k=draw.randint(1, 30))
        yield "" if place % 50 == 7 else f'{" ".join(words)}.\n"Yes", place {place}, 好'


@pytest.fixture(scope="module")
def model(tmp_path_factory, exported_classifier):
    folder = tmp_path_factory.mktemp("model")
    build().save(folder / "model.keras")
    (folder / "exported").symlink_to(exported_classifier)
    return folder


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    """The same 40 documents in three formats."""
    import pandas as pd

    folder = tmp_path_factory.mktemp("reviews")
    frame = pd.DataFrame({"id": [f"n{i}" for i in range(40)], "text": list(texts(40))})
    frame.to_csv(folder / "reviews.csv", index=False)
    frame.to_json(folder / "reviews.jsonl", orient="records", lines=True)
    frame.to_parquet(folder / "reviews.parquet")
    return folder


def run(*arguments):
    return main(["predict", *map(str, arguments)])


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("form", ["csv", pytest.param("jsonl", marks=pytest.mark.long), "parquet"])
def test_the_saved_model_answers_as_the_model(model, reviews, form, tmp_path):
    source, mine, keras = reviews / f"reviews.{form}", tmp_path / "mine.jsonl", tmp_path / "k.jsonl"
    assert run("--saved-model", model / "exported", "--input", source, "--output", mine) == 0
    assert run(model / "model.keras", "--input", source, "--output", keras) == 0
    assert len(read(mine)) == 40
    for answer, expected in zip(read(mine), read(keras), strict=True):
        assert answer.pop("probabilities") == pytest.approx(expected.pop("probabilities"), abs=1e-5)
        assert answer == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["k.jsonl", "mine.jsonl"]


def test_a_version_and_texts_on_the_command_line(model, capsys):
    assert run("--saved-model", model / "exported" / "1", "Good.", "Bad.") == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["text"] for answer in answers] == ["Good.", "Bad."]


def killed_run(*arguments):
    """Kills itself in the middle of the third window."""
    answers, left = ServedModel.answers, [18]

    def counted(self, texts):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return answers(self, texts)

    ServedModel.answers = counted
    run(*arguments)


@pytest.mark.parametrize("form", [pytest.param("jsonl", marks=pytest.mark.long), "parquet"])
def test_a_killed_run_resumes_to_the_same_bytes(model, form, tmp_path):
    source, whole, output = tmp_path / "many.csv", tmp_path / f"a.{form}", tmp_path / f"b.{form}"
    with open(source, "w", newline="") as file:
        csv.writer(file).writerows([["text"], *([text] for text in texts(1100))])
    arguments = ["--saved-model", model / "exported", "--input", source, "--output"]
    assert run(*arguments, whole) == 0
    # TF_NUM_INTRAOP_THREADS of conftest.py gives it as many threads as this process has.
    assert Forked(killed_run, *arguments, output).wait(600) == -signal.SIGKILL
    assert not output.exists()
    note = Path(f"{output}.partial.json")
    assert json.loads(note.read_text())["documents"] == 1024
    # Something of the third window got into the file.
    with open(f"{output}.partial", "a") as file:
        file.write('{"row": 1025, "te')
    assert run(*arguments, output, "--resume") == 0
    assert output.read_bytes() == whole.read_bytes()
    assert not list(tmp_path.glob("*.partial*"))


def test_what_cannot_be_resumed(model, reviews, tmp_path, capsys):
    source, output = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text("text\none\n")
    arguments = ["--saved-model", model / "exported", "--input", source, "--output", output]
    # There is nothing yet.
    assert run(*arguments, "--resume") == 0
    assert "starting from the beginning" in capsys.readouterr().err
    Path(f"{output}.partial").write_text("")
    note = {"run": {"model": ["another", 1, 1]}, "documents": 0, "bytes": 0}
    Path(f"{output}.partial.json").write_text(json.dumps(note))
    assert run(*arguments, "--resume") == 2
    assert "model, format, input, encoding changed" in capsys.readouterr().err
    # Without --resume it is a new run.
    assert run(*arguments) == 0
    assert not list(tmp_path.glob("*.partial*"))


def test_an_export_is_read_without_keras(model, tmp_path):
    program = (
        "import sys; from hanlib.cli import main; "
        "code = main(['predict', '--saved-model', sys.argv[1], 'Good.']); "
        "print(code, [m for m in ('keras', 'hanlib.models', 'tensorflow_datasets', 'sklearn') "
        "if m in sys.modules]); import keras; keras.layers.Dense"
    )
    command = [sys.executable, "-c", program, str(model / "exported")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_two_runs_do_not_write_the_same_file(tmp_path):
    from hanlib.cli.errors import UsageError
    from hanlib.cli.partial_output import PartialOutput

    path = tmp_path / "out.csv"
    with PartialOutput(path, shutil.copyfile, {}) as first:
        first.file.write("first")
        second = PartialOutput(path, shutil.copyfile, {})
        with pytest.raises(UsageError, match="another run is writing"), second:
            pass
    assert path.read_text() == "first"


def test_a_full_disk_loses_no_answers(tmp_path):
    from hanlib.cli.partial_output import PartialOutput

    def full(partial, temporary):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path, run = tmp_path / "out.csv", {"input": "a.csv"}
    raises = pytest.raises(OSError, match=r"No space left on device: .*out\.csv")
    with raises, PartialOutput(path, full, run) as output:
        output.file.write("first")
        output.reached(1)
    assert not path.exists()
    with PartialOutput(path, shutil.copyfile, run, resume=True) as output:
        assert output.done == 1
        output.file.write(", second")
    assert path.read_text() == "first, second"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "MODEL or --saved-model must be given"),
        (["--saved-model", "nowhere", "text"], "--saved-model must hold a SavedModel"),
        (["--saved-model", "x", "--resume", "text"], "--resume needs --input with a file"),
        (["--saved-model", "x", "--input", "-", "--output", "o.csv", "--resume"], "--resume needs"),
        (["--saved-model", "x", "--input", "nowhere.csv"], "nowhere.csv"),
        (["--saved-model", "x", "--input", "nowhere.csv", "text"], "not both"),
    ],
)
def test_mistakes(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("hanlib: error: ")
    assert said in error
    assert not list(tmp_path.iterdir())


def test_another_saved_model(tmp_path, capsys):
    import tensorflow as tf

    tf.saved_model.save(tf.Module(), str(tmp_path / "1"))
    assert run("--saved-model", tmp_path, "text") == 2
    assert "must be an export of hanlib" in capsys.readouterr().err
