"""The modules of `benchmarks/` for the tests, with small networks and documents for them."""

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import baseline_runner  # noqa: E402
import report  # noqa: E402
from baselines import make, weights  # noqa: E402
from documents import from_ragged, generated  # noqa: E402
from sizes import Sizes  # noqa: E402

__all__ = ["baseline_runner", "from_ragged", "generated", "make", "report", "weights"]
SIZES = Sizes(vocabulary=40, dim=6, units=4, attention=5, sentences=3, words=7, flat_words=12)


def documents_of_the_box():
    """Text that fits the box."""
    return generated(5, (1, 3), (1, 7), SIZES.vocabulary, seed=1)
