"""Throughput and memory of `hanlib score` beside `hanlib predict --saved-model`.

    python benchmarks/beam.py --documents 4000

Each command runs in new processes on generated demo reviews, once with a tenth of the documents and
once with all; the rate is that of the documents in between, so it does not contain the start.
Memory is the peak of the largest process.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import report

from hanlib.data.demo import generate

EXPORT = Path(__file__).parents[1] / "saved_models" / "demo-golden" / "serving"
FILES = 4
WORKERS = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=EXPORT, help="an export (default: the demo)")
    parser.add_argument("--documents", type=int, default=4000, help="default: 4000")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    sizes = (arguments.documents // 10, arguments.documents)
    texts = [review.text for review in generate(arguments.documents, arguments.seed)]
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), arguments.model, texts, sizes)
    tables = [
        ("Scoring", table(measured, sizes)),
        ("1 billion documents, estimated", billion(measured, sizes)),
    ]
    setting = {"documents": sizes, "bytes per document": sum(map(len, texts)) / len(texts)}
    report.publish("beam", setting, tables, arguments)


def measure(folder, model, texts, sizes):
    """`(seconds, bytes)` of each command and each number of documents."""
    measured = {}
    for size in sizes:
        write(folder / f"{size}.csv", texts[:size])
        for part in range(FILES):
            write(folder / f"{size}-part{part}.csv", texts[part:size:FILES])
        predict = ("predict", "--saved-model", model, "--input", folder / f"{size}.csv")
        score = ("score", folder / f"{size}-part*.csv", "--model", model)
        commands = {
            "hanlib predict --saved-model": (*predict, "--output", folder / f"{size}.jsonl"),
            "hanlib score, one process": (*score, "--output", folder / f"{size}-one"),
            "hanlib score, two processes": (*score, "--output", folder / f"{size}-two", *WORKERS),
        }
        for name, command in commands.items():
            measured[name, size] = run(command)
    return measured


def write(path, texts):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "text"], *enumerate(texts)])


def run(command):
    start = time.monotonic()
    command = [sys.executable, "-m", "hanlib", *map(str, command)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return time.monotonic() - start, usage.ru_maxrss * 1024


def rates(measured, sizes):
    """Documents per second of each command, without the start."""
    names = dict.fromkeys(name for name, _ in measured)
    seconds = {name: measured[name, sizes[1]][0] - measured[name, sizes[0]][0] for name in names}
    return {name: (sizes[1] - sizes[0]) / seconds[name] for name in names}


def table(measured, sizes):
    found = rates(measured, sizes)
    base = next(iter(found.values()))
    return [
        {
            "command": name,
            **{f"seconds, {size:,}": measured[name, size][0] for size in sizes},
            "documents/s": rate,
            "ratio": rate / base,
            **{f"MB, {size:,}": measured[name, size][1] // 10**6 for size in sizes},
        }
        for name, rate in found.items()
    ]


def billion(measured, sizes):
    """Hours of this machine for a billion such documents, if the rate did not change."""
    found = rates(measured, sizes)
    return [
        {"command": name, "machine hours": 1e9 / rate / 3600, "core hours": cores(rate)}
        for name, rate in found.items()
    ]


def cores(rate):
    return 1e9 / rate / 3600 * (os.cpu_count() or 1)


if __name__ == "__main__":
    sys.exit(main())
