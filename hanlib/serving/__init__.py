"""Export to a SavedModel, a development server, and clients.

Each name is imported when it is first used, so `hanlib.serving.client` does not import TensorFlow.
"""

import importlib

# name -> the module that defines it
_MODULES = {
    "check": "hanlib.serving.export_check",
    "export_saved_model": "hanlib.serving.export",
    "export_version": "hanlib.serving.export",
}
__all__ = sorted(_MODULES)


def __getattr__(name):
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'hanlib.serving' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_MODULES])
