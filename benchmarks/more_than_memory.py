"""Trains on generated files of more documents than memory holds, kills the run, and resumes it.

    python benchmarks/more_than_memory.py --documents 100000

The documents are demo reviews with noise: random words in between, from a vocabulary with the
frequencies of Zipf's law, and a share of wrong labels. They are written to JSONL.gz files in
parallel. Then `hanlib train` runs three times with the same arguments:

1. The run is killed (`kill -9`) some steps after its first checkpoint.
2. `--resume` takes it to its end.
3. A run to another folder, which nobody kills, finds words and tokens in the cache. Its weights
   must be the same, bit for bit.

Memory is sampled every second: the resident sets of all processes of a run together, which count
the code of TensorFlow once per process, and that of the largest of them. The seconds of
a stage end when its files are complete.
"""

import argparse
import functools
import gzip
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import report

from hanlib.data import demo
from hanlib.data.processes import map_in_processes

PAUSE = 1.0
NOISE_WORDS = 50_000
NOISE_LABELS = 0.05
SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=100_000, help="default: 100,000")
    parser.add_argument("--files", type=int, default=16, help="default: 16")
    parser.add_argument("--steps", type=int, default=300, help="of 64 documents (default: 300)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--preset", default="han_small", help="default: han_small")
    parser.add_argument("--ngrams", type=int, default=3, help="longest n-gram (default: 3)")
    parser.add_argument("--folder", type=Path, help="keep everything here (default: temporary)")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if not (folder / "data").exists():
            generate(folder / "data", arguments)
        rows = measure(folder, arguments)
        size = sum(path.stat().st_size for path in (folder / "data").iterdir())
        tokens = sum(path.stat().st_size for path in (folder / "cache").rglob("ids.npy"))
        setting = {
            "documents": arguments.documents,
            "files": arguments.files,
            "MB of files": size / 1e6,
            "words": tokens // 4,
            "network": arguments.preset,
            "longest n-gram": arguments.ngrams,
            "steps": arguments.steps,
            "processes": arguments.jobs,
        }
        report.publish("more_than_memory", setting, [("Stages", rows)], arguments)


# Documents ----------------------------------------------------------------------------------


def generate(folder, arguments):
    """Writes the documents to files; a folder that exists is complete."""
    writing = folder.with_name("writing")
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir(parents=True)
    counts = [
        arguments.documents * (number + 1) // arguments.files
        - arguments.documents * number // arguments.files
        for number in range(arguments.files)
    ]
    function = functools.partial(write_file, folder=writing, seed=arguments.seed)
    map_in_processes(function, list(enumerate(counts)), arguments.jobs)
    writing.rename(folder)


def write_file(item, report, folder, seed):
    number, documents = item
    draw = random.Random(f"{seed} {number}")
    reviews = demo.endless(f"{seed} {number}")
    with gzip.open(folder / f"part-{number:04d}.jsonl.gz", "wt", compresslevel=3) as file:
        for _ in range(documents):
            review = next(reviews)
            label = review.label
            if draw.random() < NOISE_LABELS:
                label = draw.choice(demo.CLASSES)
            file.write(json.dumps({"text": noisy(review.text, draw), "label": label}) + "\n")


def noisy(text, draw):
    """The text with a random word after every tenth word on average."""
    words = []
    for word in text.split(" "):
        words.append(word)
        if draw.random() < 0.1:
            # Zipf's law: the logarithm of the rank is uniform.
            words.append(noise_word(int(NOISE_WORDS ** draw.random())))
    return " ".join(words)


def noise_word(rank):
    """A word for a number from 1; greater numbers have longer words."""
    word = ""
    while rank:
        rank, syllable = divmod(rank, len(SYLLABLES))
        word += SYLLABLES[syllable]
    return word


# Runs ---------------------------------------------------------------------------------------


