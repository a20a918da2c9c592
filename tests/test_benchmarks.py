"""The parts of the benchmarks run, and contestants that are one network give the same numbers."""

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from contestants import make, weights  # noqa: E402
from documents import generated  # noqa: E402
from sizes import Sizes  # noqa: E402

SIZES = Sizes(vocabulary=40, dim=6, units=4, attention=5, sentences=4, words=7, flat_words=12)


@pytest.fixture(scope="module")
def documents():
    """Text that fits the box."""
    return generated(5, (1, 4), (1, 7), SIZES.vocabulary, seed=1)


@pytest.fixture(scope="module")
def expected(documents):
    return probabilities("hanlib", documents)


def probabilities(name, documents, **options):
    contestant = make(name, SIZES, **options)
    contestant.set_weights(weights.drawn(SIZES, seed=2))
    return contestant.predict(contestant.prepare(documents))


@pytest.mark.parametrize("fold", [False, True])
def test_the_dense_box_of_keras_is_the_same_network(documents, expected, fold):
    np.testing.assert_allclose(
        probabilities("keras_box", documents, fold=fold), expected, atol=1e-5
    )


def test_the_packed_network_of_pytorch_is_the_same_network(documents, expected):
    pytest.importorskip("torch", reason="PyTorch is no dependency, only a peer to measure")
    np.testing.assert_allclose(probabilities("torch", documents, sparse=True), expected, atol=1e-5)
