"""Words per second by document length, for hanlib and other implementations.

    python benchmarks/document_length.py

Nothing is truncated: the box of each length holds all sentences, and the flat network reads all
words. Documents are generated; their lengths vary from a tenth of the given length to all of it, as
in real data. Implementations that take too long at a length are excluded there.
"""

import argparse
import sys
from dataclasses import replace

import baseline_runner
import report
from baseline_runner import Entry
from documents import generated
from sizes import Sizes
from train_step import say_to_stderr

LENGTHS = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
SENTENCE = (5, 35)
MEAN_SENTENCE = 20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", choices=("train", "predict"), default="train")
    parser.add_argument("--words", type=int, default=10_000, help="longest documents (words)")
    parser.add_argument("--box-words", type=int, default=2_000, help="longest for the box (words)")
    parser.add_argument("--flat-words", type=int, default=1_000, help="longest for the flat one")
    parser.add_argument("--rounds", type=int, default=3, help="rounds per length (default: 3)")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    rows = []
    for length in LENGTHS:
        if length <= arguments.words:
            rows += of_length(length, arguments)
    setting = {
        "network": "the paper's sizes",
        "a batch": "some 16,000 words, at least 4 documents",
        "task": arguments.task,
        "rounds": arguments.rounds,
    }
    report.publish("document_length", setting, [("By length", rows)], arguments)


def of_length(length, arguments):
    """The rows for one length."""
    most = length // MEAN_SENTENCE or 1
    count = max(4, 16_000 // length)
    batch = generated(
        count, (max(most // 10, 1), most), SENTENCE, Sizes().vocabulary, arguments.seed
    )
    sizes = replace(Sizes(), sentences=most, words=SENTENCE[1], flat_words=int(batch.lengths.max()))
    entries = [Entry("hanlib", "hanlib", sizes), Entry("PyTorch, packed", "torch", sizes)]
    if length <= arguments.box_words:
        entries.append(Entry("Keras box, folded", "keras_box", sizes, {"fold": True}))
    if length <= arguments.flat_words:
        entries.append(Entry("Keras flat", "keras_flat", sizes))
    results = baseline_runner.run(entries, [batch], arguments.task, arguments.rounds, say_to_stderr)
    return [
        {
            "network": result.title,
            "words, longest documents": length,
            "words/s": round(result.words_a_second),
            "hanlib is": f"{results[0].times_faster_than(result):.2f} x",
            "peak memory, MB": round(result.memory / 1e6),
        }
        for result in results
    ]


if __name__ == "__main__":
    sys.exit(main())
