"""Time and memory of the step with recomputation, in bfloat16, and with region embeddings.

    python benchmarks/step_variants.py

hanlib's network at the paper's sizes, in four ways: in float32; in float32 with the word level
computed again in the backward pass (`tf.recompute_grad`); under the policy `mixed_bfloat16`, whose
weights are float32; and in float32 with region embeddings beside the word vectors. Each runs in a
process of its own, and they take turns. Every task is measured with small and with large batches;
the column "bytes a word" is the growth of the peak of the memory between the two, in which the
memory of TensorFlow itself cancels out.
"""

import argparse
import sys

import baseline_runner
import peers
import report
import reviews
from baseline_runner import Entry
from sizes import Sizes
from train_step import say_to_stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reviews.add_arguments(parser)
    report.add_arguments(parser)
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--batches", type=int, default=4, help="small batches (default: 4)")
    parser.add_argument(
        "--documents", type=int, default=64, help="documents of a small batch (default: 64)"
    )
    parser.add_argument("--times", type=int, default=4, help="size of a large batch in small ones")
    arguments = parser.parse_args()
    sizes = Sizes()
    documents = reviews.review_ids(arguments, sizes.vocabulary)
    small = documents.batches(arguments.documents, arguments.batches, arguments.seed)
    large = documents.batches(arguments.documents * arguments.times, 1, arguments.seed)
    networks = entries(sizes)
    # Inference has no backward pass.
    inference = [network for network in networks if "recompute" not in network.options]
    tables = [
        ("Training", rows("train", networks, small, large, arguments.rounds)),
        ("Inference", rows("predict", inference, small, large, arguments.rounds)),
    ]
    setting = peers.setting(sizes, small, arguments)
    setting["large batches"] = f"of {arguments.documents * arguments.times} reviews"
    report.publish("step_variants", setting, tables, arguments)


def entries(sizes):
    """The networks."""
    return [
        Entry("float32", "hanlib", sizes),
        Entry("float32, word level recomputed", "hanlib", sizes, {"recompute": True}),
        Entry("mixed_bfloat16", "hanlib", sizes, {"dtype": "mixed_bfloat16"}),
        Entry("float32, region embeddings of width 100", "hanlib", sizes, {"region_dim": 100}),
    ]


def rows(task, networks, small, large, rounds):
    """One row per network; ratios are relative to the first one."""
    found = [
        baseline_runner.run(networks, batches, task, rounds, say_to_stderr)
        for batches in (small, large)
    ]
    more = len(large[0].ids) - max(len(batch.ids) for batch in small)
    made = []
    for with_small, with_large in zip(*found, strict=True):
        row = {"network": with_small.title, "documents/s": with_small.documents_a_second}
        row["time, small batches"] = found[0][0].times_faster_than(with_small)
        row["time, large batches"] = found[1][0].times_faster_than(with_large)
        row["peak memory, small, MB"] = round(with_small.memory / 1e6)
        row["large, MB"] = round(with_large.memory / 1e6)
        row["bytes a word"] = round((with_large.memory - with_small.memory) / more)
        made.append(row)
    return made


if __name__ == "__main__":
    sys.exit(main())