def measure(folder, arguments):
    """The rows of the three runs."""
    cache, killed, whole = (folder / name for name in ("cache", "killed", "whole"))
    for used in (cache, killed, whole):
        shutil.rmtree(used, ignore_errors=True)
    documents = arguments.documents
    first = Run(folder, killed, arguments)
    rows = [
        row("reading the labels", first.until(lambda: any(cache.glob("rows-*"))), documents),
        row(
            "splitting into words",
            first.until(lambda: len(list(cache.glob("words-*/[0-9]*"))) == arguments.files),
            documents,
        ),
        row(
            "vocabulary and ids",
            first.until(lambda: len(list(cache.glob("ids-*/[0-9]*"))) == arguments.files),
        ),
        row("until the first checkpoint", first.until((killed / "checkpoint/state.npz").exists)),
    ]
    time.sleep(3)
    first.process.kill()
    first.process.wait()
    rows.append(first.row("all of this, then killed"))
    resumed = Run(folder, killed, arguments, "--resume")
    resumed.finish()
    rows.append(resumed.row("resumed, to the end"))
    second = Run(folder, whole, arguments)
    seconds = second.until((whole / "checkpoint/run.json").exists)
    seconds += second.until((whole / "checkpoint/state.npz").exists)
    rows.append(row("second run: until its first checkpoint", seconds))
    second.finish()
    rows.append(second.row("second run, to the end"))
    if weights(killed) != weights(whole):
        sys.exit("the weights of the resumed run differ from those of the run that was not killed")
    print("the resumed run and the one that was not killed have the same weights", flush=True)
    return rows


def row(stage, seconds, documents=None):
    rate = None if documents is None else documents / max(seconds, 1e-3)
    memory = {"MB, all processes": None, "MB, largest process": None}
    return {"stage": stage, "seconds": seconds, "documents/s": rate, **memory}


class Run:
    """A running `hanlib train`, whose memory is sampled while it is waited for."""

    def __init__(self, folder, output, arguments, *more):
        command = [sys.executable, "-m", "hanlib", "train", str(folder / "data" / "*.jsonl.gz")]
        command += ["--output", str(output), "--cache", str(folder / "cache")]
        command += ["--jobs", str(arguments.jobs), "--steps", str(arguments.steps)]
        command += ["--epochs", "1", "--validation-split", "1000", "--seed", str(arguments.seed)]
        command += ["--preset", arguments.preset, "--set", f"ngrams={arguments.ngrams}"]
        command += ["--set", "checkpoint_steps=50", "--set", "adversarial_norm=0", *more]
        self.began = self.last = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.all = self.largest = 0

    def until(self, condition):
        """Waits for a condition; returns the seconds since the last one."""
        while not condition():
            if self.process.poll() is not None:
                sys.exit(f"the run ended with exit code {self.process.returncode}")
            self._sample()
            time.sleep(PAUSE)
        now = time.monotonic()
        waited, self.last = now - self.last, now
        return waited

    def finish(self):
        """Waits for the end."""
        while self.process.poll() is None:
            self._sample()
            time.sleep(PAUSE)
        if self.process.returncode:
            sys.exit(f"the run ended with exit code {self.process.returncode}")

    def row(self, stage):
        memory = {"MB, all processes": self.all / 1e6, "MB, largest process": self.largest / 1e6}
        return {**row(stage, time.monotonic() - self.began), **memory}

    def _sample(self):
        sizes = [memory(process) for process in tree(self.process.pid)]
        self.all, self.largest = max(self.all, sum(sizes)), max(self.largest, *sizes)


def tree(process):
    """The ids of a process and its descendants."""
    found = [process]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def memory(process):
    """The resident set of a process in bytes; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def weights(output):
    """The bytes of all weights of a model."""
    import keras

    import hanlib.models

    assert hanlib.models
    classifier = keras.models.load_model(output / "model.keras")
    return [variable.numpy().tobytes() for variable in classifier.weights]


if __name__ == "__main__":
    main()
