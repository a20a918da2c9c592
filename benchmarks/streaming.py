"""Streams a generated data set in sharded files through hanlib's input pipeline.

`python streaming.py FOLDER` is the process that is measured; `measure_stream` starts it.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from process import answer

SHARDS = 16
VOCABULARY = 20_000


def measure_stream(documents, seed):
    """Measures the seconds of each stage and the maximum memory in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        write_shards(Path(folder) / "texts", documents, seed)
        found = answer(__file__, folder)
    total = sum(found["seconds"].values())
    row = {"documents": documents, "words": found["words"]}
    row |= {f"{stage}, s": seconds for stage, seconds in found["seconds"].items()}
    return {**row, "documents/s": documents / total, "memory, MB": found["memory"] / 1e6}


def write_shards(folder, documents, seed):
    """Writes `documents` texts of about 30 words with labels as JSON lines in `SHARDS` files."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    words = np.array([f"w{number}" for number in range(VOCABULARY)])
    chances = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
    for shard in range(SHARDS):
        size = documents * (shard + 1) // SHARDS - documents * shard // SHARDS
        with (folder / f"part-{shard:02d}.jsonl").open("w") as file:
            for _ in range(size):
                drawn = np.searchsorted(chances, random.random((3, 10)) * chances[-1])
                text = " ".join(" ".join(words[row]).capitalize() + "." for row in drawn)
                label = "even" if drawn[0, 0] % 2 == 0 else "odd"
                file.write(json.dumps({"text": text, "label": label}) + "\n")


def stream(folder):
    """Seconds of each stage, the words, and the maximum memory minus that of the imports."""
    from hanlib.cli.quiet import start_tensorflow

    start_tensorflow()
    import tensorflow as tf
    from baseline_runner import peak_memory
    from scaling import resident_memory

    from hanlib.data import TokenCache, TokenShards, batches_of, load
    from hanlib.layers import DocumentVectorizer

    before, clock = resident_memory(), _Stages()
    corpus = load(str(folder / "texts"), validation_split=0)
    clock.stage("reading the labels")
    train = corpus.splits["train"]
    vectorizer = DocumentVectorizer(max_tokens=30_000)
    vectorizer.adapt(train.texts())
    clock.stage("vocabulary")
    vectorize = tf.function(vectorizer, input_signature=[tf.TensorSpec([None], tf.string)])
    TokenCache.build(
        train,
        lambda texts: vectorize(tf.constant(texts)),
        encode_label=corpus.classes.index,
        directory=folder / "tokens",
    )
    clock.stage("word ids, to disk")
    batches = batches_of(TokenShards.open([folder / "tokens"]), 64, seed=0)
    words = sum(int(tf.reduce_sum(x["row_lengths"])) for x, _ in batches.dataset())
    clock.stage("batches of an epoch")
    return {"seconds": clock.seconds, "words": words, "memory": peak_memory() - before}


class _Stages:
    def __init__(self):
        self.seconds, self.last = {}, time.perf_counter()

    def stage(self, name):
        now = time.perf_counter()
        self.seconds[name], self.last = now - self.last, now


if __name__ == "__main__":
    print(json.dumps(stream(Path(sys.argv[1]))))
