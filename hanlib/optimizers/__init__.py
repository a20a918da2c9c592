"""The optimizer of the training step, and adversarial gradients."""

from hanlib.optimizers.adversarial import adversarial_gradients
from hanlib.optimizers.lazy_adam import LazyAdam
