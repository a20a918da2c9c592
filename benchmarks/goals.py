"""The goals of the project for speed, beside what the benchmarks found.

python benchmarks/goals.py --results results
"""

import argparse
import json
import sys
from pathlib import Path

import report

BOX, TORCH = "`TimeDistributed`", "PyTorch"
# Result file, place of the table, part of the row's name, column, at least (or at most), wording.
GOALS = (
    ("train_step", 0, BOX, "hanlib is", 20, "training, times the dense box of Keras"),
    ("train_step", 0, TORCH, "hanlib is", 5, "training, times PyTorch with packed sequences"),
    ("predict", 0, BOX, "hanlib is", 15, "inference from ids, times the dense box of Keras"),
    ("predict", 0, TORCH, "hanlib is", 4, "inference from ids, times PyTorch"),
    ("limit", 0, "training", "share", 0.6, "training, share of the matrix product's peak"),
    ("end_to_end", 0, "64", "documents/s", 1500, "text in, 64 a call, documents a second"),
    ("end_to_end", 0, "1", "p50, ms", -15, "text in, one a call, median, ms (at most)"),
    ("train_step", 2, "`hanlib train`", "share of its step", 0.85, "`hanlib train`, of its step"),
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
    """A row for each goal; what was not measured has no figure."""
    rows = []
    for name, table, row_name, column, wanted, words in GOALS:
        found = figure(records.get(name), table, row_name, column)
        met = None
        if found is not None:
            met = "yes" if (found >= wanted if wanted > 0 else found <= -wanted) else "no"
        rows.append({"goal": words, "wanted": abs(wanted), "measured": found, "met": met})
    return rows


def figure(record, table, row_name, column):
    """A number of a record, or None: that of the first row whose name fits."""
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
