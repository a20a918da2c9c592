"""The folder of an unfinished run, which is consistent even if the process is killed.

    checkpoint/
      run.json        recipe and data set, written when the run starts
      state.npz       weights, optimizer, metrics, seeds, and the position in the run
      best-<n>.npz    the weights of the best epoch so far, n counted from 1
      complete/       complete results, while they are moved to the output folder

Every file is written under a temporary name and renamed. `state.npz` refers to a file of best
weights. That file is written before the state, and removed after a state that refers to another.
"""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from hanlib import atomic_files
from hanlib.training.errors import TrainingError

_VERSION = 1
_HEADER = "header"


class Checkpoint:
    """The state of a run in `output`/checkpoint.

    >>> import tempfile
    >>> checkpoint = Checkpoint(tempfile.mkdtemp())
    >>> checkpoint.start({"recipe": {"epochs": 2}})
    >>> checkpoint.write_state({"epoch": 1}, [np.zeros(3)])
    >>> header, arrays = checkpoint.read_state()
    >>> header["epoch"], len(arrays)
    (1, 1)
    """

    def __init__(self, output):
        self.output = Path(output)
        self.directory = self.output / "checkpoint"

    @property
    def complete(self):
        """The folder of complete results, before they are moved to the output folder."""
        return self.directory / "complete"

    @property
    def cache(self):
        """The folder for the tokens of large corpora by default: beside the models."""
        return self.output.parent / "cache"

    def run(self):
        """The argument of `start`, or None if there is no unfinished run.

        Raises:
            TrainingError: the file is damaged or was written by another version of hanlib.
        """
        path = self.directory / "run.json"
        if not path.exists():
            return None
        try:
            run = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TrainingError(f"{path} cannot be read ({error}); {_ANEW}") from error
        if run.get("version") != _VERSION:
            raise TrainingError(f"{path} has version {run.get('version')}, not {_VERSION}; {_ANEW}")
        return run

    def prepare(self):
        """Creates the output folder, and completes what a killed process left there."""
        self.output.mkdir(parents=True, exist_ok=True)
        atomic_files.remove_leftovers(self.output)
        if self.complete.exists():
            self.publish()

    def start(self, run):
        """Creates the folder for a new run; an existing one is removed."""
        self.remove()
        self.directory.mkdir(parents=True)
        atomic_files.write_text(
            self.directory / "run.json", json.dumps({"version": _VERSION, **run}, indent=2)
        )

    def write_state(self, header, arrays):
        """Writes the state of the run: a JSON object, and arrays in a fixed order."""
        text = np.frombuffer(json.dumps(header).encode(), np.uint8)
        named = {str(index): array for index, array in enumerate(arrays)}
        self._write("state.npz", {_HEADER: text, **named})
        for path in self.directory.glob("best-*.npz"):
            if path.name != _best_name(header.get("best_epoch")):
                path.unlink()

    @property
    def has_state(self):
        """Whether there is a state to continue from."""
        return (self.directory / "state.npz").exists()

    def read_state(self):
        """Header and arrays of the last state, or None if there is none."""
        arrays = self._read("state.npz")
        if arrays is None:
            return None
        header = json.loads(arrays.pop(_HEADER).tobytes())
        return header, [arrays[str(index)] for index in range(len(arrays))]

    def write_best(self, epoch, arrays):
        """Writes the weights of the best epoch; the next state refers to them."""
        named = {str(index): array for index, array in enumerate(arrays)}
        self._write(_best_name(epoch), named)

    def read_best(self, epoch):
        """The weights of the best epoch."""
        name = _best_name(epoch)
        arrays = self._read(name)
        if arrays is None:
            raise TrainingError(f"{self.directory / name} cannot be read (no such file); {_ANEW}")
        return [arrays[str(index)] for index in range(len(arrays))]

    def remove(self):
        """Removes the folder."""
        if self.directory.exists():
            atomic_files.remove(self.directory)

    def publish(self):
        """Moves complete results to `output`, then removes the checkpoint.

        If the process is killed meanwhile, another call continues.
        """
        for path in sorted(self.complete.iterdir()):
            # The versions of an export are moved one by one; others in the output folder stay.
            for part in sorted(path.iterdir()) if path.is_dir() else [path]:
                target = self.output / part.relative_to(self.complete)
                target.parent.mkdir(exist_ok=True)
                atomic_files.move(part, target, self.directory / "replaced")
        self.remove()

    def _write(self, name, arrays):
        with atomic_files.replacing(self.directory / name) as temporary:
            np.savez(temporary, **arrays)

    def _read(self, name):
        """The arrays of a file by name, or None if there is no file."""
        try:
            content = self._content(name)
            if content is None:
                return None
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                return {key: file[key] for key in file.files}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            path = self.directory / name
            raise TrainingError(f"{path} cannot be read ({error}); {_ANEW}") from error

    def _content(self, name):
        """The bytes of a file, or None if there is none."""
        path = self.directory / name
        return path.read_bytes() if path.exists() else None


_ANEW = "leave out `resume` to start a new run"


def _best_name(epoch):
    return f"best-{epoch}.npz"
