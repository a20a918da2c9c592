"""Trains on the documents of `tiny_run` as one of several workers; run by test_workers.py.

python worker_run.py OUTPUT RECIPE [RESUME [INDEX ADDRESSES]]
"""

import json
import sys

import tiny_run

from hanlib.training.cluster import Cluster
from hanlib.training.errors import TrainingError


def main(output, recipe, resume="", index=None, addresses=None):
    strategy = None
    if addresses is not None:
        strategy = Cluster.parse(addresses, int(index)).strategy(seconds=120)
    from hanlib.training import train

    corpus = tiny_run.corpus(documents=50)
    recipe = tiny_run.recipe(**json.loads(recipe))
    try:
        train(corpus, recipe, output, resume=bool(resume), strategy=strategy)
    except TrainingError as error:
        sys.exit(f"TrainingError: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
