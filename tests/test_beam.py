"""`hanlib score` and `hanlib.beam`: files through an export on Beam's runners."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import assert_mistake, python

pytest.importorskip("apache_beam", reason="needs apache-beam: pip install 'hanlib[beam]'")

EXPORT = Path(__file__).parents[1] / "saved_models" / "demo-golden" / "serving"
ANSWERS = json.loads((EXPORT.parent / "answers.json").read_text(encoding="utf-8"))
TEXTS = [answer["text"] for answer in ANSWERS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two files: a JSONL file with five bad rows of twelve lines, and a CSV file."""
    folder = tmp_path_factory.mktemp("beam")
    lines = [json.dumps({"text": text, "id": i, "label": "?"}) for i, text in enumerate(TEXTS[:6])]
    lines += ["{", "[1]", '{"text": 3, "id": 6}', '{"id": 7}', json.dumps({"text": TEXTS[6]})]
    raw = b'{"text": "caf\xe9", "id": 8}\n'
    lines.append(json.dumps({"text": "REFUSED", "id": 9}))
    (folder / "a.jsonl").write_bytes("\n".join(lines).encode() + b"\n" + raw)
    with open(folder / "b.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "text"], *enumerate(TEXTS)])
    return folder


def score(run, source, output, *more):
    return run("score", source, "--output", output, "--model", EXPORT, *more)


def rows(folder, name="answers"):
    texts = [path.read_text(encoding="utf-8") for path in folder.glob(f"{name}-*")]
    found = [json.loads(line) for text in texts for line in text.split("\n")[:-1]]
    return sorted(found, key=lambda record: (record["file"], record.get("row", record.get("line"))))


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--direct_running_mode=multi_processing", "--direct_num_workers=2"),
        pytest.param(
            ("--runner", "PrismRunner"),
            marks=pytest.mark.skipif(
                not shutil.which("prism"), reason="Beam would download Prism; none is on the PATH"
            ),
        ),
    ],
    ids=["one process", "two processes", "prism"],
)
def test_answers_are_those_of_predict(run, folder, tmp_path, options):
    if "PrismRunner" in options:
        options = (*options, f"--prism_location={shutil.which('prism')}")
    code, out, err = score(run, folder / "b.csv", tmp_path / "out", *options)
    assert (code, out) == (0, f"read {len(TEXTS)} = scored {len(TEXTS)} + dead 0\n"), err
    expected = tmp_path / "expected.jsonl"
    arguments = ("--saved-model", EXPORT, "--input", folder / "b.csv", "--output", expected)
    assert run("predict", *arguments)[0] == 0
    lines = expected.read_text(encoding="utf-8").splitlines()
    for answer, line in zip(rows(tmp_path / "out"), lines, strict=True):
        assert answer.pop("file") == str(folder / "b.csv")
        wanted = json.loads(line)
        assert answer.pop("probabilities") == pytest.approx(wanted.pop("probabilities"), abs=1e-6)
        assert answer == wanted


@pytest.fixture
def refusing(monkeypatch):
    """Lets the model refuse a document, as exports do with one that is too long."""
    import tensorflow as tf

    from hanlib.serving.scoring import ServedModel

    def answers(self, texts, answers=ServedModel.answers):
        if b"REFUSED" in texts:
            raise tf.errors.InvalidArgumentError(None, None, "a document is\ntoo long")
        return answers(self, texts)

    monkeypatch.setattr(ServedModel, "answers", answers)


@pytest.mark.usefixtures("refusing")
def test_dead_letters_counts_and_a_finished_output(run, folder, tmp_path):
    output = tmp_path / "out"
    code, out, err = score(run, folder / "a.jsonl", output, "--columns", "id", "--no-text")
    assert (code, out) == (0, "read 13 = scored 6 + dead 7\n"), err
    assert [(dead["line"], dead["reason"][:12]) for dead in rows(output, "dead")] == [
        (7, "not JSON: Ex"),
        (8, "a JSON list "),
        (9, "a int, not t"),
        (10, "no column 't"),
        (11, "no column 'i"),
        (12, "a document i"),
        (13, "bytes that a"),
    ]
    assert [answer["id"] for answer in rows(output)] == list(range(6))
    assert set(rows(output)[0]) == {"file", "row", "id", "label", "probabilities"}
    finished = json.loads((output / "finished.json").read_text())
    assert (finished["read"], finished["scored"], finished["dead"]) == (13, 6, 7)
    before = {path.name: path.read_bytes() for path in output.iterdir()}
    assert set(before) == {*finished["files"], "finished.json"}
    assert_mistake(*score(run, folder / "b.csv", output), "holds a finished output")
    assert {path.name: path.read_bytes() for path in output.iterdir()} == before


