"""Hierarchical Attention Networks for Keras 3 and TensorFlow.

The public names live in the subpackages, as in Keras: `hanlib.layers.GRUCell`,
`hanlib.models.DocumentClassifier`, `hanlib.data.load`. Each subpackage is imported when it is
first used, so `import hanlib` is fast and does not import TensorFlow.
"""

import importlib

__version__ = "0.2.0"

_SUBPACKAGES = (
    *("cli", "data", "embeddings", "evaluation", "evidence", "explain", "layers", "losses"),
    *("metrics", "models", "ops", "optimizers", "serving", "sklearn", "text", "training"),
)


def __getattr__(name):
    if name in _SUBPACKAGES:
        return importlib.import_module(f"hanlib.{name}")
    raise AttributeError(f"module 'hanlib' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_SUBPACKAGES])
