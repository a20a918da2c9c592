"""The training step of hanlib, of other implementations, and of all cells.

    python benchmarks/train_step.py

Each baseline runs in a separate process, and they take turns; ratios are medians over the rounds.
The batches are real reviews in random order, converted to the input of each baseline in advance.
Tracing and compilation are not timed. The optimizer is Adam (only for the rows of the batch in
hanlib and with PyTorch's SparseAdam).
"""

import argparse
import sys

import baseline_runner
import peers
import report
import reviews
from sizes import Sizes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for part in (peers, reviews, report):
        part.add_arguments(parser)
    parser.add_argument("--tables", default="peers,cells", help="which tables to measure")
    arguments = parser.parse_args()
    unknown = {*arguments.tables.split(",")} - {"peers", "cells"}
    if unknown:
        parser.error(f"--tables takes peers and cells. Received: {', '.join(unknown)}")
    sizes = Sizes()
    documents = reviews.review_ids(arguments, sizes.vocabulary)
    batches = documents.batches(arguments.documents, arguments.batches, arguments.seed)
    tables = []
    if "peers" in arguments.tables:
        entries = peers.chosen(
            peers.peers(sizes, slow_batches=2), arguments.only, arguments.without
        )
        tables.append(("Training", peers.table(run(entries, batches, arguments))))
    if "cells" in arguments.tables:
        results = run(peers.cells(sizes), batches, arguments)
        tables.append(("Training, by cell", peers.table(results, "cell")))
    setting = peers.setting(sizes, batches, arguments)
    report.publish("train_step", setting, tables, arguments)


def run(entries, batches, arguments):
    return baseline_runner.run(entries, batches, "train", arguments.rounds, say_to_stderr)


def say_to_stderr(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
