"""Whether a run starts, is resumed or is finished, and whether it is still the same run."""

import json

from hanlib.training.errors import TrainingError
from hanlib.training.recipe import Recipe


def describe(corpus, dataset):
    """The data set of a run, as a JSON object."""
    sizes = {name: split.size for name, split in corpus.splits.items()}
    return {
        **(dataset or {}),
        "name": corpus.name,
        "classes": list(corpus.classes),
        "multi_label": corpus.multi_label,
        "documents": sizes,
    }


def finished_run(output, run, progress):
    """The record of the finished run in `output`, which must be the same run."""
    recorded = {
        "recipe": json.loads((output / "recipe.json").read_text(encoding="utf-8")),
        "dataset": json.loads((output / "dataset.json").read_text(encoding="utf-8")),
    }
    recorded["dataset"].pop("fingerprint", None)
    _check_same(recorded, run, "the finished run")
    progress.note(f"the run in {output} is finished: nothing to resume")
    return json.loads((output / "metrics.json").read_text(encoding="utf-8"))


def open_run(checkpoint, run, resume, progress):
    """Whether an unfinished run is resumed; otherwise a new one is started."""
    recorded = checkpoint.run() if resume else None
    if recorded is not None:
        _check_same(recorded, run, "the checkpoint")
        return True
    if checkpoint.directory.exists() and not resume:
        progress.note(
            "discarding the checkpoint of an unfinished run (--resume would go on with it)"
        )
    elif resume:
        progress.note("no unfinished run to resume: starting from the beginning")
    checkpoint.start(run)
    return False


def _check_same(recorded, run, where):
    # Fields that are newer than the record have their defaults.
    recorded = {**recorded, "recipe": {**Recipe().to_dict(), **recorded["recipe"]}}
    for part in ("recipe", "dataset"):
        # Converted to JSON and back, which turns tuples into lists.
        old, new = recorded[part], json.loads(json.dumps(run[part]))
        differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        if differing:
            listed = "; ".join(
                f"{name} is {old.get(name)!r} there and {new.get(name)!r} now" for name in differing
            )
            raise TrainingError(
                f"`resume` needs the {part} of {where}: {listed}. "
                "Leave out `resume` to start a new run"
            )
