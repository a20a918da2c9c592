"""Two workers with one core each beside one worker with both cores, and what the workers send.

    python benchmarks/workers.py

The network is the default one of `hanlib train`, and the documents are random words with the
frequencies of Zipf's law. All runs train on the same batches. The first epoch, which traces the
graphs, is not timed. The two settings take turns; the ratio is the median over the rounds.

Bytes are computed from the shapes of the gradients: a ring all-reduce of the dense gradients, and
an all-gather of the rows of the word vectors. They are also read from the counters of the loopback
device, to which other processes of the machine may contribute.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import report
from sizes import Sizes

BANDWIDTH = 10e9 / 8


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=640, help="per epoch (default: 640)")
    parser.add_argument("--words", type=int, default=270, help="per document (default: 270)")
    parser.add_argument("--batch", type=int, default=64, help="documents per step (default: 64)")
    parser.add_argument("--epochs", type=int, default=3, help="timed epochs (default: 3)")
    parser.add_argument("--rounds", type=int, default=2, help="default: 2")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    report.add_arguments(parser)
    arguments = parser.parse_args()
    if arguments.worker is not None:
        print(json.dumps(train(arguments, int(arguments.worker[0]), arguments.worker[1])))
        return
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        sys.exit("this benchmark needs two cores")
    rounds = [(run([cores]), run([[core] for core in cores])) for _ in range(arguments.rounds)]
    setting = {"documents per step": arguments.batch, "words per document": arguments.words}
    tables = [
        ("Training", speed(rounds)),
        ("Sent by each worker in a step", sent(rounds)),
        ("10 Gbit/s, on paper", on_paper(rounds)),
    ]
    report.publish("workers", setting, tables, arguments)


def run(cores):
    """What each worker found, with the cores of each."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        ports = [server.getsockname()[1] for server in (one, two)]
    addresses = ",".join(f"127.0.0.1:{port}" for port in ports[: len(cores)])
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", *sys.argv, "--worker", str(index), addresses],
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda mine=mine: os.sched_setaffinity(0, mine),
        )
        for index, mine in enumerate(cores)
    ]
    answers = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        sys.exit("a worker failed")
    return [json.loads(answer.splitlines()[-1]) for answer in answers]


def train(arguments, index, addresses):
    """Trains as one worker; returns documents per second, and the bytes of its gradients."""
    from hanlib.cli.quiet import start_tensorflow
    from hanlib.cli.threads import share_cores

    share_cores()
    start_tensorflow()
    import keras
    import tensorflow as tf

    from hanlib.data import TokenBatches
    from hanlib.models import HAN, DocumentClassifier
    from hanlib.training import Recipe
    from hanlib.training.builders import compile_classifier
    from hanlib.training.cluster import Cluster

    strategy = tf.distribute.get_strategy()
    if "," in addresses:
        strategy = Cluster.parse(addresses, index).strategy()
    keras.utils.set_random_seed(arguments.seed)
    cache, sizes = random_documents(arguments), Sizes()
    recipe = Recipe.from_dict({"adversarial_norm": 0.0, "batch_size": arguments.batch})
    with strategy.scope():
        encoder = HAN.from_preset(recipe.preset, sizes.vocabulary)
        classifier = DocumentClassifier(None, encoder, sizes.classes)
        compile_classifier(classifier, recipe.for_documents(None), 10_000)
    batches = TokenBatches(cache, arguments.batch, seed=arguments.seed)
    clock = epoch_clock(keras)
    classifier.fit(batches, epochs=1 + arguments.epochs, callbacks=[clock], verbose=0)
    steps = batches.steps * arguments.epochs
    seconds, processor_seconds, sent_bytes = clock.since_first()
    table = classifier.encoder.embedding.embeddings
    return {
        "documents/s": arguments.documents * arguments.epochs / seconds,
        "processor step": processor_seconds / steps,
        "loopback": sent_bytes / steps,
        "table": 4 * int(tf.size(table)),
        "dense": 4 * sum(int(tf.size(v)) for v in classifier.trainable_variables if v is not table),
        "row": 4 * int(table.shape[1]) + 8,
        "rows": {n: rows_of_share(batches, n) for n in (1, 2)},
    }