@pytest.mark.parametrize("signature", ["explain", "embed"])
def test_formats_and_signatures(run, folder, tmp_path, signature):
    import pyarrow.parquet as pq
    import tensorflow as tf

    for form in ("csv", "parquet", "tfrecord"):
        options = ("--signature", signature, "--format", form, "--shards", 1)
        code, _, err = score(run, folder / "b.csv", tmp_path / form, *options)
        assert code == 0, err
    table = pq.read_table(next((tmp_path / "parquet").glob("answers-*.parquet"))).to_pylist()
    with open(next((tmp_path / "csv").glob("answers-*.csv")), encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    records = tf.data.TFRecordDataset(
        [str(next((tmp_path / "tfrecord").glob("answers-*.tfrecord")))]
    )
    examples = [tf.train.Example.FromString(record.numpy()) for record in records]
    rows_of_examples = sorted(e.features.feature["row"].int64_list.value[0] for e in examples)
    assert rows_of_examples == list(range(1, len(TEXTS) + 1))
    assert len(table) == len(lines) == len(TEXTS)
    assert list(table[0]) == list(lines[0])
    by_row = {record["row"]: record for record in table}
    for line in lines:
        record = by_row[int(line["row"])]
        assert (record["id"], record["text"]) == (line["id"], line["text"])
        if signature == "embed":
            assert len(record["vector"]) == len(json.loads(line["vector"])) == 32
        else:
            sentences = json.loads(record["sentences"])
            total = sum(sentence["attention"] for sentence in sentences)
            assert total == pytest.approx(1 if sentences else 0, abs=1e-5)
            assert record["label"] == ANSWERS[record["row"] - 1]["label"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere*.csv"], "no file matches INPUT nowhere*.csv"),
        (["{b}", "--colums=id"], "did you mean '--columns'"),
        (["{b}", "--columns", "name"], "its columns are id"),
        (["{b}", "--target", "pos"], "--target needs --signature contrast"),
        (["{b}", "--text-column", "body"], "--text-column"),
        (["{b}", "--model", "nowhere"], "--model must hold a SavedModel"),
        (["{b}", "--runner", "NoRunner"], "NoRunner"),
    ],
)
def test_mistakes(run, folder, tmp_path, arguments, message):
    given = [argument.format(b=folder / "b.csv") for argument in arguments]
    if "--model" not in given:
        given += ["--model", EXPORT]
    assert_mistake(*run("score", *given, "--output", tmp_path / "out"), message)
    assert not (tmp_path / "out").exists()


def test_a_killed_job_leaves_no_half_shard(run, tmp_path):
    source, output = tmp_path / "many.jsonl", tmp_path / "out"
    source.write_text("".join(f"{json.dumps({'text': text})}\n" for text in TEXTS * 500))
    command = [sys.executable, "-m", "hanlib", "score", source, "--output", output]
    with subprocess.Popen([*command, "--model", EXPORT], start_new_session=True) as process:
        end = time.monotonic() + 500
        while not list(output.glob("beam-temp-answers-*/*")) and time.monotonic() < end:
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    assert [path for path in output.iterdir() if path.is_file()] == []
    code, out, _ = score(run, source, output)
    number = f"{len(TEXTS) * 500:,}"
    assert (code, out) == (0, f"read {number} = scored {number} + dead 0\n")
    assert not list(output.glob("beam-temp-*"))


# Keras and the training code cannot be imported.
WITHOUT_KERAS = """
import sys
sys.modules.update(dict.fromkeys(["keras", "hanlib.models", "hanlib.layers", "hanlib.training"]))
import apache_beam as beam
from apache_beam.metrics import MetricsFilter
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from hanlib.beam import Classify
from hanlib.serving.scoring import ServedModel
import tensorflow as tf

def refusing(self, texts, answers=ServedModel.answers):
    if b"REFUSED" in texts:
        raise tf.errors.InvalidArgumentError(None, None, "too long")
    return answers(self, texts)

ServedModel.answers = refusing
pipeline = beam.Pipeline(runner=FnApiRunner())
found = pipeline | beam.Create([(1, "Good."), (2, b"Bad, bad."), (3, "REFUSED")])
found = found | Classify(sys.argv[1])
found.answers | "A" >> beam.Map(lambda answer: print("answer", answer[0], sorted(answer[1])))
found.failures | "F" >> beam.Map(lambda failure: print("failure", failure[0]))
result = pipeline.run()
result.wait_until_finish()
for counter in result.metrics().query(MetricsFilter().with_namespace("hanlib"))["counters"]:
    if counter.key.metric.name in ("documents", "words", "failures"):
        print(counter.key.metric.name, counter.committed)
"""


def test_the_transform_needs_no_keras():
    finished = python("-c", WITHOUT_KERAS, EXPORT)
    assert finished.returncode == 0, finished.stderr.decode()
    assert sorted(finished.stdout.decode().splitlines()) == [
        "answer 1 ['label', 'probabilities']",
        "answer 2 ['label', 'probabilities']",
        "documents 3",
        "failure 3",
        "failures 1",
        "words 7",
    ]
