"""Memory and time of an epoch's plan and batches, for numbers of documents beyond any disk.

    python benchmarks/epoch_memory.py

A folder of 100,000 tokenized documents of random words is opened as often as the number of
documents requires, so the disk holds it once. Each number is measured in a process of its own,
which reads the batches of two rounds: memory is the peak minus that before the folders are opened.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import report
from process import answer

PER_FOLDER, BLOCK = 100_000, 256


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--documents",
        type=int,
        nargs="+",
        default=[100_000, 1_000_000, 5_000_000, 100_000_000],
        help="default: 100,000, 1, 5 and 100 million",
    )
    parser.add_argument("--words", type=int, default=100, help="per document (default: 100)")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    report.add_arguments(parser)
    arguments = parser.parse_args()
    if arguments.measure is not None:
        print(json.dumps(measure(arguments.measure[0], int(arguments.measure[1]), arguments.seed)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "tokens"
        write(folder, arguments.words, arguments.seed)
        rows = [
            answer(__file__, "--measure", folder, number, "--seed", arguments.seed)
            for number in arguments.documents
        ]
    setting = {"words per document": arguments.words, "documents per batch": 64}
    report.publish("epoch_memory", setting, [("Epochs from disk", rows)], arguments)


def write(folder, words, seed):
    """Writes `PER_FOLDER` documents of one to twice `words` - 1 words to a folder."""
    from hanlib.data import TokenCache

    random = np.random.default_rng(seed)

    def vectorize(texts):
        lengths = random.integers(1, 2 * words, len(texts))
        return random.integers(1, 30_000, lengths.sum()), lengths, np.ones(len(texts), int)

    TokenCache.build(
        (("", number % 2) for number in range(PER_FOLDER)),
        vectorize,
        encode_label=int,
        directory=folder,
        batch_size=BLOCK,
    )


def measure(folder, documents, seed):
    """One row of the table."""
    import itertools

    from baseline_runner import peak_memory
    from scaling import resident_memory

    from hanlib.data import TokenShards, batches_of

    before, began = resident_memory(), time.perf_counter()
    shards = TokenShards.open([folder] * (documents // PER_FOLDER))
    batches = batches_of(shards, 64, seed=seed, max_batch_words=150_000, epochs=4)
    planned = time.perf_counter()
    made = batches._from(2, batches.steps // 2)
    count = min(3000, batches.steps)
    words = 0
    for indices, make in itertools.islice(made, count):
        words += int((make(indices)[0]["ids"] > 0).sum())
        if not words:
            raise AssertionError("a batch has no words")
    ended = time.perf_counter()
    return {
        "documents": shards.documents,
        "million words": round(shards.words / 1e6),
        "steps per epoch": batches.steps,
        "seconds, plan of 4 epochs": planned - began,
        "batches/s": count / (ended - planned),
        "memory, MB": (peak_memory() - before) / 1e6,
    }


if __name__ == "__main__":
    sys.exit(main())
