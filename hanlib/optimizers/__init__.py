"""Adam with lazy updates of embedding rows, and adversarial gradients."""

from hanlib.optimizers.adversarial import adversarial_gradients
from hanlib.optimizers.lazy_adam import LazyAdam
