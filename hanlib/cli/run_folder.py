"""The folder of a training run, and what it says about an earlier run."""

import itertools
import json
from pathlib import Path

from hanlib.cli import options
from hanlib.cli.errors import UsageError


def output_folder(arguments, chief=True):
    """The folder to write to; a model or an unfinished run is only replaced on demand."""
    named = arguments.output is not None
    output = Path(arguments.output or options.default_output(arguments.dataset or "demo"))
    if arguments.resume or arguments.overwrite or not chief:
        return output
    if (output / "checkpoint").exists():
        raise UsageError(
            f"{output} holds an unfinished run: --resume goes on with it, --overwrite discards it"
        )
    if not (output / "model.keras").exists():
        return output
    if named:
        raise UsageError(f"{output} holds a model: --overwrite replaces it, or choose another DIR")
    numbered = (output.with_name(f"{output.name}-{number}") for number in itertools.count(2))
    return next(path for path in numbered if not path.exists())


def recorded_run(output):
    """Recipe and data set of the run in `output`, unfinished or finished, or None."""
    from hanlib.training.checkpoint import Checkpoint

    unfinished = Checkpoint(output).run()
    if unfinished is not None:
        return unfinished
    files = {name: output / f"{name}.json" for name in ("recipe", "dataset")}
    if not all(path.is_file() for path in files.values()):
        return None
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in files.items()}
