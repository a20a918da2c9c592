"""Runs baselines in separate processes, in turns: A B C A B C ...

Other load on the machine then affects all of them, so ratios within a round are more reliable than
absolute values. `run` starts `python baseline_runner.py` once for each process.
"""

import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from documents import write
from process import Conversation, answering


@dataclass(frozen=True)
class Entry:
    """One baseline.

    Attributes:
        title: its name in the tables.
        baseline: a key of `baselines.BASELINES`.
        options: its keyword arguments.
        sizes: its `Sizes`.
        batches: batches per round; slow baselines may do fewer.
    """

    title: str
    baseline: str
    sizes: object
    options: dict = field(default_factory=dict)
    batches: int | None = None


@dataclass(frozen=True)
class Result:
    """The measurements of an entry.

    Attributes:
        seconds: seconds per document in each round.
        words: words per document that it read.
        note: description by the baseline.
        start: seconds for building, tracing and compiling.
        memory: maximum resident size in bytes.
    """

    title: str
    seconds: list
    words: float
    note: str
    start: float
    memory: int

    @property
    def documents_a_second(self):
        return 1 / statistics.median(self.seconds)

    @property
    def words_a_second(self):
        return self.words * self.documents_a_second

    def times_faster_than(self, other):
        """Median over the rounds of the ratio within each."""
        return statistics.median(b / a for a, b in zip(self.seconds, other.seconds, strict=True))


def run(entries, batches, task, rounds, say=print):
    """The results of the entries on the same batches.

    Args:
        entries: `Entry`s.
        batches: `Documents`s.
        task: "train" or "predict".
        rounds: number of repetitions after a warm-up.
        say: function that is called with lines of progress.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "batches.npz"
        write(path, batches)
        workers = []
        try:
            for entry in entries:
                workers.append(_Worker(entry, path, task))
                say(f"{entry.title}: ready after {workers[-1].ready['start']:.1f} s")
            times = [[] for _ in entries]
            for number in range(rounds):
                for worker, seconds in zip(workers, times, strict=True):
                    seconds.append(worker.round())
                say(f"round {number + 1} of {rounds} done")
            memory = [worker.ask("memory") for worker in workers]
        finally:
            for worker in workers:
                worker.stop()
    return [
        Result(
            entry.title,
            seconds,
            worker.ready["words"],
            worker.ready["note"],
            worker.ready["start"],
            peak,
        )
        for entry, worker, seconds, peak in zip(entries, workers, times, memory, strict=True)
    ]


class _Worker(Conversation):
    """A process with one baseline, which runs a round on request."""

    def __init__(self, entry, batches, task):
        super().__init__(entry.title, __file__)
        given = {
            "baseline": entry.baseline,
            "options": entry.options,
            "sizes": asdict(entry.sizes),
            "batches": str(batches),
            "count": entry.batches,
            "task": task,
        }
        self.ready = self.ask(json.dumps(given))

    def round(self):
        return self.ask("round")


def _serve():
    """The process of a baseline: reads one JSON line, then returns a number for each line."""
    answer = answering()
    given = json.loads(sys.stdin.readline())
    start = time.perf_counter()
    work, documents, words, baseline = _prepared(given)
    work()
    answer({"start": time.perf_counter() - start, "words": words, "note": baseline.note})
    for line in sys.stdin:
        if line.strip() == "memory":
            answer(peak_memory())
            continue
        start = time.perf_counter()
        work()
        answer((time.perf_counter() - start) / documents)


def _prepared(given):
    from baselines import make
    from documents import read
    from sizes import Sizes

    batches = read(given["batches"])[: given["count"]]
    baseline = make(given["baseline"], Sizes(**given["sizes"]), **given["options"])
    prepared = [baseline.prepare(batch) for batch in batches]
    task = getattr(baseline, given["task"])
    documents = sum(len(batch.labels) for batch in batches)
    words = sum(len(batch.ids) for batch in batches) / documents

    def work():
        for batch in prepared:
            task(batch)

    return work, documents, words, baseline


def peak_memory():
    """The maximum resident size of this process in bytes (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    raise OSError("/proc/self/status has no line VmHWM")


if __name__ == "__main__":
    _serve()
