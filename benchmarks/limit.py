"""Training and inference relative to the peak of a matrix product on the same machine.

    python benchmarks/limit.py

The peak is the rate of a large square product in float32 on all cores, with TensorFlow or NumPy,
whichever is faster, measured alternately with the rest in the same process. Only the multiply-adds
that the network needs for the real words are counted (`multiply_adds.py`), so everything else
(gates, packing, memory traffic, the optimizer) lowers the share. A second table has the times of
the individual parts.
"""

import argparse
import statistics
import sys
import time

import multiply_adds
import peers
import report
import reviews
from sizes import Sizes

EDGE = 4096


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for part in (peers, reviews, report):
        part.add_arguments(parser)
    arguments = parser.parse_args()
    from hanlib.cli.quiet import start_tensorflow

    start_tensorflow()
    sizes = Sizes()
    documents = reviews.review_ids(arguments, sizes.vocabulary)
    batches = documents.batches(arguments.documents, arguments.batches, arguments.seed)
    tables = [
        ("Share of the peak", shares(batches, sizes, arguments.rounds)),
        ("The parts, one by one", parts(batches, sizes, arguments.rounds)),
    ]
    setting = peers.setting(sizes, batches, arguments)
    setting["peak"] = f"product of two {EDGE} x {EDGE} matrices, float32"
    report.publish("limit", setting, tables, arguments)


def shares(batches, sizes, rounds):
    """Training step and inference, measured alternately with the matrix product."""
    from baselines import make

    network = make("hanlib", sizes)
    prepared = [network.prepare(batch) for batch in batches]
    products = matrix_products(EDGE)
    jobs = {
        **{name: job for name, (job, _) in products.items()},
        "training": lambda: [network.train(batch) for batch in prepared],
        "inference": lambda: [network.predict(batch) for batch in prepared],
    }
    seconds = in_turns(jobs, rounds)
    rows = [_product_row(name, min(seconds[name]), count) for name, (_, count) in products.items()]
    peak = max(row["GFLOP/s"] for row in rows)
    for row in rows:
        row["share"] = row["GFLOP/s"] / peak
    for name, passes in (("training", 3), ("inference", 1)):
        took = statistics.median(seconds[name]) / len(batches)
        needed, per_word = (
            passes * forward_operations(batches, sizes, counted) / 1e9 for counted in (False, True)
        )
        row = {"what": name, "ms": 1e3 * took, "GFLOP": needed, "GFLOP/s": needed / took}
        row |= {"GFLOP, per word": per_word, "share, per word": per_word / took / peak}
        rows.append({**row, "share": needed / took / peak})
    return rows


def _product_row(name, seconds, count):
    needed = count * 2 * EDGE**3 / 1e9
    row = {"what": name, "ms": 1e3 * seconds, "GFLOP": needed, "GFLOP/s": needed / seconds}
    return {**row, "GFLOP, per word": None, "share, per word": None, "share": None}


def forward_operations(batches, sizes, per_word):
    """Operations of the forward pass, mean of the batches."""
    return statistics.mean(
        sum(multiply_adds.parts(batch, sizes, per_word).values()) for batch in batches
    )


def matrix_products(edge):
    """Functions that multiply square matrices and wait, with their numbers of products."""
    import numpy as np
    import tensorflow as tf

    left, right = np.random.default_rng(0).random([2, edge, edge], "float32")
    operands = tf.constant(left), tf.constant(right)
    other_way = tf.constant(right), tf.constant(left)

    @tf.function
    def multiply():
        # The hanlib commands use half of the cores per operation, so two parallel products use all.
        return [tf.matmul(*pair)[0, 0] for pair in (operands, other_way)]

    def both():
        for result in multiply():
            result.numpy()

    return {
        "two products side by side, TensorFlow": (both, 2),
        "product, NumPy": (lambda: np.matmul(left, right), 1),
    }


def in_turns(jobs, rounds):
    """Seconds of each job in each round, after a warm-up."""
    seconds = {name: [] for name in jobs}
    for number in range(rounds + 1):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def parts(batches, sizes, rounds):
    """Milliseconds per batch and operations per second of each part."""
    from network_parts import network_parts

    needed = multiply_adds.parts(batches[0], sizes)
    needed = {
        name: statistics.mean(multiply_adds.parts(batch, sizes)[name] for batch in batches)
        for name in needed
    }
    made = network_parts(batches, sizes)
    seconds = in_turns({(part.name, part.kind): part.run for part in made}, rounds)
    rows = []
    for name in dict.fromkeys(part.name for part in made):
        found = {part.kind: seconds[part.name, part.kind] for part in made if part.name == name}
        took = {kind: statistics.median(times) / len(batches) for kind, times in found.items()}
        counted = sum(needed[c] for part in made if part.name == name for c in part.counted)
        counted = counted / len(took) / 1e9
        row = {"part": name, "forward, ms": None, "with gradient, ms": None}
        row |= {f"{kind}, ms": 1e3 * s for kind, s in took.items()}
        row |= {"GFLOP forward": counted or None, "GFLOP/s forward": None, "GFLOP/s both": None}
        if counted and "forward" in took:
            row["GFLOP/s forward"] = counted / took["forward"]
            row["GFLOP/s both"] = 3 * counted / took["with gradient"]
        rows.append(row)
    return rows


if __name__ == "__main__":
    sys.exit(main())
