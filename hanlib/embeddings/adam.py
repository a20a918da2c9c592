"""Adam in NumPy."""

import numpy as np


class Adam:
    """An array that follows its gradients by Adam (Kingma and Ba 2015, algorithm 1).

    Args:
        values: The initial values; kept as float32.
        beta_1, beta_2: Momentum of the gradient and of its square.

    >>> array = Adam([1.0, 1.0])
    >>> array.step(np.array([5.0, -0.1], np.float32), rate=0.1)
    >>> array.values.round(3).tolist()
    [0.8999999761581421, 1.100000023841858]
    """

    def __init__(self, values, beta_1=0.9, beta_2=0.999):
        self.values = np.array(values, np.float32)
        self._beta_1, self._beta_2, self._steps = beta_1, beta_2, 0
        self._first, self._second = np.zeros_like(self.values), np.zeros_like(self.values)

    def step(self, gradient, rate):
        """One step down the gradient, whose memory is used."""
        self._steps += 1
        first, second, steps = self._first, self._second, self._steps
        first *= np.float32(self._beta_1)
        first += np.float32(1 - self._beta_1) * gradient
        np.square(gradient, out=gradient)
        gradient *= np.float32(1 - self._beta_2)
        second *= np.float32(self._beta_2)
        second += gradient
        np.sqrt(second, out=gradient)
        gradient /= np.float32(np.sqrt(1 - self._beta_2**steps))
        gradient += np.float32(1e-8)
        np.divide(first, gradient, out=gradient)
        gradient *= np.float32(rate / (1 - self._beta_1**steps))
        self.values -= gradient
