"""Training on several workers, which are processes on this machine."""

import contextlib
import json
import random
import signal
import socket
import time

import numpy as np
import pytest
import tiny_run
import worker_run
from forked_process import Forked

from hanlib.data import TokenBatches, TokenCache
from hanlib.training import TrainingError, train
from hanlib.training.cluster import Cluster

# 50 documents in batches of 7: the workers get 4 and 3 of most batches, and 1 and 0 of the last.
RECIPE = {
    "batch_size": 7,
    "adversarial_norm": 0.0,
    "encoder": "bag_of_words",
    "epochs": 2,
    "weight_decay": 0.0,
    **dict.fromkeys(["units", "attention_units", "bidirectional", "weight_dropout", "dropout"]),
    **dict.fromkeys(["input_dropout", "embedding_dropout"], 0.0),
}


def addresses(number):
    """Free ports of this machine."""
    with contextlib.ExitStack() as open_sockets:
        found = [
            open_sockets.enter_context(socket.create_server(("127.0.0.1", 0)))
            for _ in range(number)
        ]
        return ",".join(f"127.0.0.1:{server.getsockname()[1]}" for server in found)


def start(folder, recipe, resume=False, workers=2):
    """Starts the workers; only the first one knows the folder of the model."""
    listed, processes = addresses(workers), []
    for index in range(workers):
        output = str(folder) if index == 0 else f"{folder}-of-worker-{index}"
        processes.append(Forked(worker_run.main, output, recipe, resume, index, listed))
    return processes


def finish(processes):
    for process in processes:
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors[-2000:]


def test_two_workers_learn_what_one_learns(tmp_path):
    processes = start(tmp_path / "two", RECIPE)
    train(tiny_run.corpus(documents=50), tiny_run.recipe(**RECIPE), tmp_path / "one")
    finish(processes)
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two"}, "only the chief writes"
    assert not (tmp_path / "two" / "checkpoint").exists()
    weights = [tiny_run.weights(tmp_path / name) for name in ("one", "two")]
    for one, two in zip(*weights, strict=True):
        np.testing.assert_allclose(two, one, atol=1e-5)
    one, two = (
        json.loads((tmp_path / name / "history.json").read_text()) for name in ("one", "two")
    )
    for entry, expected in zip(two, one, strict=True):
        assert entry.keys() == expected.keys()
        for name in entry.keys() - {"seconds"}:
            assert entry[name] == pytest.approx(expected[name], abs=1e-5), name


@pytest.mark.long
@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_worker_ends_all_and_a_resumed_run_ends_with_the_same_weights(tmp_path, victim):
    recipe = {
        **RECIPE,
        "input_dropout": 0.1,
        "embedding_dropout": 0.1,
        "epochs": 30,
        "patience": 30,
    }
    finish(start(tmp_path / "whole", recipe))
    killed = tmp_path / "killed"
    processes = start(killed, recipe)
    while not (killed / "checkpoint" / "state.npz").exists():
        time.sleep(0.1)
    time.sleep(random.uniform(0, 5))
    processes[victim].send_signal(signal.SIGKILL)
    began = time.monotonic()
    _, errors = processes[1 - victim].communicate(timeout=60)
    processes[victim].communicate()
    assert time.monotonic() - began < 30
    assert processes[1 - victim].returncode == 1
    # TensorFlow writes lines of its own.
    assert "\nTrainingError: another worker ended" in f"\n{errors}", errors[-2000:]
    assert (killed / "checkpoint" / "state.npz").exists(), "the run was over before"
    finish(start(killed, recipe, resume=True))
    for whole, resumed in zip(
        tiny_run.weights(tmp_path / "whole"), tiny_run.weights(killed), strict=True
    ):
        np.testing.assert_array_equal(resumed, whole)
    # A finished run ends at once, on all workers.
    finish(start(killed, recipe, resume=True))


