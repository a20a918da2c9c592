"""Growth of time and memory with document length, batch size, network size and data set size.

    python benchmarks/scaling.py
    python benchmarks/scaling.py --axes "data set" --documents 100000

Each point is measured in a separate process. Time is the median of several runs after a warm-up;
memory is the maximum resident size minus that before the network was created. Documents are
generated, with sentences of 20 words whose ids follow Zipf's law.
"""

import argparse
import json
import math
import statistics
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import report
from baseline_runner import peak_memory
from documents import generated
from process import answer
from sizes import Sizes
from train_step import say_to_stderr

SENTENCE = 20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--axes", default=",".join(AXES), help="axes to measure, separated by commas"
    )
    parser.add_argument("--words", type=int, default=40_000, help="longest documents (words)")
    parser.add_argument("--documents", type=int, default=1_000_000, help="largest data set")
    parser.add_argument("--rounds", type=int, default=5, help="runs per point (default: 5)")
    parser.add_argument("--point", help=argparse.SUPPRESS)
    report.add_arguments(parser)
    arguments = parser.parse_args()
    if arguments.point:
        print(json.dumps(measure(**json.loads(arguments.point))))
        return
    tables = [
        (f"By {axis}", rows)
        for axis in arguments.axes.split(",")
        for rows in [AXES[axis.strip()](arguments)]
    ]
    setting = {"network": "of the paper where a column does not say otherwise"}
    setting |= {"sentences": f"of {SENTENCE} words", "runs a point": arguments.rounds}
    report.publish("scaling", setting, tables, arguments)


def by_words(arguments):
    """Both tasks by words per document, in batches of 8 documents."""
    lengths = [n for n in (50, 200, 1_000, 5_000, 10_000, 20_000, 40_000) if n <= arguments.words]
    rows = []
    for task in ("train", "predict"):
        points = [
            point(arguments, task=task, documents=8, sentences=n // SENTENCE) for n in lengths
        ]
        rows += _against(points, "words a document", lengths, [8 * n for n in lengths], task)
    return rows


def by_batch(arguments):
    """Training by documents per batch, with 260 words per document."""
    counts = (1, 4, 16, 64, 256, 1024)
    points = [point(arguments, documents=count, sentences=13) for count in counts]
    words = [count * 13 * SENTENCE for count in counts]
    return _against(points, "documents a batch", counts, words, "train")


def by_units(arguments):
    """Training by units of each direction, with 64 documents of 260 words."""
    widths = (25, 50, 100, 200, 400)
    points = [
        point(arguments, documents=64, sentences=13, units=n, attention=2 * n) for n in widths
    ]
    return _against(points, "units", widths, [64 * 260] * len(widths), "train")


def by_vocabulary(arguments):
    """Training by vocabulary size, with 64 documents of 260 words."""
    counts = (3_000, 30_000, 300_000)
    points = [point(arguments, documents=64, sentences=13, vocabulary=n) for n in counts]
    return _against(points, "vocabulary", counts, [64 * 260] * len(counts), "train")


def by_documents(arguments):
    """The input pipeline by documents of a data set in sharded files."""
    from streaming import measure_stream

    counts = [n for n in (10_000, 100_000, 1_000_000) if n <= arguments.documents]
    rows = [measure_stream(n, arguments.seed) for n in counts or [arguments.documents]]
    for before, row in zip([None, *rows], rows, strict=False):
        row["memory by power"] = before and _power(before, row, "memory, MB", "documents")
    return rows


AXES = {
    "words": by_words,
    "batch": by_batch,
    "units": by_units,
    "vocabulary": by_vocabulary,
    "data set": by_documents,
}


def _against(points, axis, values, words, task):
    """Rows of one axis, with the growth of time and memory as powers of the axis.

    1 is linear, 0 is constant.
    """
    rows = []
    for value, count, found in zip(values, words, points, strict=True):
        row = {"task": task, axis: value, "ms": 1e3 * found["seconds"]}
        row["words/s"] = round(count / found["seconds"])
        row["memory, MB"] = found["memory"] / 1e6
        row["bytes a word"] = round(found["memory"] / count)
        row |= {"time grows by power": None, "memory by power": None}
        if rows:
            row["time grows by power"] = _power(rows[-1], row, "ms", axis)
            row["memory by power"] = _power(rows[-1], row, "memory, MB", axis)
        rows.append({"words": count, **row} if axis != "words a document" else row)
    return rows


def _power(before, row, column, axis):
    """p in `column ~ axis^p` between two points."""
    return round(math.log(row[column] / before[column]) / math.log(row[axis] / before[axis]), 2)


def point(arguments, task="train", documents=64, sentences=13, **sizes):
    """Measures a point in a new process: seconds per batch, and bytes."""
    given = {"task": task, "documents": documents, "sentences": sentences}
    given |= {"sizes": asdict(replace(Sizes(), **sizes)), "rounds": arguments.rounds}
    given["seed"] = arguments.seed
    found = answer(__file__, "--point", json.dumps(given))
    say_to_stderr(f"{given['documents']} x {sentences} sentences, {task}: {found}")
    return found


def measure(task, documents, sentences, sizes, rounds, seed):
    """The median seconds per batch, and the additional bytes since before the network."""
    from hanlib.cli.quiet import start_tensorflow

    start_tensorflow()
    import hanlib.models  # noqa: F401 - not counted as memory of the network

    before = resident_memory()
    from baselines import make

    sizes = Sizes(**sizes)
    network = make("hanlib", sizes)
    batch = generated(documents, sentences, SENTENCE, sizes.vocabulary, seed)
    prepared = network.prepare(batch)
    work = getattr(network, task)
    seconds = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        work(prepared)
        seconds.append(time.perf_counter() - start)
    return {"seconds": statistics.median(seconds[1:]), "memory": peak_memory() - before}


def resident_memory():
    """The resident size of this process, bytes (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return 1024 * int(line.split()[1])
    raise OSError("/proc/self/status has no line VmRSS")


if __name__ == "__main__":
    sys.exit(main())
