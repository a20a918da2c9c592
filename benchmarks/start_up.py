"""How long it takes to a first answer: `hanlib predict`, its stages, and the SavedModel.

    python benchmarks/start_up.py
    python benchmarks/start_up.py --model saved_models/imdb_reviews

Each figure is the median of several new processes, with the files in the page cache. Without
`--model` a network of the paper's sizes over a vocabulary of 30,000 generated words is written.
"""

import argparse
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
            ("Commands, from start to end", commands(model, arguments.rounds)),
            ("Stages with the `.keras` file", stages("keras", model, arguments.rounds)),
            ("Stages with the SavedModel", stages("saved_model", exported, arguments.rounds)),
        ]
    setting = {"model": str(arguments.model or "the paper's sizes, vocabulary 30,000")}
    report.publish("start_up", {**setting, "processes": arguments.rounds}, tables, arguments)


def written(folder):
    """An untrained model in a file."""
    path = folder / "model.keras"
    answer(STAGES, "write", path)
    return path


def commands(model, rounds):
    """Whole processes."""
    hanlib = [sys.executable, "-m", "hanlib"]
    made = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "hanlib --help": [*hanlib, "--help"],
        "python -c 'import tensorflow'": [sys.executable, "-c", "import tensorflow"],
        "python -c 'import keras, tensorflow'": [sys.executable, "-c", "import keras, tensorflow"],
        "hanlib predict MODEL TEXT": [*hanlib, "predict", str(model), TEXT],
    }
    rows = []
    for name, command in made.items():
        seconds = [_seconds(command) for _ in range(rounds + 1)][1:]
        rows.append({"command": f"`{name}`", "s": statistics.median(seconds)})
    return rows


def _seconds(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def stages(kind, model, rounds):
    """Stages within a process, in the order in which they come."""
    found = [answer(STAGES, kind, model) for _ in range(rounds + 1)]
    return [
        {"stage": stage, "s": statistics.median(times[stage] for times in found[1:])}
        for stage in found[0]
    ]


if __name__ == "__main__":
    sys.exit(main())
