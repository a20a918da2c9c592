"""How long it takes to a first answer or training step: commands, and the stages within them.

    python benchmarks/start_up.py
    python benchmarks/start_up.py --model saved_models/imdb_reviews

Each figure is the median of several new processes, with the files in the page cache. Without
`--model` a network of the paper's sizes over a vocabulary of 30,000 generated words is written.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import report
from process import answer

TEXT = "The soup was cold. We will not come back."
STAGES = Path(__file__).with_name("start_up_process.py")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a .keras file, or the folder that holds it")
    parser.add_argument("--rounds", type=int, default=5, help="processes a figure (default: 5)")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = arguments.model or written(Path(folder))
        exported = Path(folder) / "exported"
        answer(STAGES, "export", model, exported)
        tables = [
            ("Commands, from start to end", commands(model, exported, arguments.rounds)),
            ("Stages with the `.keras` file", stages(arguments.rounds, "keras", model)),
            ("Stages with the SavedModel", stages(arguments.rounds, "saved_model", exported)),
            ("Stages of a first training", stages(arguments.rounds, "train")),
        ]
    setting = {"model": str(arguments.model or "the paper's sizes, vocabulary 30,000")}
    report.publish("start_up", {**setting, "processes": arguments.rounds}, tables, arguments)


def written(folder):
    """An untrained model in a file."""
    path = folder / "model.keras"
    answer(STAGES, "write", path)
    return path


def commands(model, exported, rounds):
    """Whole processes, with the CPU time of all their threads."""
    hanlib = [sys.executable, "-m", "hanlib"]
    made = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "hanlib --help": [*hanlib, "--help"],
        "python -c 'import tensorflow'": [sys.executable, "-c", "import tensorflow"],
        "python -c 'import keras, tensorflow'": [sys.executable, "-c", "import keras, tensorflow"],
        "hanlib train imdb": [*hanlib, "train", "imdb"],
        "hanlib predict MODEL TEXT": [*hanlib, "predict", str(model), TEXT],
        "hanlib predict --saved-model DIR TEXT": [
            *(*hanlib, "predict", "--saved-model", str(exported), TEXT)
        ],
    }
    return [
        {"command": f"`{name}`", **medians([_times(command) for _ in range(rounds + 1)])}
        for name, command in made.items()
    ]


def _times(command):
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True)
    if done.returncode not in (0, 2):  # 2: an unknown name, which is refused.
        raise RuntimeError(done.stderr.decode()[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"s": time.perf_counter() - start, "CPU s": used}


def stages(rounds, kind, *paths):
    """Stages within a process, in the order in which they come."""
    found = [answer(STAGES, kind, *paths) for _ in range(rounds + 1)]
    return [{"stage": stage, **medians([times[stage] for times in found])} for stage in found[0]]


def medians(rounds):
    """The median of each figure; the first round fills the page cache."""
    return {name: statistics.median(times[name] for times in rounds[1:]) for name in rounds[0]}


if __name__ == "__main__":
    sys.exit(main())
