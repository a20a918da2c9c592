"""Inference from word ids, for hanlib, other implementations, and all cells.

    python benchmarks/predict.py

The procedure is that of `train_step.py`. `end_to_end.py` measures inference from text.
"""

import argparse
import sys

import baseline_runner
import peers
import report
import reviews
from sizes import Sizes
from train_step import say_to_stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for part in (peers, reviews, report):
        part.add_arguments(parser)
    parser.add_argument("--tables", default="peers,cells", help="which tables to measure")
    arguments = parser.parse_args()
    sizes = Sizes()
    documents = reviews.review_ids(arguments, sizes.vocabulary)
    batches = documents.batches(arguments.documents, arguments.batches, arguments.seed)
    tables = []
    if "peers" in arguments.tables:
        entries = peers.chosen(
            peers.peers(sizes, slow_batches=4), arguments.only, arguments.without
        )
        tables.append(("Inference", peers.table(run(entries, batches, arguments))))
    if "cells" in arguments.tables:
        results = run(peers.cells(sizes), batches, arguments)
        tables.append(("Inference, by cell", peers.table(results, "cell")))
    report.publish("predict", peers.setting(sizes, batches, arguments), tables, arguments)


def run(entries, batches, arguments):
    return baseline_runner.run(entries, batches, "predict", arguments.rounds, say_to_stderr)


if __name__ == "__main__":
    sys.exit(main())
