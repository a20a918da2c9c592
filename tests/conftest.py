"""What the tests of the layers share."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    """The same random numbers for each test, in whatever order the tests run."""
    return np.random.default_rng(7)
