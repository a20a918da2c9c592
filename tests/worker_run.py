"""One of several workers of a training run; for test_workers.py."""

import sys
import warnings

import tiny_run

from hanlib.training import train
from hanlib.training.cluster import Cluster
from hanlib.training.errors import TrainingError


def main(output, recipe, resume, index, addresses):
    """Trains on the documents of `tiny_run`; the process has not used TensorFlow yet."""
    warnings.simplefilter("ignore")
    tiny_run.unoptimized_graphs()
    strategy = Cluster.parse(addresses, index).strategy(seconds=120)
    corpus = tiny_run.corpus(documents=50)
    try:
        train(corpus, tiny_run.recipe(**recipe), output, resume=resume, strategy=strategy)
    except TrainingError as error:
        sys.exit(f"TrainingError: {error}")