@pytest.fixture(scope="module")
def cache():
    def vectorize(texts):
        return [2] * sum(map(int, texts)), [*map(int, texts)], [1] * len(texts)

    lengths = np.random.default_rng(0).integers(1, 9, 50)
    examples = [(str(length), number) for number, length in enumerate(lengths)]
    return TokenCache.build(examples, vectorize, encode_label=int)


@pytest.mark.parametrize(("workers", "devices"), [(2, 1), (3, 1), (2, 2)])
def test_every_document_goes_to_one_replica_in_each_epoch(cache, workers, devices):
    batches = TokenBatches(cache, 7, seed=1, max_batch_words=25, epochs=3)
    number = workers * devices
    for epoch, skipped in ((0, 0), (1, 2)):
        batches.start_at(epoch, skipped)
        seen = []
        for worker in range(workers):
            replicas = range(worker * devices, (worker + 1) * devices)
            steps = (batches.steps - skipped) * devices
            shares = batches.shares(replicas, of=number).take(steps + devices)
            labels = [labels.numpy() for _, labels in shares]
            seen += labels[:steps]
            following = np.concatenate([batches.plan(epoch + 1)[0][i::number] for i in replicas])
            np.testing.assert_array_equal(np.concatenate(labels[steps:]), following)
        expected = np.concatenate(batches.plan(epoch)[skipped:])
        np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.sort(expected))


@pytest.mark.parametrize(
    ("workers", "index", "message"),
    [
        ("localhost", 0, "`workers` must be host:port.* Received: 'localhost'"),
        ("localhost:0,localhost:1", 0, "port from 1 to 65535"),
        ("localhost:4000", 0, "two or more"),
        ("localhost:4000,localhost:4000", 0, "differ"),
        ("localhost:4000,localhost:4001", 2, "`worker_index` must be from 0 to 1"),
    ],
)
def test_invalid_clusters_are_clear_errors(workers, index, message):
    with pytest.raises(TrainingError, match=message):
        Cluster.parse(workers, index)


def test_tf_config_describes_the_same_cluster(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert Cluster.from_environment() is None
    jobs = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}
    for task, index in ((("chief", 0), 0), (("worker", 1), 2)):
        config = {"cluster": jobs, "task": dict(zip(("type", "index"), task, strict=True))}
        monkeypatch.setenv("TF_CONFIG", json.dumps(config))
        assert Cluster.from_environment() == (("a:1", "b:1", "c:1"), index)
    for wrong in ("{", "{}", '{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}'):
        monkeypatch.setenv("TF_CONFIG", wrong)
        with pytest.raises(TrainingError, match="TF_CONFIG must"):
            Cluster.from_environment()


def test_workers_that_never_come_and_ports_in_use_are_clear_errors():
    first, second = addresses(2).split(",")
    cluster = Cluster((first, second), 0)
    with pytest.raises(TrainingError, match=f"worker 1 .{second}. did not come within 0.5 seconds"):
        cluster.wait(0.5)
    host, port = first.split(":")
    with (
        socket.create_server((host, int(port))),
        pytest.raises(TrainingError, match=f"worker 0 cannot listen on {first}"),
    ):
        cluster.wait(0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "a:1,b:2"], "--workers and --worker-index must be given together"),
        (["--workers", "a,b", "--worker-index", "0"], "--workers must be host:port"),
        (["--workers", "a:1,b:2", "--worker-index", "2"], "--worker-index must be from 0 to 1"),
        (["--devices", "GPU"], "--devices must be different names such as GPU:0,GPU:1"),
        (
            ["--devices", "CPU:0", "--workers", "a:1,b:2", "--worker-index", "0"],
            "--devices cannot be given for several workers",
        ),
    ],
)
def test_mistakes_on_the_command_line(run, tmp_path, options, message):
    code, _, errors = run("train", "demo", "--output", tmp_path / "model", *options)
    assert code == 2
    assert errors.startswith(f"hanlib: error: {message}")
    assert len(errors.splitlines()) == 1
