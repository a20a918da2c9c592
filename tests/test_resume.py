"""Runs that are killed at any moment, and end as if they had not been."""

import json
import random
import time

import numpy as np
import pytest
import tiny_run
from forked_process import forks


@pytest.fixture(scope="module")
def processes():
    """Processes that have imported TensorFlow already."""
    return forks()


def undisturbed(processes, output, recurrent):
    """The folder of a run that nobody kills, and its seconds."""
    start = time.monotonic()
    process = processes.Process(target=tiny_run.run, args=(output, False, None, recurrent))
    process.start()
    process.join()
    assert process.exitcode == 0
    return output, time.monotonic() - start


@pytest.fixture(scope="module")
def unkilled(processes, tmp_path_factory):
    """A run of a small network without a recurrence."""
    return undisturbed(processes, tmp_path_factory.mktemp("unkilled"), recurrent=False)


@pytest.fixture(scope="module")
def unkilled_han(processes, tmp_path_factory):
    """A run of a HAN, for the tests that take minutes."""
    return undisturbed(processes, tmp_path_factory.mktemp("unkilled"), recurrent=True)


def killed(processes, output, seconds=None, kill_at=None, recurrent=True):
    """Starts or resumes a run and kills it; whether it was over before."""
    process = processes.Process(target=tiny_run.run, args=(output, True, kill_at, recurrent))
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode in (0, -9)
    return process.exitcode == 0


def finish(processes, output, recurrent=True):
    assert killed(processes, output, recurrent=recurrent), "a run that nobody kills ends"


def assert_same_run(output, unkilled):
    for ours, theirs in zip(tiny_run.weights(output), tiny_run.weights(unkilled), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    timeless = []
    for folder in (output, unkilled):
        history = json.loads((folder / "history.json").read_text())
        timeless.append([{k: v for k, v in e.items() if k != "seconds"} for e in history])
    assert timeless[0] == timeless[1]
    names = sorted(str(p.relative_to(output)) for p in output.rglob("*"))
    assert names == sorted(str(p.relative_to(unkilled)) for p in unkilled.rglob("*"))


def test_kills_while_files_are_written(processes, unkilled, tmp_path):
    output = tmp_path / "run"
    # Calls of os.fsync stand after a file was written and before it has its name; those of
    # os.replace give names: to run.json, to states and best weights, to the results at the end.
    for kill_at in (("replace", 1), ("fsync", 9), ("replace", 12)):
        assert not killed(processes, output, kill_at=kill_at, recurrent=False)
    finish(processes, output, recurrent=False)
    assert_same_run(output, unkilled[0])


@pytest.mark.long
def test_a_kill_at_a_random_moment(processes, unkilled_han, tmp_path):
    output, draw = tmp_path / "run", random.Random(0)
    killed(processes, output, seconds=draw.uniform(0.3, 0.9) * unkilled_han[1])
    finish(processes, output)
    assert_same_run(output, unkilled_han[0])


@pytest.mark.long
def test_kills_of_a_run_on_files_with_a_cache(processes, tmp_path):
    pattern = tiny_run.write_files(tmp_path / "data")

    def run(name, kill_at=None):
        arguments = (tmp_path / name, pattern, kill_at)
        process = processes.Process(target=tiny_run.run_on_files, args=arguments)
        process.start()
        process.join()
        return process.exitcode

    assert run("unkilled") == 0
    # Before the tokens of the second file have their name, and before a state has.
    for kill_at in (("rename", 5), ("replace", 9)):
        assert run("killed", kill_at) == -9
    cache = tmp_path / "cache-of-killed"
    complete = {path: path.stat().st_mtime_ns for path in cache.rglob("ids.npy")}
    assert len(complete) == 6
    assert (tmp_path / "killed" / "checkpoint" / "state.npz").exists()
    assert run("killed") == 0
    assert_same_run(tmp_path / "killed", tmp_path / "unkilled")
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("ids.npy")} == complete


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_kills_at_many_random_moments(processes, unkilled_han, tmp_path, seed):
    output, draw = tmp_path / "run", random.Random(seed)
    for _ in range(8):
        if killed(processes, output, seconds=draw.uniform(0.0, 1.1) * unkilled_han[1]):
            break
    finish(processes, output)
    assert_same_run(output, unkilled_han[0])


@pytest.mark.long
def test_a_kill_before_every_rename(processes, unkilled_han, tmp_path):
    output = tmp_path / "run"
    for call in range(1, 100):
        if killed(processes, tmp_path / f"run-{call}", kill_at=("replace", call)):
            break
        output = tmp_path / f"run-{call}"
        finish(processes, output)
        assert_same_run(output, unkilled_han[0])
    assert call > 20