def epoch_clock(keras):
    class EpochClock(keras.callbacks.Callback):
        """Seconds and loopback bytes of all epochs after the first."""

        def __init__(self):
            super().__init__()
            self.marks = []

        def on_epoch_end(self, epoch, logs=None):
            self.marks.append((time.monotonic(), time.process_time(), loopback_bytes()))

        def since_first(self):
            """Seconds, processor seconds and bytes."""
            return [last - first for last, first in zip(self.marks[-1], self.marks[0], strict=True)]

    return EpochClock()


def loopback_bytes():
    return int(Path("/sys/class/net/lo/statistics/tx_bytes").read_text())


def random_documents(arguments):
    """A `TokenCache` of documents whose words follow Zipf's law."""
    import numpy as np

    from hanlib.data import TokenCache

    rng = np.random.default_rng(arguments.seed)
    words = Sizes().vocabulary - 2
    share = 1 / np.arange(1, words + 1)

    def tokenize(numbers):
        sentences = rng.poisson(arguments.words / 20, len(numbers)) + 1
        lengths = rng.integers(10, 31, sentences.sum())
        return rng.choice(words, lengths.sum(), p=share / share.sum()) + 2, lengths, sentences

    examples = ((number, number % 2) for number in range(arguments.documents))
    return TokenCache.build(examples, tokenize, encode_label=int)


def rows_of_share(batches, workers):
    """The mean number of distinct words in the documents that one of several workers has."""
    import numpy as np

    plan = batches.plan(0)
    shares = [batch[worker::workers] for batch in plan for worker in range(workers)]
    return float(np.mean([len(np.unique(batches.cache.flat(share)[0])) for share in shares]))


def speed(rounds):
    """Rates, and processor time per step, which other processes of the machine do not change."""
    rows = []
    for number, (one, two) in enumerate(rounds):
        processor = [sum(worker["processor step"] for worker in workers) for workers in (one, two)]
        rows.append(
            {
                "round": number + 1,
                "one worker, two cores: documents/s": one[0]["documents/s"],
                "two workers, one core each: documents/s": two[0]["documents/s"],
                "ratio": two[0]["documents/s"] / one[0]["documents/s"],
                "one worker: processor ms per step": 1000 * processor[0],
                "two workers: processor ms per step": 1000 * processor[1],
                "processor ratio": processor[0] / processor[1],
            }
        )
    middle = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    return [*rows, {**middle, "round": "median"}]


def bytes_sent(found, workers, rows):
    """Bytes that a worker sends in a step: all-reduce of the dense part, all-gather of the rows."""
    return 2 * (workers - 1) / workers * found["dense"] + (workers - 1) * rows * found["row"]


def sent(rounds):
    found = [two[0] for _, two in rounds]
    rows = found[0]["rows"]["2"]
    measured = statistics.median(one["loopback"] for one in found) / 2
    return [
        {"what": "dense gradients", "MB": found[0]["dense"] / 1e6},
        {"what": f"rows of word vectors ({rows:,.0f})", "MB": rows * found[0]["row"] / 1e6},
        {"what": "together", "MB": bytes_sent(found[0], 2, rows) / 1e6},
        {"what": "measured on the loopback device", "MB": measured / 1e6},
        {"what": "the whole table of word vectors would be", "MB": found[0]["table"] / 1e6},
    ]


def on_paper(rounds):
    """Workers like this machine, each with a whole batch of its own.

    A step takes as long as its processor time on two busy cores, and then sends, without latency.
    """
    one = rounds[0][0][0]
    step = statistics.median(found[0]["processor step"] for found, _ in rounds) / 2
    rows = []
    for workers in (2, 4, 8):
        size = bytes_sent(one, workers, one["rows"]["1"])
        seconds = size / BANDWIDTH
        rows.append(
            {
                "workers": workers,
                "MB sent per step": size / 1e6,
                "ms to send": 1000 * seconds,
                "ms to compute": 1000 * step,
                "efficiency": step / (step + seconds),
            }
        )
    return rows


if __name__ == "__main__":
    main()
