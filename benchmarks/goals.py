"""Compares the results of the benchmarks with the speed goals of the project.

python benchmarks/goals.py --results results
"""

import argparse
import json
import sys
from pathlib import Path

import report

BOX, TORCH = "`TimeDistributed`", "PyTorch"
# Result file, index of the table, part of the name of the row, column, goal (negative: a maximum),
# description.
GOALS = (
    ("train_step", 0, BOX, "hanlib is", 20, "training, speed relative to padded Keras"),
    (
        "train_step",
        0,
        TORCH,
        "hanlib is",
        5,
        "training, speed relative to PyTorch with packed sequences",
    ),
    ("predict", 0, BOX, "hanlib is", 15, "inference from ids, speed relative to padded Keras"),
    ("predict", 0, TORCH, "hanlib is", 4, "inference from ids, speed relative to PyTorch"),
    ("limit", 0, "training", "share", 0.6, "training, share of the peak of a matrix product"),
    (
        "end_to_end",
        0,
        "64",
        "documents/s",
        1500,
        "SavedModel from text, 64 documents per call, documents per second",
    ),
    (
        "end_to_end",
        0,
        "1",
        "p50, ms",
        -15,
        "SavedModel from text, one document per call, median, ms (maximum)",
    ),
    (
        "train_loop",
        0,
        "`hanlib train`",
        "share of its step",
        0.85,
        "`hanlib train`, speed relative to its training step",
    ),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of the JSON")
    arguments = parser.parse_args()
    print(report.markdown(goals(read(arguments.results))))


def read(folder):
    """The records of the benchmarks, by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def goals(records):
    """One row per goal; `measured` is None without a result."""
    rows = []
    for name, table, row_name, column, wanted, words in GOALS:
        record = records.get(name)
        found = figure(record, table, row_name, column)
        met = None
        if found is not None:
            met = "yes" if (found >= wanted if wanted > 0 else found <= -wanted) else "no"
        version = None if found is None else record["machine"]["versions"]["hanlib"]
        row = {"goal": words, "wanted": abs(wanted), "measured": found, "met": met}
        rows.append({**row, "hanlib": version})
    return rows


def figure(record, table, row_name, column):
    """The number in the first matching row of a record, or None."""
    if record is None or table >= len(record["tables"]):
        return None
    for row in record["tables"][table]["rows"]:
        name = str(next(iter(row.values())))
        if row_name == name or (not row_name.isdecimal() and row_name in name):
            value = row[column]
            return float(value.split()[0]) if isinstance(value, str) else value
    return None


if __name__ == "__main__":
    sys.exit(main())
