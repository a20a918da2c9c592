"""Throughput and memory of `hanlib score` beside `hanlib predict --saved-model`.

    python benchmarks/beam.py --documents 4000

Each command runs in new processes on generated demo reviews, once with a tenth of the documents and
once with all; the rates are those of the documents in between, so they do not contain the start.
Processor time is that of all processes of a command, and does not depend on other programs that
run at the same time. Memory is the peak of the largest process.
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
    size = sum(map(len, texts)) / len(texts)
    tables = [
        ("Scoring", table(measured, sizes)),
        ("1 billion documents, estimated", billion(measured, sizes, size)),
    ]
    setting = {"documents": sizes, "bytes per document": size}
    report.publish("beam", setting, tables, arguments)


def measure(folder, model, texts, sizes):
    """`(seconds, processor seconds, bytes)` of each command and each number of documents."""
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
    seconds = time.monotonic() - start
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def rates(measured, sizes, clock):
    """Documents per second of each command, without the start; 0: seconds, 1: processor seconds."""
    names = dict.fromkeys(name for name, _ in measured)
    small, large = sizes
    return {
        name: (large - small) / (measured[name, large][clock] - measured[name, small][clock])
        for name in names
    }


def table(measured, sizes):
    found, by_processor = (rates(measured, sizes, clock) for clock in (0, 1))
    base = next(iter(by_processor.values()))
    return [
        {
            "command": name,
            **{f"seconds, {size:,}": measured[name, size][0] for size in sizes},
            "documents/s": rate,
            "documents per processor second": by_processor[name],
            "ratio of these": by_processor[name] / base,
            **{f"MB, {size:,}": measured[name, size][2] // 10**6 for size in sizes},
        }
        for name, rate in found.items()
    ]


def billion(measured, sizes, bytes_per_document):
    """A billion such documents: processor time, and bytes read, spread over workers and written.

    `hanlib score` moves every document once between workers, with its record; `hanlib predict` does
    not. Of what is written, only the text is counted, not the answers.
    """
    terabytes = bytes_per_document * 1e9 / 1e12
    return [
        {
            "command": name,
            "core hours": 1e9 / rate / 3600,
            "hours on 100 cores": 1e9 / rate / 3600 / 100,
            "TB read": terabytes,
            "TB moved": 0 if name.startswith("hanlib predict") else terabytes,
            "TB written": terabytes,
        }
        for name, rate in rates(measured, sizes, 1).items()
    ]


if __name__ == "__main__":
    sys.exit(main())
