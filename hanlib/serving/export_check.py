"""Checks that an export gives the same answers as its model, in a process with only TensorFlow."""

import base64
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import tensorflow as tf

from hanlib.serving import replay
from hanlib.serving.check_report import CheckReport
from hanlib.serving.comparison import compare, model_answers, named_pairs
from hanlib.serving.edge_cases import edge_case_documents
from hanlib.serving.folded_table import table_sizes
from hanlib.serving.server.warm_up import predictions
from hanlib.serving.signature_inputs import further_inputs, request_inputs
from hanlib.serving.signatures import signature_names
from hanlib.serving.warm_up import documents as made_of
from hanlib.serving.warm_up import warm_up_file

# Tolerances for rounding in float32, and for float16 word vectors.
TOLERANCE, HALF_TOLERANCE = 1e-5, 1e-2
_WORDS = 500


def check(path, classifier, documents=None, half_precision_tables=False, fold=False):
    """Compares the answers of an export and of its model, including edge cases.

    The export is loaded in a new process without hanlib (`python -I`) and in a TensorFlow 1
    session, as in TensorFlow Serving. Each signature gets the documents one at a time, all of them
    together, and 1,000 short ones in one batch; `contrast`, whose graph is that of `explain`, gets
    the short ones only. The warm-up requests of the export are run too.

    Args:
        path: The folder of the SavedModel.
        classifier: The `DocumentClassifier`.
        documents: List of `str` or `bytes`; None for a built-in list of edge cases.
        half_precision_tables: Whether the export stores the word vectors in float16; a difference
            of up to 0.01 is then allowed.
        fold: Whether the export has a folded table.

    Returns:
        A `CheckReport`, which prints as a short table.

    Raises:
        FileNotFoundError: If there is no SavedModel.
        RuntimeError: If the export cannot be loaded or run; it has the message of the process.

    >>> check("no such folder", None)
    Traceback (most recent call last):
    FileNotFoundError: `path` must be the folder of a SavedModel. Received: no such folder
    """
    path = Path(path)
    if not (path / "saved_model.pb").is_file():
        raise FileNotFoundError(f"`path` must be the folder of a SavedModel. Received: {path}")
    words = classifier.vectorizer.get_vocabulary()[1 + classifier.vectorizer.oov_buckets :][:_WORDS]
    texts = (
        edge_case_documents(words) if documents is None else [_bytes(text) for text in documents]
    )
    many = [_bytes(text) for text in [*made_of(words, 2), "", "word"] * 250]
    timed = [_bytes(text) for text in made_of(words, 64)]
    ways = {
        "one by one": [{"text": [text]} for text in texts],
        "together": [{"text": texts}],
        "1,000 at once": [{"text": many, **named_pairs(classifier, len(many))}],
    }
    answers, seconds = replayed(path, signature_names(classifier), ways, timed)
    tolerance = HALF_TOLERANCE if half_precision_tables else TOLERANCE
    # The model gets the same batches: in a document of thousands of sentences, rounding differs
    # more between two batches than between an export and its model.
    differences = [
        difference
        for way, expected in model_answers(classifier, ways).items()
        for difference in compare(way, answers[way], expected, classifier, tolerance)
    ]
    size = size_of(path)
    encoder = classifier.encoder
    stored = 2 * encoder.vocabulary_size * encoder.embedding_dim
    if fold:
        stored, _ = table_sizes(encoder, half_precision=True)
    saved = stored if half_precision_tables else 0
    speeds = {name: len(timed) / time for name, time in seconds.items()}
    return CheckReport(differences, size / 1e6, saved / 1e6, speeds)


def warm_up_requests(path):
    """The warm-up requests of a SavedModel, as a list of `(signature, {input: [bytes, ...]})`.

    >>> warm_up_requests("no such folder")
    []
    """
    file = warm_up_file(path)
    if not file.is_file():
        return []
    return [
        (name, {key: strings.tolist() for key, strings in inputs.items()})
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator()
        for name, inputs in predictions(record)
    ]


def size_of(path):
    """The bytes of the files in a folder."""
    return sum(file.stat().st_size for file in Path(path).rglob("*") if file.is_file())


def replayed(path, signatures, ways, timed):
    """Runs an export in a process without hanlib.

    Args:
        path: The folder of the SavedModel.
        signatures: Names of signatures that take `text`.
        ways: `dict` from the name of a way to batches: `text`, the documents as a list of `bytes`,
            and values of the same number for further inputs. A signature gets the batches that
            have all of its inputs.
        timed: Documents for measuring the speed.

    Returns:
        The answers by way and signature, and the seconds by signature.

    Raises:
        RuntimeError: If the export cannot be loaded or run.
    """
    asked = [
        (way, signature, {name: batch[name] for name in ("text", *further_inputs(signature))})
        for way, batches in ways.items()
        for signature in signatures
        for batch in batches
        if batch.keys() >= set(further_inputs(signature))
    ]
    requests = [*(request for _, *request in asked), *warm_up_requests(path)]
    measured = [(name, request_inputs(name, timed)) for name in signatures]
    replied = _run(path, {"batches": _encoded(requests), "timed": _encoded(measured)})
    by_way = {way: {} for way in ways}
    for (way, signature, _), answer in zip(asked, replied["answers"], strict=False):
        by_way[way].setdefault(signature, []).append(answer)
    return by_way, replied["seconds"]


def _run(path, asked):
    """What `replay.py` answers in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        requests, answers = Path(folder, "requests.json"), Path(folder, "answers.json")
        requests.write_text(json.dumps(asked), encoding="ascii")
        # `-I` ignores the current folder and the environment variables of Python.
        command = [sys.executable, "-I", replay.__file__, str(path), str(requests), str(answers)]
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            raise RuntimeError(f"the export in {path} cannot be run: {last[0]}")
        return json.loads(answers.read_text(encoding="utf-8"))


def _encoded(requests):
    """Requests `(signature, {input: strings})` with the strings in base64."""
    return [
        (name, {key: list(map(_base64, strings)) for key, strings in inputs.items()})
        for name, inputs in requests
    ]


def _base64(text):
    return base64.b64encode(_bytes(text)).decode("ascii")


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")
