"""From the bare training step to `hanlib train`: what each part costs.

    python benchmarks/train_loop.py

The first row is the step alone, on batches in memory; each of the following rows adds one part. The
rows `hanlib train` are complete epochs, with the preparation of batches and checkpoints; the last
one has the default recipe. All rows take the same reviews in the same batches, each in a process of
its own, and the processes take turns.
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
    parser.add_argument("--batches", type=int, default=100, help="batches (default: 100)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default: 5)")
    arguments = parser.parse_args()
    arguments.documents = 64
    sizes = Sizes()
    documents = reviews.review_ids(arguments, sizes.vocabulary)
    epoch = documents.batches(arguments.documents * arguments.batches, 1, arguments.seed)
    found = baseline_runner.run(loops(sizes), epoch, "train", arguments.rounds, say_to_stderr)
    setting = peers.setting(sizes, epoch, arguments)
    setting["batches a round"] = f"{arguments.batches} of 64 IMDB reviews of similar length"
    report.publish("train_loop", setting, [("One epoch", loop_rows(found))], arguments)


def loops(sizes):
    """The rows of the table; the last one is the default recipe."""
    bare = {"preset": "han_paper", "adversarial_norm": 0.0, "clip_norm": 0.0, "weight_average": 0.0}
    averaged = {"preset": "han_paper", "adversarial_norm": 0.0}
    one, two = {"adversarial_norm": 0.0}, {"adversarial_norm": 1.0}

    def entry(title, recipe, **options):
        return Entry(title, "hanlib_training", sizes, {"recipe": recipe, **options})

    one_pass = [
        entry("dropout too", one, whole=False),
        entry("`hanlib train --set adversarial_norm=0`", one),
    ]
    two_passes = [
        entry("the adversary too (two passes)", two, whole=False),
        entry("`hanlib train --set adversarial_norm=1`", two),
    ]
    with_adversary = default_recipe().adversarial_norm > 0
    others = one_pass + two_passes if with_adversary else two_passes + one_pass
    return [
        entry("bare step", bare, whole=False, deterministic=False),
        entry("bare step, deterministic", bare, whole=False),
        entry("clipping and averaged weights too", averaged, whole=False),
        *others[:-1],
        entry("`hanlib train`", {}),
    ]


def default_recipe():
    """The recipe of `hanlib train` for a large data set."""
    from hanlib.training.recipe import Recipe

    return Recipe().for_documents(None)


def loop_rows(results):
    """The rows of the table; a complete epoch is compared with its step, which comes before it."""
    rows = []
    for before, result in zip([None, *results], results, strict=False):
        whole = result.title.startswith("`hanlib train")
        row = {"one epoch": result.title, "documents/s": result.documents_a_second}
        row["words/s"] = round(result.words_a_second)
        row["of the bare step"] = result.times_faster_than(results[0])
        row["share of its step"] = result.times_faster_than(before) if whole else None
        rows.append(row)
    return rows


if __name__ == "__main__":
    sys.exit(main())
