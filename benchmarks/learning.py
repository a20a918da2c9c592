"""Validation accuracy against minutes of training: hanlib, PyTorch and a flat network.

    python benchmarks/learning.py --json results/learning.json
    python benchmarks/plots.py --results results

The networks of `train_step.py` learn from the same batches of 64 IMDB reviews in the same order,
with Adam at 0.001 and no dropout, each in a separate process. They take turns after every part of
an epoch, and are then measured on the same held-out training reviews, which is not timed. The last
rows are `hanlib train` with all its parts, from the texts to the saved model, on the same reviews.
"""

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import peers
import report
import reviews
from documents import write
from process import Conversation
from sizes import Sizes
from train_step import say_to_stderr

TITLES = ("hanlib", "PyTorch, packed", "Keras flat")
BATCH = 64


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reviews.add_arguments(parser)
    report.add_arguments(parser)
    parser.add_argument("--epochs", type=int, default=2, help="epochs of the networks (default: 2)")
    parser.add_argument("--parts", type=int, default=4, help="turns per epoch (default: 4)")
    parser.add_argument("--train", type=int, default=22_500, help="training reviews")
    parser.add_argument("--held-out", type=int, default=2_500, help="reviews to measure on")
    parser.add_argument(
        "--options",
        action="append",
        metavar="OPTIONS",
        help="a row `hanlib train OPTIONS`; can be repeated (default: one row without options)",
    )
    arguments = parser.parse_args()
    sizes = Sizes()
    documents = reviews.review_ids(arguments, sizes.vocabulary)
    order = np.random.default_rng(arguments.seed).permutation(len(documents.labels))
    held_out = order[: arguments.held_out]
    chosen = order[arguments.held_out :][: arguments.train]
    with tempfile.TemporaryDirectory() as folder:
        files = _files(documents, chosen, held_out, arguments, Path(folder))
        rows = networks(sizes, files, arguments)
        texts = Path(folder) / "reviews.jsonl"
        _write_texts(texts, reviews.review_texts(arguments.data_dir), chosen, held_out)
        for options in [""] if arguments.options is None else arguments.options:
            rows.append(command(options, texts, Path(folder)))
            say_to_stderr(json.dumps(rows[-1]))
    setting = {"training reviews": len(chosen), "held-out training reviews": len(held_out)}
    report.publish("learning", setting, [("Accuracy by time", rows)], arguments)


def _files(documents, chosen, held_out, arguments, folder):
    """Writes the batches of each part of each epoch, and those to measure on."""
    random, parts = np.random.default_rng(arguments.seed), []
    for _ in range(arguments.epochs):
        batches = _batches(random.permutation(chosen))
        for part in np.array_split(np.arange(len(batches)), arguments.parts):
            parts.append(str(folder / f"part-{len(parts)}.npz"))
            write(parts[-1], [documents.take(batches[number]) for number in part])
    measured = str(folder / "held-out.npz")
    write(measured, [documents.take(batch) for batch in _batches(held_out)])
    return {"parts": parts, "held_out": measured}


def _batches(chosen):
    return [chosen[start : start + BATCH] for start in range(0, len(chosen), BATCH)]


def networks(sizes, files, arguments):
    """Rows of the networks: one for each part of an epoch."""
    entries = [entry for entry in peers.peers(sizes, None) if entry.title in TITLES]
    seconds, rows, workers = dict.fromkeys(TITLES, 0.0), [], []
    script = Path(__file__).with_name("learning_process.py")
    try:
        for entry in entries:
            workers.append(Conversation(entry.title, script))
            given = {"baseline": entry.baseline, "options": entry.options, **files}
            workers[-1].ask(json.dumps({**given, "sizes": asdict(entry.sizes)}))
        for number in range(len(files["parts"])):
            for worker in workers:
                seconds[worker.title] += worker.ask(f"train {number}")
                epochs = (number + 1) / arguments.parts
                row = _row(worker.title, epochs, seconds[worker.title], worker.ask("measure"))
                say_to_stderr(json.dumps(row))
                rows.append(row)
    finally:
        for worker in workers:
            worker.stop()
    return sorted(rows, key=lambda row: TITLES.index(row["network"]))


def _row(title, epochs, seconds, accuracy):
    accuracy = f"{accuracy:.3f}"
    return {"network": title, "epochs": epochs, "minutes": seconds / 60, "accuracy": accuracy}


def _write_texts(path, examples, chosen, held_out):
    with path.open("w", encoding="utf-8") as file:
        for split, numbers in (("train", chosen), ("validation", held_out)):
            for number in numbers:
                text, label = examples[number]
                file.write(json.dumps({"text": text, "label": label, "split": split}) + "\n")


def command(options, texts, folder):
    """The row of `hanlib train` with these options."""
    output = Path(tempfile.mkdtemp(dir=folder)) / "model"
    given = ["train", str(texts), "--output", str(output), *shlex.split(options)]
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "hanlib", *given], check=True, stdout=sys.stderr)
    seconds = time.perf_counter() - start
    record = json.loads((output / "metrics.json").read_text())
    title = f"`hanlib train {options}".strip() + "`"
    return _row(title, record["epochs"], seconds, record["validation"]["accuracy"])


if __name__ == "__main__":
    sys.exit(main())
