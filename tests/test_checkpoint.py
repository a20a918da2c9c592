"""The folder of an unfinished run."""

import os

import numpy as np
import pytest

from hanlib.training.checkpoint import Checkpoint
from hanlib.training.errors import TrainingError


class Killed(BaseException):
    """Stands for the end of the process."""


def results(folder, content):
    (folder / "serving" / "1").mkdir(parents=True)
    for name in ("model.keras", "recipe.json", "serving/1/saved_model.pb"):
        (folder / name).write_text(content)


def contents(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


@pytest.mark.parametrize("calls", range(7))
def test_publishing_goes_on_after_a_kill_in_front_of_any_rename(tmp_path, monkeypatch, calls):
    results(tmp_path, "old")
    (tmp_path / "serving" / "7").mkdir()
    (tmp_path / "serving" / "7" / "kept").write_text("other version")
    checkpoint = Checkpoint(tmp_path)
    checkpoint.start({})
    results(checkpoint.complete, "new")
    replace, left = os.replace, [calls]

    def dying(*arguments):
        if not left[0]:
            raise Killed
        left[0] -= 1
        replace(*arguments)

    monkeypatch.setattr(os, "replace", dying)
    try:
        checkpoint.publish()
    except Killed:
        # Each file that is in its place is whole, and those of the new model are all there.
        monkeypatch.setattr(os, "replace", replace)
        assert Checkpoint(tmp_path).complete.exists()
        Checkpoint(tmp_path).publish()
    expected = dict.fromkeys(["model.keras", "recipe.json", "serving/1/saved_model.pb"], "new")
    assert contents(tmp_path) == {**expected, "serving/7/kept": "other version"}


def test_a_state_keeps_only_its_own_best_weights(tmp_path):
    checkpoint = Checkpoint(tmp_path)
    checkpoint.start({"recipe": {}})
    assert checkpoint.read_state() is None
    checkpoint.write_best(1, [np.ones(2)])
    checkpoint.write_state({"best_epoch": 1}, [np.arange(3), np.float32(0.5)])
    checkpoint.write_best(2, [np.zeros(2)])
    np.testing.assert_array_equal(checkpoint.read_best(1)[0], np.ones(2))
    checkpoint.write_state({"best_epoch": 2}, [])
    names = sorted(path.name for path in checkpoint.directory.iterdir())
    assert names == ["best-2.npz", "run.json", "state.npz"]


def test_damaged_files_and_other_versions_are_clear_errors(tmp_path):
    checkpoint = Checkpoint(tmp_path)
    checkpoint.start({})
    (checkpoint.directory / "state.npz").write_bytes(b"PK")
    with pytest.raises(TrainingError, match="cannot be read"):
        checkpoint.read_state()
    (checkpoint.directory / "run.json").write_text('{"version": 99}')
    with pytest.raises(TrainingError, match="version 99"):
        checkpoint.run()


def test_objects_are_never_unpickled(tmp_path):
    checkpoint = Checkpoint(tmp_path)
    checkpoint.start({})
    np.savez(checkpoint.directory / "best-1.npz", np.array([print], dtype=object))
    with pytest.raises(TrainingError, match="cannot be read"):
        checkpoint.read_best(1)
