"""The training step of hanlib, other implementations, and all cells, and `hanlib train`.

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
from baseline_runner import Entry
from sizes import Sizes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for part in (peers, reviews, report):
        part.add_arguments(parser)
    parser.add_argument(
        "--epoch", type=int, default=100, help="batches of the last table (default: 100)"
    )
    parser.add_argument("--tables", default="peers,cells,loop", help="which tables to measure")
    arguments = parser.parse_args()
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
    if "loop" in arguments.tables:
        (epoch,) = documents.batches(arguments.documents * arguments.epoch, 1, arguments.seed)
        tables.append(("`hanlib train`", loop_rows(run(loops(sizes), [epoch], arguments))))
    setting = peers.setting(sizes, batches, arguments)
    report.publish("train_step", setting, tables, arguments)


def run(entries, batches, arguments):
    return baseline_runner.run(entries, batches, "train", arguments.rounds, say_to_stderr)


def say_to_stderr(line):
    print(line, file=sys.stderr, flush=True)


def loop_rows(results):
    """Rows of the last table; a complete loop follows its step and is compared with it."""
    rows = []
    for before, result in zip([None, *results], results, strict=False):
        whole = result.title.startswith("`hanlib train")
        row = {"one epoch": result.title, "documents/s": result.documents_a_second}
        row["words/s"] = round(result.words_a_second)
        row["of the bare step"] = result.times_faster_than(results[0])
        row["share of its step"] = result.times_faster_than(before) if whole else None
        rows.append(row)
    return rows


def loops(sizes):
    """From the bare step to the complete `hanlib train`, with one more part per row."""
    bare = {"preset": "han_paper", "adversarial_norm": 0.0, "clip_norm": 0.0, "weight_average": 0.0}
    plain = {**bare, "clip_norm": 5.0, "weight_average": 0.99}
    dropout = {"adversarial_norm": 0.0}

    def entry(title, recipe, **options):
        return Entry(title, "hanlib_training", sizes, {"recipe": recipe, **options})

    return [
        entry("bare step", bare, whole=False, deterministic=False),
        entry("bare step, deterministic", bare, whole=False),
        entry("clipping and averaged weights too", plain, whole=False),
        entry("dropout too", dropout, whole=False),
        entry("`hanlib train --set adversarial_norm=0`", dropout),
        entry("the adversary too (two passes)", {}, whole=False),
        entry("`hanlib train`", {}),
    ]


if __name__ == "__main__":
    sys.exit(main())
